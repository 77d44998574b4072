"""What speaks for a team in a unit: numbers of the board, tasks and gaps by the nearest unit that is looked at.

Numbers alone, no person. The units are those of `mending.facts`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime

from shouwang.command.mending.facts import Units
from shouwang.command.mending.rules import Evidence
from shouwang.command.models import BoardCell, GapFinding, Task, Team
from shouwang.command.rules import tasks as task_rules
from shouwang.command.teams import rules
from shouwang.core import clock

# Signal -> out of what, of the board's cells.
OF_CELLS = {
    "cases_open": "roster", "contacts_close": "contacts_found", "contacts_waiting": "contacts_close",
    "alerts_waiting": "alerts_open",
}  # fmt: skip
Counted = dict[int, dict[str, Evidence]]


def counted(at: datetime) -> Counted:
    """Id of the unit → signal → how many of how many, at `at`. Four queries; what counts nothing is left out."""
    units = Units(clock.local_day(at))
    found: Counted = defaultdict(dict)
    names = sorted({*OF_CELLS, *OF_CELLS.values()})
    sums: dict[int, Counter[str]] = defaultdict(Counter)
    for path, *numbers in BoardCell.objects.values_list("path", *names):
        if (unit := units.of(path)) is not None:
            sums[unit].update(dict(zip(names, numbers, strict=True)))
    for unit, row in sums.items():
        for code, of in OF_CELLS.items():
            if row[code]:
                found[unit][code] = Evidence(row[code], row[of])
    going = Task.objects.exclude(state__in=(*task_rules.FINAL, task_rules.DONE)).order_by()
    open_, late = Counter[int](), Counter[int]()
    for path, due_at in going.values_list("unit__path", "due_at"):
        if (unit := units.of(path)) is not None:
            open_[unit] += 1
            late[unit] += due_at < at
    there, grave = Counter[int](), Counter[int]()
    standing = GapFinding.objects.filter(ended_at__isnull=True).order_by()
    # That nobody stands there is what a proposal says already: it must not speak for itself.
    for unit_id, severity in standing.exclude(code="hotspots").values_list("organisation", "severity"):
        there[unit_id] += 1
        grave[unit_id] += severity == "danger"
    for code, some, of_all in (("tasks_overdue", late, open_), ("gaps_grave", grave, there)):
        for unit, number in some.items():
            if number:
                found[unit][code] = Evidence(number, of_all[unit])
    return found


def teams_by_unit(at: datetime) -> Counter[int]:
    """How many teams are being formed or stand in each unit that is looked at, or below it. Two queries."""
    units = Units(clock.local_day(at))
    found: Counter[int] = Counter()
    for path in Team.objects.exclude(state=rules.DISSOLVED).order_by().values_list("organisation__path", flat=True):
        if (unit := units.of(path)) is not None:
            found[unit] += 1
    return found
