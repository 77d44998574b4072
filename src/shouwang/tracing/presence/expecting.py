"""Reads beds, situations, courses and their audiences for a run of days, and expands them by `rules.expansion`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta, tzinfo

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from shouwang.org.models import Membership, Organisation, Person, Residence, SituationSpell
from shouwang.tracing.models import Course, Enrolment, PresenceSource
from shouwang.tracing.models_lessons import LessonChange
from shouwang.tracing.presence.resolving import PlaceTable
from shouwang.tracing.rules.assumptions import Assumptions
from shouwang.tracing.rules.expansion import Change, Expected, Lesson, Spells, attendance, lessons_on, sleepers

Int32 = NDArray[np.int32]
Apart = Callable[[date, date], list[tuple[int, date, date | None]]]
"""(first, last) -> (person, first evening, last evening or None) of those who sleep apart from their own bed."""

_apart: list[Apart] = []
_on_leave: list[Apart] = []


def expect_apart(source: Apart) -> None:
    """Rooms above say who is asked to stay apart: such people are expected in no bed and no lesson of their own."""
    if source not in _apart:
        _apart.append(source)


def expect_on_leave(source: Apart) -> None:
    """(first, last) -> (person, first day, last day or None) of those who are excused from lessons and may be in their
    own bed."""
    if source not in _on_leave:
        _on_leave.append(source)


class Expectations:
    """Everything expected between two days; `on` expands one of them. A handful of queries for the whole run."""

    def __init__(self, first: date, last: date, rules: Assumptions, places: PlaceTable, zone: tzinfo) -> None:
        self.rules, self.zone = rules, zone
        span = Q(starts__lte=last) & (Q(ends__isnull=True) | Q(ends__gte=first))
        beds = Residence.objects.filter(span).order_by().values_list("person_id", "place_id", "starts", "ends")
        self.beds = Spells.of([(person, places.room.get(bed, bed), since, until) for person, bed, since, until in beds])
        apart = [row for source in _apart for row in source(first, last)]
        nights = [(person, 0, since, until) for person, since, until in apart]
        # On the day they went apart they may have been in class before: expected there until the next day.
        days = [(person, 0, since + timedelta(days=1), until) for person, _value, since, until in nights]
        days += [(p, 0, since, until) for source in _on_leave for p, since, until in source(first, last)]
        self.away_at_night = self._away(rules.residence.absent_situations, span, last, nights)
        self.away_by_day = self._away(rules.lessons.absent_situations, span, last, days)
        self.changes = _changes(first, last)
        self.changed = {day for change in self.changes for day in (change.day, change.to_day or change.day)}
        self.lessons = _lessons(first, last, {change.code for change in self.changes})
        self.slots = [lesson for lessons in self.lessons.values() for lesson in lessons]
        self.audiences = _Audiences(span)

    @staticmethod
    def _away(
        situations: tuple[str, ...], span: Q, last: date, apart: list[tuple[int, int, date, date | None]]
    ) -> Spells:
        """Spells in which people are absent: apart, by situation, and from the day after they left the institution."""
        spells = SituationSpell.objects.filter(span, situation__in=situations).order_by()
        rows = [(p, 0, since, until) for p, since, until in spells.values_list("person_id", "starts", "ends")]
        # Somebody without any dated situation is where the latest state says.
        undated = Person.objects.filter(situation__in=situations, situations__isnull=True).order_by()
        rows += [(pk, 0, date.min, None) for pk in undated.values_list("pk", flat=True)]
        left = Person.objects.filter(left_on__lt=last).order_by()
        rows += [(pk, 0, day + timedelta(days=1), None) for pk, day in left.values_list("pk", "left_on") if day]
        return Spells.of([*rows, *apart])

    def on(self, day: date, bounds: tuple[int, int]) -> Iterator[tuple[int, Expected]]:
        """(source, expected visits) of the local day [bounds[0], bounds[1])."""
        for evening in (day - timedelta(days=1), day):
            absent = self.away_at_night.on(evening)[0]
            asleep = sleepers(evening, self.beds, absent, bounds, self.rules.residence, self.zone)
            if len(asleep):
                yield PresenceSource.RESIDENCE, asleep
        held = (
            lessons_on(day, self.lessons.get(day.isoweekday(), ()), ())
            if day not in self.changed
            else (lessons_on(day, self.slots, self.changes))
        )
        if held:
            audiences = self.audiences.on(day, {lesson.code for lesson in held})
            attending = attendance(held, day, audiences, self.away_by_day.on(day)[0], self.zone)
            if len(attending):
                yield PresenceSource.TIMETABLE, attending


def _changes(first: date, last: date) -> list[Change]:
    """Changes that take a lesson from, or bring one to, a day between the two."""
    rows = LessonChange.objects.filter(Q(day__gte=first, day__lte=last) | Q(to_day__gte=first, to_day__lte=last))
    return [
        Change(
            row.course_code, row.day, row.starts, row.what == LessonChange.What.CANCELLED, row.to_day, row.to_starts,
            row.to_ends, row.to_place_id,
        )
        for row in rows.order_by("pk")
    ]  # fmt: skip


def _lessons(first: date, last: date, changed: set[str]) -> dict[int, list[Lesson]]:
    """Course slots taught between two days, by ISO weekday; those of `changed` courses whenever they are."""
    rows = Course.objects.filter(Q(first_day__lte=last, last_day__gte=first) | Q(code__in=changed)).order_by("pk")
    columns = ("code", "place_id", "weekday", "starts", "ends", "first_day", "last_day", "weeks")
    found: dict[int, list[Lesson]] = defaultdict(list)
    for values in rows.values_list(*columns):
        lesson = Lesson(*values)
        found[lesson.weekday].append(lesson)
    return found


class _Audiences:
    """Who attends a course: members of enrolled organisations (their whole subtree) on the day, and enrolled people."""

    def __init__(self, span: Q) -> None:
        self._people: dict[str, list[int]] = defaultdict(list)
        self._units: dict[str, list[int]] = defaultdict(list)
        rows = Enrolment.objects.order_by("pk").values_list("course_code", "organisation_id", "person_id")
        for code, organisation, person in rows:
            if organisation is not None:
                self._units[code].append(organisation)
            elif person is not None:
                self._people[code].append(person)
        if not self._units:
            self._members = Spells.of([])
            return
        self._range = _organisation_ranges()
        members = Membership.objects.filter(span).order_by()
        self._members = Spells.of(
            [
                (person, self._range[organisation][0], since, until)
                for person, organisation, since, until in members.values_list(
                    "person_id", "organisation_id", "starts", "ends"
                )
            ]
        )

    def on(self, day: date, codes: set[str]) -> dict[str, Int32]:
        """The people of each course on `day`, each person once."""
        person, unit = self._members.on(day)
        order = np.argsort(unit, kind="stable")
        person, unit = person[order], unit[order]
        found: dict[str, Int32] = {}
        for code in codes:
            parts = [np.array(self._people.get(code, ()), np.int32)]
            for organisation in self._units.get(code, ()):
                low, high = self._range[organisation]
                parts.append(person[np.searchsorted(unit, low) : np.searchsorted(unit, high, side="right")])
            found[code] = np.unique(np.concatenate(parts)).astype(np.int32)
        return found


def _organisation_ranges() -> dict[int, tuple[int, int]]:
    """Organisation id -> (own number, last number below it) in tree order: a subtree is one range of numbers."""
    rows = list(Organisation.objects.order_by("path").values_list("pk", "path"))
    last: dict[int, int] = {}
    above: list[tuple[int, str]] = []
    for number, (pk, path) in enumerate(rows):
        while above and not path.startswith(above[-1][1]):
            last[above.pop()[0]] = number - 1
        above.append((pk, path))
    for pk, _path in above:
        last[pk] = len(rows) - 1
    return {pk: (number, last[pk]) for number, (pk, _path) in enumerate(rows)}
