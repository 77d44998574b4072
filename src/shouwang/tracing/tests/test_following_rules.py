"""From when to when a contact is followed, what a day came to, and who is asked: pure values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.packs import Text
from shouwang.tracing.rules import following as rules
from shouwang.tracing.rules.following import Candidate, Closing, DayState, Exposure, FollowUpRule, Heard

MONDAY = date(2026, 3, 2)
CLOSE = Text(zh="密切接触者", en="Close contact")
EDITION = Text(zh="第六版", en="Sixth edition")
RULE = FollowUpRule(14, ("close",), 2, temperature_required=True, source="s")
DAYS = st.integers(-40, 40).map(lambda n: MONDAY + timedelta(days=n))


def exposure(**values: object) -> Exposure:
    given_values: dict[str, Any] = {
        "id": 1, "rule": RULE, "grade": "close", "grade_name": CLOSE, "exposed_on": MONDAY, "confirmed_on": MONDAY,
    }  # fmt: skip
    return Exposure(**(given_values | values))


def test_a_watch_lasts_from_the_day_it_is_known_to_the_last_exposure_and_the_days_of_the_rule() -> None:
    found = rules.watch([exposure(confirmed_on=date(2026, 3, 5))])
    assert found is not None
    assert (found.starts, found.ends, found.checks_per_day) == (date(2026, 3, 5), date(2026, 3, 16), 2)
    assert found.why.en == (
        "Close contact, last exposed on 2 March 2026. 14 days of follow-up, 2 times a day, until 16 March 2026 "
        "included, by: the disease pack."
    )
    assert "至 2026年3月16日（含当天）" in found.why.zh


def test_the_edition_that_judged_says_how_long() -> None:
    found = rules.watch([exposure(observed=10, edition=EDITION)])
    assert found is not None and found.ends == MONDAY + timedelta(days=10)
    assert "Sixth edition" in found.why.en
    assert rules.watch([exposure(observed=0, edition=EDITION)]) is None


@pytest.mark.parametrize("change", [{"rule": None}, {"grade": "general"}])
def test_nobody_is_followed_whom_no_rule_names(change: dict[str, object]) -> None:
    assert rules.watch([exposure(**change)]) is None
    assert rules.watch([]) is None


@given(st.lists(st.tuples(DAYS, DAYS, st.integers(0, 30)), min_size=1, max_size=6))
def test_one_watch_covers_every_exposure(rows: list[tuple[date, date, int]]) -> None:
    found = rules.watch(
        exposure(id=k, exposed_on=exposed, confirmed_on=confirmed, observed=days)
        for k, (exposed, confirmed, days) in enumerate(rows)
    )
    asked = [(exposed + timedelta(days=days)) for exposed, _confirmed, days in rows if days]
    if not asked:
        assert found is None
        return
    assert found is not None
    assert found.ends == max(asked) and found.starts <= found.ends
    longest = rows[found.contact]
    assert longest[0] + timedelta(days=longest[2]) == found.ends


@pytest.mark.parametrize(
    ("day", "heard", "state"),
    [
        (MONDAY, Heard(0, unwell=False), DayState.BEGUN),  # nobody had the whole of the first day
        (MONDAY + timedelta(days=1), Heard(0, unwell=False), DayState.MISSED),
        (MONDAY + timedelta(days=1), Heard(1, unwell=False), DayState.PARTLY),
        (MONDAY + timedelta(days=1), Heard(2, unwell=False), DayState.DONE),
        (MONDAY + timedelta(days=1), Heard(1, unwell=True), DayState.UNWELL),
        (MONDAY + timedelta(days=3), Heard(0, unwell=False), DayState.OPEN),
        (MONDAY + timedelta(days=3), Heard(2, unwell=False), DayState.DONE),
        (MONDAY + timedelta(days=4), Heard(0, unwell=False), DayState.AHEAD),
    ],
)
def test_what_a_day_came_to(day: date, heard: Heard, state: DayState) -> None:
    assert rules.day_state(day, MONDAY + timedelta(days=3), starts=MONDAY, asked=2, heard=heard) is state


def test_silence_ends_no_watch_and_neither_does_a_fever() -> None:
    ends, well, ill = MONDAY, Heard(1, unwell=False), Heard(1, unwell=True)
    after = MONDAY + timedelta(days=1)
    assert rules.closing(ends, MONDAY, {MONDAY: well}) is Closing.RUNNING
    assert rules.closing(ends, after, {}) is Closing.LAST_MISSING
    assert rules.closing(ends, after, {MONDAY - timedelta(days=1): well}) is Closing.LAST_MISSING
    assert rules.closing(ends, after, {MONDAY: ill}) is Closing.LAST_UNWELL
    assert rules.closing(ends, after, {MONDAY: well}) is Closing.COMPLETE
    # The latest word decides: ill on the last day and well on the next, or the other way round.
    assert rules.closing(ends, after, {MONDAY: ill, after: well}) is Closing.COMPLETE
    assert rules.closing(ends, after, {MONDAY: well, after: ill}) is Closing.LAST_UNWELL


@given(starts=DAYS, today=DAYS, spoke=st.sets(DAYS), stepped=st.none() | DAYS)
def test_a_silent_day_is_handed_on_once(starts: date, today: date, spoke: set[date], stepped: date | None) -> None:
    heard = {day: Heard(1, unwell=False) for day in spoke}
    yesterday = today - timedelta(days=1)
    owes = rules.owes_step(starts=starts, yesterday=yesterday, heard=heard, stepped_on=stepped)
    if owes:
        assert yesterday > starts and not {yesterday, today} & spoke
        assert not rules.owes_step(starts=starts, yesterday=yesterday, heard=heard, stepped_on=yesterday)
    if {yesterday, today} & spoke:
        assert not owes


def test_who_is_asked_stands_nearest_has_least_to_do_and_was_not_asked_before() -> None:
    chain = [Candidate(11, 0, 3), Candidate(12, 0, 1), Candidate(21, 1, 0), Candidate(31, 2, 0)]
    assert rules.assignee(chain) == 12
    assert rules.assignee(chain, [12]) == 11
    assert rules.assignee(chain, [12, 11]) == 21
    assert rules.assignee(chain, [11, 12, 21, 31]) is None
    assert rules.assignee([]) is None
    assert rules.assignee([Candidate(1, 0, 2), Candidate(2, 0, 2)]) == 1  # of equals who answers first


@given(
    st.lists(st.integers(1, 10_000), unique=True, max_size=60), st.dictionaries(st.integers(1, 9), st.integers(0, 9))
)
def test_shared_out_evenly(ids: list[int], loads: dict[int, int]) -> None:
    found = rules.share(ids, loads)
    assert set(found) == (set(ids) if loads else set())
    total = {person: load + list(found.values()).count(person) for person, load in loads.items()}
    gained = [total[person] for person in set(found.values())]
    # Whoever was given something has at most one more than anybody.
    assert all(given_to - 1 <= other for given_to in gained for other in total.values())


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 367}, {"checks_per_day": 0}, {"checks_per_day": 25}])
def test_a_rule_out_of_bounds_is_refused(wrong: dict[str, int]) -> None:
    values = {"days": 14, "checks_per_day": 1, "for_grades": ["close"], "temperature_required": True, "source": "s"}
    assert msgspec.convert(values, FollowUpRule).days == 14
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(values | wrong, FollowUpRule)


def test_the_last_moment_of_a_spell_that_ends_at_midnight_was_the_day_before() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert rules.last_exposure(midnight - timedelta(hours=8), midnight, zone) == date(2026, 3, 1)
