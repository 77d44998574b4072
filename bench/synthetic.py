"""Visits of an invented campus in the shape of a real one; seeded, vectorised, invented people only.

Every share and duration below is an assumption chosen to be ordinary for a Chinese residential campus: rooms of four,
five class periods a day, one dining hall for 2,500 people, one library reading hall for 9,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DAY = 86_400
MONDAY = 1_772_380_800
"""Midnight of Monday 2 March 2026 at UTC+8."""

VISITS_PER_PERSON_DAY = 13.2
"""Measured on this generator over two weeks; used to size the campus to a number of visits."""

_PERIODS = (8 * 60, 10 * 60, 14 * 60, 16 * 60, 19 * 60)
_MEALS = ((7 * 60, 70, 0.60), (11 * 60 + 35, 75, 0.85), (17 * 60 + 15, 90, 0.75))

Column = NDArray[Any]


@dataclass(frozen=True)
class Campus:
    """Visits of `people` people over `days` days; columns of one length, cut at local midnights."""

    people: int
    days: int
    places: int
    place: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    person: NDArray[np.int32]
    source: NDArray[np.uint8]
    boundaries: NDArray[np.int64]
    keeper: int
    """A dining-hall worker, in one hall from opening to closing on every day: the hardest case to trace."""


class _Log:
    def __init__(self) -> None:
        self.parts: list[tuple[Column, Column, Column, Column, int]] = []

    def add(self, place: Column, begin: Column, seconds: Column, person: Column, source: int) -> None:
        self.parts.append((place, begin, seconds, person, source))


def campus(visits: int, days: int = 14, seed: int = 20260302) -> Campus:
    """A campus with at least `visits` visits over `days` days from Monday 2 March 2026."""
    rng = np.random.default_rng(seed)
    people = max(400, int(visits / days / VISITS_PER_PERSON_DAY * 1.03) + 1)
    town = _Town(people, rng)
    log = _Log()
    for day in range(days):
        town.spend(day, log)
    place = np.concatenate([p[0] for p in log.parts]).astype(np.int32)
    start = np.concatenate([p[1] for p in log.parts]).astype(np.int64)
    end = start + np.concatenate([p[2] for p in log.parts]).astype(np.int64)
    person = np.concatenate([p[3] for p in log.parts]).astype(np.int32)
    source = np.repeat(np.array([p[4] for p in log.parts], np.uint8), [len(p[3]) for p in log.parts])
    boundaries = MONDAY + DAY * np.arange(days + 1, dtype=np.int64)
    midnight = MONDAY + (start - MONDAY) // DAY * DAY
    end = np.minimum(end, midnight + DAY)
    if len(start) < visits:
        raise ValueError(f"{len(start)} visits, {visits} asked for: VISITS_PER_PERSON_DAY is set too high")
    return Campus(people, days, town.places, place, start, end, person, source, boundaries, int(town.keepers[0]))


class _Town:
    """Where people live, learn and eat, and how a day goes."""

    def __init__(self, people: int, rng: np.random.Generator) -> None:
        self.rng, self.people = rng, people
        self.everyone = np.arange(people)
        self.places = 0
        self.room = self.some(-(-people // 4)) + self.everyone // 4
        self.house_door = self.some(-(-people // 600)) + self.everyone // 600
        self.group = self.everyone // 40
        groups = int(self.group[-1]) + 1
        self.classrooms = self.some(max(8, groups // 2)) + np.arange(max(8, groups // 2))
        self.teaching_doors = self.some(max(2, people // 1500)) + np.arange(max(2, people // 1500))
        self.halls = self.some(max(2, people // 2500)) + np.arange(max(2, people // 2500))
        self.reading = self.some(max(1, people // 9000)) + np.arange(max(1, people // 9000))
        self.gates = self.some(4) + np.arange(4)
        self.shops = self.some(max(2, people // 3000)) + np.arange(max(2, people // 3000))
        self.gyms = self.some(max(1, people // 8000)) + np.arange(max(1, people // 8000))
        self.favourite = rng.choice(self.halls, people)
        self.keepers = rng.permutation(people)[: max(2, people // 250)]

    def some(self, number: int) -> int:
        """Take `number` new place ids; the first of them."""
        first = self.places
        self.places += number
        return first

    def chosen(self, share: float) -> Column:
        return np.flatnonzero(self.rng.random(self.people) < share)

    def between(self, low: int, high: int, number: int) -> Column:
        return self.rng.integers(low, high, number)

    def spend(self, day: int, log: _Log) -> None:
        """Add the visits of one day."""
        midnight = MONDAY + day * DAY
        self._home(midnight, log)
        self._doors(midnight, log)
        self._meals(midnight, log)
        if day % 7 < 5:
            self._classes(midnight, log)
        self._leisure(midnight, log)

    def _home(self, midnight: int, log: _Log) -> None:
        n = self.people
        log.add(self.room, np.full(n, midnight), self.between(7 * 3600, 8 * 3600, n), self.everyone, 1)
        evening = midnight + self.between(21 * 3600, 23 * 3600, n)
        log.add(self.room, evening, midnight + DAY - evening, self.everyone, 1)
        noon = self.chosen(0.6)
        begin = midnight + self.between(12 * 3600, 13 * 3600, len(noon))
        log.add(self.room[noon], begin, self.between(1800, 3600, len(noon)), noon, 1)

    def _doors(self, midnight: int, log: _Log) -> None:
        for hour in (7, 12, 13, 21):
            begin = midnight + self.between(hour * 3600, (hour + 1) * 3600, self.people)
            log.add(self.house_door, begin, self.between(5, 40, self.people), self.everyone, 2)
        leaving = self.chosen(0.2)
        for hour in (9, 17):
            begin = midnight + self.between(hour * 3600, (hour + 4) * 3600, len(leaving))
            gate = self.rng.choice(self.gates, len(leaving))
            log.add(gate, begin, self.between(5, 30, len(leaving)), leaving, 2)

    def _meals(self, midnight: int, log: _Log) -> None:
        for minute, spread, share in _MEALS:
            who = self.chosen(share)
            hall = np.where(self.rng.random(len(who)) < 0.7, self.favourite[who], self.rng.choice(self.halls, len(who)))
            begin = midnight + minute * 60 + self.between(0, spread * 60, len(who))
            log.add(hall, begin, self.between(10 * 60, 35 * 60, len(who)), who, 3)
        at = self.halls[np.arange(len(self.keepers)) % len(self.halls)]
        n = len(self.keepers)
        log.add(at, np.full(n, midnight + 6 * 3600), np.full(n, 14 * 3600), self.keepers, 4)

    def _classes(self, midnight: int, log: _Log) -> None:
        groups = int(self.group[-1]) + 1
        for minute in _PERIODS:
            busy = self.rng.random(groups) < 0.5
            room = self.rng.choice(self.classrooms, groups)
            who = np.flatnonzero(busy[self.group] & (self.rng.random(self.people) < 0.95))
            begin = midnight + minute * 60 + self.between(-480, 300, len(who))
            log.add(room[self.group[who]], begin, self.between(85 * 60, 100 * 60, len(who)), who, 5)
            door = self.rng.choice(self.teaching_doors, len(who))
            log.add(door, begin - 90, self.between(5, 30, len(who)), who, 2)

    def _leisure(self, midnight: int, log: _Log) -> None:
        for places, share, first, last, low, high in (
            (self.reading, 0.25, 13, 19, 3600, 3 * 3600),
            (self.shops, 0.30, 8, 21, 240, 900),
            (self.gyms, 0.15, 16, 20, 2400, 5400),
        ):
            who = self.chosen(share)
            begin = midnight + self.between(first * 3600, last * 3600, len(who))
            log.add(self.rng.choice(places, len(who)), begin, self.between(low, high, len(who)), who, 6)
