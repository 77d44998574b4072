"""Where people are expected to be: nights, lessons, and days on which clocks change."""

from __future__ import annotations

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.tracing.rules.assumptions import Residence
from shouwang.tracing.rules.expansion import (
    Lesson,
    Spells,
    attendance,
    held_on,
    local_moment,
    night,
    sleepers,
    teaching_week,
)

SHANGHAI, PARIS = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Paris")
HOURS = Residence(time(22, 30), time(6, 30), ("abroad",), "test")
NOBODY = np.array([], np.int32)
MONDAY = date(2026, 3, 2)


def _bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    return local_moment(day, time(0), zone), local_moment(day + timedelta(days=1), time(0), zone)


def test_a_night_has_eight_hours_and_nine_or_seven_when_clocks_change() -> None:
    lengths = {day: end - start for day in (date(2026, 3, 27), date(2026, 3, 28), date(2026, 10, 24))
               for start, end in (night(day, HOURS, PARIS),)}  # fmt: skip
    assert list(lengths.values()) == [8 * 3600, 7 * 3600, 9 * 3600]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_two_nights_share_a_local_day(day: date, hours: int) -> None:
    bounds = _bounds(day, PARIS)
    assert bounds[1] - bounds[0] == hours * 3600
    beds = Spells.of([(1, 7, date(2026, 1, 1), None)])
    seconds = 0
    for evening in (day - timedelta(days=1), day):
        asleep = sleepers(evening, beds, NOBODY, bounds, HOURS, PARIS)
        assert bounds[0] <= asleep.start[0] < asleep.end[0] <= bounds[1]
        seconds += int(asleep.end[0] - asleep.start[0])
    assert seconds == (8 + hours - 24) * 3600


def test_the_night_belongs_to_the_bed_of_its_evening() -> None:
    beds = Spells.of([(1, 7, date(2026, 1, 1), MONDAY), (1, 8, MONDAY + timedelta(days=1), None)])
    tuesday = MONDAY + timedelta(days=1)
    morning = sleepers(MONDAY, beds, NOBODY, _bounds(tuesday, SHANGHAI), HOURS, SHANGHAI)
    evening = sleepers(tuesday, beds, NOBODY, _bounds(tuesday, SHANGHAI), HOURS, SHANGHAI)
    assert (morning.place.tolist(), evening.place.tolist()) == ([7], [8])


def test_who_is_away_sleeps_nowhere() -> None:
    beds = Spells.of([(1, 7, MONDAY, None), (2, 7, MONDAY, None)])
    asleep = sleepers(MONDAY, beds, np.array([2], np.int32), _bounds(MONDAY, SHANGHAI), HOURS, SHANGHAI)
    assert asleep.person.tolist() == [1]


def test_hours_within_one_day() -> None:
    noon = Residence(time(12, 30), time(14, 0), (), "test")
    start, end = night(MONDAY, noon, SHANGHAI)
    assert end - start == 5400


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(0, 20), st.integers(-1, 10)), max_size=12
    ),
    day=st.integers(0, 30),
)
def test_spells_in_force(rows: list[tuple[int, int, int, int]], day: int) -> None:
    """`ends` is the last day, included; −1 stands for none."""
    dated = [
        (
            person,
            value,
            MONDAY + timedelta(days=start),
            MONDAY + timedelta(days=start + length) if length >= 0 else None,
        )
        for person, value, start, length in rows
    ]
    on = MONDAY + timedelta(days=day)
    expected = [(p, v) for p, v, starts, ends in dated if starts <= on and (ends is None or on <= ends)]
    person, value = Spells.of(dated).on(on)
    assert list(zip(person.tolist(), value.tolist(), strict=True)) == expected


def _lesson(**changed: object) -> Lesson:
    values: dict[str, object] = {
        "code": "A", "place": 9, "weekday": 1, "starts": time(8), "ends": time(9, 40),
        "first_day": date(2026, 2, 25), "last_day": date(2026, 6, 30), "weeks": "all",
    }  # fmt: skip
    return Lesson(**(values | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("weeks", "day", "held"),
    [
        ("all", MONDAY, True),
        ("all", MONDAY + timedelta(days=1), False),  # a Tuesday
        ("odd", MONDAY, False),  # 25 February lies in week 1, so that Monday begins week 2
        ("even", MONDAY, True),
        ("odd", MONDAY + timedelta(days=7), True),
        ("all", date(2026, 2, 23), False),  # before the first day
        ("all", date(2026, 7, 6), False),
    ],
)
def test_when_a_lesson_is_held(weeks: str, day: date, held: bool) -> None:
    assert held_on(_lesson(weeks=weeks), day) is held


@given(first=st.dates(date(2020, 1, 1), date(2030, 1, 1)), days=st.integers(0, 400))
def test_teaching_weeks_change_on_mondays(first: date, days: int) -> None:
    day = first + timedelta(days=days)
    week, tomorrow = teaching_week(first, day), teaching_week(first, day + timedelta(days=1))
    assert teaching_week(first, first) == 1
    assert tomorrow - week == (1 if day.isoweekday() == 7 else 0)


def test_attendance_of_each_lesson_once() -> None:
    lessons = [_lesson(), _lesson(code="B", place=4, starts=time(10), ends=time(11))]
    audiences = {"A": np.array([1, 2, 3], np.int32), "B": np.array([3], np.int32), "C": np.array([9], np.int32)}
    found = attendance(lessons, MONDAY, audiences, np.array([2], np.int32), SHANGHAI)
    start = local_moment(MONDAY, time(8), SHANGHAI)
    assert list(
        zip(found.person.tolist(), found.place.tolist(), found.start.tolist(), found.end.tolist(), strict=True)
    ) == [
        (1, 9, start, start + 6000),
        (3, 9, start, start + 6000),
        (3, 4, start + 7200, start + 10800),
    ]


def test_no_lesson_no_rows() -> None:
    assert len(attendance([], MONDAY, {}, NOBODY, SHANGHAI)) == 0
