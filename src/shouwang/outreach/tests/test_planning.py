"""Stage one: who is reminded; once, whatever runs twice; closed by itself; explained."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from django.db.models import Q, QuerySet
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from shouwang.checkins.rules.reminding import Code, Facts
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.models import Account, Person
from shouwang.org.tests.cast import Cast
from shouwang.outreach import actions, owed, queries
from shouwang.outreach.actions import planning
from shouwang.outreach.models import Delivery, Message, Round
from shouwang.outreach.tests.scenes import BY, channel, check_in, hour, names, planned, prefer

EVERYBODY = {
    "lin", "wang", "meng", "zhao", "ou", "fang", "xu", "he", "qiu", "su", "tang", "deng", "gu", "admin",
}  # fmt: skip


def test_everybody_who_owes_is_reminded_once(cast: Cast) -> None:
    check_in(cast, "wang", "he", at=hour(8))
    row = planned()
    assert names(cast) == EVERYBODY - {"wang", "he"}
    assert (row.due_at, row.planned_at) == (hour(10), hour(9))
    assert actions.plan_due(by=BY, at=hour(9.5)) == 0
    assert Message.objects.count() == 12
    entry = AuditEntry.objects.get(verb="reminders.planned")
    assert entry.subject is None


def test_before_its_time_and_after_it_nothing_is_planned(cast: Cast) -> None:
    assert actions.plan_due(by=BY, at=hour(8.99)) == 0
    assert actions.plan_due(by=BY, at=hour(14)) == 0
    assert not Message.objects.exists()
    assert actions.plan_due(by=BY, at=hour(13.9)) == 14


def test_a_kill_between_slices_loses_nobody_and_doubles_nobody(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third slice dies after its rows were written: they are undone with it."""
    (row,) = actions.make_rounds(date(2026, 3, 2), at=hour(9))
    real, calls = planning.remind, []

    def dying(round_: Round, here: Q, *, at: datetime) -> int:
        calls.append(round_.watermark)
        made = real(round_, here, at=at)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(planning, "remind", dying)
    with pytest.raises(KeyboardInterrupt):
        actions.plan_round(row.pk, by=BY, at=hour(9), size=4)
    assert Message.objects.count() == 8
    monkeypatch.setattr(planning, "remind", real)
    made = actions.plan_round(row.pk, by=BY, at=hour(9.1), size=4)
    assert made == 6
    assert names(cast) == EVERYBODY
    row.refresh_from_db()
    assert row.planned_at == hour(9.1)


def test_planning_costs_the_same_for_any_number_of_people(
    cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    (row,) = actions.make_rounds(date(2026, 3, 2), at=hour(9))
    with django_assert_max_num_queries(18):
        actions.plan_round(row.pk, by=BY, at=hour(9))


def test_who_cannot_be_reached_has_no_message_and_the_reason_says_so(cast: Cast) -> None:
    Account.objects.filter(username="lin").update(is_active=False)
    planned()
    assert "lin" not in names(cast)
    _person, (explained,) = queries.why(cast.by("fang"), cast.person["lin"].pk, at=hour(9.5))
    assert [code for _name, code, _said in explained.lines] == [Code.NO_CHANNEL]
    channel(cast, "mail", "mailto://127.0.0.1:2525?from=a@example.edu.cn", "WCU")
    prefer(cast, "lin", mail="lin@example.edu.cn", by_mail=True)
    assert actions.remind_unit(cast.org["CS2301"], by=cast.by("meng"), at=hour(9.5)).new == 1
    assert Delivery.objects.get().address == "lin@example.edu.cn"


def test_own_hours_and_zone_move_the_message_or_leave_it_to_the_next_deadline(cast: Cast) -> None:
    prefer(cast, "lin", wakes=time(11), sleeps=time(23))
    prefer(cast, "wang", zone="Europe/Berlin")
    planned()
    late = Message.objects.get(person=cast.person["lin"])
    assert (late.state, late.next_at) == ("queued", hour(11))
    assert "wang" not in names(cast)
    assert [one.message.pk for one in queries.inbox(cast.by("lin"), at=hour(10.9))] == []
    actions.send_due(now=lambda: hour(11))
    late.refresh_from_db()
    assert late.state == "open"
    assert [one.open for one in queries.unread(cast.by("lin"), at=hour(11))] == [True]
    _person, (explained,) = queries.why(cast.by("wang"), cast.person["wang"].pk, at=hour(11))
    assert explained.lines[0][1] is Code.ASLEEP


def test_a_message_closes_by_itself_before_and_after_it_is_shown(cast: Cast) -> None:
    prefer(cast, "lin", wakes=time(11), sleeps=time(23))
    planned()
    check_in(cast, "lin", "meng", at=hour(9.5))
    # the page looks for itself; no sweeper has come by
    assert queries.unread(cast.by("meng"), at=hour(9.5)) == []
    assert [one.open for one in queries.inbox(cast.by("meng"), at=hour(9.5))] == [False]
    assert actions.send_due(now=lambda: hour(9.6)).counts == {"closed": 2}
    assert names(cast, state="closed") == {"lin", "meng"}
    with translation.override("en"):
        _person, (early,) = queries.why(cast.by("lin"), cast.person["lin"].pk, at=hour(12))
        _person, (shown,) = queries.why(cast.by("meng"), cast.person["meng"].pk, at=hour(12))
    assert "was done before" in early.lines[0][2]
    assert "done since" in shown.lines[0][2]


def test_what_is_open_when_the_round_ends_is_over(cast: Cast) -> None:
    planned()
    assert actions.send_due(now=lambda: hour(14)).counts == {"expired": 14}
    assert names(cast, state="expired") == EVERYBODY
    assert queries.unread(cast.by("lin"), at=hour(14)) == []
    assert actions.send_due(now=lambda: hour(15)).counts == {}


class Essay:
    """Another room that asks something, of two people, at the same moment."""

    name = "essay"

    def due_on(self, day: date) -> list[owed.Due]:
        return [owed.Due("essay:1", hour(10), "一份问卷", "a questionnaire", "/essay/1/")]

    def owing(self, key: str, due: datetime) -> QuerySet[Person]:
        return Person.objects.filter(number__in=("2023010101", "2023010102"))

    def among(self, key: str, due: datetime) -> Q:
        return Q()

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        asked = person.number in ("2023010101", "2023010102")
        return Facts(left=False, asked=asked, heard=False, already=already, reached=reached)


@pytest.fixture
def essay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owed, "_contributors", dict(owed._contributors))
    owed.register(Essay())


@pytest.mark.usefixtures("essay")
def test_everything_that_falls_due_together_is_one_message(cast: Cast) -> None:
    check_in(cast, "wang", at=hour(8))
    row = planned()
    assert [item["key"] for item in row.items] == ["checkin:daily", "essay:1"]
    bits = {name: Message.objects.get(person=cast.person[name]).owed for name in ("lin", "wang", "meng")}
    assert bits == {"lin": 0b11, "wang": 0b10, "meng": 0b01}
    assert Message.objects.filter(person=cast.person["lin"]).count() == 1
    with translation.override("en"):
        (said,) = queries.inbox(cast.by("lin"), at=hour(9))
    assert "today's check-in" in said.said.title and "a questionnaire" in said.said.title
    check_in(cast, "lin", "meng", at=hour(9.2))
    actions.close_settled(at=hour(9.3))
    # Lin still owes the questionnaire: the message stays open
    assert names(cast, state="closed") == {"meng"}
    _person, (explained,) = queries.why(cast.by("meng"), cast.person["meng"].pk, at=hour(9.5))
    assert [code for _n, code, _s in explained.lines] == [Code.REMIND, Code.NOT_ASKED]


def test_what_is_asked_later_joins_a_round_that_is_not_planned_yet(cast: Cast, request: pytest.FixtureRequest) -> None:
    actions.make_rounds(date(2026, 3, 2), at=hour(7))
    request.getfixturevalue("essay")
    (row,) = actions.make_rounds(date(2026, 3, 2), at=hour(8))
    assert [item["key"] for item in Round.objects.get(pk=row.pk).items] == ["checkin:daily", "essay:1"]


# --- remind now ----------------------------------------------------------------------------------------------------


def test_a_monitor_reminds_the_class_and_the_round_doubles_nobody(cast: Cast) -> None:
    check_in(cast, "wang", at=hour(8))
    done = actions.remind_unit(cast.org["CS2301"], by=cast.by("meng"), at=hour(8.5))
    assert (done.new, done.already, done.unreachable) == (2, 0, 0)
    again = actions.remind_unit(cast.org["CS2301"], by=cast.by("meng"), at=hour(8.6))
    assert (again.new, again.already) == (0, 2)
    planned()
    assert Message.objects.filter(person=cast.person["lin"]).count() == 1
    assert names(cast) == EVERYBODY - {"wang"}
    assert AuditEntry.objects.filter(verb="reminders.asked").count() == 2


def test_only_within_reach_and_only_while_something_is_due(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.remind_unit(cast.org["CS2302"], by=cast.by("meng"), at=hour(8.5))
    with pytest.raises(Forbidden):
        actions.remind_unit(None, by=cast.by("lin"), at=hour(8.5))
    with pytest.raises(Conflict):
        actions.remind_unit(None, by=cast.by("meng"), at=hour(15))
    done = actions.remind_unit(None, by=cast.by("xu"), at=hour(8.5))
    assert names(cast) == {"ou", "xu"}
    assert done.new == 2


# --- explanations and preferences ----------------------------------------------------------------------------------


def test_anyone_may_ask_about_oneself_and_about_whom_they_look_after(cast: Cast) -> None:
    check_in(cast, "wang", at=hour(8))
    planned()
    for name in ("wang", "meng", "fang", "su"):
        _person, (explained,) = queries.why(cast.by(name), cast.person["wang"].pk, at=hour(9.5))
        assert explained.lines[0][1] is Code.HEARD
        assert explained.message is None
    for name in ("lin", "xu", "deng", "tang"):
        with pytest.raises(NotFound):
            queries.why(cast.by(name), cast.person["wang"].pk, at=hour(9.5))


def test_who_came_to_owe_after_the_round_was_planned_is_told_so(cast: Cast) -> None:
    Account.objects.filter(username="lin").update(is_active=False)
    planned()
    Account.objects.filter(username="lin").update(is_active=True)
    with translation.override("en"):
        _person, (explained,) = queries.why(cast.by("fang"), cast.person["lin"].pk, at=hour(9.5))
    assert "after the round was planned" in explained.lines[0][2]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"mail": "nowhere"}, "mail"),
        ({"by_mail": True}, "mail"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"wakes": time(8)}, "sleeps"),
        ({"wakes": time(8), "sleeps": time(8)}, "sleeps"),
        ({"wakes": time(8, tzinfo=UTC), "sleeps": time(20)}, "wakes"),
    ],
)
def test_a_wrong_preference_is_refused_at_its_field(cast: Cast, values: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        actions.set_preference(by=cast.by("lin"), at=hour(8), **values)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert queries.own_preference(cast.by("lin")) is None


def test_the_audit_log_does_not_hold_the_address(cast: Cast) -> None:
    actions.set_preference(mail="lin@example.edu.cn", by_mail=True, by=cast.by("lin"), at=hour(8))
    entry = AuditEntry.objects.get(verb="preference.set")
    assert (entry.subject, entry.new, entry.old) == (cast.person["lin"].pk, None, None)
