"""Two records of one person merged: contacts, follow-up, order, told company and presence are one, and two again."""

from __future__ import annotations

from datetime import timedelta

from shouwang.cases.models import Case
from shouwang.checkins.actions import submit
from shouwang.checkins.models import LatestCheckIn
from shouwang.checkins.rules import Answers
from shouwang.core.scope import system_actor
from shouwang.isolation.models import Order
from shouwang.org import actions as org
from shouwang.org.merging import actions as merging
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, SINCE, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import Contact, FollowUp, PresenceDay
from shouwang.tracing.models_told import Statement
from shouwang.tracing.queries.presence import days_with
from shouwang.tracing.tests.desk_scene import contact
from shouwang.tracing.tests.test_certainty import tell

LATER = NOON + timedelta(hours=1)


def visitor(cast: Cast) -> Person:
    return org.add_person(
        number="V0009", name="访客", kind="visitor", home=cast.org["CS2302"], since=SINCE, by=system_actor("t"), at=NOON
    )


def test_everything_of_a_contact_follows_and_comes_back(cast: Cast, traced: Case) -> None:
    by, admin = cast.by("qiu"), cast.by("admin")
    guest, gu = visitor(cast), cast.person["gu"]
    cast.person["guest"] = guest
    tell(cast, traced, "sure", "15:00", "16:00", who="guest")
    held = actions.confirm(contact(traced, cast, "guest"), by=by, at=LATER)
    names = [Contact, FollowUp, Order]
    assert [model._default_manager.filter(person=guest).count() for model in names] == [1, 1, 1]
    row = merging.merge(gu, guest, reason="登记两次", leave=True, by=admin, at=LATER)
    assert [model._default_manager.filter(person=gu).count() for model in names] == [1, 1, 1]
    assert list(Statement.objects.get(place__isnull=False).companions.all()) == [gu]
    actions.trace_case(traced, by=by, at=LATER)
    held.refresh_from_db()
    assert (held.person, held.state) == (gu, "confirmed")
    merging.undo(row, reason="两个人", by=admin, at=LATER)
    assert [model._default_manager.filter(person=guest).count() for model in names] == [1, 1, 1]
    assert list(Statement.objects.get(place__isnull=False).companions.all()) == [guest]


def test_days_that_know_one_of_them_are_built_anew(cast: Cast, traced: Case) -> None:
    guest, zhao = visitor(cast), cast.person["zhao"]
    days = days_with([zhao.pk])
    assert days
    assert days_with([guest.pk]) == []
    merging.merge(guest, zhao, reason="登记两次", leave=True, by=cast.by("admin"), at=LATER)
    assert set(PresenceDay.objects.filter(stale_since__isnull=False).values_list("day", flat=True)) == set(days)
    actions.build_stale(by=system_actor("t"), at=LATER)
    assert days_with([zhao.pk]) == []
    actions.trace_case(traced, by=cast.by("qiu"), at=LATER)
    assert contact(traced, cast, "meng").state == "candidate"
    assert Contact.objects.filter(case=traced, person=guest, evidence__isnull=False).count() == 1


def test_of_one_case_both_are_contacts_and_a_person_decides(cast: Cast, traced: Case) -> None:
    zhao, meng = cast.person["zhao"], cast.person["meng"]
    plan = merging.rehearse(zhao, meng, by=cast.by("admin"))
    assert plan.left["tracing.contact"] == 1
    merging.merge(zhao, meng, reason="登记两次", leave=True, by=cast.by("admin"), at=LATER)
    assert Contact.objects.filter(case=traced, person=meng).count() == 1


def test_the_newest_word_of_both_is_the_newest_of_one(cast: Cast) -> None:
    guest, gu = visitor(cast), cast.person["gu"]
    said = submit(
        person=guest, answers=Answers(exposure=False), client_key="guest", source="proxy", proxy_reason="门岗代报",
        by=system_actor("t"), at=NOON,
    )  # fmt: skip
    row = merging.merge(gu, guest, reason="登记两次", leave=True, by=cast.by("admin"), at=LATER)
    assert LatestCheckIn.objects.get(person=gu).checkin == said
    assert not LatestCheckIn.objects.filter(person=guest).exists()
    merging.undo(row, reason="两个人", by=cast.by("admin"), at=LATER)
    assert LatestCheckIn.objects.get(person=gu).checkin is None
    assert LatestCheckIn.objects.get(person=guest).checkin == said
