"""Issuing a directive: number, receipts and tasks in one transaction; reading, acknowledging, ending."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.command import queries
from shouwang.command.actions.directives import locked
from shouwang.command.actions.tasks import close_tasks
from shouwang.command.models import Directive, Measure, NumberRegister, Receipt, Task
from shouwang.command.queries import directives as reads
from shouwang.command.queries.answering import answered_by, works_for
from shouwang.command.rules import directives as rules
from shouwang.core import audit, clock
from shouwang.core.bulk import insert_many
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.events import publish
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation

MANAGE = queries.MANAGE


@transaction.atomic
def issue(directive: Directive, *, by: Actor, at: datetime) -> Directive:
    """Number it, send it to every recipient, make a task of each measure for each unit it names. Needs
    directive.manage, and somebody else's signature.

    Set-based: what it costs does not grow by a statement a unit. The number is taken here and goes with the
    transaction, so that none is lost. Event: directive.issued.
    """
    by.require(MANAGE, directive.organisation.path)
    row = locked(directive)
    rules.check_step(row.state, "issue")
    if row.signed_at is None:
        raise Conflict(_("Nobody has signed it off yet."), code="not_signed")
    rules.check_complete(reads.draft_of(row, now=at), now=at)
    if row.prefix:
        _take_number(row, at)
    everyone = list(reads.aimed(row.aims, on=clock.local_day(at)).order_by("path").values_list("pk", flat=True))
    measures = list(row.measures.filter(state=Measure.State.ACCEPTED))
    named = [measure.owner_unit_id for measure in measures if measure.owner_unit_id is not None]
    units = list(dict.fromkeys([*everyone, *named]))
    if not units or (not everyone and len(named) < len(measures)):
        raise BadInput(_("Say to which units it goes."), field="aims", code="no_recipients")
    insert_many(Receipt, ("directive", "unit"), ((row.pk, unit) for unit in units))
    tasks = _make_tasks(row, measures, everyone, at)
    row.state, row.issued_at, row.issued_by_id = Directive.State.ISSUED, at, by.account_id
    row.save()
    new = {"number": row.number, "units": len(units), "tasks": tasks}
    audit.record("directive.issued", "directive", row.pk, by=by, at=at, new=new)
    _supersede(row, by=by, at=at)
    publish("directive.issued", directive=row, by=by, at=at)
    return row


def _take_number(row: Directive, at: datetime) -> None:
    year = clock.local_day(at).year
    register, _made = NumberRegister.objects.get_or_create(organisation=row.organisation, prefix=row.prefix, year=year)
    register = NumberRegister.objects.select_for_update().get(pk=register.pk)
    register.last += 1
    register.save(update_fields=["last"])
    row.year, row.serial = year, register.last
    row.number = rules.number_of(row.prefix, year, register.last)


def _make_tasks(row: Directive, measures: list[Measure], everyone: list[int], at: datetime) -> int:
    columns = (
        "directive", "measure", "unit", "text", "capability", "evidence_required", "due_at", "created_at", "changed_at",
    )  # fmt: skip
    rows = [
        (row.pk, m.pk, unit, m.text, m.capability, m.evidence, m.due_at or row.due_at, at, at)
        for m in measures
        for unit in ([m.owner_unit_id] if m.owner_unit_id is not None else everyone)
    ]
    insert_many(Task, columns, rows)
    return len(rows)


def _supersede(row: Directive, *, by: Actor, at: datetime) -> None:
    """The one that `row` replaces is out of force; what it still asked for is closed."""
    if row.replaces_id is None:
        return
    old = Directive.objects.select_for_update().filter(pk=row.replaces_id, state=Directive.State.ISSUED).first()
    if old is None:
        return
    reason = str(_("Replaced by %(number)s.") % {"number": row.number})
    old.state, old.ended_at, old.ended_by_id, old.end_reason = Directive.State.SUPERSEDED, at, by.account_id, reason
    old.save()
    closed = close_tasks(old, reason, by=by, at=at)
    new = {"by": row.pk, "tasks_closed": closed}
    audit.record("directive.superseded", "directive", old.pk, by=by, at=at, new=new)


@transaction.atomic
def withdraw(directive: Directive, *, reason: str, by: Actor, at: datetime) -> Directive:
    """Out of force with a reason; its open tasks are closed with it. Needs directive.manage. It stays readable.

    A draft that is withdrawn was never anywhere; its number, where it had none, is not taken.
    """
    by.require(MANAGE, directive.organisation.path)
    row = locked(directive)
    rules.check_step(row.state, "withdraw")
    reason = rules.check_reason(reason)
    row.state, row.ended_at, row.ended_by_id = Directive.State.WITHDRAWN, at, by.account_id
    row.end_reason = reason
    row.save()
    closed = close_tasks(row, reason, by=by, at=at)
    new = {"reason": reason, "tasks_closed": closed}
    audit.record("directive.withdrawn", "directive", row.pk, by=by, at=at, new=new)
    publish("directive.withdrawn", directive=row, by=by, at=at)
    return row


@transaction.atomic
def mark_read(directive: Directive, *, by: Actor, at: datetime) -> int:
    """Whoever answers for a recipient unit has opened it: the first time is kept. How many receipts that was."""
    if directive.state != Directive.State.ISSUED:
        return 0
    answered = answered_by(by, on=clock.local_day(at))
    units = [*answered.first, *answered.deputy]
    if not units:
        return 0
    unread = list(directive.receipts.filter(unit__in=units, read_at__isnull=True).values_list("unit", flat=True))
    if unread:
        directive.receipts.filter(unit__in=unread, read_at__isnull=True).update(read_at=at)
        audit.record("directive.read", "directive", directive.pk, by=by, at=at, new={"units": unread})
    return len(unread)


@transaction.atomic
def acknowledge(directive: Directive, unit: Organisation, *, by: Actor, at: datetime) -> Receipt:
    """A unit has received and understood it. For whoever answers for the unit or holds task.work there. Doing it again
    changes nothing; Conflict when the directive is out of force."""
    if not works_for(by, answered_by(by, on=clock.local_day(at)), unit):
        raise Forbidden
    rows = Receipt.objects.select_for_update(of=("self",)).select_related("unit")
    row = rows.filter(directive=directive, unit=unit).first()
    if row is None:
        raise NotFound
    if row.acknowledged_at is not None:
        return row
    if directive.state != Directive.State.ISSUED:
        raise Conflict(_("The directive is not in force any more."), code="directive_moved_on")
    row.read_at, row.acknowledged_at, row.acknowledged_by_id = row.read_at or at, at, by.account_id
    row.save()
    audit.record("directive.acknowledged", "directive", directive.pk, by=by, at=at, new={"unit": unit.code})
    return row
