"""Gatherings: their lists as presence, against an oracle; who enters them, what is refused, withdrawing, purge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.core import purging
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.epi.tests.oracle import Visit, encounters, seconds_of
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.models import PresenceDay
from shouwang.tracing.models_gatherings import Gathering
from shouwang.tracing.presence.building import Run
from shouwang.tracing.queries import presence
from shouwang.tracing.tests.conftest import unix

SignIn = Callable[[str], Client]
SUNDAY = date(2026, 3, 1)


def at(text: str) -> datetime:
    return datetime.fromtimestamp(unix(f"2026-03-01 {text}"), tz=UTC)


def hold(by: Actor, *numbers: str, **changed: Any) -> Gathering:
    values: dict[str, Any] = {"where": "LIB", "starts_at": at("19:00"), "ends_at": at("20:30"), **changed}
    title = values.pop("title", "合唱排练")
    return actions.gatherings.register(title, numbers=numbers, by=by, at=NOON, **values)


def met(cast: Cast, who: str) -> dict[int, int]:
    answer = queries.trace_person(
        cast.person[who].pk, window_start=unix("2026-03-01 18:00"), window_end=unix("2026-03-01 21:00")
    )
    return dict(zip(answer.contacts.person.tolist(), answer.contacts.seconds.tolist(), strict=True))


def test_the_list_is_presence_and_days_are_built_at_once(cast: Cast, operator: Actor) -> None:
    actions.build_days(SUNDAY, SUNDAY, by=operator, at=NOON)
    row = hold(cast.by("su"), "2023010101", "T0002")
    day = PresenceDay.objects.get(day=SUNDAY)
    assert (day.version, day.stale_since, day.by_source["gathering"]) == (2, None, 2)
    assert met(cast, "lin") == {cast.person["xu"].pk: 5400}
    actions.gatherings.withdraw(row, reason="录错", by=cast.by("su"), at=NOON)
    assert met(cast, "lin") == {}
    assert PresenceDay.objects.get(day=SUNDAY).version == 3
    with pytest.raises(Conflict):
        actions.gatherings.withdraw(row, reason="录错", by=cast.by("su"), at=NOON)
    verbs = AuditEntry.objects.filter(kind="gathering").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["gathering.entered", "gathering.withdrawn"]


@pytest.mark.parametrize(
    ("numbers", "changed", "field"),
    [
        ((), {}, "numbers"),
        (("2023010101", "999"), {}, "numbers"),
        (("2023010101",), {"where": "月球"}, "where"),
        (("2023010101",), {"where": ""}, "where"),
        (("2023010101",), {"title": " "}, "title"),
        (("2023010101",), {"ends_at": at("18:00")}, "ends_at"),
        (("2023010101",), {"ends_at": NOON + timedelta(hours=1)}, "ends_at"),
        (("2023010101",), {"starts_at": at("19:00") - timedelta(hours=24)}, "ends_at"),
    ],
)
def test_what_is_refused(cast: Cast, numbers: tuple[str, ...], changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        hold(cast.by("su"), *numbers, **changed)
    assert refused.value.field == field
    assert not Gathering.objects.exists()


def test_walls_and_purge(cast: Cast) -> None:
    row = hold(cast.by("su"), "2023010101")
    for who in ("qiu", "he", "fang", "lin"):
        with pytest.raises(Forbidden):
            presence.gatherings(cast.by(who))
        with pytest.raises(Forbidden):
            hold(cast.by(who), "2023010101")
    with pytest.raises(BadInput):
        actions.gatherings.withdraw(row, reason=" ", by=cast.by("su"), at=NOON)
    assert purging.purge(on=row.purge_on, at=NOON)["gathering"] == 1


def test_pages(cast: Cast, sign_in: SignIn) -> None:
    su, address = sign_in("su"), "/tracing/presence/gatherings/"
    body = {"title": "聚餐", "where": "C1", "starts_at": "2026-03-01T12:00", "ends_at": "2026-03-01T13:00",
            "numbers": "2023010101\n2023010102，T0002"}  # fmt: skip
    assert su.post(address, {**body, "numbers": "9"}).status_code == 422
    assert su.post(address, body).status_code == 302
    row = Gathering.objects.get()
    assert row.participants.count() == 3
    assert "聚餐" in su.get(address).content.decode()
    assert su.post(f"{address}{row.pk}/withdraw/", {"reason": ""}).status_code == 400
    assert su.post(f"{address}{row.pk}/withdraw/", {"reason": "重复"}).status_code == 302
    assert sign_in("qiu").get(address).status_code == 403


WHO = ("fang", "xu", "he", "su")  # no beds, no lessons: gatherings alone
lists = st.lists(
    st.tuples(st.sampled_from(["C1", "LIB"]), st.integers(-3, 26), st.integers(1, 6), st.booleans(),
              st.sets(st.sampled_from(WHO), min_size=1)), max_size=5,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=lists)
def test_a_built_day_holds_what_a_look_at_all_lists_finds(cast: Cast, rows: Any) -> None:
    midnight, hour = unix("2026-03-01 00:00"), 3600
    visits: list[Visit] = []
    with transaction.atomic():
        for place, start, length, gone, people in rows:
            low, high = midnight + start * hour, midnight + (start + length) * hour
            row = Gathering.objects.create(
                title="x", place=cast.place[place], entered_at=NOON, purge_on=SUNDAY,
                starts_at=datetime.fromtimestamp(low, tz=UTC), ends_at=datetime.fromtimestamp(high, tz=UTC),
                withdrawn_at=NOON if gone else None, reason="x" if gone else "",
            )  # fmt: skip
            row.participants.set([cast.person[who].pk for who in people])
            begin, finish = max(low, midnight), min(high, midnight + 24 * hour)
            if not gone and begin < finish:
                visits += [Visit(cast.place[place].pk, begin, finish, cast.person[who].pk, 9) for who in people]
        built = Run(SUNDAY, SUNDAY).build(0).visits
        transaction.set_rollback(True)
    mine = [
        Visit(*row)
        for row in zip(
            *(c.tolist() for c in (built.place, built.start, built.end, built.person, built.source)), strict=True
        )
        if row[4] == 9
    ]
    assert sorted(mine) == sorted(visits)
    window = (midnight, midnight + 24 * hour)
    fang = cast.person["fang"].pk
    assert seconds_of(encounters(mine, [], fang, window)) == seconds_of(encounters(visits, [], fang, window))
