"""The board of a unit: its numbers with their trend, units and buildings by what needs attention, the gaps.

Everything but the gaps is read from what `actions.board` keeps; the age of that is part of the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import F, Q, Sum, Value
from django.db.models.functions import Substr
from django.utils.translation import get_language

from shouwang.command import rules
from shouwang.command.models import BoardCell, BoardPlace, BoardPoint, BoardState, ResponseLevel
from shouwang.command.models.board import NUMBERS
from shouwang.command.queries.gaps import open_gaps
from shouwang.command.queries.levels import current_level
from shouwang.command.queries.places import natural
from shouwang.command.rules import board as signs
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import STEP, in_ranges, subtree
from shouwang.org.models import Organisation
from shouwang.org.queries import INSTITUTIONS

TREND_HOURS = 24
GAPS_SECONDS = 5  # the board's own age
SUMS: Mapping[str, Any] = {f"{name}_": Sum(name) for name in NUMBERS}


@dataclass(frozen=True, slots=True)
class Unit:
    """`heard` of `roster` people said something today, or somebody for them."""

    pk: int
    title: str
    roster: int
    heard: int
    attention: signs.Attention


@dataclass(frozen=True, slots=True)
class Building:
    """Numbers of one to four people are words (`rules.hidden`)."""

    pk: int
    title: str
    residents: int
    numbers: Mapping[str, int | str]
    attention: signs.Attention


@dataclass(frozen=True, slots=True)
class Trend:
    """One main number: its values at the full hours (None: not kept), oldest first, the present one last."""

    key: str
    values: tuple[int | None, ...]

    @property
    def lines(self) -> list[str]:
        return signs.polyline(self.values)

    @property
    def known(self) -> list[int]:
        return [value for value in self.values if value is not None]

    @property
    def low(self) -> int:
        return min(self.known)

    @property
    def high(self) -> int:
        return max(self.known)


@dataclass(frozen=True, slots=True)
class Board:
    """`as_of` None: nothing has been counted yet. `since`: the hour with which `moved` compares, None where no earlier
    one is kept. `hours`: the hours of the trends, oldest first."""

    organisation: Organisation
    at: datetime
    as_of: datetime | None
    level: ResponseLevel | None
    figures: rules.Figures | None
    trends: Mapping[str, Trend]
    hours: tuple[datetime, ...]
    since: datetime | None
    moved: Mapping[str, int]
    units: Sequence[Unit]
    buildings: Sequence[Building] | None
    gaps: Sequence[rules.Gap]

    @property
    def age(self) -> int | None:
        """Whole seconds."""
        return None if self.as_of is None else max(0, int((self.at - self.as_of).total_seconds()))

    @property
    def main(self) -> list[dict[str, Any]]:
        rows = self.figures.rows() if self.figures else []
        return [{**row, "trend": self.trends.get(row["key"])} for row in rows if row["figure"].main]

    @property
    def changes(self) -> list[tuple[str, str]]:
        """(label, signed change) of the main numbers that moved since `since`."""
        labels = {figure.key: str(figure.label) for figure in rules.FIGURES}
        return [(labels[key], f"{change:+,}") for key, change in self.moved.items()]

    def banded(self) -> list[tuple[str, str, list[Unit]]]:
        """(band, its words, its units in the order of the tree), without empty bands."""
        found = [(band, [unit for unit in self.units if unit.attention.band == band]) for band in signs.BANDS]
        return [(band, str(signs.BANDS[band]), units) for band, units in found if units]


def board(by: Actor, organisation: Organisation, at: datetime) -> Board:
    """Needs report.view over the organisation (NotFound otherwise). A dozen queries, whatever the number of people."""
    if not by.holds("report.view", organisation.path):
        raise NotFound
    state = BoardState.objects.filter(pk=1).first()
    level = current_level(organisation.path, at)
    if state is None or state.as_of is None:
        return Board(organisation, at, None, level, None, {}, (), None, {}, (), None, ())
    numbers, units = _numbers(organisation)
    values = _values(numbers)
    points = _points(organisation, at)
    figures = rules.Figures(
        organisation_id=organisation.pk, organisation=organisation.title, day=clock.local_day(state.as_of),
        as_of=state.as_of, values=values, before=_before(points, state.as_of),
        units=[{"title": unit.title, "roster": unit.roster, "checked_in": unit.heard} for unit in units],
    )  # fmt: skip
    hours = tuple(_hour(at) - timedelta(hours=back) for back in range(TREND_HOURS - 1, -1, -1))
    since, moved = _moved(points, values, state.as_of)
    return Board(
        organisation, at, state.as_of, level, figures, _trends(points, hours, values), hours, since, moved, units,
        _buildings(organisation), _gaps(by, organisation, figures, at, declared=level is not None),
    )  # fmt: skip


# --- units -----------------------------------------------------------------------------------------------------------


def _numbers(organisation: Organisation) -> tuple[dict[str, int], list[Unit]]:
    """Sums of the whole, and of each unit directly below that has people: one query for both, one for the titles."""
    width = len(organisation.path) + STEP
    where: Any = Substr(F("path"), Value(1), Value(width))
    rows = BoardCell.objects.filter(in_ranges("path", [subtree(organisation.path)])).annotate(unit=where)
    summed = rows.order_by().values("unit").annotate(**SUMS).values_list("unit", *SUMS)
    parts = {unit: Counter(dict(zip(NUMBERS, numbers, strict=True))) for unit, *numbers in summed}
    whole: Counter[str] = Counter()
    for part in parts.values():
        whole.update(part)
    children = Organisation.objects.filter(parent=organisation, ends__isnull=True).order_by("path")
    there = [child for child in children if child.path in parts and parts[child.path]["roster"]]
    return dict(whole), _units(there, {child.path: parts[child.path] for child in there})


def _units(children: Sequence[Organisation], parts: Mapping[str, Mapping[str, int]]) -> list[Unit]:
    """A number that is left out beside a small group (`rules.hidden`) is no reason that could be read."""
    groups = {path: row["roster"] for path, row in parts.items()}
    shown: dict[str, dict[str, int]] = {path: {} for path in parts}
    for sign in signs.SIGNS:
        of_units = {path: row[sign.key] for path, row in parts.items()}
        safe = of_units if sign.key in signs.OF_NO_HEALTH else rules.hidden(of_units, groups)
        for path, number in safe.items():
            if isinstance(number, int):
                shown[path][sign.key] = number
    return [
        Unit(
            child.pk, child.title, groups[child.path], _heard(parts[child.path]),
            signs.attention(shown[child.path], roster=groups[child.path]),
        )
        for child in children
    ]  # fmt: skip


def _heard(row: Mapping[str, int]) -> int:
    return row["by_self"] + row["by_proxy"] + row["by_clinic"]


def _values(numbers: Mapping[str, int]) -> dict[str, int | None]:
    """The figures of the situation report that are kept for the board; what is not kept is unknown."""
    values: dict[str, int | None] = {name: numbers.get(name, 0) for name in NUMBERS}
    for word in ("self", "proxy", "clinic"):
        values[word] = values.pop(f"by_{word}")
    heard = (values["self"] or 0) + (values["proxy"] or 0) + (values["clinic"] or 0)
    values["unknown"] = (values["roster"] or 0) - heard
    return rules.completed(values)


# --- trend -----------------------------------------------------------------------------------------------------------


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _points(organisation: Organisation, at: datetime) -> dict[datetime, dict[str, int | None]]:
    """Hour -> the figures kept at it, of a day and an hour back."""
    since = _hour(at) - timedelta(hours=TREND_HOURS + 1)
    rows = BoardPoint.objects.filter(path=organisation.path, at__gte=since, at__lte=at)
    return {moment: _of_point(values) for moment, values in rows.values_list("at", "values")}


def _of_point(values: Mapping[str, int]) -> dict[str, int | None]:
    heard = {word: values.get(f"by_{word}") for word in ("self", "proxy", "clinic")}
    return rules.completed({**values, **heard})


def _before(points: Mapping[datetime, Mapping[str, int | None]], as_of: datetime) -> Mapping[str, int | None]:
    """The numbers of the same hour of the day before; empty (unknown) where they are not kept."""
    return points.get(_hour(as_of) - timedelta(hours=24), {})


def _trends(
    points: Mapping[datetime, Mapping[str, int | None]], hours: Sequence[datetime], values: Mapping[str, int | None]
) -> dict[str, Trend]:
    kept = {key: [points[hour].get(key) if hour in points else None for hour in hours] for key in signs.MAIN}
    return {key: Trend(key, (*of_hours, values.get(key))) for key, of_hours in kept.items()}


def _moved(
    points: Mapping[datetime, Mapping[str, int | None]], values: Mapping[str, int | None], as_of: datetime
) -> tuple[datetime | None, dict[str, int]]:
    """(the latest hour at least an hour ago on the same day, how far each main number moved since)."""
    limit, day = as_of - timedelta(hours=1), clock.local_day(as_of)
    earlier = [moment for moment in points if moment <= limit and clock.local_day(moment) == day]
    if not earlier:
        return None, {}
    since = max(earlier)
    moved = {}
    for key in signs.MAIN:
        now, then = values.get(key), points[since].get(key)
        if now is not None and then is not None and now != then:
            moved[key] = now - then
    return since, moved


# --- buildings, gaps -------------------------------------------------------------------------------------------------

BUILDING_SIGNS = ("unwell", "cases", "apart")


def _buildings(organisation: Organisation) -> list[Building] | None:
    """None where the organisation has no places of its own: those of an institution are told to who reads of it all."""
    if organisation.parent_id is not None and organisation.kind not in INSTITUTIONS:
        return None
    theirs = in_ranges("place__owner__path", [subtree(organisation.path)])
    if organisation.parent_id is None:
        theirs |= Q(place__owner__isnull=True)
    rows = list(BoardPlace.objects.filter(theirs, residents__gt=0).select_related("place"))
    rows.sort(key=lambda row: natural(row.place.name))
    groups = {row.place_id: row.residents for row in rows}
    numbers: dict[int, dict[str, int | str]] = {row.place_id: {} for row in rows}
    for name in BUILDING_SIGNS:
        for pk, number in rules.hidden({row.place_id: getattr(row, name) for row in rows}, groups).items():
            numbers[pk][name] = number
    return [
        Building(
            row.place_id, row.place.title, row.residents, numbers[row.place_id],
            signs.attention(_as_signs(numbers[row.place_id]), roster=row.residents),
        )
        for row in rows
    ]  # fmt: skip


def _as_signs(numbers: Mapping[str, int | str]) -> dict[str, int]:
    named = {"alerts_open": numbers["unwell"], "cases_open": numbers["cases"], "apart": numbers["apart"]}
    return {key: number for key, number in named.items() if isinstance(number, int)}


def _gaps(
    by: Actor, organisation: Organisation, figures: rules.Figures, at: datetime, *, declared: bool
) -> list[rules.Gap]:
    """As in the situation report; kept for a few seconds, in the reader's language. Who asks does not change them."""
    key = f"command:board:{organisation.pk}:{get_language()}"
    found: list[rules.Gap] | None = cache.get(key)
    if found is None:
        found = open_gaps(by, organisation, figures, at, level_declared=declared)
        cache.set(key, found, GAPS_SECONDS)
    return found


def board_json(found: Board) -> dict[str, Any]:
    """The board as plain data."""
    return {
        "organisation": {"code": found.organisation.code, "name": found.organisation.title},
        "as_of": found.as_of,
        "age_seconds": found.age,
        "level": found.level.level if found.level else None,
        "figures": [
            {
                "key": row["key"], "label": str(row["figure"].label), "value": row["value"],
                "denominator": row["of"], "change": row["change"],
                "trend": list(row["trend"].values) if row["trend"] else [],
            }
            for row in found.main
        ],
        "hours": list(found.hours),
        "since": found.since,
        "moved": dict(found.moved),
        "units": [
            {
                "id": unit.pk, "name": unit.title, "roster": unit.roster, "heard": unit.heard,
                "band": unit.attention.band, "words": list(unit.attention.words),
            }
            for unit in found.units
        ],
        "buildings": None if found.buildings is None else [
            {
                "id": row.pk, "name": row.title, "residents": row.residents, **row.numbers,
                "band": row.attention.band, "words": list(row.attention.words),
            }
            for row in found.buildings
        ],
        "gaps": [{"code": gap.code, "sentence": gap.sentence, "next_step": gap.next_step} for gap in found.gaps],
    }  # fmt: skip
