"""Tracing a case: run the kernel over its window, grade who was found, and write the contacts."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases import actions as case_actions
from shouwang.cases import queries as case_queries
from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import Conflict, Forbidden
from shouwang.core.events import publish
from shouwang.core.packs import get_pack
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import reachable
from shouwang.tracing.models import Contact, Trace
from shouwang.tracing.presence.resolving import numbers_by_id
from shouwang.tracing.queries import judging
from shouwang.tracing.queries.trace import TraceAnswer, trace_person
from shouwang.tracing.rules.grading import ContactRule

WORK = "trace.work"
FOUND_AGAIN = (
    "trace", "seconds", "encounters", "first_at", "last_at", "days", "evidence", "grade", "grade_rank", "why_zh",
    "why_en",
)  # fmt: skip
"""What a later trace renews on a contact. State, decision, version and purge date are never touched."""


def trace_case(case: Case, *, by: Actor, at: datetime) -> Trace:
    """Find and grade everyone who was with the case in its infectious window; needs trace.work over its person.

    Running it again renews evidence and grades, keeps every decision, removes candidates that are no longer found and
    leaves decided ones in place (their `trace` stays the one that last found them). Conflict for a closed case.
    Publishes case.traced.
    """
    if not Person.objects.filter(reachable(by, WORK), pk=case.person_id).exists():
        raise Forbidden(data_right=WORK)
    if case.closed_at is not None:
        raise Conflict(_("Case %(number)s is closed. Reopen it before tracing."), number=case.number)
    pack = get_pack(case.pack)
    rule = judging.contact_rule(pack)
    start, end = case_queries.infectious_window(case, at)
    answer = trace_person(case.person_id, window_start=int(start.timestamp()), window_end=int(end.timestamp()))
    # Judged before the transaction: a thousand contacts take a moment in which others may write.
    contacts = _contacts(case, answer, rule, at)
    with transaction.atomic():
        return _write(case, answer, contacts, rule, window=(start, end), by=by, at=at)


def _write(
    case: Case,
    answer: TraceAnswer,
    contacts: list[Contact],
    rule: ContactRule,
    *,
    window: tuple[datetime, datetime],
    by: Actor,
    at: datetime,
) -> Trace:
    trace = Trace.objects.create(
        case=case,
        at=at,
        by_id=by.account_id,
        window_start=window[0],
        window_end=window[1],
        rule=rule.name,
        pack=case.pack,
        visits_searched=answer.visits_searched,
        elapsed_us=answer.elapsed_us,
        found=len(contacts),
        days_missing=[day.isoformat() for day in sorted([*answer.days_missing, *answer.days_damaged])],
    )
    for contact in contacts:
        contact.trace = trace
    Contact.objects.bulk_create(
        contacts, batch_size=500, update_conflicts=True, unique_fields=["case", "person"], update_fields=FOUND_AGAIN
    )
    vanished, _rows = Contact.objects.filter(case=case, state=Contact.State.CANDIDATE).exclude(trace=trace).delete()
    case.refresh_from_db(fields=["traced_at"])  # somebody else may have traced meanwhile; the first run counts
    if case.traced_at is None:
        case_actions.set_dates(case, traced_at=at, by=by, at=at)
    new = {
        "trace": trace.pk,
        "from": window[0].isoformat(),
        "until": window[1].isoformat(),
        "found": trace.found,
        "vanished": vanished,
        "days_missing": trace.days_missing,
    }
    audit.record("case.traced", "case", case.pk, by=by, at=at, subject=case.person_id, new=new)
    publish("case.traced", case=case, trace=trace, by=by, at=at)
    return trace


def _contacts(case: Case, answer: TraceAnswer, rule: ContactRule, at: datetime) -> list[Contact]:
    """Unsaved rows of everyone whom the rule calls a contact."""
    if not len(answer.contacts):
        return []
    judged = judging.judge(answer, rule)
    days = answer.seconds_by_day()
    known = numbers_by_id(answer.contacts.person.tolist())
    purge_on = clock.local_day(at) + timedelta(days=keep_days("contact"))
    found = answer.contacts
    columns = (c.tolist() for c in (found.person, found.seconds, found.encounters, found.first, found.last))
    rows: list[Contact] = []
    for index, (person, seconds, encounters, first, last) in enumerate(zip(*columns, strict=True)):
        grade = judged.grades[index]
        if grade is None or person not in known:
            continue
        rows.append(
            Contact(
                case=case,
                person_id=person,
                found_at=at,
                seconds=seconds,
                encounters=encounters,
                first_at=datetime.fromtimestamp(first, tz=clock.zone()),
                last_at=datetime.fromtimestamp(last, tz=clock.zone()),
                days=days[index],
                evidence=judging.evidence(answer, index)[0],
                grade=grade.code,
                grade_rank=grade.rank,
                why_zh=grade.why_zh,
                why_en=grade.why_en,
                purge_on=purge_on,
            )
        )
    return rows
