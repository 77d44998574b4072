"""People who left one place and entered another at nearly the same times: they may have gone together.

This is weaker than any overlap. Nobody recorded them side by side, nobody knows for how long, and two strangers who
both walk from a canteen to a lecture look the same. So it is kept apart from encounters, has no minutes, and is never
summed up with them: it says whom to ask about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shouwang.epi.contacts import Segment
from shouwang.epi.segments import VisitSegment

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """Left `origin` at `left` and was next recorded at `target` at `arrived`, unix seconds."""

    left: int
    arrived: int
    origin: int
    target: int


@dataclass(frozen=True, slots=True, order=True)
class Transit:
    """Two moves between the same places, each end at most the margin apart: that of the person asked about (`own`) and
    that of `person` (`other`)."""

    own: Move
    person: int
    other: Move


def transits(
    segments: Sequence[Segment],
    person: int,
    low: int,
    high: int,
    *,
    sources: Iterable[int],
    boundaries: Iterable[int],
    margin_s: int,
    longest_s: int,
) -> list[Transit]:
    """Everybody who moved as `person` did in [`low`, `high`), in order of the person's moves.

    Only visits of `sources` count, which tell when somebody entered and left. A move is a visit and the next one of the
    same person at another place, begun at most `longest_s` seconds after the first ended. Visits cut at midnight (an
    end or start that is one of `boundaries`) end or begin no move. `margin_s`: the most seconds between the two people
    at either end. Raises ValueError for a negative margin or length.

    O(moves of the person × visits at the two places of that day).
    """
    if margin_s < 0 or longest_s < 0:
        raise ValueError("margin_s and longest_s must not be negative")
    wanted, cuts = np.array(sorted(sources), np.uint8), np.array(sorted(boundaries), np.int64)
    visits = [segment for segment, _pairs in segments if len(segment)]
    known: dict[int, list[Move]] = {}

    def moves(who: int) -> list[Move]:
        if who not in known:
            known[who] = moves_of(visits, who, wanted, cuts, longest_s)
        return known[who]

    found: list[Transit] = []
    for own in moves(person):
        if not low <= own.left < high:
            continue
        near = _there(visits, own.origin, own.left, margin_s, leaving=True) & _there(
            visits, own.target, own.arrived, margin_s, leaving=False
        )
        for other in sorted(near - {person}):
            found += [
                Transit(own, other, move)
                for move in moves(other)
                if (move.origin, move.target) == (own.origin, own.target)
                and abs(move.left - own.left) <= margin_s
                and abs(move.arrived - own.arrived) <= margin_s
            ]
    return found


def moves_of(
    visits: Sequence[VisitSegment], person: int, sources: NDArray[np.uint8], cuts: Rows, longest_s: int
) -> list[Move]:
    """A person's moves, by time."""
    parts = [(v.start[rows], v.end[rows], v.place[rows], v.source[rows]) for v in visits for rows in [_own(v, person)]]
    if not parts:
        return []
    start, end, place, source = (np.concatenate(column) for column in zip(*parts, strict=True))
    keep = np.isin(source, sources)
    start, end, place = start[keep], end[keep], place[keep]
    order = np.lexsort((place, end, start))
    start, end, place = start[order], end[order], place[order]
    gap = start[1:] - end[:-1]
    moved = (place[1:] != place[:-1]) & (gap >= 0) & (gap <= longest_s)
    moved &= ~np.isin(end[:-1], cuts) & ~np.isin(start[1:], cuts)
    rows = np.flatnonzero(moved)
    return [
        Move(left, arrived, origin, target)
        for left, arrived, origin, target in zip(
            end[rows].tolist(), start[rows + 1].tolist(), place[rows].tolist(), place[rows + 1].tolist(), strict=True
        )
    ]


def _own(visits: VisitSegment, person: int) -> Rows:
    at = int(np.searchsorted(visits.person_keys, person))
    if at == len(visits.person_keys) or visits.person_keys[at] != person:
        return np.empty(0, np.int64)
    return visits.person_rows[visits.person_offsets[at] : visits.person_offsets[at + 1]].astype(np.int64)


def _there(visits: Sequence[VisitSegment], place: int, t: int, margin: int, *, leaving: bool) -> set[int]:
    """People with a visit at this place that ends (begins) within the margin of `t`."""
    people: set[int] = set()
    for segment in visits:
        at = int(np.searchsorted(segment.place_keys, place))
        if at == len(segment.place_keys) or segment.place_keys[at] != place:
            continue
        rows = slice(int(segment.place_offsets[at]), int(segment.place_offsets[at + 1]))
        moment = segment.end[rows] if leaving else segment.start[rows]
        people.update(segment.person[rows][np.abs(moment - t) <= margin].tolist())
    return people
