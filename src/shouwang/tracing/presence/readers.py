"""What readers (doors, tills, access points) brought: corrected clocks, and how busy each was in each half hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shouwang.core import clock
from shouwang.tracing.models_readers import ReaderClock
from shouwang.tracing.rules.holes import SLOT_S, SLOTS

Int64 = NDArray[np.int64]
Column = NDArray[Any]
Profile = dict[str, dict[str, list[int]]]


@dataclass(frozen=True, slots=True)
class Corrections:
    """Accepted clocks as (place id, from, until, seconds ahead): unix seconds of the reader's own time, half-open."""

    rows: tuple[tuple[int, int, int, int], ...]

    @classmethod
    def between(cls, first: date, last: date) -> Corrections:
        """Those that touch the days, or could move a record into one of them."""
        found = ReaderClock.objects.filter(
            state=ReaderClock.State.ACCEPTED, first_day__lte=last + timedelta(days=1)
        ).exclude(last_day__lt=first - timedelta(days=1))
        values = found.order_by("pk").values_list("place_id", "first_day", "last_day", "seconds")
        return cls(tuple((place, *_bounds(begins, ends), seconds) for place, begins, ends, seconds in values))

    @property
    def furthest(self) -> int:
        """The most seconds that a record is moved by."""
        return max((abs(seconds) for _place, _low, _high, seconds in self.rows), default=0)

    def right(self, place: Column, t: Int64) -> tuple[Int64, NDArray[np.bool_]]:
        """The true moments of records with the readers' own times, and which of them were moved."""
        moved = np.zeros(len(t), np.bool_)
        if not self.rows:
            return t, moved
        true = t.astype(np.int64, copy=True)
        for reader, low, high, seconds in self.rows:
            rows = (place == reader) & (t >= low) & (t < high)
            true[rows] = t[rows] - seconds
            moved |= rows
        return true, moved


def _bounds(first: date, last: date | None) -> tuple[int, int]:
    end = int(clock.day_start(last + timedelta(days=1)).timestamp()) if last else 2**62
    return int(clock.day_start(first).timestamp()), end


@dataclass(slots=True)
class Busy:
    """Records by source, day, place and half hour, as they are read from one batch after the other."""

    edges: Int64
    parts: dict[str, list[tuple[Column, Int64]]] = field(default_factory=dict)

    def add(self, source: str, place: Column, t: Int64) -> None:
        inside = (t >= self.edges[0]) & (t < self.edges[-1])
        if inside.any():
            self.parts.setdefault(source, []).append((place[inside], t[inside]))

    def of(self, index: int) -> Profile:
        """The profile of the `index`-th day."""
        low, high = int(self.edges[index]), int(self.edges[index + 1])
        found: Profile = {}
        for source, parts in self.parts.items():
            place, t = (np.concatenate(column) for column in zip(*parts, strict=True))
            rows = (t >= low) & (t < high)
            readers, row = np.unique(place[rows], return_inverse=True)
            if not len(readers):
                continue
            slot = (t[rows] - low) // SLOT_S
            table = np.bincount(row * SLOTS + slot, minlength=len(readers) * SLOTS).reshape(-1, SLOTS)
            found[source] = {str(pk): line for pk, line in zip(readers.tolist(), table.tolist(), strict=True)}
        return found


def tables(profiles: Sequence[Profile], source: str, readers: Sequence[str]) -> NDArray[np.int32]:
    """Profiles as an array by day, reader and half hour; a reader that a day does not name recorded nothing."""
    nothing = [0] * SLOTS
    rows = [[day.get(source, {}).get(reader, nothing) for reader in readers] for day in profiles]
    return np.array(rows, np.int32).reshape(len(profiles), len(readers), SLOTS)
