"""How many matters there were, by unit alone: no person, no ranking, nothing where few people answer, no file."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from shouwang.command.account import rules
from shouwang.command.account.models import Matter
from shouwang.command.account.numbers import STEPS
from shouwang.command.account.queries import numbers
from shouwang.command.mending.facts import Units
from shouwang.command.models import Receipt, Task
from shouwang.command.queries.answering import MANAGE, SIGN
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges, merge
from shouwang.org.models import Organisation, Responsibility
from shouwang.org.queries import current


@dataclass(frozen=True, slots=True)
class UnitCount:
    """Of one unit and all below: matters served by step, how they ended, out of how many tasks and directives it was
    given. `hidden`: fewer people answer there than may be told apart from one; then there are no numbers."""

    unit: Organisation
    hidden: bool
    served: dict[str, int]
    upheld: int
    withdrawn: int
    going: int
    asked: int

    @property
    def steps(self) -> list[tuple[str, int]]:
        """Each step in words, and how many of it."""
        return [(str(Matter.Step(step).label), self.served[step]) for step in STEPS]


@dataclass(frozen=True, slots=True)
class Counts:
    """Matters served from `since` to `at`; the sums are those of the units that are shown."""

    since: datetime
    at: datetime
    fewest: int
    rows: list[UnitCount]

    @property
    def hidden(self) -> int:
        return sum(row.hidden for row in self.rows)

    @property
    def sums(self) -> dict[str, int]:
        shown = [row for row in self.rows if not row.hidden]
        found = {step: sum(row.served[step] for row in shown) for step in STEPS}
        for name in ("upheld", "withdrawn", "going", "asked"):
            found[name] = sum(getattr(row, name) for row in shown)
        return found


def counts(by: Actor, *, at: datetime) -> Counts:
    """For whoever manages or decides. NotFound for everybody else. Five queries."""
    ranges = merge((*by.ranges(MANAGE), *by.ranges(SIGN)))
    if not ranges:
        raise NotFound
    number = numbers().statistics
    on, since = clock.local_day(at), at - timedelta(days=number.days)
    units = Units(on)
    served: dict[int, Counter[str]] = defaultdict(Counter)
    ended: dict[int, Counter[str]] = defaultdict(Counter)
    rows = Matter.objects.filter(in_ranges("organisation__path", ranges), served_at__gte=since, served_at__lte=at)
    for path, step, state in rows.values_list("organisation__path", "step", "state"):
        unit = units.of(path)
        if unit is not None:
            served[unit][step] += 1
            ended[unit][_ended(state)] += 1
    asked = _asked(units, ranges, since, at)
    people = _people(units, ranges, on)
    found = []
    for row in sorted(units.by_path.values(), key=lambda unit: unit.path):
        if not any(low <= row.path < high for low, high in ranges) or not (served[row.pk] or asked[row.pk]):
            continue
        hidden = len(people[row.pk]) < number.fewest
        numbers_of = ended[row.pk] if not hidden else Counter[str]()
        found.append(
            UnitCount(
                unit=row, hidden=hidden, served={step: 0 if hidden else served[row.pk][step] for step in STEPS},
                upheld=numbers_of["upheld"], withdrawn=numbers_of["withdrawn"], going=numbers_of["going"],
                asked=0 if hidden else asked[row.pk],
            )
        )  # fmt: skip
    return Counts(since, at, number.fewest, found)


def _ended(state: str) -> str:
    if state == rules.WITHDRAWN:
        return "withdrawn"
    return "upheld" if state in (rules.DECIDED, rules.STANDS, rules.EXPIRED) else "going"


def _asked(units: Units, ranges: Any, since: datetime, at: datetime) -> Counter[int]:
    """Tasks that fell due and directives that were given in this time."""
    found: Counter[int] = Counter()
    for rows in (
        Task.objects.filter(in_ranges("unit__path", ranges), due_at__gte=since, due_at__lte=at),
        Receipt.objects.filter(
            in_ranges("unit__path", ranges), directive__issued_at__gte=since, directive__issued_at__lte=at
        ),
    ):
        for path, number in rows.order_by().values_list("unit__path").annotate(n=Count("pk")):
            unit = units.of(path)
            if unit is not None:
                found[unit] += number
    return found


def _people(units: Units, ranges: Any, on: Any) -> dict[int, set[int]]:
    """Who answers for a unit or one below it today."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Responsibility.objects.filter(current(on), in_ranges("organisation__path", ranges))
    for path, person in rows.values_list("organisation__path", "person"):
        unit = units.of(path or "")
        if unit is not None:
            found[unit].add(person)
    return found


def counts_json(found: Counts) -> dict[str, Any]:
    return {
        "since": found.since, "at": found.at, "fewest": found.fewest, "hidden": found.hidden, "sums": found.sums,
        "units": [
            {"unit": row.unit.code, "unit_name": row.unit.title, "hidden": row.hidden}
            | ({} if row.hidden else {"served": row.served, "upheld": row.upheld, "withdrawn": row.withdrawn,
                                      "going": row.going, "of_asked": row.asked})
            for row in found.rows
        ],
    }  # fmt: skip
