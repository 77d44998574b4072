"""Clocks kept in step with the dates of their case, and the sweep that finds the ones whose time has passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from shouwang.cases import queries, rules
from shouwang.cases.models import Case, Clock
from shouwang.core import audit, clock
from shouwang.core.events import publish
from shouwang.core.scope import Actor, system_actor
from shouwang.org.models import Person
from shouwang.org.queries import responsible_for

# Roles whose person is found in the responsibility grid; for others the role itself answers.
BY_GRID = frozenset({"counsellor"})
BATCH = 500


def sync(case: Case, specs: Sequence[rules.ClockSpec], *, at: datetime) -> None:
    """Make the stored clocks those that the case's dates ask for. Doing it twice changes nothing.

    A clock that has become overdue is left running for the sweep, which alone tells the wiring, once. Call inside
    the transaction of the act.
    """
    deadlines = rules.clocks_for(queries.dates_of(case), specs)
    present = {row.code: row for row in case.clocks.all()}
    needed = rules.EFFECTS[case.classification].clocks_run
    gone = present.keys() - {deadline.code for deadline in deadlines}
    if gone:
        case.clocks.filter(code__in=gone).delete()
    owner: Person | None = None
    if any(item.code not in present and item.owner_role in BY_GRID for item in deadlines):
        owner = responsible_for(case.person, on=clock.local_day(at))
    for item in deadlines:
        row = present.get(item.code) or Clock(
            case=case, code=item.code, owner_role=item.owner_role, owner=owner if item.owner_role in BY_GRID else None
        )
        state = rules.clock_state(item.due, item.ended, now=at, needed=needed, closed=case.closed_at)
        if state == rules.OVERDUE and case.is_open and row.state != rules.OVERDUE:
            state = rules.RUNNING
        _store(row, item, state)


def _store(row: Clock, item: rules.Deadline, state: str) -> None:
    wanted = {
        "name_zh": item.name.zh,
        "name_en": item.name.en,
        "starts_at": item.starts,
        "due_at": item.due,
        "ended_at": item.ended,
        "state": state,
    }
    if row.pk is not None and all(getattr(row, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save()


def sweep_clocks(*, at: datetime, by: Actor | None = None) -> int:
    """Running and past due -> overdue, in batches; publishes clock.overdue(clock, at) once for each. How many.

    Two sweepers at once share the work: a row is taken by who locks it, and only while it is still running.
    """
    actor = by or system_actor("clock sweep")
    total = 0
    while True:
        done = _sweep_batch(actor, at)
        total += done
        if done < BATCH:
            return total


@transaction.atomic
def _sweep_batch(by: Actor, at: datetime) -> int:
    due = Clock.objects.filter(state=Clock.State.RUNNING, due_at__lt=at, case__closed_at__isnull=True)
    rows = list(
        due.select_for_update(skip_locked=True, of=("self",)).select_related("case", "case__person", "owner")[:BATCH]
    )
    if not rows:
        return 0
    Clock.objects.filter(pk__in=[row.pk for row in rows], state=Clock.State.RUNNING).update(state=Clock.State.OVERDUE)
    audit.record_many(
        "clock.overdue", "clock", ((row.pk, row.case.person_id, {"code": row.code}) for row in rows), by=by, at=at
    )
    for row in rows:
        row.state = Clock.State.OVERDUE
        publish("clock.overdue", clock=row, at=at)
    return len(rows)
