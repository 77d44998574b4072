"""The obvious way, in plain Python, to be compared with the kernels. Slow, short, and written without them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple


class Visit(NamedTuple):
    """One visit."""

    place: int
    start: int
    end: int
    person: int
    source: int = 0


class Pair(NamedTuple):
    """One pair record."""

    a: int
    b: int
    start: int
    end: int
    source: int = 0


class Met(NamedTuple):
    """One overlap, with the columns of Encounters."""

    person: int
    place: int
    start: int
    end: int
    source_case: int
    source_contact: int


def encounters(visits: Sequence[Visit], pairs: Sequence[Pair], who: int, window: tuple[int, int]) -> list[Met]:
    """Every overlap of a record of `who` with a record of another, all against all, sorted."""
    found = []
    for own in visits:
        for other in visits:
            if own.person == who != other.person and own.place == other.place:
                start, end = max(own.start, other.start, window[0]), min(own.end, other.end, window[1])
                if start < end:
                    found.append(Met(other.person, own.place, start, end, own.source, other.source))
    for pair in pairs:
        start, end = max(pair.start, window[0]), min(pair.end, window[1])
        if who in (pair.a, pair.b) and start < end:
            found.append(Met(pair.b if pair.a == who else pair.a, -1, start, end, pair.source, pair.source))
    return sorted(found)


def covered(intervals: Iterable[tuple[int, int]]) -> int:
    """Length of the union: of the pieces between neighbouring end points, those that lie inside some interval."""
    intervals = list(intervals)
    points = sorted({point for interval in intervals for point in interval})
    pieces = pairwise(points)
    return sum(high - low for low, high in pieces if any(s <= low and high <= e for s, e in intervals))


def seconds_of(found: Iterable[Met]) -> dict[int, int]:
    """Union seconds of each person met."""
    by_person = defaultdict(list)
    for met in found:
        by_person[met.person].append((met.start, met.end))
    return {person: covered(intervals) for person, intervals in sorted(by_person.items())}


def seconds_by_day(found: Iterable[Met], boundaries: Sequence[int]) -> dict[tuple[int, int], int]:
    """Union seconds of each (person, day), where there are any."""
    found = list(found)
    result = {}
    for day, (low, high) in enumerate(pairwise(boundaries)):
        inside = [met._replace(start=max(met.start, low), end=min(met.end, high)) for met in found]
        for person, seconds in seconds_of(met for met in inside if met.start < met.end).items():
            result[person, day] = seconds
    return result


def inside(visits: Sequence[Visit], pairs: Sequence[Pair], window: tuple[int, int]) -> int:
    """How many records overlap the window."""
    times = [(v.start, v.end) for v in visits] + [(p.start, p.end) for p in pairs]
    return sum(start < window[1] and end > window[0] for start, end in times)


Swipe = tuple[int, int, int, int, bool]


def fates(rows: Sequence[Swipe], max_stay_s: int, duplicate_s: int) -> tuple[list[str], set[tuple[int, int]]]:
    """The fate of each swipe (person, place, t, direction, allowed) and the visits as (row in, row out).

    Second by second, as the rule is written in `pair_swipes`.
    """
    fate = ["denied" if not row[4] else "no_direction" if row[3] == 0 else "" for row in rows]
    seconds: dict[tuple[int, int], dict[int, dict[int, list[int]]]] = defaultdict(dict)
    for number, (person, place, t, direction, _) in enumerate(rows):
        if not fate[number]:
            seconds[person, place].setdefault(t, {-1: [], 1: []})[direction].append(number)
    visits: set[tuple[int, int]] = set()
    for of_second in seconds.values():
        door = _Door(fate, visits, max_stay_s, duplicate_s)
        for t in sorted(of_second):
            door.second(t, of_second[t][-1], of_second[t][1])
    return fate, visits


class _Door:
    """One person at one place."""

    def __init__(self, fate: list[str], visits: set[tuple[int, int]], max_stay_s: int, duplicate_s: int) -> None:
        self.fate, self.visits, self.max_stay_s, self.duplicate_s = fate, visits, max_stay_s, duplicate_s
        self.opened: tuple[int, int] | None = None  # row and time of the open entry
        self.previous: tuple[int, int] | None = None  # direction and time of the swipe before

    def second(self, t: int, outs: list[int], ins: list[int]) -> None:
        for number in outs[1:] + ins[1:]:
            self.fate[number] = "duplicate"
        if outs and ins and self.opened is None and not self.repeats(-1, t):
            self.fate[outs[0]] = self.fate[ins[0]] = "zero_length"
            self.previous = None
            return
        if outs:
            self.exit(t, outs[0])
        if ins:
            self.entry(t, ins[0])

    def repeats(self, direction: int, t: int) -> bool:
        return self.previous is not None and self.previous[0] == direction and t - self.previous[1] <= self.duplicate_s

    def exit(self, t: int, row: int) -> None:
        if self.repeats(-1, t):
            self.fate[row] = "duplicate"
        elif self.opened is None:
            self.fate[row] = "unpaired_out"
        elif t - self.opened[1] <= self.max_stay_s:
            self.fate[self.opened[0]], self.fate[row] = "paired_in", "paired_out"
            self.visits.add((self.opened[0], row))
            self.opened = None
        else:
            self.fate[self.opened[0]] = self.fate[row] = "too_long"
            self.opened = None
        self.previous = (-1, t)

    def entry(self, t: int, row: int) -> None:
        if self.repeats(1, t):
            self.fate[row] = "duplicate"
        else:
            self.fate[row] = "unpaired_in"
            self.opened = (row, t)
        self.previous = (1, t)
