"""How near, how often, and with what weight two people met: arithmetic that is shown, and decides nothing.

The weight of a contact is hours × place × infectiousness, summed over the days, where every factor is a number of a
file with its source. It is no probability, it grades nobody, and it is never added up over cases: a person has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from shouwang.core.packs import Text
from shouwang.tracing.rules.editions import DatedSource

NEAR = "near"
"""The kind of place of a sensor pair, which has no place."""
DAY = 86_400

Row = tuple[int, int, int]
"""An overlap: place (−1: a sensor pair), start, end in unix seconds."""


class PlaceFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kinds: tuple[str, ...]
    factor: float
    name: Text
    source: str

    def __post_init__(self) -> None:
        if not 0 <= self.factor <= 1:
            raise ValueError("a factor lies from 0 to 1")


class DayFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Infectiousness from `from_day` to `to_day`, whole 24 hours after onset, relative to the highest."""

    from_day: int
    to_day: int
    factor: float
    source: str

    def __post_init__(self) -> None:
        if self.to_day < self.from_day:
            raise ValueError("to_day lies before from_day")
        if not 0 <= self.factor <= 1:
            raise ValueError("a factor lies from 0 to 1")


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: tuple[DatedSource, ...]
    places: tuple[PlaceFactor, ...]
    days: tuple[DayFactor, ...]

    def of_place(self, kind: str) -> PlaceFactor | None:
        return next((item for item in self.places if kind in item.kinds), None)

    def of_day(self, day: int) -> DayFactor | None:
        return next((item for item in self.days if item.from_day <= day <= item.to_day), None)


class DistanceClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name: Text
    kinds: tuple[str, ...]


class Meetings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    break_minutes: int
    source: str


class SeatGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seats no more than so many rows and so many seats apart are neighbours."""

    rows: int
    columns: int
    source: str

    def __post_init__(self) -> None:
        if self.rows < 0 or self.columns < 0:
            raise ValueError("rows and columns must not be negative")


class Distances(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Classes, nearest first."""

    sources: tuple[DatedSource, ...]
    classes: tuple[DistanceClass, ...]
    meetings: Meetings
    seats: SeatGroup

    @property
    def codes(self) -> list[str]:
        """Codes by rank, nearest first; one more, "", for what belongs to none."""
        return [*(item.code for item in self.classes), ""]

    def named(self, ranks: Iterable[int]) -> list[str]:
        """The codes of these ranks."""
        codes = self.codes
        return [codes[rank] for rank in ranks]

    def name(self, code: str) -> Text | None:
        return next((item.name for item in self.classes if item.code == code), None)


def stretches(rows: Sequence[Row], break_seconds: int) -> list[tuple[int, int]]:
    """Encounters: the union of the overlaps, breaks shorter than `break_seconds` closed. O(n log n).

    >>> stretches([(1, 0, 60), (1, 100, 200), (2, 150, 300)], 40)
    [(0, 60), (100, 300)]
    """
    found: list[tuple[int, int]] = []
    for _place, start, end in sorted(rows, key=lambda row: row[1]):
        if found and (start <= found[-1][1] or start - found[-1][1] < break_seconds):
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the arithmetic: `seconds` at one factor of place, in one 24 hours from onset. A factor is None where
    the file gives none: the line then has no product, and is not in the sum."""

    day: int
    place: PlaceFactor | None
    infectious: DayFactor | None
    seconds: int

    @property
    def product(self) -> float | None:
        """Hours × place × infectiousness."""
        if self.place is None or self.infectious is None:
            return None
        return self.seconds / 3600 * self.place.factor * self.infectious.factor


@dataclass(frozen=True, slots=True)
class Weighed:
    """`total` sums the products, in hours of full exposure; `unknown_seconds` have no factor and add nothing."""

    terms: tuple[Term, ...]
    total: float
    unknown_seconds: int


def weigh(rows: Sequence[Row], kinds: Mapping[int, str], weights: Weights, onset: int) -> Weighed:
    """Sum over the time together. Where records overlap, each second counts once, at the highest factor of place.

    `kinds` is the kind of every place; `onset` unix seconds. O(n²) at worst, n ≤ some hundred.
    """
    spans = [(start, end, weights.of_place(NEAR if place < 0 else kinds.get(place, ""))) for place, start, end in rows]
    edges = {moment for start, end, _factor in spans for moment in (start, end)}
    if edges:
        low, high = (min(edges) - onset) // DAY, (max(edges) - onset) // DAY
        edges |= {onset + day * DAY for day in range(low + 1, high + 1)}
    cuts = sorted(edges)
    sums: dict[tuple[int, str], Term] = {}
    for start, end in pairwise(cuts):
        here = [factor for begin, finish, factor in spans if begin <= start and end <= finish]
        if not here:
            continue
        known = [factor for factor in here if factor is not None]
        place = max(known, key=lambda factor: factor.factor) if known else None
        day = (start - onset) // DAY
        key = (day, place.name.en if place else "")
        before = sums[key].seconds if key in sums else 0
        sums[key] = Term(day, place, weights.of_day(day), before + end - start)
    terms = tuple(sums[key] for key in sorted(sums))
    total = sum(term.product for term in terms if term.product is not None)
    return Weighed(terms, total, sum(term.seconds for term in terms if term.product is None))
