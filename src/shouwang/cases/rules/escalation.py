"""Who is told of a clock that has run out, and when the next one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shouwang.cases.rules.clock_settings import Step
from shouwang.core.tree import STEP as WIDTH
from shouwang.core.tree import ancestors


@dataclass(frozen=True, slots=True)
class Grid:
    """Who answers for units: path of the unit -> person id, for those that anybody answers for."""

    first: Mapping[str, int]
    deputy: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Told:
    """One step: its place among the steps, to whom by rule, and who that is (None: the grid names nobody)."""

    number: int
    to: str
    person: int | None


def person_of(steps: Sequence[Step], number: int, unit: str, home: str, grid: Grid) -> int | None:
    """Who stands at a step. `unit` is the path of the unit whose work it is; "" where no unit is known for it: then
    the line upward is that of `home`, the unit of the person the case is about."""
    to = steps[number].to
    if to == "owner":
        return grid.first.get(unit)
    if to == "deputy":
        return grid.deputy.get(unit)
    level = sum(step.to == "above" for step in steps[:number])
    start = unit[:-WIDTH] if unit else home
    above = [path for path in reversed(ancestors(start)) if path in grid.first]
    return grid.first[above[level]] if level < len(above) else None


def steps_now(steps: Sequence[Step], taken: int, unit: str, home: str, grid: Grid) -> list[Told]:
    """The steps to take when the next one has come: that one, and as long as nobody is named the one after it too."""
    found: list[Told] = []
    for number in range(taken, len(steps)):
        person = person_of(steps, number, unit, home, grid)
        found.append(Told(number, steps[number].to, person))
        if person is not None:
            break
    return found


def first_step(steps: Sequence[Step], *, due: datetime, known: datetime) -> datetime:
    """When the first step comes. A deadline that was past when it became known counts from then: nobody can have kept
    it."""
    return max(due, known) + timedelta(minutes=steps[0].minutes)


def next_step(steps: Sequence[Step], taken: int, *, at: datetime) -> datetime | None:
    """When the step after `taken` ones comes, whose last was taken at `at`; None after the last. Counted from the step
    before: whoever is told late has their time all the same."""
    if taken >= len(steps):
        return None
    return at + timedelta(minutes=steps[taken].minutes - steps[taken - 1].minutes if taken else 0)
