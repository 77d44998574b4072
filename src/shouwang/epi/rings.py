"""Many traces in one call: up to thousands of cases, and the second ring, the contacts of a case's contacts.

What the second ring is NOT: it says who was with somebody who was with the case, after the two had first met. Whether
that somebody was infected, or infectious yet, nobody knows; the ring grows by the square, and a rule decides whether it
is looked for at all and from which contacts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from shouwang.epi.columns import Int32, Int64, column, refuse, same_length, sealed
from shouwang.epi.contacts import Segment, TraceResult, trace

_ALONE = 8
"""Up to so many traces a pool of threads costs more than it saves."""


def trace_many(
    segments: Sequence[Segment],
    people: ArrayLike,
    window_start: ArrayLike,
    window_end: ArrayLike,
    *,
    workers: int | None = None,
) -> list[TraceResult]:
    """`trace` of each person in their own window, in the order given; the same answers, one after another or at once.

    `people` (int32) and both ends of the windows (int64, unix seconds) are of one length. Of the segments each trace
    opens only those that reach into its window. `workers` threads, by default one a processor: the kernels run
    without the interpreter's lock. Raises ValueError for columns of different length, a negative id and a window that
    does not end after it starts.

    >>> from shouwang.epi.segments import build_pair_segment, build_visit_segment
    >>> day = build_visit_segment([7, 7, 7], [0, 600, 100], [900, 1200, 300], [1, 2, 3], [0, 0, 0])
    >>> found = trace_many([(day, build_pair_segment([], [], [], [], []))], [1, 3], [0, 0], [86_400, 200])
    >>> [result.contacts.person.tolist() for result in found]
    [[2, 3], [1]]
    """
    who, low = column("people", people, np.int32), column("window_start", window_start, np.int64)
    high = column("window_end", window_end, np.int64)
    rows = same_length(people=who, window_start=low, window_end=high)
    refuse("people", who < 0, "a negative id")
    refuse("window_end", high <= low, "a window that does not end after it starts")
    spans = [(segment, *_span(segment)) for segment in segments]

    def one(row: int) -> TraceResult:
        start, end = int(low[row]), int(high[row])
        inside = [segment for segment, first, last in spans if first < end and last > start]
        return trace(inside, int(who[row]), start, end)

    threads = workers or os.cpu_count() or 1
    if threads == 1 or rows <= _ALONE:
        return [one(row) for row in range(rows)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(rows)))


def _span(segment: Segment) -> tuple[int, int]:
    """Earliest start and latest end; an empty segment reaches into no window."""
    parts = [(int(part.starts[0]), int(part.ends[-1])) for part in segment if len(part)]
    if not parts:
        return 0, -(2**63)
    return min(first for first, _last in parts), max(last for _first, last in parts)


@dataclass(frozen=True, eq=False, slots=True)
class SecondRing:
    """Who was with a link person, rising by (`person`, `link`); all columns of one length.

    `seconds` is the union of the two people's overlaps, `first` and `last` in unix seconds, `encounters` the number
    of rows behind them.
    """

    person: Int32
    link: Int32
    seconds: Int64
    first: Int64
    last: Int64
    encounters: Int64

    def __len__(self) -> int:
        return len(self.person)


def second_ring(
    segments: Sequence[Segment],
    links: ArrayLike,
    since: ArrayLike,
    until: ArrayLike,
    *,
    leave_out: Iterable[int] = (),
    workers: int | None = None,
) -> SecondRing:
    """Contacts of the contacts `links`, each from their first exposure `since` to `until` (unix seconds, exclusive).

    `leave_out` are people who are no second ring: the case, and who belongs to the first by another rule. Link people
    may meet each other, and are then in each other's ring unless they are left out. A link whose `until` is not after
    `since` has no ring. Raises ValueError as `trace_many` does. Cost: one trace a link.

    >>> from shouwang.epi.segments import build_pair_segment, build_visit_segment
    >>> day = build_visit_segment([7, 7, 8, 8], [0, 0, 500, 550], [60, 60, 600, 700], [1, 2, 2, 3], [0] * 4)
    >>> ring = second_ring([(day, build_pair_segment([], [], [], [], []))], [2], [0], [86_400], leave_out=[1])
    >>> ring.person.tolist(), ring.link.tolist(), ring.seconds.tolist(), ring.first.tolist()
    ([3], [2], [50], [550])
    """
    who, low = column("links", links, np.int32), column("since", since, np.int64)
    high = column("until", until, np.int64)
    same_length(links=who, since=low, until=high)
    asked = high > low
    results = trace_many(segments, who[asked], low[asked], high[asked], workers=workers)
    out = np.array(sorted(set(leave_out)), np.int64)
    columns: list[list[Int64]] = [[np.empty(0, np.int64)] for _name in range(6)]
    for result in results:
        met = result.contacts
        kept = ~np.isin(met.person, out)
        link = np.full(int(kept.sum()), result.person, np.int64)
        sums = (met.seconds[kept], met.first[kept], met.last[kept], met.encounters[kept])
        for held, new in zip(columns, (met.person[kept].astype(np.int64), link, *sums), strict=True):
            held.append(new)
    joined = [np.concatenate(held) for held in columns]
    order = np.lexsort((joined[1], joined[0]))
    person, of, seconds, first, last, encounters = (sealed(values[order]) for values in joined)
    return SecondRing(
        person=sealed(person.astype(np.int32)),
        link=sealed(of.astype(np.int32)),
        seconds=seconds,
        first=first,
        last=last,
        encounters=encounters,
    )
