"""Tasks as the two sides see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from shouwang.command.models import Directive, Task, Team
from shouwang.command.queries.answering import (
    MANAGE,
    SIGN,
    WORK,
    Answered,
    answered_by,
    sides,
    who_answers,
    with_teams_of,
)
from shouwang.command.rules import tasks as rules
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges, upper
from shouwang.org.models import Organisation
from shouwang.org.queries import current

SHOWS = ("open", "late", "issuer", "over", "all")
RELATED = ("unit", "directive", "directive__organisation", "parent", "parent__unit", "measure", "escalated_to")
ORDER = ("due_at", "id")


def visible_tasks(by: Actor, answered: Answered) -> QuerySet[Task]:
    """Tasks of directives one writes or signs, of units in reach of task.work, of units one answers for and all below
    them, those that were escalated to oneself, and those with a team one leads."""
    condition = (
        in_ranges("directive__organisation__path", by.ranges(MANAGE))
        | in_ranges("directive__organisation__path", by.ranges(SIGN))
        | in_ranges("unit__path", by.ranges(WORK))
        | in_ranges("unit__path", answered.ranges)
    )
    if by.person_id is not None:
        condition |= Q(escalated_to=by.person_id) | Q(pk__in=with_teams_of(by, answered).values("task"))
    return Task.objects.filter(condition).select_related(*RELATED)


def task_for(by: Actor, task_id: int, *, on: date) -> Task:
    """One task. NotFound outside `visible_tasks`."""
    row = visible_tasks(by, answered_by(by, on=on)).filter(pk=task_id).first()
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks: one of `SHOWS`, of one directive, of the subtree of one unit."""

    show: str = "open"
    directive: int | None = None
    unit: int | None = None


def _shown(show: str, at: datetime) -> Q:
    open_ = ~Q(state__in=rules.FINAL)
    return {
        "open": open_,
        "late": open_ & Q(due_at__lt=at),
        "issuer": Q(state__in=[state for state in rules.STANDING if rules.side_of(state) == rules.ISSUER]),
        "over": Q(state__in=rules.FINAL),
        "all": Q(),
    }[show]


def _wanted(by: Actor, wanted: TaskFilter, on: date) -> QuerySet[Task]:
    rows = visible_tasks(by, answered_by(by, on=on))
    if wanted.directive is not None:
        rows = rows.filter(directive=wanted.directive)
    if wanted.unit is not None:
        path = Organisation.objects.filter(pk=wanted.unit).values_list("path", flat=True).first()
        rows = rows.filter(in_ranges("unit__path", ((path, upper(path)),) if path else ()))
    return rows


def tasks_page(by: Actor, wanted: TaskFilter, cursor: str | None, *, at: datetime) -> Page[Task]:
    """One page, the most urgent first. Every task of an issued measure has a deadline, so the order is total."""
    rows = _wanted(by, wanted, clock.local_day(at)).filter(_shown(wanted.show, at))
    return keyset_page(rows, ORDER, cursor)


def task_numbers(by: Actor, wanted: TaskFilter, *, at: datetime) -> dict[str, int]:
    """Tasks of each list, in one query; they overlap."""
    rows = _wanted(by, wanted, clock.local_day(at)).order_by()
    return rows.aggregate(**{name: Count("pk", filter=_shown(name, at)) for name in SHOWS})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One task whole: on which sides the asker stands, what they may do, its parts, who answers, what happened."""

    task: Task
    sides: frozenset[rules.Side]
    acts: list[rules.Act]
    parts: list[Task]
    owners: dict[int, Any]
    events: list[Any]
    own_work: bool
    below: list[Organisation]


def sheet(by: Actor, task: Task, *, on: date) -> Sheet:
    """Of a task the caller has fetched. Six queries at most."""
    stands = sides(by, answered_by(by, on=on), task)
    parts = list(task.children.select_related("unit").order_by("unit__path"))
    units = [task.unit, *(part.unit for part in parts), *([task.parent.unit] if task.parent else [])]
    own = rules.same_hand(
        done_by=task.done_by_id, done_by_person=task.done_by_person_id, account=by.account_id, person=by.person_id
    )
    acts = [act for act in rules.acts_for(task.state, stands) if not (act.name == "verify" and own)]
    below = []
    if any(act.name == "split" for act in acts):
        taken = {part.unit_id for part in parts}
        children = Organisation.objects.filter(current(on), parent=task.unit).order_by("path")
        below = [unit for unit in children if unit.pk not in taken]
    return Sheet(
        task, stands, acts, parts, who_answers(units, on=on), list(task.events.select_related("by", "person")),
        own and task.state == rules.DONE, below,
    )  # fmt: skip


def team_of(task: Task) -> Team | None:
    """The team that works on it."""
    return Team.objects.filter(given__task=task, given__released_at__isnull=True).first()


def units_below(task: Task, ids: Sequence[int], *, on: date) -> list[Organisation]:
    """Standing units strictly below the task's unit, among `ids`. NotFound when one of them is not."""
    path = task.unit.path
    rows = list(Organisation.objects.filter(in_ranges("path", ((path, upper(path)),)), current(on), pk__in=ids))
    if {row.pk for row in rows} != set(ids) or task.unit_id in ids:
        raise NotFound
    return rows


def to_escalate(at: datetime, limit: int) -> list[Task]:
    """Overdue tasks whose unit has its turn and whose next step of escalation may have come, locked where the database
    locks rows."""
    turn = [state for state in rules.STANDING if rules.side_of(state) == rules.UNIT]
    due = Q(escalation=0, due_at__lte=at) | Q(escalation=1, due_at__lte=at - rules.DEPUTY_HAS)
    rows = Task.objects.select_for_update(of=("self",)).filter(due, state__in=turn).select_related("unit")
    return list(rows.order_by("due_at", "id")[:limit])


def of_measures(directive: Directive) -> dict[str, int]:
    """State → number of tasks of a directive given to its recipients. One query."""
    rows = directive.tasks.filter(parent__isnull=True).order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def as_json(task: Task, *, at: datetime) -> dict[str, Any]:
    """What API and terminal say of a task."""
    standing = rules.STANDING.get(task.state)
    return {
        "id": task.pk, "directive": task.directive_id, "number": task.directive.number, "measure": task.measure_id,
        "parent": task.parent_id, "unit": task.unit.code, "unit_name": task.unit.name, "text": task.text,
        "capability": task.capability, "state": task.state, "side": standing.side if standing else None,
        "next_step": str(standing.next_step) if standing else None, "due_at": task.due_at,
        "late": standing is not None and task.due_at < at,
        "evidence_required": task.evidence_required, "evidence": task.evidence, "escalation": task.escalation,
    }  # fmt: skip


def waiting_for_issuer(by: Actor, answered: Answered) -> QuerySet[Task]:
    """Tasks whose next step is the asker's as issuer: to verify, to answer, to give again."""
    states = [state for state in rules.STANDING if rules.side_of(state) == rules.ISSUER]
    units = [*answered.first, *answered.deputy]
    mine = Q(parent__isnull=True) & in_ranges("directive__organisation__path", by.ranges(MANAGE))
    mine |= Q(parent__unit__in=units)
    rows = Task.objects.filter(mine, state__in=states).select_related(*RELATED)
    # What one has done oneself waits for somebody else.
    if by.account_id is not None:
        rows = rows.exclude(state=rules.DONE, done_by=by.account_id)
    if by.person_id is not None:
        rows = rows.exclude(state=rules.DONE, done_by_person=by.person_id)
    return rows.order_by(*ORDER)


def waiting_for_unit(by: Actor, answered: Answered) -> QuerySet[Task]:
    """Tasks whose next step is the asker's for a unit: of units they answer for first, escalated ones as deputy too,
    what was escalated to them by name, and what is with a team they lead."""
    states = [state for state in rules.STANDING if rules.side_of(state) == rules.UNIT]
    mine = Q(unit__in=list(answered.first)) | Q(unit__in=list(answered.deputy), escalation__gte=rules.DEPUTY)
    if by.person_id is not None:
        mine |= Q(escalated_to=by.person_id) | Q(pk__in=with_teams_of(by, answered).values("task"))
    rows = Task.objects.filter(mine, state__in=states).select_related(*RELATED)
    return rows.order_by(*ORDER)
