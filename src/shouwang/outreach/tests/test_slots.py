"""Two check-ins a day, two institutions: each deadline reminds who owes it then, once, and says which it is."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from shouwang.checkins import actions as checkins
from shouwang.checkins.queries.reminders import deadlines
from shouwang.checkins.rules.reminding import Code
from shouwang.checkins.tests.test_forms import document
from shouwang.checkins.tests.test_slots import SLOTS
from shouwang.core.scope import system_actor
from shouwang.org import actions as org
from shouwang.org.models import Person
from shouwang.org.tests.cast import SINCE, Cast
from shouwang.outreach import actions, queries
from shouwang.outreach.models import Message, Round
from shouwang.outreach.tests.scenes import BY, check_in, hour, names

DAY = date(2026, 3, 2)


@pytest.fixture
def twice(cast: Cast) -> Cast:
    """Everybody from 00:00 by 09:30, and from 15:00 by 18:30."""
    checkins.publish_form(document(1, SLOTS), unit=cast.org["WCU"], by=cast.by("su", hour(1)), at=hour(1))
    return cast


def test_each_slot_reminds_who_owes_it_once(twice: Cast) -> None:
    check_in(twice, "lin", "wang", at=hour(8))
    actions.plan_due(by=BY, at=hour(8.75))
    first = Round.objects.earliest("due_at")
    assert first.due_at == hour(9.5) and names(twice).isdisjoint({"lin", "wang"}) and len(names(twice)) == 12
    check_in(twice, "wang", at=hour(15.5))
    actions.plan_due(by=BY, at=hour(17.75))
    second = Round.objects.latest("due_at")
    assert second.due_at == hour(18.5)
    assert names(twice, round=second) == names(twice, round=first) | {"lin"}
    assert actions.plan_due(by=BY, at=hour(17.9)) == 0
    check_in(twice, "lin", at=hour(18))
    actions.close_settled(at=hour(18.1))
    message = Message.objects.get(round=second, person=twice.person["lin"])
    assert message.state == Message.State.CLOSED
    assert Message.objects.filter(person=twice.person["lin"]).count() == 1


def test_why_names_the_slot_and_tells_the_two_apart(twice: Cast) -> None:
    check_in(twice, "lin", at=hour(8))
    actions.plan_due(by=BY, at=hour(8.75))
    actions.plan_due(by=BY, at=hour(17.75))
    with translation.override("en"):
        _person, explained = queries.why(twice.by("lin", hour(18)), twice.person["lin"].pk, at=hour(18))
    (evening,), (morning,) = (one.lines for one in explained)
    assert "evening" in evening[0] and "15:00" in evening[0] and evening[1] is Code.REMIND
    assert "morning" in morning[0] and morning[1] is Code.HEARD
    with translation.override("zh-hans"):
        _person, told = queries.why(twice.by("lin", hour(18)), twice.person["lin"].pk, at=hour(18))
    assert "傍晚" in told[0].lines[0][0] and "上午" in told[1].lines[0][0]


def test_units_are_told_of_the_slot_and_not_of_the_day(twice: Cast) -> None:
    check_in(twice, "lin", "wang", "meng", at=hour(8))
    actions.plan_due(by=BY, at=hour(8.75))
    actions.plan_due(by=BY, at=hour(17.75))
    first, second = Round.objects.order_by("due_at")
    unit = twice.org["CS2301"].pk
    assert queries.unit_counts(first)[unit].missing == 0
    assert (queries.unit_counts(second)[unit].roster, queries.unit_counts(second)[unit].missing) == (3, 3)


def test_institutions_with_their_own_hour_have_their_own_deadline(cast: Cast) -> None:
    by = system_actor()
    root = org.add_organisation(
        parent=None, kind="university", code="DHU", name="东海大学", name_en="", starts=SINCE, by=by, at=hour(1)
    )
    org.move_home(cast.person["ou"], to=root, on=DAY, by=by, at=hour(1))
    checkins.set_level(root.path, "II", on=DAY)
    late = document(1).replace(b"due = 09:30:00", b"due = 12:00:00")
    checkins.publish_form(late, unit=root, by=by, at=hour(1))
    assert [one.at for one in deadlines(DAY)] == [hour(10), hour(12)]
    actions.plan_due(by=BY, at=hour(9.5))
    assert "ou" not in names(cast) and len(names(cast)) == 13
    actions.plan_due(by=BY, at=hour(11.5))
    noon = Round.objects.latest("due_at")
    assert names(cast, round=noon) == {"ou"}
    assert set(queries.unit_counts(noon)) == {root.pk}
    assert root.pk not in queries.unit_counts(Round.objects.earliest("due_at"))
    asked = Person.objects.get(pk=cast.person["lin"].pk)
    _person, told = queries.why(cast.by("lin", hour(12)), asked.pk, at=hour(12))
    assert [one.lines[0][1] for one in told] == [Code.NOT_ASKED, Code.REMIND]
