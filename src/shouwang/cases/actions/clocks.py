"""Clocks kept in step with the dates of their case, and the sweep that finds the ones whose time has passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from shouwang.cases import queries, rules
from shouwang.cases.actions.duty import NOBODY, Duty, duties_of, grid_of
from shouwang.cases.models import Case, Clock, ClockEvent
from shouwang.core import audit, clock
from shouwang.core.bulk import insert_many, update_many
from shouwang.core.events import publish
from shouwang.core.scope import Actor, system_actor
from shouwang.core.tree import ancestors

BATCH = 500
EVENT = ("case", "code", "what", "step", "at", "due_at", "person", "unit")


def sync(case: Case, specs: Sequence[rules.ClockSpec], *, at: datetime) -> None:
    """Make the stored clocks those that the case's dates ask for. Doing it twice changes nothing.

    A clock that has become overdue is left running for the sweep, which alone tells the wiring, once. A due time that
    moved is told anew, and what it was stays in `ClockEvent`. Call inside the transaction of the act.
    """
    deadlines = rules.clocks_for(queries.dates_of(case), specs)
    present = {row.code: row for row in case.clocks.all()}
    tests = present.pop(rules.TEST, None)
    if tests is not None:  # its dates are those of the tests
        deadlines.append(
            rules.Deadline(rules.TEST, rules.TEST_NAME, tests.starts_at, tests.due_at, tests.ended_at, tests.owner_role)
        )
        present[rules.TEST] = tests
    _drop(case, [row for code, row in present.items() if code not in {item.code for item in deadlines}], at)
    asked = {(item.owner_role, case.home_path) for item in deadlines if item.code not in present}
    duties = duties_of(asked, on=clock.local_day(at)) if asked else {}
    for item in deadlines:
        duty = duties.get((item.owner_role, case.home_path), NOBODY)
        _keep(case, present.get(item.code) or _new(case, item, duty), item, at)


def store_clock(case: Case, row: Clock | None, item: rules.Deadline, *, at: datetime) -> None:
    """One clock of a case as `item` says, made where there is none; for clocks that no pack names. Inside the caller's
    transaction."""
    if row is None:
        asked = (item.owner_role, case.home_path)
        row = _new(case, item, duties_of({asked}, on=clock.local_day(at))[asked])
    _keep(case, row, item, at)


def _keep(case: Case, row: Clock, item: rules.Deadline, at: datetime) -> None:
    needed = rules.EFFECTS[case.classification].clocks_run
    state = rules.clock_state(item.due, item.ended, now=at, needed=needed, closed=case.closed_at)
    if state == rules.OVERDUE and case.is_open and row.state != rules.OVERDUE:
        state = rules.RUNNING
    _store(row, item, state, awaited=case.is_open and needed and item.ended is None, at=at)


def _new(case: Case, item: rules.Deadline, duty: Duty) -> Clock:
    return Clock(
        case=case, code=item.code, owner_role=item.owner_role, owner_id=duty.owner, unit_id=duty.unit,
        home_path=case.home_path,
    )  # fmt: skip


def _drop(case: Case, rows: Sequence[Clock], at: datetime) -> None:
    if not rows:
        return
    case.clocks.filter(pk__in=[row.pk for row in rows]).delete()
    gone = ClockEvent.What.GONE
    ClockEvent.objects.bulk_create(
        ClockEvent(case=case, code=row.code, what=gone, at=at, due_at=row.due_at) for row in rows
    )


def _store(row: Clock, item: rules.Deadline, state: str, *, awaited: bool, at: datetime) -> None:
    steps = rules.clock_settings(settings.HOME).escalation.steps
    moved = row.pk is not None and row.due_at != item.due
    taken = 0 if moved else row.steps
    step_at = row.step_at if awaited else None
    if awaited and (moved or row.step_at is None):
        step_at = rules.first_step(steps, due=item.due, known=at) if taken == 0 else None
        step_at = step_at or rules.next_step(steps, taken, at=at)
    wanted = {
        "name_zh": item.name.zh,
        "name_en": item.name.en,
        "starts_at": item.starts,
        "due_at": item.due,
        "ended_at": item.ended,
        "state": state,
        "awaited": awaited,
        "steps": taken,
        "step_at": step_at,
    }
    if row.pk is not None and all(getattr(row, name) == value for name, value in wanted.items()):
        return
    was = row.due_at if moved else None
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save()
    if was is not None:
        ClockEvent.objects.create(
            case_id=row.case_id, code=row.code, what=ClockEvent.What.MOVED, at=at, due_at=row.due_at, was_due_at=was
        )


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


def escalate_clocks(*, at: datetime) -> int:
    """Tell whoever is next of clocks that have run out: a step each, stored, once for a due time. How many steps.

    A batch that was interrupted is undone whole; sweeping again finds nothing that was told.
    """
    total = 0
    while True:
        done, steps = _escalate_batch(system_actor("clock sweep"), at)
        total += steps
        if done < BATCH:
            return total


@transaction.atomic
def _escalate_batch(by: Actor, at: datetime) -> tuple[int, int]:
    due = Clock.objects.filter(awaited=True, step_at__lt=at).order_by("step_at", "id")
    locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("case", "unit")
    rows = list(locked[:BATCH])
    if not rows:
        return 0, 0
    on, steps = clock.local_day(at), rules.clock_settings(settings.HOME).escalation.steps
    found = duties_of({(row.owner_role, row.home_path) for row in rows if row.unit_id is None}, on=on)
    places: dict[int, Duty] = {}
    for row in rows:
        known = Duty(row.unit_id, row.unit.path, None) if row.unit is not None else None
        places[row.pk] = known or found.get((row.owner_role, row.home_path), NOBODY)
    nodes = {node for row in rows for node in ancestors(places[row.pk].path or row.home_path)}
    grid = grid_of(nodes, on=on)
    told = {
        row.pk: rules.steps_now(steps, row.steps, places[row.pk].path, row.home_path, grid) for row in rows
    }  # fmt: skip
    events, audits, changes = [], [], []
    for row in rows:
        unit = places[row.pk].unit
        for step in told[row.pk]:
            events.append((row.case_id, row.code, step.to, step.number, at, row.due_at, step.person, unit))
            audits.append((row.pk, row.case.person_id, {"code": row.code, "step": step.number, "to": step.to}))
        taken = row.steps + len(told[row.pk])
        # Who answers may have changed since the clock began.
        owner = grid.first.get(places[row.pk].path)
        changes.append((taken, rules.next_step(steps, taken, at=at), owner, unit, row.pk))
    insert_many(ClockEvent, EVENT, _unknown(events))
    update_many(Clock, ("steps", "step_at", "owner", "unit"), changes)
    audit.record_many("clock.escalated", "clock", audits, by=by, at=at)
    return len(rows), len(events)


Event = tuple[int, str, str, int, datetime, datetime, int | None, int | None]


def _unknown(events: Sequence[Event]) -> list[Event]:
    """Those not told yet: a due time that moved away and back has been told of already."""
    cases = {event[0] for event in events}
    rows = ClockEvent.objects.filter(case__in=cases, step__isnull=False).order_by()
    present = set(rows.values_list("case", "code", "due_at", "step"))
    return [event for event in events if (event[0], event[1], event[5], event[3]) not in present]
