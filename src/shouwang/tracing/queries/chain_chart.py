"""A drawing of transmission chains as the numbers its script draws: places, colours, links. No names in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from datetime import date, timedelta
from math import ceil
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from shouwang.cases.models import Case
from shouwang.core.tree import STEP
from shouwang.org.models import Place, Residence
from shouwang.tracing.queries.chains import BY_GENERATION, Drawing, State, column_day
from shouwang.tracing.rules import layout
from shouwang.tracing.rules.chains import IMPORTED, NOT_STATED, UNKNOWN_SOURCE

K = TypeVar("K", bound=Hashable)
NAMED = 7  # groups with a colour of their own; more colours are not told apart
BINS = 8  # steps of an ordered scale
TICKS = 12  # labels along the top
SHAPES = {IMPORTED: 1, UNKNOWN_SOURCE: 2, NOT_STATED: 3, State.PROPOSED: 3}
"""0 a dot: infected by a case; 1 a square: imported; 2 a diamond: searched, not found; 3 a ring: nobody has said, also
where the rule proposes somebody."""


def chart(drawing: Drawing, arrange: str) -> dict[str, Any]:
    """Columns of equal length, one entry a case in the order of `drawing.rows`. Two queries.

    `x` and `row` are the place, `shape` what is known of the source, `outside` 1 where the source lies beyond the
    reader's scope; `class`, `dorm`, `week` and `generation` are positions in `legends`. `links` are [case, infector,
    1 where only proposed].
    """
    cases, forest = drawing.rows, drawing.links.forest
    if not cases:
        return {}
    days = {case.pk: column_day(case) for case in cases}
    first = min(day for day, _known in days.values())
    column = {case.pk: (days[case.pk][0] - first).days for case in cases}
    if arrange == BY_GENERATION:
        column = {case.pk: forest.generation[case.pk] for case in cases}
    placed = layout.place(column, forest.parent)
    index = {case.pk: k for k, case in enumerate(cases)}
    groups, legends = _groups(cases, days, forest.generation)
    parents = [forest.parent.get(case.pk) for case in cases]
    return {
        "id": [case.pk for case in cases],
        "number": [case.number for case in cases],
        "day": [days[case.pk][0].isoformat() for case in cases],
        "dated": [int(days[case.pk][1]) for case in cases],
        "x": [round(placed.at[case.pk][0], 3) for case in cases],
        "row": [placed.at[case.pk][1] for case in cases],
        "shape": [SHAPES.get(drawing.links.source(case.pk), 0) for case in cases],
        "outside": [int(parent is not None and parent not in index) for parent in parents],
        "links": [
            [index[case.pk], index[parent], int(case.pk not in drawing.links.accepted)]
            for case, parent in zip(cases, parents, strict=True)
            if parent is not None and parent in index
        ],
        **groups,
        "legends": legends,
        "ticks": _ticks(column.values(), first, arrange),
    }


def _groups(
    cases: Sequence[Case], days: Mapping[int, tuple[date, bool]], generation: Mapping[int, int]
) -> tuple[dict[str, list[int]], dict[str, list[str]]]:
    """Which group each case is in, by every way of colouring, and what the groups are called."""
    nowhere = _("not known")
    homes = [case.person.home.title if case.person.home else nowhere for case in cases]
    dorms = _buildings(cases)
    weeks = [_monday(days[case.pk][0]) for case in cases]
    groups, legends = {}, {}
    groups["class"], legends["class"] = _largest(homes)
    groups["dorm"], legends["dorm"] = _largest([dorms.get(case.person_id, nowhere) for case in cases])
    groups["week"], legends["week"] = _weeks(weeks)
    groups["generation"], legends["generation"] = _generations([generation[case.pk] for case in cases])
    return groups, legends


def _largest(names: Sequence[str]) -> tuple[list[int], list[str]]:
    """The largest groups by name, the rest together at the end."""
    counted = Counter(names)
    order = sorted(counted, key=lambda name: (-counted[name], name))
    if len(order) <= NAMED + 1:
        return [order.index(name) for name in names], order
    place = {name: k for k, name in enumerate(order[:NAMED])}
    return [place.get(name, NAMED) for name in names], [*order[:NAMED], _("others")]


def _weeks(weeks: Sequence[date]) -> tuple[list[int], list[str]]:
    first, last = min(weeks), max(weeks)
    count = (last - first).days // 7 + 1
    step = ceil(count / BINS)
    begins = [first + timedelta(weeks=step * k) for k in range(ceil(count / step))]
    names = [_("from %(day)s") % {"day": day.isoformat()} for day in begins]
    return [(week - first).days // 7 // step for week in weeks], names


def _generations(numbers: Sequence[int]) -> tuple[list[int], list[str]]:
    highest = max(numbers)
    names = [_("generation %(number)s") % {"number": k} for k in range(1, min(highest, BINS) + 1)]
    if highest > BINS:
        names[-1] = _("generation %(number)s and later") % {"number": BINS}
    return [min(number, BINS) - 1 for number in numbers], names


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _buildings(cases: Sequence[Case]) -> dict[int, str]:
    """Person -> dormitory building they sleep in now. Two queries."""
    people = [case.person_id for case in cases]
    beds: dict[int, str] = {}
    for start in range(0, len(people), 5000):
        rows = Residence.objects.filter(person__in=people[start : start + 5000], ends__isnull=True).order_by()
        beds |= dict(rows.values_list("person", "place__path"))
    buildings = {row.path: row.title for row in Place.objects.filter(kind=Place.Kind.BUILDING)}
    found = {}
    for person, path in beds.items():
        above = (path[:end] for end in range(STEP, len(path) + 1, STEP))
        name = next((buildings[part] for part in above if part in buildings), None)
        if name is not None:
            found[person] = name
    return found


def _ticks(columns: Any, first: date, arrange: str) -> list[list[Any]]:
    """Where along the top something is written, and what."""
    low, high = min(columns), max(columns)
    if arrange == BY_GENERATION:
        return [[k, _("generation %(number)s") % {"number": k}] for k in range(low, high + 1)]
    step = next(days for days in (1, 2, 7, 14, 28, 56, 112) if (high - low) / days <= TICKS or days == 112)
    return [[k, (first + timedelta(days=k)).isoformat()] for k in range(low, high + 1, step)]
