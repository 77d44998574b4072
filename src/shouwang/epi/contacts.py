"""Who overlapped with a person, where, when, and for how many seconds in all.

What the numbers are NOT. Two records of one place at one time say that two records overlap. They are not proof that
two people were near each other: a canteen or a library holds thousands, a swipe may have been made with another's
card, a person may have left by a door without a reader, a timetable shows who should have been there. A sensor pair
says that two tags faced each other, not that two people breathed the same air. Seconds are the length of the union of
the overlaps, not a dose and not a probability of infection; and people without any record are absent from the result
without having been absent from the place. What counts as a close contact is a rule with a source, decided elsewhere.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Never

import numpy as np
from numpy.typing import ArrayLike

from shouwang.epi.columns import AnyColumn, Int32, Int64, UInt8, sealed
from shouwang.epi.segments import PairSegment, VisitSegment, build_pair_segment, build_visit_segment, day_boundaries

Segment = tuple[VisitSegment, PairSegment]

PROXIMITY = -1
"""`place` of an encounter that comes from a pair record."""

_DENSE_IDS = 2**20
"""Up to this person id, and up to four times the people on record, an id is used as a row number of the state."""

_NO_IDS = np.empty(0, np.int32)

_WIDE = 2**31 - 1
"""Seconds from here on (68 years) do not fit the state: sums then come from the encounters."""


@dataclass(frozen=True, eq=False, slots=True)
class Encounters:
    """Overlaps, sorted by (person, start); all columns of one length.

    `person` the other one; `place` or `PROXIMITY`; [`start`, `end`) unix seconds, clipped to the window;
    `source_case` and `source_contact` the codes of the two records that overlap (equal for a pair record). One row for
    each pair of records: a double record gives two rows, a stay stored in two days gives one row a day.
    """

    person: Int32
    place: Int32
    start: Int64
    end: Int64
    source_case: UInt8
    source_contact: UInt8

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True, eq=False)
class Contacts:
    """The people met, rising by `person`; `seconds` is the length of the union of all their encounters, over places
    and sources. The other columns are made, with the encounters, when one of them is first used."""

    person: Int32
    seconds: Int64
    _evidence: Evidence = field(repr=False)

    def __len__(self) -> int:
        return len(self.person)

    @property
    def first(self) -> Int64:
        """Start of the earliest encounter, unix seconds."""
        return self._evidence.sums[1]

    @property
    def last(self) -> Int64:
        """End of the latest encounter, unix seconds."""
        return self._evidence.sums[2]

    @property
    def encounters(self) -> Int64:
        """Number of rows in `Encounters`."""
        return sealed(np.diff(self._evidence.offsets))

    @property
    def offsets(self) -> Int64:
        """One more than contacts: the rows of contact c in `Encounters` are offsets[c] to offsets[c + 1]."""
        return self._evidence.offsets


@dataclass(frozen=True, eq=False)
class TraceResult:
    """Answer of `trace` for `person` in [`window_start`, `window_end`).

    `visits_searched` counts every visit, and every pair record once, of any person that overlaps the window: what a
    full scan of the segments would have to read. `visits_examined` counts the rows that were read instead, the case's
    own among them.
    """

    person: int
    window_start: int
    window_end: int
    contacts: Contacts
    visits_searched: int
    visits_examined: int

    @property
    def encounters(self) -> Encounters:
        """Every overlap behind `contacts`; made on first use by reading the same rows again, then kept."""
        return self.contacts._evidence.encounters


@dataclass(frozen=True, eq=False)
class Plan:
    """What is read for one trace: see `kernels` for the words. Keeps the segments alive for the cards' addresses."""

    segments: tuple[Segment, ...]
    visits: Int64
    pairs: Int64
    own: Int64
    ranges: Int64
    ids: Int32
    state_rows: int
    wide: bool
    person: int
    low: int
    high: int

    @property
    def reading(self) -> tuple[Int64, Int64, Int64, Int64, Int32, int, int]:
        """The arguments with which every reading kernel begins."""
        return self.visits, self.pairs, self.own, self.ranges, self.ids, self.low, self.high


class Evidence(ABC):
    """The encounters of a trace, and what is summed up from them when asked for."""

    @property
    @abstractmethod
    def encounters(self) -> Encounters: ...

    @property
    @abstractmethod
    def offsets(self) -> Int64:
        """As `Contacts.offsets`."""

    @cached_property
    def sums(self) -> tuple[Int64, Int64, Int64]:
        """Union seconds, first and last of each contact, from the sorted encounters."""
        from shouwang.epi import evidence_kernels as kernels

        n = len(self.offsets) - 1
        seconds, first, last = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
        kernels.unite(self.encounters.start, self.encounters.end, self.offsets, seconds, first, last)
        return sealed(seconds), sealed(first), sealed(last)


@dataclass(frozen=True, eq=False)
class ReadAgain(Evidence):
    """Made when first asked for, by reading the same rows again."""

    plan: Plan
    people: Int32

    def __reduce__(self) -> Never:
        raise TypeError("a trace result holds addresses of this process; send the columns of its encounters instead")

    @cached_property
    def _made(self) -> tuple[Encounters, Int64]:
        from shouwang.epi import evidence_kernels as kernels

        plan = self.plan
        state, link = _scratch.take(plan.state_rows)
        offsets = kernels.make_room(*plan.reading, plan.person, self.people, state)
        n = int(offsets[-1])
        columns: tuple[AnyColumn, ...] = (
            np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n, np.int64),
            np.empty(n, np.uint8), np.empty(n, np.uint8),
        )  # fmt: skip
        kernels.fill(*plan.reading, plan.person, self.people, state, *columns)
        _scratch.give_back(state, link)
        to, source = kernels.rows_to_move(columns[2], offsets)
        for c in columns if len(to) else ():
            c[to] = c[source]
        return Encounters(*(sealed(c) for c in columns)), sealed(offsets)

    @property
    def encounters(self) -> Encounters:
        return self._made[0]

    @property
    def offsets(self) -> Int64:
        return self._made[1]


class _Scratch(threading.local):
    """Kept by each thread from trace to trace, for each person: an int32 of state, zero between traces, and one of
    link, which may hold anything."""

    state: Int32 | None = None
    link: Int32 | None = None

    def take(self, people: int) -> tuple[Int32, Int32]:
        """Both for at least `people` people. Only who has put the state back to zero gives them back, so that a trace
        broken off leaves nothing behind."""
        state, link, self.state, self.link = self.state, self.link, None, None
        if state is None or link is None or len(state) < people:
            state, link = np.zeros(people, np.int32), np.empty(people, np.int32)
        return state, link

    def give_back(self, state: Int32, link: Int32) -> None:
        self.state, self.link = state, link


_scratch = _Scratch()


def trace(segments: Sequence[Segment], person: int, window_start: int, window_end: int) -> TraceResult:
    """Every other person whose records overlap those of `person` inside [window_start, window_end).

    An overlap is a shared place, or a pair record, over at least one second: intervals that only touch are none, and
    a person never meets himself. Segments may come in any order and overlap in time; a person may be in two places at
    once. Exact integer arithmetic. Raises ValueError for a window that does not end after it starts.

    Cost: with v own visits and s segments, O(v s + v log rows) to find where to read, then the rows of the blocks that
    reach into an own visit; it does not grow with the visits to other places. Where encounters of one person come
    out of order (pair records beside visits, overlapping segments), they are sorted: O(encounters log encounters).

    >>> day = build_visit_segment([7, 7, 7], [0, 600, 100], [900, 1200, 300], [1, 2, 2], [0, 0, 0])
    >>> found = trace([(day, build_pair_segment([], [], [], [], []))], 1, 0, 86_400)
    >>> found.contacts.person.tolist(), found.contacts.seconds.tolist(), found.contacts.first.tolist()
    ([2], [500], [100])
    """
    from shouwang.epi import kernels

    if window_end <= window_start:
        raise ValueError(f"window: the end ({window_end}) is not after the start ({window_start})")
    plan = _plan(segments, person, window_start, window_end)
    state, link = _scratch.take(plan.state_rows)
    if plan.wide:
        kernels.notice(*plan.reading, person, state)
    else:
        kernels.tally(*plan.reading, person, state, link)
    people, seconds = kernels.collect(plan.ids, state)
    _scratch.give_back(state, link)
    evidence = ReadAgain(plan, sealed(people))
    contacts = Contacts(evidence.people, evidence.sums[0] if plan.wide else sealed(seconds), evidence)
    searched, examined = kernels.searched(*plan.reading[:4], window_start, window_end)
    return TraceResult(person, window_start, window_end, contacts, searched, examined)


def seconds_by_day(result: TraceResult, boundaries: ArrayLike) -> tuple[Int32, Int32, Int64]:
    """Union seconds of each contact on each local day on which they met: (contact_index, day_index, seconds).

    `boundaries` are rising unix seconds of local midnights, one more than days; day d is [boundaries[d],
    boundaries[d + 1]). `contact_index` points into `result.contacts`; rows rise by (contact, day), and the seconds of
    a contact add up to its `seconds`. Raises ValueError for boundaries that do not rise or that leave out an
    encounter. O(encounters × log days).
    """
    from shouwang.epi import evidence_kernels as kernels

    edges = day_boundaries(boundaries)
    met = result.encounters
    if len(met) and (met.start.min() < edges[0] or met.end.max() > edges[-1]):
        raise ValueError("boundaries: an encounter lies outside the days given")
    days = np.searchsorted(edges, met.end, side="left") - np.searchsorted(edges, met.start, side="right") + 1
    rows = int(days.sum())
    contact, day, seconds = np.empty(rows, np.int32), np.empty(rows, np.int32), np.empty(rows, np.int64)
    n = kernels.unite_by_day(met.start, met.end, result.contacts.offsets, edges, contact, day, seconds)
    return contact[:n], day[:n], seconds[:n]


def warm_up() -> None:
    """Compile or load every kernel, so that no later call waits for it: seconds the first time, then from the cache."""
    day = build_visit_segment([1, 1], [0, 10], [20, 30], [1, 2], [0, 0])
    pairs = build_pair_segment([1], [2], [5], [25], [1])
    seconds_by_day(trace([(day, pairs)], 1, 0, 30), [0, 86_400])


def _plan(segments: Sequence[Segment], person: int, window_start: int, window_end: int) -> Plan:
    """Lay out what to read. The window shrinks to the span of the records, which changes no answer."""
    from shouwang.epi import cards, kernels

    kept = tuple(segments)
    visits = _cards([v.card for v, _ in kept], cards.V_LATEST + 1)
    pairs = _cards([p.card for _, p in kept], cards.P_LATEST + 1)
    earliest, latest, highest, people, in_order = kernels.overview(visits, pairs)
    if not in_order:
        return _plan(sorted(kept, key=_begin), person, window_start, window_end)
    low = max(window_start, earliest)
    high = max(low, min(window_end, latest))
    ids, state_rows = _NO_IDS, highest + 1
    if state_rows > max(_DENSE_IDS, 4 * people):
        ids = np.unique(np.concatenate([k for v, p in kept for k in (v.person_keys, p.a_keys)]))
        state_rows = len(ids)
    own = kernels.own_rows(visits, person, low, high)
    ranges, bound = kernels.ranges_to_read(visits, pairs, own, person, low, high)
    wide = max(high - earliest, bound) >= _WIDE
    return Plan(kept, visits, pairs, own, ranges, ids, state_rows, wide, person, low, high)


def _begin(segment: Segment) -> int:
    """Earliest time in a segment; an empty one sorts first."""
    return min((int(part.starts[0]) for part in segment if len(part)), default=-(2**63))


def _cards(cards: list[bytes], width: int) -> Int64:
    return np.frombuffer(bytearray().join(cards), np.int64).reshape(-1, width)
