"""A day's segment from everything known about that day: raw batches, beds, lessons.

The unit of work is a run of consecutive days: sources are read once for the run and cut at local midnights. Rows stay
NumPy columns from the file to the segment.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shouwang.core import clock
from shouwang.epi.proximity import join_slots
from shouwang.epi.segments import PairSegment, VisitSegment, build_pair_segment, build_visit_segment, split_by_day
from shouwang.epi.swipes import SwipeFate, pair_swipes
from shouwang.org.merging.queries import standing
from shouwang.tracing.models import PresenceBatch, PresenceSource
from shouwang.tracing.models_gatherings import Gathering
from shouwang.tracing.models_visitors import Visit
from shouwang.tracing.presence import quality
from shouwang.tracing.presence.batches import Batch, read_batch, with_people
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.presence.expecting import Expectations
from shouwang.tracing.presence.readers import Busy, Corrections, Profile
from shouwang.tracing.presence.resolving import PlaceTable, place_table
from shouwang.tracing.presence.scanned import scanned
from shouwang.tracing.rules.assumptions import Assumptions
from shouwang.tracing.rules.intake import Fate
from shouwang.tracing.rules.scans import counts

Int64 = NDArray[np.int64]
Column = NDArray[Any]

FORMAT_SOURCE = {
    "gate": PresenceSource.GATE,
    "visits": PresenceSource.VISIT,
    "proximity": PresenceSource.PROXIMITY,
    "wifi": PresenceSource.WIFI,
}

RECORDED = (
    PresenceSource.GATE,
    PresenceSource.VISIT,
    PresenceSource.GATHERING,
    PresenceSource.WIFI,
    PresenceSource.SCAN,
)
"""Sources of visits that somebody or something saw from beginning to end: they may contradict each other."""


@dataclass(frozen=True, slots=True)
class Stays:
    """Swipes paired into visits, and the fate of every swipe: `fates[code]` rows at the moments `at[code]`."""

    person: Column
    place: Column
    start: Int64
    end: Int64
    at: dict[str, Int64]

    @property
    def counts(self) -> dict[str, int]:
        return {code: len(moments) for code, moments in self.at.items() if len(moments)}


def pair_stays(
    person: Column, place: Column, t: Int64, direction: Column, places: PlaceTable, rules: Assumptions
) -> Stays:
    """Pair in and out at each door; the limit of a stay depends on the kind of place.

    Swipes at a campus gate are passages: they tell that somebody passed, not that anybody stayed there.
    """
    at: dict[str, list[Int64]] = defaultdict(list)
    columns: list[tuple[Column, Column, Int64, Int64]] = []
    distinct, row = np.unique(place, return_inverse=True)
    kinds = [places.kind.get(int(pk), "") for pk in distinct]
    passage = np.array([kind in rules.doors.passages for kind in kinds], np.bool_)
    limits = np.array([rules.doors.max_stay.seconds(kind) for kind in kinds], np.int64)
    of_row = np.where(passage, -1, limits)[row] if len(place) else np.empty(0, np.int64)
    if np.any(of_row < 0):
        at["passage"].append(t[of_row < 0])
    for limit in np.unique(of_row[of_row >= 0]).tolist():
        rows = of_row == limit
        moments = t[rows]
        paired = pair_swipes(
            person[rows], place[rows], moments, direction[rows], np.ones(len(moments), np.bool_),
            max_stay_s=limit, duplicate_s=rules.doors.duplicate_seconds,
        )  # fmt: skip
        columns.append((paired.person, paired.place, paired.start, paired.end))
        for fate in SwipeFate:
            at[fate.name.lower()].append(moments[paired.fate == fate])
    who, where, start, end = [np.concatenate(parts) for parts in zip(*columns, strict=True)] if columns else _nothing()
    return Stays(who, where, start, end, {code: np.concatenate(parts) for code, parts in at.items()})


def _nothing() -> list[Column]:
    return [np.empty(0, kind) for kind in (np.int32, np.int32, np.int64, np.int64)]


@dataclass
class DayColumns:
    """One day being gathered: visits (person, place, start, end, source), pairs (a, b, start, end), remarks."""

    day: date
    visits: list[tuple[Column, Column, Int64, Int64, int]] = field(default_factory=list)
    pairs: list[tuple[Column, Column, Int64, Int64]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    swipes: dict[str, int] = field(default_factory=dict)
    scans: dict[str, int] = field(default_factory=dict)
    corrected: int = 0


@dataclass(frozen=True, slots=True)
class BuiltDay:
    """A finished segment and what is said about it."""

    day: date
    visits: VisitSegment
    pairs: PairSegment
    by_source: dict[str, int]
    remarks: dict[str, Any]
    busy: Profile


class Run:
    """Consecutive days built together."""

    def __init__(self, first: date, last: date) -> None:
        self.rules = assumptions()
        self.zone = clock.zone()
        self.places = place_table()
        self.days = [DayColumns(first + timedelta(days=k)) for k in range((last - first).days + 1)]
        self.edges: Int64 = np.array(clock.midnights(first, last), np.int64)
        self.expected = Expectations(first - timedelta(days=1), last, self.rules, self.places, self.zone)
        self.clocks = Corrections.between(first, last)
        self.busy = Busy(self.edges)
        # An exit pairs with an entry at most the longest stay before it; two days more leave room for duplicates.
        margin = self.rules.doors.max_stay.longest + 2 * 86_400 + self.clocks.furthest
        self.reach = (int(self.edges[0]) - margin, int(self.edges[-1]) + margin)
        self.batches: dict[int, str] = {}  # which were read: id -> file
        self._gather_batches()

    def _gather_batches(self) -> None:
        swipes: list[tuple[Column, Column, Int64, Column]] = []
        into = standing()
        for row in batches_between(*self.reach):
            batch = with_people(read_batch(row.stored_as), into)
            self.batches[row.pk] = row.stored_as
            self._count_refused(batch)
            if batch.source_format == "visits":
                self._take_visits(batch, row.source)
            elif batch.source_format == "proximity":
                self._take_pairs(batch)
            else:
                swipes.append(self._swipes(batch))
        self._take_gatherings()
        self._take_scans()
        self._take_visitors()
        if swipes:
            person, place, t, direction = (np.concatenate(parts) for parts in zip(*swipes, strict=True))
            stays = pair_stays(person, place, t, direction, self.places, self.rules)
            stays.at["far_apart"] = quality.too_soon(person, place, t, self.places, self.rules.doors.far_seconds)
            self._take_stays(stays)

    def _between(self, batch: Batch, low: int, high: int) -> slice:
        """The rows whose moment lies in [low, high); a batch is sorted by it."""
        return slice(int(np.searchsorted(batch.moment, low)), int(np.searchsorted(batch.moment, high)))

    def _count_refused(self, batch: Batch) -> None:
        rows = self._between(batch, int(self.edges[0]), int(self.edges[-1]))
        fates, day = batch.columns["fate"][rows], self._day_of(batch.moment[rows])
        table = np.bincount(day * (max(Fate) + 1) + fates, minlength=len(self.days) * (max(Fate) + 1))
        for index, columns in enumerate(self.days):
            for fate in Fate:
                number = int(table[index * (max(Fate) + 1) + fate])
                if fate and number:
                    columns.refused[fate.code] = columns.refused.get(fate.code, 0) + number

    def _day_of(self, t: Int64) -> Int64:
        day: Int64 = np.searchsorted(self.edges, t, side="right") - 1
        return day

    def _swipes(self, batch: Batch) -> tuple[Column, Column, Int64, Column]:
        rows = self._between(batch, *self.reach)
        good = batch.accepted[rows]
        person, place, t, direction = (
            batch.columns[name][rows][good] for name in ("person", "place", "t", "direction")
        )
        t = self._right(PresenceSource.GATE, place, t)
        return person, self.places.rooms(place), t, direction

    def _right(self, source: int, place: Column, t: Int64) -> Int64:
        """The true moments of records, counted where a reader's clock was corrected, and for how busy it was."""
        true, moved = self.clocks.right(place, t)
        self.busy.add(PresenceSource(source).name.lower(), place, true)
        inside = true[moved & (true >= self.edges[0]) & (true < self.edges[-1])]
        for index, number in enumerate(np.bincount(self._day_of(inside), minlength=len(self.days)).tolist()):
            if number:
                self.days[index].corrected += number
        return true

    def _take_stays(self, stays: Stays) -> None:
        self._cut(stays.person, stays.place, stays.start, stays.end, PresenceSource.GATE)
        for code, moments in stays.at.items():
            inside = moments[(moments >= self.edges[0]) & (moments < self.edges[-1])]
            for index, number in enumerate(np.bincount(self._day_of(inside), minlength=len(self.days)).tolist()):
                if number:
                    self.days[index].swipes[code] = number

    def _take_visits(self, batch: Batch, source: int) -> None:
        longest = self.rules.visits.max_stay.longest
        wider = self.clocks.furthest
        rows = self._between(batch, int(self.edges[0]) - longest - wider, int(self.edges[-1]) + wider)
        good = batch.accepted[rows]
        person, place, start, end = (batch.columns[name][rows][good] for name in ("person", "place", "start", "end"))
        true = self._right(source, place, start)
        start, end = true, end + (true - start)
        self._cut(person, self.places.rooms(place), start, end, source)

    def _take_pairs(self, batch: Batch) -> None:
        rows = self._between(batch, int(self.edges[0]) + 1, int(self.edges[-1]) + batch.step)
        # Two records of one person, each with a sensor: nobody is their own company.
        good = batch.accepted[rows] & (batch.columns["person"][rows] != batch.columns["partner"][rows])
        t, i, j = (batch.columns[name][rows][good] for name in ("t", "person", "partner"))
        if not len(t):
            return
        joined = join_slots(t, i, j, batch.step)
        for day, columns in zip(self.days, self._pieces(joined.start, joined.end, joined.a, joined.b), strict=True):
            start, end, a, b = columns
            day.pairs.append((a, b, start, end))

    def _take_gatherings(self) -> None:
        """Everybody on the list was there from beginning to end: who came late is not known."""
        low, high = (datetime.fromtimestamp(int(self.edges[k]), tz=self.zone) for k in (0, -1))
        rows = Gathering.participants.through.objects.filter(
            gathering__withdrawn_at__isnull=True, gathering__starts_at__lt=high, gathering__ends_at__gt=low
        ).order_by("pk")
        columns = ("person_id", "gathering__place_id", "gathering__starts_at", "gathering__ends_at")
        found = [
            (who, where, int(starts_at.timestamp()), int(ends_at.timestamp()))
            for who, where, starts_at, ends_at in rows.values_list(*columns)
        ]
        if found:
            person, place, start, end = np.array(found, np.int64).T
            rooms = self.places.rooms(place.astype(np.int32))
            self._cut(person.astype(np.int32), rooms, start, end, PresenceSource.GATHERING)

    def _take_scans(self) -> None:
        told = scanned(int(self.edges[0]), int(self.edges[-1]), self.places, self.rules, self.zone)
        for estimated, source in ((False, PresenceSource.SCAN), (True, PresenceSource.SCAN_ESTIMATED)):
            found = [(s.person, s.place, s.start, s.end) for s in told.stays if s.estimated is estimated]
            if found:
                person, place, start, end = np.array(found, np.int64).T
                self._cut(person.astype(np.int32), place.astype(np.int32), start, end, source)
        for columns, (low, high) in zip(self.days, pairwise(self.edges.tolist()), strict=True):
            columns.scans = counts(told.at, low, high)

    def _take_visitors(self) -> None:
        """A visitor is taken to be at the place they came for, until they left or were expected to."""
        low, high = (datetime.fromtimestamp(int(self.edges[k]), tz=self.zone) for k in (0, -1))
        longest = timedelta(hours=self.rules.visitors.longest_hours)
        rows = Visit.objects.filter(withdrawn_at__isnull=True, starts_at__gt=low - longest, starts_at__lt=high)
        columns = ("person_id", "place_id", "starts_at", "expected_until", "left_at")
        found: dict[int, list[tuple[int, int, int, int]]] = {}
        for person, place, starts_at, until, left_at in rows.order_by("pk").values_list(*columns):
            kind = PresenceSource.VISITOR if left_at else PresenceSource.VISITOR_ESTIMATED
            span = int(starts_at.timestamp()), int((left_at or until).timestamp())
            found.setdefault(kind, []).append((person, place, *span))
        for source, visits in found.items():
            who, where, start, end = np.array(visits, np.int64).T
            self._cut(who.astype(np.int32), self.places.rooms(where.astype(np.int32)), start, end, source)

    def _cut(self, person: Column, place: Column, start: Int64, end: Int64, source: int) -> None:
        for day, columns in zip(self.days, self._pieces(start, end, person, place), strict=True):
            begin, finish, who, where = columns
            if len(who):
                day.visits.append((who, where, begin, finish, source))

    def _pieces(self, start: Int64, end: Int64, *others: Column) -> list[tuple[Column, ...]]:
        """The intervals clipped to the run and cut at its midnights, a tuple of columns a day."""
        begin, finish = np.maximum(start, self.edges[0]), np.minimum(end, self.edges[-1])
        inside = finish > begin
        return split_by_day(begin[inside], finish[inside], *(o[inside] for o in others), boundaries=self.edges)

    def build(self, index: int) -> BuiltDay:
        """The segment of the `index`-th day of the run."""
        columns = self.days[index]
        bounds = (int(self.edges[index]), int(self.edges[index + 1]))
        for source, expected in self.expected.on(columns.day, bounds):
            columns.visits.append((expected.person, expected.place, expected.start, expected.end, source))
        person, place, start, end = (
            np.concatenate([_nothing()[k], *(part[k] for part in columns.visits)]) for k in range(4)
        )
        codes = [np.full(len(part[0]), part[4], np.uint8) for part in columns.visits]
        sources = np.concatenate([np.empty(0, np.uint8), *codes])
        a, b, from_, until = (np.concatenate([_nothing()[k], *(p[k] for p in columns.pairs)]) for k in range(4))
        visits = build_visit_segment(place, start, end, person, sources)
        pairs = build_pair_segment(a, b, from_, until, np.full(len(a), PresenceSource.PROXIMITY, np.uint8))
        by_source = {s.name.lower(): int(np.count_nonzero(sources == s)) for s in PresenceSource}
        by_source["proximity"] = len(pairs)
        return BuiltDay(
            columns.day, visits, pairs, {k: v for k, v in by_source.items() if v}, self._remarks(columns, visits),
            self.busy.of(index),
        )  # fmt: skip

    def _remarks(self, columns: DayColumns, visits: VisitSegment) -> dict[str, Any]:
        """Counts of what was refused, unpaired, or contradicts itself on this day; only what occurs."""
        recorded = np.isin(visits.source, RECORDED)
        lessons = recorded | (visits.source == PresenceSource.TIMETABLE)
        seen = self._clashes(visits, recorded)
        planned = self._clashes(visits, lessons)
        found = {
            "refused": columns.refused,
            "swipes": columns.swipes,
            "scans": columns.scans,
            "clock_corrected": columns.corrected,
            "two_places_at_once": seen.apart_pairs,
            "two_places_minutes": seen.apart_seconds // 60,
            "doubled": seen.doubled,
            "lesson_elsewhere": planned.apart_pairs - seen.apart_pairs,
            "lesson_elsewhere_minutes": (planned.apart_seconds - seen.apart_seconds) // 60,
        }
        return {key: value for key, value in found.items() if value}

    def _clashes(self, visits: VisitSegment, rows: NDArray[np.bool_]) -> quality.Clashes:
        return quality.clashes(
            visits.person[rows], visits.place[rows], visits.start[rows], visits.end[rows], self.places
        )


def batches_between(low: int, high: int) -> list[PresenceBatch]:
    """Batches with a record in [low, high], oldest import first."""
    first, last = (datetime.fromtimestamp(moment, tz=clock.zone()) for moment in (low, high))
    return list(PresenceBatch.objects.filter(first_at__lte=last, last_at__gte=first).order_by("pk"))
