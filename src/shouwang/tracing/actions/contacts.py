"""A tracer's decision about a contact. The rule proposed a grade; a person confirms or dismisses it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core import audit
from shouwang.core.bulk import batches, save_many
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.events import publish
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import contacts as queries
from shouwang.tracing.rules.certainty import UNSURE

LONGEST_REASON = 300
State = Contact.State


@transaction.atomic
def confirm(contact: Contact, *, by: Actor, at: datetime, reason: str = "", version: int | None = None) -> Contact:
    """The person is a contact. Needs trace.work over the case's person and an open case.

    Confirming again changes nothing. `version` is the one the tracer saw: Conflict when a colleague decided otherwise
    since. Publishes contact.confirmed, and contacts.confirmed with a list of all that one act confirmed.
    """
    return _decide(contact, State.CONFIRMED, reason, by=by, at=at, version=version)


@transaction.atomic
def dismiss(contact: Contact, *, reason: str, by: Actor, at: datetime, version: int | None = None) -> Contact:
    """The person is no contact, for a reason that is kept (absent from the lesson, card lent …).

    A reason is required. Publishes contact.dismissed.
    """
    if not reason.strip():
        raise BadInput(_("Say why this person is no contact."), field="reason")
    return _decide(contact, State.DISMISSED, reason, by=by, at=at, version=version)


@transaction.atomic
def confirm_many(case: Case, contact_ids: Sequence[int], *, by: Actor, at: datetime, reason: str = "") -> list[Contact]:
    """Confirm those of the case that are still undecided, all or none; the decided ones among the ids are left alone.

    NotFound when an id is none of this case's contacts.
    """
    return _decide_many(case, contact_ids, State.CONFIRMED, reason, by=by, at=at)


@transaction.atomic
def dismiss_many(case: Case, contact_ids: Sequence[int], *, reason: str, by: Actor, at: datetime) -> list[Contact]:
    """Dismiss those of the case that are still undecided, for one reason; as `confirm_many` otherwise."""
    if not reason.strip():
        raise BadInput(_("Say why these people are no contacts."), field="reason")
    return _decide_many(case, contact_ids, State.DISMISSED, reason, by=by, at=at)


def _decide_many(
    case: Case, contact_ids: Sequence[int], state: Contact.State, reason: str, *, by: Actor, at: datetime
) -> list[Contact]:
    queries.case_to_trace(by, case.pk)
    wanted = dict.fromkeys(contact_ids)
    found: list[Contact] = []
    for part in batches(sorted(wanted)):
        rows = (
            Contact.objects.select_for_update(of=("self",))
            .filter(case=case, pk__in=part)
            .select_related("person__home")
        )
        found += rows.order_by("pk").defer("days", "evidence")
    if len(found) != len(wanted):
        raise NotFound
    undecided = [row for row in found if row.state == State.CANDIDATE]
    if state == State.CONFIRMED:
        _require_grades(undecided)
    # Everybody's row first and in one order: what follows takes a lock that all share, the series of order numbers.
    for part in batches(sorted(row.person_id for row in undecided)):
        list(Person.objects.select_for_update().filter(pk__in=part).order_by("pk").values_list("pk"))
    for row in undecided:
        row.case = case
    for some in batches(undecided):
        _write(some, state, reason, by=by, at=at)
    return undecided


@transaction.atomic
def reconsider(contact: Contact, *, reason: str, by: Actor, at: datetime, version: int | None = None) -> Contact:
    """Take a decision back: the contact waits again. A confirmed one loses what followed from it.

    A reason is required. Publishes contact.dismissed when the contact was confirmed, for nothing follows from one that
    waits; else contact.reconsidered.
    """
    if not reason.strip():
        raise BadInput(_("Say why the decision is taken back."), field="reason")
    return _decide(contact, State.CANDIDATE, reason, by=by, at=at, version=version)


def _decide(contact: Contact, state: str, reason: str, *, by: Actor, at: datetime, version: int | None) -> Contact:
    queries.case_to_trace(by, contact.case_id)
    row = Contact.objects.select_for_update(of=("self",)).select_related("case", "person").get(pk=contact.pk)
    if row.state == state:
        return row
    if version is not None and row.version != version:
        raise Conflict(
            _("A colleague has decided meanwhile: %(state)s. Look again before you decide."),
            state=row.get_state_display(),
        )
    if state == State.CONFIRMED:
        _require_grades([row])
    _write([row], state, reason, by=by, at=at)
    return row


def _require_grades(rows: Sequence[Contact]) -> None:
    """What follows from confirming hangs on the grade, which hearsay does not give."""
    unsure = [row for row in rows if row.grade == UNSURE]
    if unsure:
        sentence = _("%(name)s is named by uncertain statements only. Ask, then give a grade (“Explain”) or dismiss.")
        raise Conflict(sentence, code="grade_first", name=unsure[0].person.name)


def _write(rows: Sequence[Contact], state: str, reason: str, *, by: Actor, at: datetime) -> None:
    """Write one decision on locked contacts of one case, and what follows from it, in a fixed number of statements."""
    if len(reason) > LONGEST_REASON:
        raise BadInput(_("At most %(limit)s characters."), field="reason", limit=LONGEST_REASON)
    undecided = state == State.CANDIDATE
    old = {row.pk: row.state for row in rows}
    for row in rows:
        row.state, row.decision_reason, row.version = state, reason.strip(), row.version + 1
        row.decided_at = None if undecided else at
        row.decided_by_id = None if undecided else by.account_id
    save_many(rows, ("state", "decision_reason", "decided_at", "decided_by", "version"))
    verb = {State.CONFIRMED: "contact.confirmed", State.DISMISSED: "contact.dismissed"}.get(
        State(state), "contact.reconsidered"
    )
    new = {"state": state, "reason": reason.strip()}
    lines = ((row.pk, row.person_id, {"state": old[row.pk]}, {**new, "case": row.case_id}) for row in rows)
    audit.record_changes(verb, "contact", lines, by=by, at=at)
    if not undecided:
        _publish(verb, rows, by=by, at=at)
        return
    _publish("contact.dismissed", [row for row in rows if old[row.pk] == State.CONFIRMED], by=by, at=at)
    _publish("contact.reconsidered", [row for row in rows if old[row.pk] != State.CONFIRMED], by=by, at=at)


def _publish(verb: str, rows: Sequence[Contact], *, by: Actor, at: datetime) -> None:
    """Once for all of them ("contacts.confirmed", …), and for each ("contact.confirmed", …)."""
    if rows:
        publish(verb.replace("contact.", "contacts."), contacts=rows, by=by, at=at)
    for row in rows:
        publish(verb, contact=row, by=by, at=at)
