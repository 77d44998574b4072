"""Twice a day: each slot has its own check-in, its own list of who is not in yet, its own reminder."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta

import pytest
from django.db.models import Q
from hypothesis import given
from hypothesis import strategies as st

from shouwang.checkins import actions, queries, rules
from shouwang.checkins.models import LatestCheckIn
from shouwang.checkins.queries import reminders
from shouwang.checkins.rules import State
from shouwang.checkins.rules.asking import Slot, slot_of
from shouwang.checkins.tests.builders import TODAY, fever, say, watch, well
from shouwang.checkins.tests.test_forms import document
from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.packs import Text
from shouwang.core.scope import system_actor
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast

SLOTS = """
[[cadence.slots]]
name = { zh = "上午", en = "morning" }
starts = 00:00:00
due = 09:30:00
[[cadence.slots]]
name = { zh = "傍晚", en = "evening" }
starts = 15:00:00
due = 18:30:00
"""
MORNING = NOON - timedelta(hours=4)  # 08:00 in Shanghai
EVENING = NOON + timedelta(hours=5)  # 17:00


@pytest.fixture
def twice(cast: Cast) -> Cast:
    """Level I: everybody is asked twice, from 00:00 and from 15:00."""
    actions.publish_form(document(1, SLOTS), unit=cast.org["WCU"], by=cast.by("su"), at=MORNING)
    return cast


def state(cast: Cast, name: str, at: datetime, *, by: str = "he") -> State:
    (found,) = (
        state
        for state in State
        for person in queries.unit_rows(cast.by(by, at), unit=None, state=state, at=at, size=100).rows
        if person.pk == cast.person[name].pk
    )
    return found


def test_who_was_heard_in_the_morning_is_not_in_for_the_evening(twice: Cast) -> None:
    say(twice, "lin", well(), at=MORNING)
    assert state(twice, "lin", NOON) is State.IN and state(twice, "wang", NOON) in (State.NOT_YET, State.SILENT)
    assert state(twice, "lin", EVENING) is State.NOT_YET
    say(twice, "lin", well(), at=EVENING)
    assert state(twice, "lin", EVENING) is State.IN
    assert LatestCheckIn.objects.get(person=twice.person["lin"]).part == 1


def test_the_ill_stay_ill_for_who_may_see_it_and_are_like_all_others_for_who_may_not(twice: Cast) -> None:
    say(twice, "lin", fever(), at=MORNING)
    say(twice, "wang", well(), at=MORNING)
    assert state(twice, "lin", EVENING) is State.SYMPTOMATIC
    for name in ("lin", "wang"):
        assert state(twice, name, EVENING, by="meng") is State.NOT_YET
    board = queries.board(twice.by("meng"), unit=None, at=EVENING)
    assert (board.counts.by_self, board.counts.unknown) == (0, 3)


def test_an_excuse_holds_in_the_evening_too(twice: Cast) -> None:
    say(twice, "lin", well(), at=MORNING)
    actions.excuse([twice.person["lin"]], code="leave", starts=TODAY, ends=TODAY, by=system_actor(), at=NOON)
    assert state(twice, "lin", NOON) is State.IN
    assert state(twice, "lin", EVENING) is State.EXCUSED


def test_rows_counts_and_the_rule_agree_in_each_slot(twice: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, answers, at in [
        ("lin", well(), MORNING), ("wang", fever(), MORNING), ("meng", well(), EVENING), ("zhao", fever(), EVENING),
    ]:  # fmt: skip
        say(twice, name, answers, at=at)
    for tally_from in (1, 1000):
        monkeypatch.setattr("shouwang.checkins.actions.tallies.TALLY_FROM", tally_from)
        actions.catch_up(at=EVENING)
        for by in ("he", "fang", "meng"):
            actor = twice.by(by, EVENING)
            on = queries.today_of(EVENING)
            expected: Counter[State] = Counter()
            for row in LatestCheckIn.objects.all():
                if actor.holds("checkin.status", row.home_path):
                    sees = actor.holds("checkin.view", row.home_path)
                    expected[rules.state_of(row.known, on=on.of(row.home_path), sees_answers=sees)] += 1
            board = queries.board(actor, unit=None, at=EVENING)
            rows = {
                one: len(queries.unit_rows(actor, unit=None, state=one, at=EVENING, size=100).rows) for one in State
            }
            assert (
                {k: n for k, n in board.states.items() if n} == dict(expected) == {k: n for k, n in rows.items() if n}
            )
    assert expected[State.NOT_YET] == 2


def test_why_says_that_one_is_asked_again(twice: Cast) -> None:
    say(twice, "lin", well(), at=MORNING)
    found = queries.explain(twice.by("fang"), twice.person["lin"].pk, at=EVENING)
    assert found.state is State.NOT_YET
    assert "15:00" in str(found.because[-1]) and "15:00" in str(found.reminders[0])


def test_own_page_asks_for_the_second_check_in(twice: Cast) -> None:
    say(twice, "lin", well(), at=MORNING)
    noon = queries.own_day(twice.by("lin"), at=NOON)
    assert noon.settled and not noon.again and noon.due == time(9, 30)
    evening = queries.own_day(twice.by("lin"), at=EVENING)
    assert not evening.settled and evening.again and (evening.slot, evening.due) == (1, time(18, 30))
    say(twice, "lin", rules.Answers(unchanged=True), at=EVENING)
    assert queries.own_day(twice.by("lin"), at=EVENING).settled


def test_each_slot_is_owed_by_itself(twice: Cast) -> None:
    say(twice, "lin", well(), at=MORNING)
    first, second = reminders.deadlines(TODAY)
    assert [f"{one.at:%H:%M}" for one in (first, second)] == ["09:30", "18:30"]
    lin = twice.person["lin"].pk
    assert not reminders.owing(TODAY, 0, due=first.at).filter(pk=lin).exists()
    assert reminders.owing(TODAY, 1, due=second.at).filter(pk=lin).exists()
    assert not reminders.owing(TODAY, 1, due=first.at).exists()
    say(twice, "lin", well(), at=EVENING)
    assert not reminders.owing(TODAY, 1, due=second.at).filter(pk=lin).exists()


def test_who_is_watched_twice_a_day_owes_the_second_where_others_do_not(cast: Cast) -> None:
    actions.set_level(cast.org["WCU"].path, "II", on=TODAY)  # once a day
    watch(cast, "lin", checks=2)
    watch(cast, "wang", checks=1)
    parts = {one.part: one for one in reminders.deadlines(TODAY)}
    assert parts.keys() == {0, 1}
    owed = reminders.owing(TODAY, 1, due=parts[1].at).values_list("number", flat=True)
    assert list(owed) == [cast.person["lin"].number]
    facts = reminders.facts_of(cast.person["wang"], TODAY, 1, until=EVENING, reached=True, already=False)
    assert not facts.asked


def test_the_condition_agrees_with_the_rule_in_the_second_slot(twice: Cast) -> None:
    say(twice, "lin", well(), at=MORNING)
    say(twice, "wang", well(), at=EVENING)
    everybody = Person.objects.all()
    codes = dict(
        reminders.with_code(everybody, TODAY, 1, reached=Q(pk__isnull=False), already=Q(pk__in=())).values_list(
            "pk", "remind_code"
        )
    )
    for person in everybody:
        facts = reminders.facts_of(person, TODAY, 1, until=EVENING, reached=True, already=False)
        assert codes[person.pk] == rules.reminding.standing(facts).value, person.name


def test_slots_of_a_document_are_checked_and_default_to_the_built_in(cast: Cast) -> None:
    form = rules.read_form(document(1))
    assert [(slot.starts, slot.due) for slot in form.slots] == [(time(0), time(9, 30)), (time(14), time(20))]
    late = rules.read_form(document(1).replace(b"due = 09:30:00", b"due = 21:00:00"))
    assert late.slots == rules.built_in_form().slots
    one = SLOTS[: SLOTS.index("[[cadence.slots]]", 5)]
    for wrong in (
        one,
        SLOTS.replace("15:00:00", "09:00:00"),
        SLOTS.replace("18:30:00", "14:00:00"),
        SLOTS.replace("00:00:00", "01:00:00"),
    ):
        with pytest.raises(BadInput) as caught:
            rules.read_form(document(1, wrong))
        assert caught.value.error_code == "form_invalid"


def slots(second: time, dues: tuple[time, time]) -> tuple[Slot, ...]:
    name = Text("一", "one")
    return Slot(name, time.min, dues[0]), Slot(name, second, dues[1])


@given(
    st.times(), st.times(), st.times(min_value=time(0, 1)), st.sampled_from([None, 1, 2, 4]), st.booleans(),
    st.sampled_from([-1, 0, 1]), st.sampled_from([None, -1, 0, 1]),
)  # fmt: skip
def test_the_slots_of_a_day_leave_nobody_out_and_nobody_in_twice(
    now: time, heard: time, second: time, note: int | None, sees: bool, days: int, excused: int | None
) -> None:
    """Whatever the boundary: heard in the slot that is asked, or on a later day, is in; heard before is asked again
    unless excused; the ill are never moved for who may see them, nor told apart for who may not."""
    cut = slots(second, (second, time.max))
    part = slot_of(cut, now)
    assert part == (now >= second)
    on = rules.today(TODAY, lambda day: True, part, cut[part].starts)
    until = None if excused is None else TODAY + timedelta(days=excused)
    known = rules.Known(TODAY + timedelta(days=days), note, until, slot_of(cut, heard))
    found = rules.state_of(known, on=on, sees_answers=sees)
    in_now = days > 0 or (days == 0 and slot_of(cut, heard) >= part)
    assert rules.heard_now(known, on) is in_now
    plain = rules.state_of(rules.Known(known.day, None, until, known.part), on=on, sees_answers=sees)
    if not sees:
        assert found is plain
    if days >= 0 and note is not None and sees:
        assert found in (State.SYMPTOMATIC, State.CONFLICTING)
    else:
        assert (found is State.IN) is in_now
        if not in_now:
            asleep = until is not None and until >= TODAY
            assert (found is State.EXCUSED) is asleep


def test_a_day_with_one_check_in_has_no_slots(cast: Cast) -> None:
    actions.set_level(cast.org["WCU"].path, "II", on=TODAY)
    say(cast, "lin", well(), at=MORNING)
    assert state(cast, "lin", EVENING) is State.IN
    (only,) = reminders.deadlines(TODAY)
    assert only.slot is None and clock.local_day(only.at) == date(2026, 3, 2)
