"""Segments: immutable sorted columns of visits and pair records, in memory and as one mapped file.

All times are unix seconds (UTC), int64, and every interval is half-open: [start, end). A segment is by custom one
local day, but any slice may be one (a month, or a small later addition to a day already written): `contacts.trace`
compares every segment with every visit of the case, so nothing is missed where segments overlap in time.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from shouwang.epi.columns import (
    AnyColumn,
    Int32,
    Int64,
    UInt8,
    block_reach,
    column,
    offsets_by_key,
    refuse,
    same_length,
    sealed,
)
from shouwang.epi.segment_file import SegmentError, load_arrays, save_arrays

__all__ = [
    "PairSegment",
    "SegmentError",
    "VisitSegment",
    "build_pair_segment",
    "build_visit_segment",
    "read_segment",
    "split_by_day",
    "write_segment",
]

ROWS_PER_BLOCK = 64
"""Rows of a place summed up by one latest end. On the visits of `bench.trace`, 16 and 32 were slower and 128 as fast.
A change makes older files unreadable (`SegmentError`), so that they are built again."""


class _Carded:
    """A segment sent to another process leaves its card behind: the addresses are of this one."""

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "card"}


@dataclass(frozen=True, eq=False)
class VisitSegment(_Carded):
    """Visits sorted by (place, start, end, person, source), n rows, with the indexes the kernel needs.

    Row columns: `place` int32, `start` and `end` int64 unix seconds, `person` int32, `source` uint8 (the caller's code
    of what recorded the visit). Identical rows are kept: a double record is evidence too, and seconds are unions.
    Indexes: `place_keys`/`place_offsets` rows of a place; `person_keys`/`person_offsets`/`person_rows` row numbers of
    a person by start; `block_offsets`/`block_max`/`block_reach` latest ends over blocks of `ROWS_PER_BLOCK` rows of a
    place; `starts`/`ends` each column sorted alone, so that visits inside a window are counted by bisection.
    `fresh_start`/`fresh_end` int32: of each row the part that no row before it with the same person and place covers,
    empty (start >= end) if there is none, in seconds after the earliest start of the segment, at most 2^31 - 1. The
    fresh parts of a person at a place do not overlap and cover the same time, so that their lengths simply add up.
    """

    place: Int32
    start: Int64
    end: Int64
    person: Int32
    source: UInt8
    place_keys: Int32
    place_offsets: Int64
    block_offsets: Int64
    block_max: Int64
    block_reach: Int64
    person_keys: Int32
    person_offsets: Int64
    person_rows: Int32
    starts: Int64
    ends: Int64
    fresh_start: Int32
    fresh_end: Int32

    def __len__(self) -> int:
        """Number of visits."""
        return len(self.start)

    @cached_property
    def card(self) -> bytes:
        """Where the columns lie in memory, for the kernels; good as long as this segment lives."""
        from shouwang.epi.cards import visit_card

        return visit_card(self)


@dataclass(frozen=True, eq=False)
class PairSegment(_Carded):
    """Pair records in both directions, sorted by (a, start, end, b, source): 2 n rows for n records.

    Columns as in `VisitSegment`, with `a` and `b` for the two people; `a_keys`/`a_offsets` rows of a person;
    `starts`/`ends` (n rows each, every record once) sorted alone.
    """

    a: Int32
    b: Int32
    start: Int64
    end: Int64
    source: UInt8
    a_keys: Int32
    a_offsets: Int64
    starts: Int64
    ends: Int64

    def __len__(self) -> int:
        """Number of pair records, each counted once."""
        return len(self.starts)

    @cached_property
    def card(self) -> bytes:
        """As `VisitSegment.card`."""
        from shouwang.epi.cards import pair_card

        return pair_card(self)


def build_visit_segment(
    place: ArrayLike, start: ArrayLike, end: ArrayLike, person: ArrayLike, source: ArrayLike
) -> VisitSegment:
    """Check, sort and index visits given in any order. O(n) but for the sorted times, O(n log n).

    Raises ValueError for columns of different length, values that are not integers or do not fit, negative ids, and a
    visit that does not end after it starts; the message names the column, how many rows and the first of them.

    >>> build_visit_segment([7, 7], [100, 50], [160, 120], [1, 2], [0, 0]).person.tolist()
    [2, 1]
    """
    from shouwang.epi.sorting import fresh_parts, rows_by_person, sorted_times, sorted_visits

    place_, person_ = column("place", place, np.int32), column("person", person, np.int32)
    start_, end_ = column("start", start, np.int64), column("end", end, np.int64)
    source_ = column("source", source, np.uint8)
    same_length(place=place_, start=start_, end=end_, person=person_, source=source_)
    refuse("place", place_ < 0, "a negative id")
    refuse("person", person_ < 0, "a negative id")
    refuse("end", end_ <= start_, "a visit that does not end after it starts")
    place_, start_, end_, person_, source_ = sorted_visits(place_, start_, end_, person_, source_)
    place_keys, place_offsets = offsets_by_key(place_)
    block_offsets, block_max, reach = block_reach(end_, place_offsets, ROWS_PER_BLOCK)
    person_keys, person_offsets, person_rows = rows_by_person(person_, start_)
    columns = (place_, start_, end_, person_, source_, place_keys, place_offsets, block_offsets, block_max, reach)
    new_start, new_end = fresh_parts(place_, start_, end_, person_, person_keys)
    times = (sorted_times(start_), sorted_times(end_))
    indexes = (person_keys, person_offsets, person_rows, *times, new_start, new_end)
    return VisitSegment(*(sealed(c) for c in columns + indexes))


def build_pair_segment(a: ArrayLike, b: ArrayLike, start: ArrayLike, end: ArrayLike, source: ArrayLike) -> PairSegment:
    """Check pair records given in any order, once each, and store them in both directions, sorted. O(n log n).

    Raises ValueError as `build_visit_segment` does, and for a person paired with himself.
    """
    from shouwang.epi.sorting import sorted_order

    a_, b_ = column("a", a, np.int32), column("b", b, np.int32)
    start_, end_ = column("start", start, np.int64), column("end", end, np.int64)
    source_ = column("source", source, np.uint8)
    same_length(a=a_, b=b_, start=start_, end=end_, source=source_)
    refuse("a", a_ < 0, "a negative id")
    refuse("b", b_ < 0, "a negative id")
    refuse("b", a_ == b_, "a person paired with himself")
    refuse("end", end_ <= start_, "a record that does not end after it starts")
    both_a, both_b = np.concatenate((a_, b_)), np.concatenate((b_, a_))
    both_start, both_end, both_source = np.tile(start_, 2), np.tile(end_, 2), np.tile(source_, 2)
    same_length(a=both_a)
    order = sorted_order(both_source, both_b, both_end, both_start, both_a)
    columns = tuple(c[order] for c in (both_a, both_b, both_start, both_end, both_source))
    a_keys, a_offsets = offsets_by_key(columns[0])
    return PairSegment(*(sealed(c) for c in (*columns, a_keys, a_offsets, np.sort(start_), np.sort(end_))))


def split_by_day(
    start: ArrayLike, end: ArrayLike, *cols: ArrayLike, boundaries: ArrayLike
) -> list[tuple[AnyColumn, ...]]:
    """Cut intervals at day boundaries; a stay across midnight falls in both days, its seconds unchanged in sum.

    `boundaries` are D + 1 rising unix seconds of local midnights (the caller's time zone, so a day may have 23 or 25
    hours); day d is [boundaries[d], boundaries[d + 1]). Returns D tuples (start, end, *cols) with the rows of that
    day in input order, an empty day as empty columns. O(pieces).

    Raises ValueError for columns of different length, an interval that does not end after it starts, boundaries that
    do not rise, and an interval outside the boundaries (it would be lost).

    >>> [tuple(c.tolist() for c in day) for day in split_by_day([5], [25], [9], boundaries=[0, 10, 20, 30])]
    [([5], [10], [9]), ([10], [20], [9]), ([20], [25], [9])]
    """
    from shouwang.epi.sorting import pieces_of_days

    start_, end_ = column("start", start, np.int64), column("end", end, np.int64)
    edges = day_boundaries(boundaries)
    others = [np.asarray(c) for c in cols]
    same_length(start=start_, end=end_, **{f"column {i}": c for i, c in enumerate(others)})
    refuse("end", end_ <= start_, "an interval that does not end after it starts")
    refuse("start", (start_ < edges[0]) | (end_ > edges[-1]), "an interval outside the day boundaries")
    row, begin, finish, at = pieces_of_days(start_, end_, edges)
    cut = (begin, finish, *(c[row] for c in others))
    return [tuple(c[at[d] : at[d + 1]] for c in cut) for d in range(len(edges) - 1)]


def day_boundaries(boundaries: ArrayLike) -> Int64:
    """The boundaries as int64; ValueError unless there are at least two and they rise strictly."""
    edges: Int64 = column("boundaries", boundaries, np.int64)
    if len(edges) < 2:
        raise ValueError("boundaries: at least two midnights are needed to make a day")
    refuse("boundaries", np.diff(edges) <= 0, "a midnight not after the one before")
    return edges


def write_segment(path: str | Path, visits: VisitSegment, pairs: PairSegment) -> None:
    """Write both parts, indexes too, as one uncompressed Arrow IPC file that appears whole or not at all.

    The bytes go to a hidden `.tmp` file in the same folder, are synced, renamed over `path`, and the folder is synced:
    after a crash there is the old file or the new one. A reader that has the old file mapped keeps it. Raises OSError
    if the disk refuses; then `path` is untouched.
    """
    arrays = {f"visits.{name}": values for name, values in _parts(visits).items()}
    arrays.update({f"pairs.{name}": values for name, values in _parts(pairs).items()})
    save_arrays(Path(path), arrays, rows_per_block=ROWS_PER_BLOCK)


def read_segment(path: str | Path, *, verify: bool = False) -> tuple[VisitSegment, PairSegment]:
    """Map a written segment; columns are read-only views of the file, nothing is copied or sorted.

    `verify` also reads every byte and compares the checksum written with it, to find a file damaged on disk. Raises
    SegmentError for a file that is truncated, of another kind or version, inconsistent or (with `verify`) damaged;
    OSError, FileNotFoundError among them, where the file cannot be opened.
    """
    arrays = load_arrays(Path(path), _EXPECTED, rows_per_block=ROWS_PER_BLOCK, verify=verify)
    visits = VisitSegment(**{f.name: arrays[f"visits.{f.name}"] for f in fields(VisitSegment)})
    pairs = PairSegment(**{f.name: arrays[f"pairs.{f.name}"] for f in fields(PairSegment)})
    problem = _inconsistency(visits, pairs)
    if problem:
        raise SegmentError(Path(path), problem)
    return visits, pairs


def _parts(segment: VisitSegment | PairSegment) -> dict[str, AnyColumn]:
    return {f.name: getattr(segment, f.name) for f in fields(segment)}


_DTYPES: dict[str, np.dtype[Any]] = {
    "Int32": np.dtype(np.int32),
    "Int64": np.dtype(np.int64),
    "UInt8": np.dtype(np.uint8),
}

_EXPECTED: dict[str, np.dtype[Any]] = {
    f"{part}.{f.name}": _DTYPES[str(f.type)]
    for part, columns in (("visits", fields(VisitSegment)), ("pairs", fields(PairSegment)))
    for f in columns
}


def _inconsistency(visits: VisitSegment, pairs: PairSegment) -> str | None:
    """Why the kernel could read outside these arrays, or None; touches only the small indexes, not the rows."""
    rows, blocks, both = len(visits.start), len(visits.block_max), len(pairs.start)
    row_columns: tuple[AnyColumn, ...] = (visits.place, visits.end, visits.person, visits.source, visits.person_rows)
    row_columns += (visits.starts, visits.ends, visits.fresh_start, visits.fresh_end)
    if any(len(c) != rows for c in row_columns) or len(visits.block_reach) != blocks:
        return "visit columns differ in length"
    pair_columns = (pairs.a, pairs.b, pairs.end, pairs.source)
    if any(len(c) != both for c in pair_columns) or 2 * len(pairs.starts) != both or len(pairs.ends) != len(pairs):
        return "pair columns differ in length"
    offsets = (
        (visits.place_keys, visits.place_offsets, rows),
        (visits.person_keys, visits.person_offsets, rows),
        (visits.place_keys, visits.block_offsets, blocks),
        (pairs.a_keys, pairs.a_offsets, both),
    )
    for keys, at, total in offsets:
        if len(at) != len(keys) + 1 or at[0] != 0 or at[-1] != total or np.any(np.diff(at) <= 0):
            return "an index does not fit its rows"
    if np.any(-(-np.diff(visits.place_offsets) // ROWS_PER_BLOCK) != np.diff(visits.block_offsets)):
        return "the blocks do not fit the places"
    return None
