"""Where people are expected to be: in their beds at night, in the lessons of their class by day.

Expected is weaker than recorded: nobody saw them. Segments keep the source of every visit, so that evidence says
which of the two it is. All functions work on columns; a day's people are never Python objects.

A person whose situation on that day is abroad, off campus or on internship is expected nowhere; a bed or a class that
is still theirs in the roster says nothing about where they are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from shouwang.tracing.rules.assumptions import Residence

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

OPEN_END = 9_999_999
"""Ordinal of a spell without end: later than any day."""


@dataclass(frozen=True, slots=True)
class Spells:
    """Dated rows as columns: `person` had `value` on every day from `starts` to `ends`, both included (ordinals)."""

    person: Int32
    value: Int32
    starts: Int64
    ends: Int64

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, date, date | None]]) -> Spells:
        """From (person, value, first day, last day or None) rows."""
        person = np.array([row[0] for row in rows], np.int32)
        value = np.array([row[1] for row in rows], np.int32)
        starts = np.array([row[2].toordinal() for row in rows], np.int64)
        ends = np.array([row[3].toordinal() if row[3] else OPEN_END for row in rows], np.int64)
        return cls(person, value, starts, ends)

    def on(self, day: date) -> tuple[Int32, Int32]:
        """(person, value) of the rows in force on `day`."""
        number = day.toordinal()
        rows = (self.starts <= number) & (number <= self.ends)
        return self.person[rows], self.value[rows]


@dataclass(frozen=True, slots=True)
class Expected:
    """Visits nobody recorded: columns of one length, half-open [start, end) in unix seconds."""

    person: Int32
    place: Int32
    start: Int64
    end: Int64

    def __len__(self) -> int:
        return len(self.person)


def local_moment(day: date, at: time, zone: tzinfo) -> int:
    """Unix seconds of a local wall-clock time.

    Where clocks change: of an hour that happens twice the first is meant; a time that was skipped is read as if the
    clocks had not yet been put forward, which is the moment they would have shown.
    """
    return int(datetime.combine(day, at, tzinfo=zone).timestamp())


def night(day: date, hours: Residence, zone: tzinfo) -> tuple[int, int]:
    """[start, end) of the night that begins on the evening of `day`, unix seconds."""
    morning = day + timedelta(days=1) if hours.until <= hours.from_ else day
    return local_moment(day, hours.from_, zone), local_moment(morning, hours.until, zone)


def present(person: Int32, absent: Int32) -> NDArray[np.bool_]:
    """Which of `person` are not among `absent`."""
    return ~np.isin(person, absent)


def sleepers(
    evening: date, beds: Spells, absent: Int32, bounds: tuple[int, int], hours: Residence, zone: tzinfo
) -> Expected:
    """Who sleeps in which room in the night that begins on `evening`, clipped to [bounds[0], bounds[1]).

    The night belongs to the bed held on the evening it begins; `absent` are the people whose situation on that
    evening takes them elsewhere. A local day holds the end of one night and the beginning of the next: two calls.
    """
    start, end = night(evening, hours, zone)
    start, end = max(start, bounds[0]), min(end, bounds[1])
    person, place = beds.on(evening)
    keep = present(person, absent)
    if end <= start:
        keep[:] = False
    person, place = person[keep], place[keep]
    return Expected(person, place, np.full(len(person), start, np.int64), np.full(len(person), end, np.int64))


@dataclass(frozen=True, slots=True)
class Lesson:
    """One weekly slot of a course, with the audience it has (`code` leads to the enrolments)."""

    code: str
    place: int
    weekday: int
    starts: time
    ends: time
    first_day: date
    last_day: date
    weeks: str


def teaching_week(first_day: date, day: date) -> int:
    """Number of the teaching week of `day`: the ISO week (Monday to Sunday) that contains `first_day` is week 1."""
    monday = first_day - timedelta(days=first_day.weekday())
    return (day - monday).days // 7 + 1


def held_on(lesson: Lesson, day: date) -> bool:
    """Whether the slot is taught on `day`: right weekday, within its dates, in a week of its parity."""
    if lesson.weekday != day.isoweekday() or not lesson.first_day <= day <= lesson.last_day:
        return False
    if lesson.weeks == "all":
        return True
    return teaching_week(lesson.first_day, day) % 2 == (1 if lesson.weeks == "odd" else 0)


def attendance(
    lessons: Collection[Lesson], day: date, audiences: dict[str, Int32], absent: Int32, zone: tzinfo
) -> Expected:
    """Who is expected in which lesson on `day`. `audiences` maps a course code to its people on that day, each once.

    A lesson cut to nothing by a change of clocks is left out.
    """
    people, places, starts, ends = [], [], [], []
    for lesson in lessons:
        audience = audiences.get(lesson.code)
        if audience is None or not held_on(lesson, day):
            continue
        start, end = local_moment(day, lesson.starts, zone), local_moment(day, lesson.ends, zone)
        if end <= start:
            continue
        people.append(audience)
        places.append(np.full(len(audience), lesson.place, np.int32))
        starts.append(np.full(len(audience), start, np.int64))
        ends.append(np.full(len(audience), end, np.int64))
    if not people:
        none, never = np.empty(0, np.int32), np.empty(0, np.int64)
        return Expected(none, none, never, never)
    person = np.concatenate(people)
    keep = present(person, absent)
    return Expected(
        person[keep], np.concatenate(places)[keep], np.concatenate(starts)[keep], np.concatenate(ends)[keep]
    )


@dataclass(frozen=True, slots=True)
class Change:
    """The lessons of a course on `day` (of one slot where `starts` is given) are not held, or elsewhere: at `to_day`,
    at other hours, in another place; what is None stays as it was."""

    code: str
    day: date
    starts: time | None = None
    cancelled: bool = False
    to_day: date | None = None
    to_starts: time | None = None
    to_ends: time | None = None
    to_place: int | None = None

    def speaks_of(self, lesson: Lesson, day: date) -> bool:
        return self.code == lesson.code and self.day == day and self.starts in (None, lesson.starts)


def lessons_on(day: date, lessons: Sequence[Lesson], changes: Sequence[Change]) -> list[Lesson]:
    """What is taught on `day`: the weekly slots that no change speaks of, and what was moved to this day.

    A change of one slot stands before one of all slots of that day. A lesson moved twice follows the change of the day
    on which the timetable has it.
    """
    held = [lesson for lesson in lessons if held_on(lesson, day) and _change_of(lesson, day, changes) is None]
    for origin in {change.day for change in changes if not change.cancelled and (change.to_day or change.day) == day}:
        for lesson in lessons:
            change = _change_of(lesson, origin, changes) if held_on(lesson, origin) else None
            if change is None or change.cancelled or (change.to_day or change.day) != day:
                continue
            held.append(
                Lesson(
                    lesson.code,
                    lesson.place if change.to_place is None else change.to_place,
                    day.isoweekday(),
                    change.to_starts or lesson.starts,
                    change.to_ends or lesson.ends,
                    day,
                    day,
                    "all",
                )
            )
    return held


def _change_of(lesson: Lesson, day: date, changes: Sequence[Change]) -> Change | None:
    found = [change for change in changes if change.speaks_of(lesson, day)]
    return max(found, key=lambda change: change.starts is not None, default=None)
