"""Statements of an interview: entering, correcting, withdrawing; what stands counts with the next trace. Answers to its
script."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Person, Place
from shouwang.tracing.models_told import InterviewNote, Statement
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.queries import interviews as queries
from shouwang.tracing.queries import scripts
from shouwang.tracing.queries.contacts import case_to_trace
from shouwang.tracing.rules import interviews as rules

LONGEST_REASON = 300
LONGEST_ANSWER = 1000
State = Statement.State


@transaction.atomic
def state(case: Case, person: Person, said: rules.Said, *, by: Actor, at: datetime) -> Statement:
    """Enter what the case's person, or one of its contacts, said; needs trace.work and an open case.

    NotFound for anybody else, BadInput where the statement cannot be kept.
    """
    case = case_to_trace(by, case.pk)
    queries.require_speaker(case, person)
    _check(said, person, at)
    return _write(case, person, said, uuid4().hex, 1, "", by=by, at=at)


@transaction.atomic
def correct(
    statement: Statement, said: rules.Said, *, reason: str, by: Actor, at: datetime, version: int | None = None
) -> Statement:
    """Put a corrected version in place of a statement; the old one is kept as replaced. A reason is required.

    Conflict when the statement was corrected or withdrawn meanwhile, or is not the `version` its tracer saw.
    """
    row = _locked(statement, reason, by=by, version=version)
    _check(said, row.person, at)
    row.state, row.changed_at, row.changed_by_id = State.REPLACED, at, by.account_id
    row.save(update_fields=["state", "changed_at", "changed_by"])
    return _write(row.case, row.person, said, row.series, row.version + 1, reason.strip(), by=by, at=at)


@transaction.atomic
def withdraw(statement: Statement, *, reason: str, by: Actor, at: datetime, version: int | None = None) -> Statement:
    """The statement no longer counts; it is kept with the reason, which is required, until its purge date."""
    row = _locked(statement, reason, by=by, version=version)
    row.state, row.reason, row.changed_at, row.changed_by_id = State.WITHDRAWN, reason.strip(), at, by.account_id
    row.save(update_fields=["state", "reason", "changed_at", "changed_by"])
    new = {"case": row.case_id, "version": row.version, "reason": row.reason}
    audit.record("statement.withdrawn", "statement", row.pk, by=by, at=at, subject=row.person_id, new=new)
    return row


def _locked(statement: Statement, reason: str, *, by: Actor, version: int | None) -> Statement:
    if not reason.strip():
        raise BadInput(_("Say why the statement is changed."), field="reason")
    if len(reason.strip()) > LONGEST_REASON:
        raise BadInput(_("At most %(limit)s characters."), field="reason", limit=LONGEST_REASON)
    case_to_trace(by, statement.case_id)
    rows = Statement.objects.select_for_update(of=("self",)).select_related("case", "person")
    row = rows.get(pk=statement.pk)
    if row.state != State.STANDING or (version is not None and version != row.version):
        raise Conflict(_("This statement was changed meanwhile. Load the page again."))
    return row


def _check(said: rules.Said, person: Person, at: datetime) -> None:
    stays = assumptions().visits.max_stay
    kind = ""
    if said.place is not None:
        found = Place.objects.filter(pk=said.place).values_list("kind", flat=True).first()
        if found is None:
            raise NotFound
        kind = found
    longest = timedelta(seconds=stays.seconds(kind))
    rules.check(said, person=person.pk, at=at, longest=longest, certainties=Statement.Certainty.values)


def _write(
    case: Case, person: Person, said: rules.Said, series: str, version: int, reason: str, *, by: Actor, at: datetime
) -> Statement:
    row = Statement.objects.create(
        case=case,
        person=person,
        series=series,
        version=version,
        place_id=said.place,
        place_text=said.place_text.strip(),
        starts_at=said.starts_at,
        ends_at=said.ends_at,
        certainty=said.certainty,
        give_or_take=said.give_or_take,
        company=said.company.strip(),
        entered_at=at,
        entered_by_id=by.account_id,
        reason=reason,
        purge_on=clock.local_day(at) + timedelta(days=keep_days("presence")),
    )
    row.companions.set(said.companions)
    # Words and whereabouts stay out of the log: it is kept longer than they are.
    new = {"case": case.pk, "version": version, "certainty": said.certainty, "known_place": said.place is not None}
    verb = "statement.corrected" if version > 1 else "statement.entered"
    audit.record(verb, "statement", row.pk, by=by, at=at, subject=person.pk, new=new)
    return row


@transaction.atomic
def answer(case: Case, person: Person, answers: Mapping[str, str], *, by: Actor, at: datetime) -> list[InterviewNote]:
    """Keep answers to the script by question id; an answer that did not change is left alone, and an empty one takes
    the earlier back. Needs trace.work and an open case; nobody overwrites an answer they may not read.

    BadInput for a question the script does not have and for answers that are too long.
    """
    case = case_to_trace(by, case.pk)
    queries.require_speaker(case, person)
    known = {item.question.id: item for item in scripts.asked(by, case, person)}
    sees = scripts.sees_health(by, person)
    kept = []
    for question, text in answers.items():
        item, text = known.get(question), text.strip()
        if item is None:
            raise BadInput(_("The script has no question %(question)s."), field="question", question=question)
        if len(text) > LONGEST_ANSWER:
            raise BadInput(_("At most %(limit)s characters."), field=question, limit=LONGEST_ANSWER)
        if item.walled and not text:
            continue
        if text == item.text and not item.walled:
            continue
        if item.question.health and not sees:
            raise Forbidden(data_right=scripts.HEALTH)
        kept.append(
            InterviewNote.objects.create(
                case=case, person=person, question=question, text=text, health=item.question.health, at=at,
                by_id=by.account_id, purge_on=clock.local_day(at) + timedelta(days=keep_days("contact")),
            )
        )  # fmt: skip
    if kept:
        new = {"case": case.pk, "questions": [row.question for row in kept]}
        audit.record("interview.answered", "case", case.pk, by=by, at=at, subject=person.pk, new=new)
    return kept
