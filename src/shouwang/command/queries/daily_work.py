"""Daily reports in one person's queue: those to hand in, and rounds to take in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shouwang.command.models import ReportReview, UnitReport
from shouwang.command.queries.answering import Answered
from shouwang.command.queries.daily import FIRST, ISSUE, Day, Plans, plans_on
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors, merge, subtree
from shouwang.org.models import Organisation, Responsibility
from shouwang.org.queries import current

HAND_IN, TAKE_IN = "report", "review"


@dataclass(frozen=True, slots=True)
class Owed:
    """A report to hand in, or (`kind` "review") what has come to a unit to take in. `received` of `expected` below."""

    kind: str
    unit: Organisation
    due_at: datetime
    expected: int
    received: int

    @property
    def pk(self) -> int:
        return self.unit.pk


def daily_work(by: Actor, answered: Answered, at: datetime) -> list[Owed]:
    """Of today, by deadline. No query for who answers for nothing, one while no plan asks, seven at most."""
    if not answered and not by.holds(ISSUE):
        return []
    day = clock.local_day(at)
    plans = plans_on(day)
    tops = [plan.organisation for _ranges, plan in plans if plan and by.holds(ISSUE, plan.organisation.path)]
    if not any(plan for _ranges, plan in plans) or not (answered or tops):
        return []
    ranges = merge([*answered.ranges, *(subtree(top.path) for top in tops)])
    found = Day.within(ranges, day, plans)
    mine = _units_of(found, answered, plans)
    mine |= {top.pk: top for top in tops}
    rounds = [pk for pk in mine if any(line.receiver == pk for line in found.lines.values())]
    reviews = ReportReview.objects.filter(day=day, unit__in=rounds) if rounds else ReportReview.objects.none()
    reviewed = set(reviews.values_list("unit", flat=True))
    return sorted(_owed(found, mine, reviewed, at), key=lambda item: (item.due_at, item.unit.path))


def _units_of(found: Day, answered: Answered, plans: Plans) -> dict[int, Organisation]:
    """The units one acts for: those one answers for, and those below that nobody answers for."""
    own = {**answered.first, **answered.deputy}
    mine = {pk: line.unit for pk, line in found.lines.items() if pk in own and line.unit.ends is None}
    if others := own.keys() - found.lines.keys():
        mine |= {unit.pk: unit for unit in Organisation.objects.filter(pk__in=others, ends__isnull=True)}
    paths = set(answered.first.values())
    if paths:
        rows = Responsibility.objects.filter(current(found.day), rank=FIRST, organisation__isnull=False)
        named = set(rows.values_list("organisation__path", flat=True))
        for line in found.lines.values():
            steps = reversed(ancestors(line.unit.path))
            if line.unit.path not in named and next((step for step in steps if step in named), None) in paths:
                mine[line.unit.pk] = line.unit
    return mine


def _owed(found: Day, mine: Mapping[int, Organisation], reviewed: set[int], at: datetime) -> Iterable[Owed]:
    to: dict[int, list[int]] = defaultdict(list)
    for pk, line in found.lines.items():
        to[line.receiver].append(pk)
    for pk, unit in mine.items():
        below = [found.lines[child] for child in to.get(pk, ())]
        came = [line.report for line in below if line.report is not None]
        waiting = any(row.state == UnitReport.State.SUBMITTED for row in came)
        last = max((line.due_at for line in below), default=at)
        # Everything is there; or it is not, and the last of them is late: then with the missing named.
        if (waiting and len(came) == len(below)) or (below and last < at and pk not in reviewed):
            yield Owed(TAKE_IN, unit, last, len(below), len(came))
        line_of_own = found.lines.get(pk)
        if line_of_own is not None and line_of_own.report is None:
            left = [] if pk in reviewed else below
            yield Owed(HAND_IN, unit, line_of_own.due_at, len(left), len(came) if left else 0)
