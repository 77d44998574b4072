"""Scans of place codes into stays: who scanned was there; when they left is often said by no scan, and then estimated.

The rule of the end, for each person, scan after scan in time:

* an exit at a place ends the stay there, at most the longest stay after its entry (recorded);
* an entry elsewhere ends every open stay at a place that neither holds nor lies in the new one (estimated);
* an exit from a place ends the open stays inside it (estimated);
* where neither comes within the assumed stay of that kind of place, the stay ends then (estimated).

An exit without an entry, or too long after it to be of that visit, is no stay: nobody knows since when. Nothing else
is invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

IN, OUT = 1, -1


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan: unix seconds, `way` IN or OUT."""

    person: int
    place: int
    t: int
    way: int


@dataclass(frozen=True, slots=True)
class Stay:
    """[start, end) in unix seconds; `estimated` where no scan says when the person left."""

    person: int
    place: int
    start: int
    end: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class Closing:
    """How stays end. `assumed` gives seconds for a place, `longest` is seconds for any; `inside(a, b)` says whether a
    lies in b or is b; `building` the building (or the place itself) for telling what is far apart."""

    assumed: Callable[[int], int]
    longest: int
    inside: Callable[[int, int], bool]
    building: Callable[[int], int]
    duplicate_seconds: int
    far_seconds: int


@dataclass(slots=True)
class Told:
    """Stays in order of their start, and the moments of what was remarked, by code.

    Every scan is counted once among `entry` (opened a stay), `exit` (ended one), `duplicate`, `unpaired_out` (
    without an entry no longer ago than the longest stay); `far_apart` comes on top: two places of different buildings
    within `far_seconds`.
    """

    stays: list[Stay] = field(default_factory=list)
    at: dict[str, list[int]] = field(default_factory=dict)

    def remark(self, code: str, t: int) -> None:
        self.at.setdefault(code, []).append(t)


def stays(scans: Iterable[Scan], closing: Closing) -> Told:
    """Every person's scans by the rule above; of one second, exits come before entries. O(n log n)."""
    told = Told()
    by_person: dict[int, list[Scan]] = {}
    for scan in sorted(scans, key=lambda row: (row.person, row.t, row.way, row.place)):
        by_person.setdefault(scan.person, []).append(scan)
    for rows in by_person.values():
        _walk(rows, closing, told)
    told.stays.sort(key=lambda stay: (stay.start, stay.person, stay.place))
    return told


def _walk(rows: list[Scan], closing: Closing, told: Told) -> None:
    """One person's scans; `open_` holds the start of the stay at each place not left yet."""
    open_: dict[int, int] = {}
    last: dict[tuple[int, int], int] = {}
    before: Scan | None = None
    for scan in rows:
        seen = last.get((scan.place, scan.way))
        last[scan.place, scan.way] = scan.t
        if before is not None and _far(before, scan, closing):
            told.remark("far_apart", scan.t)
        before = scan
        if seen is not None and scan.t - seen <= closing.duplicate_seconds:
            told.remark("duplicate", scan.t)
        elif scan.way == IN:
            _enter(scan, open_, closing, told)
        else:
            _leave(scan, open_, closing, told)
    for place, start in open_.items():
        _close(rows[0].person, place, start, None, closing, told)


def _enter(scan: Scan, open_: dict[int, int], closing: Closing, told: Told) -> None:
    for place in list(open_):
        around = closing.inside(scan.place, place) or closing.inside(place, scan.place)
        if place == scan.place or not around:
            _close(scan.person, place, open_.pop(place), scan.t, closing, told)
    open_[scan.place] = scan.t
    told.remark("entry", scan.t)


def _leave(scan: Scan, open_: dict[int, int], closing: Closing, told: Told) -> None:
    start = open_.pop(scan.place, None)
    for place in [place for place in open_ if closing.inside(place, scan.place)]:
        _close(scan.person, place, open_.pop(place), scan.t, closing, told)
    if start is None or scan.t - start > closing.longest:
        told.remark("unpaired_out", scan.t)
        if start is not None:
            _close(scan.person, scan.place, start, None, closing, told)
    else:
        told.remark("exit", scan.t)
        if scan.t > start:
            told.stays.append(Stay(scan.person, scan.place, start, scan.t, False))


def _close(person: int, place: int, start: int, by: int | None, closing: Closing, told: Told) -> None:
    """End a stay that no exit ended: at the assumed end, or at `by` where that comes sooner."""
    end = start + closing.assumed(place)
    if by is not None:
        end = min(end, by)
    told.remark("estimated", start)
    if end > start:
        told.stays.append(Stay(person, place, start, end, True))


def _far(one: Scan, other: Scan, closing: Closing) -> bool:
    """Two scans so near in time that nobody walks from one building to the other."""
    return other.t - one.t <= closing.far_seconds and closing.building(one.place) != closing.building(other.place)


def counts(at: Mapping[str, list[int]], low: int, high: int) -> dict[str, int]:
    """How many of each remark lie in [low, high); only those that occur."""
    found = {code: sum(low <= t < high for t in moments) for code, moments in at.items()}
    return {code: number for code, number in sorted(found.items()) if number}
