"""Two universities under one roof: neither sees or fills the other's places; a shared place is for both."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from shouwang.cli.places import place
from shouwang.command import queries as command
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.scope import system_actor
from shouwang.isolation import actions, queries
from shouwang.isolation.tests.scenes import make_case
from shouwang.org import actions as org
from shouwang.org import queries as org_queries
from shouwang.org.models import Account, Grant, Organisation, Place
from shouwang.org.tests.cast import NOON, SINCE
from shouwang.tracing import queries as tracing
from shouwang.tracing.models import PresenceBatch

if TYPE_CHECKING:
    from shouwang.core.scope import Actor
    from shouwang.org.tests.cast import Cast

BY = system_actor("tests")


@pytest.fixture
def other(cast: Cast) -> Actor:
    """Somebody who may do everything at the second university, which has one isolation room and one person, An."""
    school = org.add_organisation(
        parent=None, kind="university", code="EAST", name="东江大学", starts=SINCE, by=BY, at=NOON
    )
    campus = org.add_place(
        parent=None, kind="campus", code="E", name="东江校区", owner=school, starts=SINCE, by=BY, at=NOON
    )
    house = org.add_place(parent=campus, kind="facility", code="E-ISO", name="隔离楼", starts=SINCE, by=BY, at=NOON)
    org.add_place(
        parent=house, kind="isolation_room", code="E-1", name="东江1号房", capacity=1, starts=SINCE, by=BY, at=NOON
    )
    person = org.add_person(number="E1", name="安宁", kind="student", home=school, since=SINCE, by=BY, at=NOON)
    account = Account.objects.create(username="an", person=person, created_at=NOON)
    for role in ("clinic", "office", "administrator", "leader"):
        Grant.objects.create(account=account, role=role, organisation=school, starts=SINCE)
    return org_queries.actor_for(account, at=NOON)


def test_places_are_told_to_their_own(cast: Cast, other: Actor) -> None:
    assert set(org_queries.places(other).values_list("code", flat=True)) == {"E", "E-ISO", "E-1"}
    assert "E" not in set(org_queries.places(cast.by("su")).values_list("code", flat=True))
    assert "MAIN" in set(
        org_queries.places(cast.by("lin")).values_list("code", flat=True)
    )  # no rights, but at home there
    assert org_queries.suggest_places(other, "东苑", on=NOON.date()) == []
    with pytest.raises(NotFound):
        org_queries.place_for(other, cast.place["ISO-1"].pk)
    assert [place.code for place in org_queries.gaps(other, on=NOON.date()).places] == ["E", "E-ISO"]


def test_beds_are_counted_and_rooms_offered_to_their_own(cast: Cast, other: Actor) -> None:
    east = Organisation.objects.get(code="EAST")
    assert [view.facility.code for view in queries.rooms(other, at=NOON) if view.facility] == ["E-ISO"]
    assert (
        command.figures(other, east, NOON.date(), NOON).values["beds"] == 1
        or command.figures(other, east, NOON.date(), NOON).small
    )
    assert queries.free_beds(NOON, cast.by("he").ranges(queries.MANAGE)).beds == 2
    assert queries.free_beds(NOON, other.ranges(queries.MANAGE)).beds == 1
    mine = actions.order_for_case(make_case(cast, "lin"), by=cast.by("he"), at=NOON)
    assert mine is not None
    _proposal, choices = queries.room_choices(mine, at=NOON)
    assert {choice.room.code for choice in choices} == {"ISO-1", "ISO-2"}
    with pytest.raises(BadInput) as refusal:
        actions.assign_room(mine, Place.objects.get(code="E-1"), by=cast.by("he"), at=NOON)
    assert refusal.value.error_code == "room_of_another"
    assert not mine.stays.exists()


def test_a_place_of_the_common_ancestor_is_for_both(cast: Cast, other: Actor) -> None:
    shared = Place.objects.create(
        path="zzzz", kind="isolation_room", code="S-1", name="市隔离点", capacity=9, starts=SINCE
    )
    for by in (cast.by("su"), other):
        assert org_queries.place_for(by, shared.pk) == shared
    order = actions.order_for_case(make_case(cast, "lin"), by=cast.by("he"), at=NOON)
    assert order is not None
    assert "S-1" in {choice.room.code for choice in queries.room_choices(order, at=NOON)[1]}


def test_nobody_changes_the_others_places(cast: Cast, other: Actor) -> None:
    with pytest.raises(Forbidden):
        org.add_place(parent=cast.place["D1"], kind="room", code="X", name="X", starts=SINCE, by=other, at=NOON)
    with pytest.raises(Forbidden):
        org.rename_node(cast.place["D1"], name="X", name_en="", by=other, at=NOON)
    with pytest.raises(Forbidden):
        org.give_place(cast.place["MAIN"], owner=Organisation.objects.get(code="EAST"), by=other, at=NOON)
    made = org.add_place(parent=None, kind="campus", code="E2", name="南区", starts=SINCE, by=other, at=NOON)
    assert made.owner is not None and made.owner.code == "EAST"
    with pytest.raises(BadInput) as refusal:  # the system stands for no institution of the two
        org.add_place(parent=None, kind="campus", code="E3", name="北区", starts=SINCE, by=BY, at=NOON)
    assert refusal.value.error_code == "root_missing"


def test_the_command_line_gives_a_campus(cast: Cast, other: Actor) -> None:
    answer = CliRunner().invoke(place, ["give", "E", "--to", "WCU"])
    assert answer.exit_code == 0, answer.output
    assert Place.objects.get(code="E-1").owner == cast.org["WCU"]


def test_a_campus_is_given_with_all_that_stands_on_it(cast: Cast, other: Actor) -> None:
    east = Organisation.objects.get(code="EAST")
    count = org.give_place(cast.place["MAIN"], owner=east, by=BY, at=NOON)
    assert count == Place.objects.filter(path__startswith=cast.place["MAIN"].path).count()
    assert org_queries.place_for(other, cast.place["ISO-1"].pk).owner == east
    with pytest.raises(BadInput):
        org.give_place(cast.place["D1"], owner=east, by=BY, at=NOON)


def test_files_and_days_are_shown_to_their_own(cast: Cast, other: Actor) -> None:
    def batch(name: str, owner: Organisation | None) -> None:
        PresenceBatch.objects.create(
            source=3, file_name=name, sha256=name, stored_as=name, created_at=NOON, owner=owner,
            purge_on=NOON.date() + timedelta(days=9),
        )  # fmt: skip

    batch("ours.csv", cast.org["WCU"])
    assert tracing.sees_days(cast.by("su"))
    batch("theirs.csv", Organisation.objects.get(code="EAST"))
    assert [row.file_name for row in tracing.presence_batches(other)] == ["theirs.csv"]
    assert [row.file_name for row in tracing.presence_batches(cast.by("su"))] == ["ours.csv"]
    assert not tracing.sees_days(other) and not tracing.sees_days(cast.by("su"))
    assert list(tracing.presence_days(other)) == []
    assert tracing.sees_days(BY)
