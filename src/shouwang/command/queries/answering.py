"""For which units one acts, and who answers for them: asked when it is needed, so that a change of people needs no
change of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from shouwang.command.models import Receipt, Task, TeamMember, TeamTask
from shouwang.command.rules import tasks as rules
from shouwang.core.scope import Actor
from shouwang.core.tree import Range, ancestors, in_ranges, merge, subtree
from shouwang.org.models import Organisation, Person, Responsibility
from shouwang.org.queries import current

WORK, MANAGE, SIGN = "task.work", "directive.manage", "directive.sign"
FIRST, DEPUTY = Responsibility.Rank.FIRST, Responsibility.Rank.DEPUTY


@dataclass(frozen=True, slots=True)
class Answered:
    """Units one answers for, id → path: as the first, or, where nobody does, as the nearest above; as deputy. `on` is
    the day that was asked for."""

    first: Mapping[int, str] = field(default_factory=dict)
    deputy: Mapping[int, str] = field(default_factory=dict)
    on: date | None = None

    def __contains__(self, unit_id: object) -> bool:
        return unit_id in self.first or unit_id in self.deputy

    def __bool__(self) -> bool:
        return bool(self.first or self.deputy)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """Their subtrees: whoever answers for a college sees what its classes owe."""
        return merge(subtree(path) for path in (*self.first.values(), *self.deputy.values()))


def answered_by(by: Actor, *, on: date) -> Answered:
    """One query for whoever answers for nothing, three at most."""
    if by.person_id is None:
        return Answered()
    rows = Responsibility.objects.filter(current(on), person=by.person_id, organisation__isnull=False)
    first: dict[int, str] = {}
    deputy: dict[int, str] = {}
    for pk, path, rank in rows.values_list("organisation", "organisation__path", "rank"):
        if pk is not None and path is not None:
            (first if rank == FIRST else deputy)[pk] = path
    if first:
        first |= _stood_in_for(first, on)
    return Answered(first, deputy, on)


def _stood_in_for(first: Mapping[int, str], on: date) -> dict[int, str]:
    """Units below that nobody answers for, with something waiting in them, of which one is the nearest above."""
    named = Responsibility.objects.filter(current(on), rank=FIRST, organisation=OuterRef("pk"))
    waiting = Exists(Receipt.objects.filter(unit=OuterRef("pk"), acknowledged_at__isnull=True)) | Exists(
        Task.objects.filter(unit=OuterRef("pk")).exclude(state__in=rules.FINAL)
    )
    own = set(first.values())
    below = in_ranges("path", merge(subtree(path) for path in own))
    bare = dict(Organisation.objects.filter(below, ~Exists(named)).filter(waiting).values_list("pk", "path"))
    if not bare:
        return {}
    above = {step for path in bare.values() for step in ancestors(path)}
    taken = set(
        Responsibility.objects.filter(current(on), rank=FIRST, organisation__path__in=above).values_list(
            "organisation__path", flat=True
        )
    )
    return {pk: path for pk, path in bare.items() if _nearest(path, taken) in own}


def _nearest(path: str, taken: Iterable[str | None]) -> str | None:
    return next((step for step in reversed(ancestors(path)) if step in set(taken)), None)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for a unit: `own` themselves, else the nearest above it who does."""

    person: Person
    unit: Organisation
    own: bool


def who_answers(units: Iterable[Organisation], *, on: date) -> dict[int, Owner]:
    """Unit id → who answers for it; a unit with nobody up to the root is not in it. One query."""
    units = list(units)
    steps = {step for unit in units for step in ancestors(unit.path)}
    rows = Responsibility.objects.filter(current(on), rank=FIRST, organisation__path__in=steps)
    by_path = {row.organisation.path: row for row in rows.select_related("person", "organisation") if row.organisation}
    found = {}
    for unit in units:
        path = next((step for step in reversed(ancestors(unit.path)) if step in by_path), None)
        if path is not None and (holder := by_path[path].organisation) is not None:
            found[unit.pk] = Owner(by_path[path].person, holder, own=path == unit.path)
    return found


def works_for(by: Actor, answered: Answered, unit: Organisation) -> bool:
    """Whether one may act for this unit."""
    return unit.pk in answered or by.holds(WORK, unit.path)


def with_teams_of(by: Actor, answered: Answered) -> QuerySet[TeamTask]:
    """Tasks that are with a team which one leads, or is deputy leader of, on the day of `answered`."""
    if by.person_id is None or answered.on is None:
        return TeamTask.objects.none()
    leads = TeamMember.objects.filter(
        current(answered.on), person=by.person_id, role__in=("leader", "deputy"), state=TeamMember.State.APPROVED
    )  # fmt: skip
    return TeamTask.objects.filter(released_at__isnull=True, team__in=leads.values("team"))


def sides(by: Actor, answered: Answered, task: Task) -> frozenset[rules.Side]:
    """On which sides of a task one stands; see `rules.tasks`."""
    found: set[rules.Side] = set()
    asked = by.person_id is not None and task.escalated_to_id == by.person_id
    with_own_team = with_teams_of(by, answered).filter(task=task.pk)
    if works_for(by, answered, task.unit) or asked or with_own_team.exists():
        found.add(rules.UNIT)
    if task.parent is not None:
        issuer = works_for(by, answered, task.parent.unit)
    else:
        issuer = by.holds(MANAGE, task.directive.organisation.path)
    if issuer:
        found.add(rules.ISSUER)
    return frozenset(found)


def recipient_units(by: Actor, answered: Answered, prefix: str) -> Q:
    """Rows of units one may act for, or whose numbers one may see."""
    return (
        in_ranges(f"{prefix}path", answered.ranges)
        | in_ranges(f"{prefix}path", by.ranges(WORK))
        | in_ranges(f"{prefix}path", by.ranges("report.view"))
    )
