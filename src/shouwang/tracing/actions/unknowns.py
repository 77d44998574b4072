"""Contacts whom nobody knows yet: noting them, finding out who they are, or giving up with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import place_scope
from shouwang.tracing.actions import interview
from shouwang.tracing.actions.contacts import LONGEST_REASON
from shouwang.tracing.actions.traces import trace_case
from shouwang.tracing.models import Contact
from shouwang.tracing.models_told import Statement, UnknownContact
from shouwang.tracing.presence.resolving import places_by_text
from shouwang.tracing.presence.told import SOURCE_OF
from shouwang.tracing.queries import rulebook
from shouwang.tracing.queries.contacts import case_to_trace
from shouwang.tracing.rules import unknowns as rules
from shouwang.tracing.rules.interviews import Said

State = UnknownContact.State


@transaction.atomic
def note(case: Case, sketch: rules.Sketch, *, outside_key: str = "", by: Actor, at: datetime) -> UnknownContact:
    """Note somebody whom the case met and nobody knows; needs trace.work and an open case. BadInput.

    `outside_key`: what another system knows them by, whose file brought them.
    """
    case = case_to_trace(by, case.pk)
    rules.check(sketch, at=at)
    row = UnknownContact.objects.create(
        case=case,
        description=sketch.description.strip(),
        outside_key=outside_key,
        starts_at=sketch.starts_at,
        ends_at=sketch.ends_at,
        place_text=sketch.place_text.strip(),
        find_by=sketch.find_by.strip(),
        entered_at=at,
        entered_by_id=by.account_id,
        purge_on=clock.local_day(at) + timedelta(days=keep_days("contact")),
    )
    _log("unknown.noted", row, by=by, at=at)
    return row


@transaction.atomic
def identify(
    unknown: UnknownContact,
    person: Person,
    *,
    ends_at: datetime | None = None,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> UnknownContact:
    """The unknown is this person: a statement of the case puts them together, and the case is traced again, so that
    the rule grades them and later traces find them too.

    Where the rule does not call them a contact (outside its window, another kind of place), they become one by a
    person's word, in the rule's last grade. `ends_at` is needed where nobody had known how long. BadInput, Conflict.
    """
    row = _locked(unknown, by=by, version=version)
    case = row.case
    until = row.ends_at or ends_at
    if until is None:
        raise BadInput(_("Enter until when the two were together, now that the person can be asked."), field="ends_at")
    rules.check_span(row.starts_at, until, at=at)
    if person.pk == case.person_id:
        raise BadInput(_("This is the case itself."), field="person")
    place = places_by_text([row.place_text], place_scope(by)).get(row.place_text) if row.place_text else None
    said = Said(
        row.starts_at, until, Statement.Certainty.ABOUT, place if place is not None and place >= 0 else None,
        row.place_text, row.description, (person.pk,),
    )  # fmt: skip
    statement = interview.state(case, case.person, said, by=by, at=at)
    trace_case(case, by=by, at=at)
    contact = Contact.objects.filter(case=case, person=person).first() or _by_word(case, person, statement, at=at)
    row.state, row.contact, row.ends_at, row.reason = State.IDENTIFIED, contact, until, ""
    _save(row, by=by, at=at)
    _log("unknown.identified", row, by=by, at=at, subject=person.pk)
    return row


def _by_word(case: Case, person: Person, statement: Statement, *, at: datetime) -> Contact:
    """A contact the rule does not know of; marked as given by a person, so that later traces leave it."""
    ruling = rulebook.ruling(case, at)
    if not ruling.grade_names:
        raise Conflict(_("The rule of this case determines no contacts. Choose another rule for it first."))
    grade = list(ruling.grade_names)[-1]
    start, end = int(statement.starts_at.timestamp()), int(statement.ends_at.timestamp())
    source = int(SOURCE_OF[Statement.Certainty(statement.certainty)])
    return Contact.objects.create(
        case=case,
        trace=case.traces.latest("at", "pk"),
        person=person,
        found_at=at,
        seconds=end - start,
        encounters=1,
        first_at=statement.starts_at,
        last_at=statement.ends_at,
        days={clock.local_day(statement.starts_at).isoformat(): end - start},
        evidence=[[-1 if statement.place_id is None else statement.place_id, start, end, source, source]],
        grade=grade,
        grade_rank=ruling.rank(grade),
        why_zh="流调中辨认出的接触者，判定规则未涵盖",
        why_en="identified in the interview; the rule does not cover it",
        override=grade,
        override_reason=gettext("An unknown contact was identified; the rule does not cover the encounter."),
        purge_on=clock.local_day(at) + timedelta(days=keep_days("contact")),
    )


@transaction.atomic
def give_up(
    unknown: UnknownContact, *, reason: str, by: Actor, at: datetime, version: int | None = None
) -> UnknownContact:
    """Nobody could find out who it was; a reason is required. May still be identified later."""
    if not reason.strip():
        raise BadInput(_("Say what was tried."), field="reason")
    if len(reason.strip()) > LONGEST_REASON:
        raise BadInput(_("At most %(limit)s characters."), field="reason", limit=LONGEST_REASON)
    row = _locked(unknown, by=by, version=version)
    row.state, row.reason = State.NOT_FOUND, reason.strip()
    _save(row, by=by, at=at)
    _log("unknown.not_found", row, by=by, at=at)
    return row


def _locked(unknown: UnknownContact, *, by: Actor, version: int | None) -> UnknownContact:
    case_to_trace(by, unknown.case_id)
    rows = UnknownContact.objects.select_for_update(of=("self",)).select_related("case", "case__person")
    row = rows.get(pk=unknown.pk)
    if row.state == State.IDENTIFIED or (version is not None and version != row.version):
        raise Conflict(_("A colleague has decided meanwhile: %(state)s. Look again before you decide."),
                       state=row.get_state_display())  # fmt: skip
    return row


def _save(row: UnknownContact, *, by: Actor, at: datetime) -> None:
    row.decided_at, row.decided_by_id, row.version = at, by.account_id, F("version") + 1
    row.save(update_fields=["state", "contact", "ends_at", "reason", "decided_at", "decided_by", "version"])
    row.refresh_from_db(fields=["version"])


def _log(verb: str, row: UnknownContact, *, by: Actor, at: datetime, subject: int | None = None) -> None:
    """Who it might be stays out of the log, which is kept longer."""
    new = {"case": row.case_id, "state": row.state, "contact": row.contact_id}
    audit.record(verb, "unknown_contact", row.pk, by=by, at=at, subject=subject, new=new)
