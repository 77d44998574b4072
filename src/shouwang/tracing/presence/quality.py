"""What is odd in a day's presence, counted so that it can be shown. Nothing is corrected here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shouwang.tracing.presence.resolving import PlaceTable

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Ids = NDArray[np.integer[Any]]

MOST_NEIGHBOURS = 64
"""Overlaps of one visit that are looked at; somebody with more is already remarked 64 times."""


@dataclass(frozen=True, slots=True)
class Clashes:
    """Overlapping visits of one person. `apart_seconds`: at two places neither of which lies in the other;
    `doubled`: pairs of records of the same place, or of a place and one inside it, that overlap."""

    apart_pairs: int
    apart_seconds: int
    doubled: int


def clashes(person: Int32, place: Int32, start: Int64, end: Int64, places: PlaceTable) -> Clashes:
    """Compare each visit with those of the same person that begin before it ends. O(n log n + overlaps)."""
    order = np.lexsort((start, person))
    person, place, start, end = person[order], place[order], start[order], end[order]
    first, last = (_numbers(place, table) for table in (places.first, places.last))
    pairs = seconds = doubled = 0
    row = np.arange(len(person))
    for step in range(1, MOST_NEIGHBOURS + 1):
        row = row[row + step < len(person)]
        other = row + step
        # Sorted by start: a visit that does not reach its k-th follower does not reach any later one.
        meets = (person[row] == person[other]) & (start[other] < end[row])
        row, other = row[meets], other[meets]
        if not len(row):
            break
        nested = ((first[row] <= first[other]) & (first[other] <= last[row])) | (
            (first[other] <= first[row]) & (first[row] <= last[other])
        )
        shared = np.minimum(end[row], end[other]) - start[other]
        pairs += int(np.count_nonzero(~nested))
        seconds += int(shared[~nested].sum())
        doubled += int(np.count_nonzero(nested))
    return Clashes(pairs, seconds, doubled)


def _numbers(place: Int32, table: Mapping[int, int]) -> Int64:
    distinct, row = np.unique(place, return_inverse=True)
    numbers = np.array([table.get(int(pk), -1 - int(pk)) for pk in distinct], np.int64)
    return numbers[row] if len(place) else np.empty(0, np.int64)


def too_soon(person: Ids, place: Ids, t: Int64, places: PlaceTable, within: int) -> Int64:
    """Moments at which a person was recorded at another building than `within` seconds or less before: a card lent, a
    clock that runs wrong. Records of one second are taken in the order of their places. O(n log n)."""
    order = np.lexsort((place, t, person))
    who, when = person[order], t[order]
    distinct, row = np.unique(place[order], return_inverse=True)
    building = np.array([places.building.get(int(pk), int(pk)) for pk in distinct], np.int64)[row]
    moved = (who[1:] == who[:-1]) & (building[1:] != building[:-1]) & (when[1:] - when[:-1] <= within)
    found: Int64 = when[1:][moved]
    return found
