"""What is done about tasks; see `rules.tasks` for what may follow what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.command.models import Directive, Task, TaskEvent
from shouwang.command.queries import tasks as reads
from shouwang.command.queries.answering import DEPUTY, FIRST, answered_by, sides
from shouwang.command.rules import tasks as rules
from shouwang.core import audit, clock
from shouwang.core.bulk import insert_many, update_many
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.events import publish
from shouwang.core.scope import Actor, system_actor
from shouwang.core.tree import ancestors
from shouwang.org.models import Organisation, Responsibility
from shouwang.org.queries import current

RULE = system_actor("escalation")
AT_ONCE = 500  # overdue tasks a transaction: a quarter of a second, in which check-ins wait
OWN_WAY = frozenset({"split", "postpone"})  # acts that ask for more than words
EVENT = ("task", "at", "act", "before", "after", "text", "by", "person")


@transaction.atomic
def act_on_task(task: Task, act: str, *, text: str = "", reason: str = "", by: Actor, at: datetime) -> Task:
    """One act of `rules.ACTS` (splitting and a new deadline have their own). Forbidden for who stands on the other
    side, and for verifying one's own work; Conflict where the state does not allow it; BadInput without the words or
    evidence it needs.

    `reason` closes a task whose parts are not all verified. Events: task.done, task.verified.
    """
    row = _locked(task)
    known = rules.ACTS.get(act)
    if known is None or act in OWN_WAY:
        raise BadInput(_("There is no such act: %(act)s."), field="act", act=act)
    if known.side not in sides(by, answered_by(by, on=clock.local_day(at)), row):
        raise Forbidden(_("This is for the other side to do."), code="other_side")
    parts = list(row.children.values_list("state", flat=True))
    before, after = row.state, rules.after(row.state, act, has_parts=bool(parts))
    text = rules.check_words(act, text)
    if act == "done":
        open_parts = sum(state not in rules.FINAL for state in parts)
        rules.check_done(evidence_required=row.evidence_required, evidence=text, parts_open=open_parts, reason=reason)
        row.evidence, row.done_at = text, at
        row.done_by_id, row.done_by_person_id = by.account_id, by.person_id
        text = f"{text}\n{reason.strip()}".strip() if open_parts else text
    if act == "verify":
        _require_other_hand(row, by)
    row.state, row.changed_at = after, at
    row.save()
    if after in rules.FINAL:
        _close_below([row.pk], str(_("The task it is part of is over.")), by=by, at=at)
    _note(row, act, before, text, by=by, at=at)
    if act in ("done", "verify"):
        publish("task.done" if act == "done" else "task.verified", task=row, by=by, at=at)
    return row


def _locked(task: Task) -> Task:
    rows = Task.objects.select_for_update(of=("self",)).select_related(*reads.RELATED)
    return rows.get(pk=task.pk)


def _require_other_hand(row: Task, by: Actor) -> None:
    if rules.same_hand(
        done_by=row.done_by_id, done_by_person=row.done_by_person_id, account=by.account_id, person=by.person_id
    ):
        raise Forbidden(_("Somebody else must verify what you have done."), code="own_work")


def _note(row: Task, act: str, before: str, text: str, *, by: Actor, at: datetime) -> None:
    text = text[: rules.LONGEST]
    TaskEvent.objects.create(task=row, at=at, act=act, before=before, after=row.state, text=text, by_id=by.account_id)
    new = {"state": row.state, "unit": row.unit.code}
    audit.record(f"task.{act}", "task", row.pk, by=by, at=at, old={"state": before}, new=new)


@transaction.atomic
def split_task(
    task: Task, units: Sequence[Organisation], *, text: str = "", due_at: datetime | None = None, by: Actor,
    at: datetime,
) -> list[Task]:  # fmt: skip
    """Give it on to units below, each a task of its own that this unit verifies. For whoever acts for the unit.

    `due_at` is no later than the task's own, which is the default; so is its text. Further units can be added later.
    """
    row = _locked(task)
    if rules.UNIT not in sides(by, answered_by(by, on=clock.local_day(at)), row):
        raise Forbidden(_("This is for the other side to do."), code="other_side")
    before, after = row.state, rules.after(row.state, "split")
    due_at = due_at or row.due_at
    if due_at > row.due_at:
        raise BadInput(_("A part cannot be due after the whole."), field="due_at", code="due_too_late")
    path = row.unit.path
    if not units or any(not unit.path.startswith(path) or unit.path == path for unit in units):
        raise BadInput(_("Choose units below this one."), field="units", code="no_units")
    taken = set(row.children.values_list("unit", flat=True))
    fresh = [unit for unit in units if unit.pk not in taken]
    columns = (
        "directive", "measure", "unit", "parent", "text", "capability", "evidence_required", "due_at", "created_at",
        "changed_at",
    )  # fmt: skip
    words = text.strip()[:1000] or row.text
    insert_many(
        Task,
        columns,
        [
            (row.directive_id, row.measure_id, unit.pk, row.pk, words, row.capability, row.evidence_required, due_at,
             at, at)
            for unit in fresh
        ],
    )  # fmt: skip
    row.state, row.changed_at = after, at
    row.save()
    _note(row, "split", before, "、".join(unit.name for unit in fresh), by=by, at=at)
    return list(row.children.select_related("unit").order_by("unit__path"))


@transaction.atomic
def set_deadline(task: Task, due_at: datetime, *, text: str, by: Actor, at: datetime) -> Task:
    """Another deadline, with a reason, by the side that ordered the task; who was asked because it was late is asked
    no more. Parts due later are drawn forward with it, others keep theirs. BadInput, Forbidden, Conflict as the acts.
    """
    row = _locked(task)
    if rules.ISSUER not in sides(by, answered_by(by, on=clock.local_day(at)), row):
        raise Forbidden(_("This is for the other side to do."), code="other_side")
    rules.after(row.state, "postpone")
    text = rules.check_words("postpone", text)
    rules.check_deadline(due_at, old=row.due_at, whole=row.parent.due_at if row.parent else None, now=at)
    ids = [row.pk]
    while ids:  # the task, then its parts, and parts of parts, that would be due after it
        moved = Task.objects.select_for_update(of=("self",)).filter(pk__in=ids).select_related("unit")
        for one in moved.order_by("pk"):
            said = f"{_moment(one.due_at)} → {_moment(due_at)}\n{text}"
            one.due_at, one.escalation, one.escalated_to, one.changed_at = due_at, 0, None, at
            one.save(update_fields=["due_at", "escalation", "escalated_to", "changed_at"])
            _note(one, "postpone", one.state, said, by=by, at=at)
        later = Task.objects.filter(parent__in=ids, due_at__gt=due_at).exclude(state__in=rules.FINAL)
        ids = list(later.values_list("pk", flat=True))
    return _locked(row)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(clock.zone()):%Y-%m-%d %H:%M}"


def close_tasks(directive: Directive, reason: str, *, by: Actor, at: datetime) -> int:
    """Close what a directive out of force still asks for, inside the caller's transaction; how many."""
    rows = directive.tasks.exclude(state__in=rules.FINAL)
    return _close(list(rows.values_list("pk", "state")), reason, by=by, at=at)


def _close_below(ids: Sequence[int], reason: str, *, by: Actor, at: datetime) -> None:
    """Parts, and parts of parts, of what is over."""
    while ids:
        below = list(Task.objects.filter(parent__in=ids).values_list("pk", "state"))
        _close([(pk, state) for pk, state in below if state not in rules.FINAL], reason, by=by, at=at)
        ids = [pk for pk, _state in below]


def _close(rows: Sequence[tuple[int, str]], reason: str, *, by: Actor, at: datetime) -> int:
    if not rows:
        return 0
    update_many(Task, ("state", "changed_at"), [(rules.CLOSED, at, pk) for pk, _state in rows])
    insert_many(
        TaskEvent,
        EVENT,
        [(pk, at, "close", state, rules.CLOSED, reason[: rules.LONGEST], by.account_id, None) for pk, state in rows],
    )
    entries = [(pk, None, {"state": rules.CLOSED, "reason": reason}) for pk, _state in rows]
    audit.record_many("task.close", "task", entries, by=by, at=at)
    return len(rows)


def sweep_tasks(*, at: datetime) -> int:
    """Ask the deputy, then the unit above, about overdue tasks: each step once. How many steps were taken."""
    taken = 0
    while True:
        with transaction.atomic():
            done = _escalate(at)
        taken += done
        if done < AT_ONCE:
            return taken


def _escalate(at: datetime) -> int:
    rows = reads.to_escalate(at, AT_ONCE)
    if not rows:
        return 0
    on = clock.local_day(at)
    units = {row.unit_id for row in rows}
    deputies = dict(
        Responsibility.objects.filter(current(on), rank=DEPUTY, organisation__in=units).values_list(
            "organisation", "person"
        )
    )
    steps = {step for row in rows for step in ancestors(row.unit.path)[:-1]}
    above = dict(
        Responsibility.objects.filter(current(on), rank=FIRST, organisation__path__in=steps).values_list(
            "organisation__path", "person"
        )
    )
    changes = []
    for row in rows:
        step = rules.escalation(row.escalation, due_at=row.due_at, now=at, has_deputy=row.unit_id in deputies)
        if step == row.escalation:
            continue
        if step == rules.DEPUTY:
            person: int | None = deputies[row.unit_id]
        else:
            path = next((p for p in reversed(ancestors(row.unit.path)[:-1]) if p in above), None)
            person = above[path] if path is not None else None
        changes.append((row, step, person))
    update_many(Task, ("escalation", "escalated_to"), [(step, person, row.pk) for row, step, person in changes])
    insert_many(
        TaskEvent, EVENT, [(row.pk, at, f"escalated_{step}", row.state, row.state, "", None, person)
                           for row, step, person in changes],
    )  # fmt: skip
    entries = [(row.pk, person, {"step": step}) for row, step, person in changes]
    audit.record_many("task.escalated", "task", entries, by=RULE, at=at)
    return len(changes)
