"""Tracing a case: run the kernel over its window, grade who was found, and write the contacts."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.core import audit
from shouwang.core.errors import Conflict, Forbidden
from shouwang.core.events import publish
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import reachable
from shouwang.tracing.models import Contact, Trace
from shouwang.tracing.queries import rulebook
from shouwang.tracing.queries.assessing import Assessment, assess

WORK = "trace.work"
FOUND_AGAIN = (
    "trace", "seconds", "encounters", "first_at", "last_at", "days", "evidence", "grade", "grade_rank", "why_zh",
    "why_en", "link", "distance", "meetings", "certain_seconds", "possible_seconds", "possible_grade",
)  # fmt: skip
"""What a later trace renews on a contact. A grade given by a person is put back; state, decision, version and purge
date are never touched."""


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
    # Judged before the transaction: a thousand contacts take a moment in which others may write.
    found = assess(case, rulebook.ruling(case, at), at)
    with transaction.atomic():
        return write(case, found, by=by, at=at)


def write(case: Case, found: Assessment, *, by: Actor, at: datetime) -> Trace:
    """Write an assessment as a trace of the case, inside the caller's transaction, who has asked the permission."""
    answer, contacts, ruling = found.answer, found.contacts, found.ruling
    trace = Trace.objects.create(
        case=case,
        at=at,
        by_id=by.account_id,
        window_start=ruling.window.start,
        window_end=ruling.window.end,
        rule=ruling.name,
        rule_sha256=ruling.sha256,
        rule_basis=ruling.basis,
        pack=case.pack,
        visits_searched=answer.visits_searched,
        elapsed_us=answer.elapsed_us,
        found=len(contacts),
        links_traced=found.links,
        days_missing=[day.isoformat() for day in found.days_missing],
    )
    for contact in contacts:
        contact.trace = trace
    Contact.objects.bulk_create(
        contacts, batch_size=500, update_conflicts=True, unique_fields=["case", "person"], update_fields=FOUND_AGAIN
    )
    _restore_overrides(case, found)
    gone = Contact.objects.filter(case=case, state=Contact.State.CANDIDATE, override="").exclude(trace=trace)
    vanished, _rows = gone.delete()
    case.refresh_from_db(fields=["traced_at"])  # somebody else may have traced meanwhile; the first run counts
    if case.traced_at is None:
        case_actions.set_dates(case, traced_at=at, by=by, at=at)
    new = {
        "trace": trace.pk,
        "rule": trace.rule,
        "from": trace.window_start.isoformat(),
        "until": trace.window_end.isoformat(),
        "found": trace.found,
        "vanished": vanished,
        "days_missing": trace.days_missing,
    }
    audit.record("case.traced", "case", case.pk, by=by, at=at, subject=case.person_id, new=new)
    publish("case.traced", case=case, trace=trace, by=by, at=at)
    return trace


def _restore_overrides(case: Case, found: Assessment) -> None:
    """A grade given by a person stands, whatever the rule says now."""
    given = Contact.objects.filter(case=case).exclude(override="")
    for grade in set(given.values_list("override", flat=True)):
        given.filter(override=grade).update(grade=grade, grade_rank=found.ruling.rank(grade))
