"""The one rule of membership, and what it is told about a day: values in, list out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.checkins import rules
from shouwang.checkins.rules import Known, State
from shouwang.checkins.tests.builders import TODAY

DAY = timedelta(days=1)
DAILY = rules.today(TODAY, lambda day: True)
MONDAYS = rules.today(TODAY, lambda day: day.weekday() == 0)  # TODAY is a Monday
SUNDAYS = rules.today(TODAY, lambda day: day.weekday() == 6)
ILL = rules.note_of(symptomatic=True, rank=3, conflicting=False)


@pytest.mark.parametrize(
    ("known", "on", "state"),
    [
        (Known(TODAY), DAILY, State.IN),
        (Known(TODAY, ILL), DAILY, State.SYMPTOMATIC),
        (Known(TODAY, ILL, TODAY), DAILY, State.SYMPTOMATIC),
        (Known(TODAY, rules.CONFLICT), DAILY, State.CONFLICTING),
        (Known(TODAY, None, TODAY), DAILY, State.IN),
        (Known(TODAY - DAY), DAILY, State.NOT_YET),
        (Known(TODAY - DAY, ILL), DAILY, State.NOT_YET),
        (Known(TODAY - 2 * DAY), DAILY, State.SILENT),
        (Known(rules.NEVER), DAILY, State.SILENT),
        (Known(rules.NEVER, None, TODAY), DAILY, State.EXCUSED),
        (Known(TODAY - DAY, None, TODAY - DAY), DAILY, State.NOT_YET),
        (Known(TODAY - 6 * DAY), MONDAYS, State.NOT_YET),
        (Known(TODAY - 7 * DAY), MONDAYS, State.NOT_YET),
        (Known(TODAY - 8 * DAY), MONDAYS, State.SILENT),
        (Known(TODAY - 8 * DAY), SUNDAYS, State.EXCUSED),
        (Known(rules.NEVER), SUNDAYS, State.EXCUSED),
        (Known(TODAY), SUNDAYS, State.IN),
        (Known(rules.NEVER), rules.today(TODAY, lambda day: day == TODAY), State.NOT_YET),
    ],
)
def test_where_somebody_stands(known: Known, on: rules.Today, state: State) -> None:
    assert rules.state_of(known, on=on, sees_answers=True) is state


def test_who_may_not_see_answers_finds_the_ill_and_the_contradicted_under_in() -> None:
    for note in (ILL, rules.CONFLICT, None):
        assert rules.state_of(Known(TODAY, note), on=DAILY, sees_answers=False) is State.IN


words = st.lists(st.tuples(st.sampled_from(["self", "proxy", "clinic"]), st.booleans()), max_size=8)


@given(words)
def test_a_conflict_is_two_sources_whose_last_words_differ(spoken: list[tuple[str, bool]]) -> None:
    kept = 0
    for source, ill in spoken:
        kept = rules.said(kept, source, symptomatic=ill)
    last = dict(spoken)
    assert rules.conflicting(kept) == (len(set(last.values())) > 1)
    assert {source for source in ("self", "proxy", "clinic") if rules.has_said(kept, source)} == last.keys()


def test_notes_sort_by_urgency_and_tell_symptoms_from_exposure() -> None:
    notes = [rules.note_of(symptomatic=ill, rank=rank, conflicting=True) for rank in range(5) for ill in (False, True)]
    assert notes == sorted(notes, key=lambda note: note or 0) and len(set(notes)) == len(notes)
    assert [rules.feels_ill(note) for note in notes] == [False, True] * 5
    assert rules.note_of(symptomatic=False, rank=0, conflicting=False) is None


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.sets(st.integers(0, 6), min_size=1))
def test_silent_is_who_missed_the_last_two_days_on_which_all_were_asked(day: date, weekdays: set[int]) -> None:
    on = rules.today(day, lambda one: one.weekday() in weekdays)
    if not on.asked:
        return
    heard = day - DAY
    missed = 1  # of the days on which everybody was asked, `day` included
    while heard > day - 20 * DAY:
        silent = rules.state_of(Known(heard), on=on, sees_answers=True) is State.SILENT
        assert silent == (missed >= rules.SILENT_DAYS)
        missed += heard.weekday() in weekdays
        heard -= DAY
