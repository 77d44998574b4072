"""Where the dots of a contact network stand: groups as discs around a middle, no two overlapping. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]

GOLDEN = math.pi * (3 - math.sqrt(5))  # the angle by which a sunflower sets its next seed
SPACING = 12.0  # units between neighbouring dots
MARGIN = 20.0  # units between two discs; leaves room for the group's name
MIDDLE = 6  # spots kept free for the middle itself
WIDE = 1.35  # screens are wider than high


@dataclass(frozen=True, slots=True)
class Disc:
    """One group: its centre, its radius, and a spot for each member, the first member in the middle."""

    x: float
    y: float
    radius: float
    spots: tuple[Point, ...]


def radius_of(members: int) -> float:
    """Radius of a disc of `members` dots.

    >>> radius_of(4)
    24.0
    """
    return SPACING * math.sqrt(max(1, members))


def sunflower(members: int, x: float, y: float, free: int = 0) -> tuple[Point, ...]:
    """Evenly spread spots on a disc around (x, y), from the middle outwards; the innermost `free` are left out."""
    return tuple(
        (
            round(x + SPACING * math.sqrt(k + 0.3) * math.cos(k * GOLDEN), 2),
            round(y + SPACING * math.sqrt(k + 0.3) * math.sin(k * GOLDEN), 2),
        )
        for k in range(free, members + free)
    )


def clusters(sizes: Sequence[int]) -> list[Disc]:
    """A disc for each group of the given size, in the order given: the first around the middle, which stays free, the
    others near it.

    Each disc takes the first free place on a spiral: O(groups² × turns), for at most a few hundred groups.
    """
    if not sizes:
        return []
    inner = radius_of(sizes[0] + MIDDLE)
    taken: list[tuple[float, float, float]] = [(0.0, 0.0, inner)]
    found = [Disc(0.0, 0.0, inner, sunflower(sizes[0], 0.0, 0.0, MIDDLE))]
    for members in sizes[1:]:
        radius = radius_of(members)
        x, y = _free(taken, radius)
        taken.append((x, y, radius))
        found.append(Disc(x, y, radius, sunflower(members, x, y)))
    return found


def _free(taken: Sequence[tuple[float, float, float]], radius: float) -> Point:
    step = 0
    while True:
        turn = 0.35 * step
        reach = taken[0][2] + 2.2 * turn * math.pi
        x, y = WIDE * reach * math.cos(turn - math.pi / 2), reach * math.sin(turn - math.pi / 2)
        if all(math.hypot(x - left, y - top) >= radius + r + MARGIN for left, top, r in taken):
            return x, y
        step += 1
