"""Stretches of a day in which a reader that is usually busy recorded nothing at all.

A reader is compared with its own other days of the same kind (working days with working days, weekends with weekends):
what a half hour usually brings is the median of those days. A hole is a run of half hours without a single record in
which as many as `least_records` were to be expected. With fewer than `least_days` days to compare, nothing is said:
that is unknown, and not that the day is whole. Nobody's presence is inferred from a hole, only that it may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SLOT_S = 1800
SLOTS = 50  # half hours of the longest local day, the one of 25 hours
Counts = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Hole:
    """Half hours [`first`, `last`) after local midnight of row `reader`, where `expected` records are usual."""

    reader: int
    first: int
    last: int
    expected: float


def find(found: Counts, usual: Counts, *, least_days: int, least_records: float) -> list[Hole] | None:
    """Holes of one day. `found`: records by reader and half hour; `usual`: the same of the days to compare with, by
    day, reader and half hour. None where these are fewer than `least_days`."""
    if len(usual) < least_days:
        return None
    expected = np.median(usual, axis=0)
    silent = np.where(found == 0, expected, 0.0)
    holes: list[Hole] = []
    for reader in np.flatnonzero(silent.sum(axis=1) >= least_records).tolist():
        holes += _runs(reader, found[reader], expected[reader], least_records)
    return holes


def _runs(reader: int, found: Counts, expected: NDArray[np.float64], least_records: float) -> list[Hole]:
    holes: list[Hole] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (found == 0).astype(np.int8), [0]])))
    for first, last in edges.reshape(-1, 2).tolist():
        busy = np.flatnonzero(expected[first:last] > 0)
        total = float(expected[first:last].sum())
        if len(busy) and total >= least_records:
            holes.append(Hole(reader, first + int(busy[0]), first + int(busy[-1]) + 1, total))
    return holes
