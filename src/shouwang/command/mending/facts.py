"""What the rules look at, by unit: every row is told to the nearest unit that is looked at, above where it happened.

Looked at are institutions, the units directly below them, and whatever stands at the top. Numbers alone, no person.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from shouwang.checkins.models import QualityNote
from shouwang.command.mending.rules import Evidence
from shouwang.command.models import (
    BoardCell,
    ControlMeasure,
    Directive,
    Receipt,
    ResponseLevel,
    Task,
    Team,
    TeamProposal,
)
from shouwang.command.queries.daily import Day, plans_on
from shouwang.command.rules import tasks as task_rules
from shouwang.core import clock
from shouwang.core.tree import EVERYTHING, STEP, subtree
from shouwang.isolation.models import Order, Stay
from shouwang.isolation.queries import free_beds
from shouwang.org.models import Organisation, Responsibility
from shouwang.org.queries import INSTITUTIONS, current

# Rule -> (number, out of what) of the board's cells.
OF_CELLS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "clocks_late": ("clocks_late", ("clocks_late", "clocks_running")),
    "alerts_waiting": ("alerts_waiting", ("alerts_open",)),
    "contacts_waiting": ("contacts_waiting", ("contacts_close",)),
    "monitored_missed": ("monitored_missed", ("monitored",)),
    "unplaced": ("unplaced", ("quarantined", "isolated")),
    "silent": ("silent", ("homes",)),
}
UNREAD_FOR = timedelta(hours=24)
QUALITY_DAYS, BED_DAYS = 7, 3
Found = dict[str, dict[int, Evidence]]


class Units:
    """The units that are looked at, and which of them a path belongs to."""

    def __init__(self, on: Any) -> None:
        rows = Organisation.objects.filter(current(on))
        top = Q(parent__isnull=True) | Q(kind__in=INSTITUTIONS) | Q(parent__kind__in=INSTITUTIONS)
        self.by_path = {unit.path: unit for unit in rows.filter(top)}

    def of(self, path: str) -> int | None:
        for end in range(len(path), 0, -STEP):
            if path[:end] in self.by_path:
                return self.by_path[path[:end]].pk
        return None


def facts(at: datetime) -> Found:
    """Rule code -> id of the unit -> how many of how many, at `at`. A dozen queries, whatever the number of units."""
    day = clock.local_day(at)
    units = Units(day)
    return {
        **_of_cells(units),
        "orders_unread": _orders_unread(units, at),
        "directives_unread": _directives(units, at),
        "tasks_overdue": _tasks(units, at),
        "reports_missing": _reports(units, at),
        "doubtful_checkins": _quality(units, day),
        "uncovered_units": _uncovered(units, day),
        "beds_short": _beds(units, at),
        "level_review": _levels(units, at),
        "hotspots": _hotspots(units),
    }


def _paired(counts: Mapping[int, int], of: Mapping[int, int]) -> dict[int, Evidence]:
    return {pk: Evidence(number, of.get(pk)) for pk, number in counts.items() if number}


def _of_cells(units: Units) -> Found:
    names = sorted({name for number, of in OF_CELLS.values() for name in (number, *of)} - {"homes"})
    sums: dict[int, Counter[str]] = defaultdict(Counter)
    for path, roster, *numbers in BoardCell.objects.values_list("path", "roster", *names):
        unit = units.of(path)
        if unit is not None:
            sums[unit].update(dict(zip(names, numbers, strict=True)))
            sums[unit]["homes"] += roster > 0
    return {
        code: _paired(
            {pk: row[number] for pk, row in sums.items()}, {pk: sum(row[n] for n in of) for pk, row in sums.items()}
        )
        for code, (number, of) in OF_CELLS.items()
    }


def _counted(units: Units, rows: Any, path: str) -> Counter[int]:
    """How many of the rows belong to each unit."""
    found: Counter[int] = Counter()
    for where in rows.order_by().values_list(path, flat=True):
        unit = units.of(where)
        if unit is not None:
            found[unit] += 1
    return found


def _orders_unread(units: Units, at: datetime) -> dict[int, Evidence]:
    there = Order.objects.filter(ended_at__isnull=True)
    unread = there.filter(state=Order.State.SERVED, served_at__lt=at - UNREAD_FOR)
    return _paired(_counted(units, unread, "person__home_path"), _counted(units, there, "person__home_path"))


def _directives(units: Units, at: datetime) -> dict[int, Evidence]:
    due = Receipt.objects.filter(directive__state=Directive.State.ISSUED, directive__acknowledge_by__lt=at)
    unread = due.filter(acknowledged_at__isnull=True)
    return _paired(_counted(units, unread, "unit__path"), _counted(units, due, "unit__path"))


def _tasks(units: Units, at: datetime) -> dict[int, Evidence]:
    going = Task.objects.exclude(state__in=(*task_rules.FINAL, task_rules.DONE))
    late = going.filter(due_at__lt=at)
    return _paired(_counted(units, late, "unit__path"), _counted(units, going, "unit__path"))


def _reports(units: Units, at: datetime) -> dict[int, Evidence]:
    day = clock.local_day(at)
    plans = plans_on(day)
    if not any(plan for _ranges, plan in plans):
        return {}
    missing: Counter[int] = Counter()
    due: Counter[int] = Counter()
    for line in Day.within((EVERYTHING,), day, plans).lines.values():
        unit = units.of(line.unit.path)
        if unit is not None and line.due_at < at:
            due[unit] += 1
            missing[unit] += line.report is None
    return _paired(missing, due)


def _quality(units: Units, day: Any) -> dict[int, Evidence]:
    rows = QualityNote.objects.filter(day__gt=day - timedelta(days=QUALITY_DAYS), answered_at__isnull=True)
    groups: dict[int, set[str]] = defaultdict(set)
    for path in rows.order_by().values_list("organisation__path", flat=True):
        if (unit := units.of(path)) is not None:
            groups[unit].add(path)
    return _paired(_counted(units, rows, "organisation__path"), {pk: len(paths) for pk, paths in groups.items()})


def _uncovered(units: Units, day: Any) -> dict[int, Evidence]:
    there = Organisation.objects.filter(current(day))
    first = Responsibility.objects.filter(current(day), organisation=OuterRef("pk"), rank=Responsibility.Rank.FIRST)
    return _paired(_counted(units, there.filter(~Exists(first)), "path"), _counted(units, there, "path"))


def _beds(units: Units, at: datetime) -> dict[int, Evidence]:
    """People without a place beyond the beds that are free or will be within 72 hours, by institution."""
    waiting = Order.objects.filter(ended_at__isnull=True, where=Order.Where.UNASSIGNED)
    paths = list(waiting.order_by().values_list("person__home_path", flat=True))
    found: dict[int, Evidence] = {}
    last = clock.local_day(at) + timedelta(days=BED_DAYS)
    for path, unit in units.by_path.items():
        if unit.kind not in INSTITUTIONS:
            continue
        inside = sum(home.startswith(path) for home in paths)
        if not inside:
            continue
        freed = Stay.objects.filter(
            ends_at__isnull=True, order__ends_on__lt=last, order__person__home_path__startswith=path
        ).count()  # fmt: skip
        short = inside - free_beds(at, (subtree(path),)).free - freed
        if short > 0:
            found[unit.pk] = Evidence(short, inside)
    return found


def _levels(units: Units, at: datetime) -> dict[int, Evidence]:
    over = {"ends_at__isnull": True, "review_on__lt": clock.local_day(at)}
    found = _counted(units, ResponseLevel.objects.filter(**over), "organisation__path")
    found += _counted(units, ControlMeasure.objects.filter(**over), "organisation__path")
    return _paired(found, {})


def _hotspots(units: Units) -> dict[int, Evidence]:
    """Units for which a team is proposed, of those with a proposal or a team. Which they are, teams.toml says."""
    there = TeamProposal.objects.filter(state=TeamProposal.State.OPEN)
    teams = Team.objects.exclude(state=Team.State.DISSOLVED)
    found = _counted(units, there, "organisation__path")
    return _paired(found, found + _counted(units, teams, "organisation__path"))
