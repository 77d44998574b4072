"""How long the steps of tests took: medians and 90th percentiles, each with how many of how many are known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shouwang.cases.laboratory.rules.steps import Moments

# Leg -> its two moments. The whole stands last.
LEGS = {
    "take": ("ordered", "taken"),
    "receive": ("taken", "received"),
    "result": ("received", "resulted"),
    "laboratory": ("taken", "resulted"),
    "whole": ("ordered", "resulted"),
}


@dataclass(frozen=True, slots=True)
class Leg:
    """`known` of `total` tests have both moments; hours are None where nothing is known."""

    name: str
    known: int
    total: int
    median_hours: float | None
    p90_hours: float | None


def legs(tests: Iterable[Moments]) -> list[Leg]:
    """Every leg over all `tests`; each leg has the same denominator."""
    rows = list(tests)
    found = []
    for name, (first, last) in LEGS.items():
        hours = sorted(
            max((end - start).total_seconds(), 0.0) / 3600  # steps are ordered to the minute, not to the second
            for row in rows
            if (start := getattr(row, first)) is not None and (end := getattr(row, last)) is not None
        )
        found.append(Leg(name, len(hours), len(rows), _rank(hours, 0.5), _rank(hours, 0.9)))
    return found


def _rank(ordered: Sequence[float], share: float) -> float | None:
    """The nearest rank: the smallest value that at least `share` of all do not exceed. It is a value that occurred."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None
