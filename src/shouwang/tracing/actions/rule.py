"""Choosing another edition of the contact rule for a case, and giving a contact another grade than the rule's."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.events import publish
from shouwang.core.scope import Actor
from shouwang.tracing.actions.contacts import LONGEST_REASON
from shouwang.tracing.actions.traces import write
from shouwang.tracing.models import CaseRule, Contact, Trace
from shouwang.tracing.queries import contacts as queries
from shouwang.tracing.queries import rulebook
from shouwang.tracing.queries.assessing import assess
from shouwang.tracing.queries.preview import proposed


def apply_rule(
    case: Case, edition: str, *, reason: str, by: Actor, at: datetime, last_negative: datetime | None = None
) -> Trace:
    """From now on this edition judges the case, which is traced by it at once; `queries.preview` shows the effect.

    A reason is required. Decisions of tracers and grades given by a person stay. `last_negative` is the case's last
    negative test, for editions whose window may begin there. Needs trace.work over the person of an open case:
    NotFound otherwise. BadInput for an edition of another disease.
    """
    reason = _reason(reason, _("Say why another rule is used for this case."))
    case = queries.case_to_trace(by, case.pk)
    ruling = proposed(case, edition, at=at, last_negative=last_negative)
    found = assess(case, ruling, at)
    with transaction.atomic():
        before = CaseRule.objects.filter(case=case).order_by("-at", "-pk").first()
        row = CaseRule.objects.create(
            case=case, edition=edition, sha256=ruling.sha256, reason=reason, at=at,
            last_negative_at=clock.aware(last_negative) if last_negative else None,
            by_id=by.account_id,
        )  # fmt: skip
        new = {"edition": edition, "sha256": ruling.sha256, "reason": reason, "case_rule": row.pk}
        old = {"edition": before.edition} if before else None
        audit.record("case.rule_chosen", "case", case.pk, by=by, at=at, subject=case.person_id, old=old, new=new)
        return write(case, found, by=by, at=at)


@transaction.atomic
def regrade(
    contact: Contact, grade: str, *, reason: str, by: Actor, at: datetime, version: int | None = None
) -> Contact:
    """Give a contact another grade than the rule's, or, with an empty `grade`, the rule's again at the next trace.

    A reason is required and kept; later traces leave the grade. `version` as in `actions.confirm`. Needs an open case
    within reach. BadInput for a grade the case's rule does not have. Publishes contact.regraded.
    """
    reason = _reason(reason, _("Say why the grade is changed."))
    queries.case_to_trace(by, contact.case_id)
    row = Contact.objects.select_for_update(of=("self",)).select_related("case", "person").get(pk=contact.pk)
    if version is not None and row.version != version:
        raise Conflict(_("A colleague has changed this contact meanwhile. Look again before you decide."))
    ruling = rulebook.ruling(row.case, at)
    if grade and grade not in ruling.grade_names:
        raise BadInput(
            _("The rule of this case knows these grades: %(known)s."),
            field="grade",
            known=", ".join(ruling.grade_names),
        )
    old = {"grade": row.grade, "override": row.override}
    row.override, row.override_reason = grade, reason
    if grade:
        row.grade, row.grade_rank = grade, ruling.rank(grade)
    row.version = F("version") + 1
    row.save(update_fields=["override", "override_reason", "grade", "grade_rank", "version"])
    row.refresh_from_db(fields=["version"])
    new = {"grade": row.grade, "override": grade, "reason": reason, "case": row.case_id}
    audit.record("contact.regraded", "contact", row.pk, by=by, at=at, subject=row.person_id, old=old, new=new)
    publish("contact.regraded", contact=row, by=by, at=at)
    return row


def _reason(text: str, missing: object) -> str:
    if not text.strip():
        raise BadInput(str(missing), field="reason")
    if len(text) > LONGEST_REASON:
        raise BadInput(_("At most %(limit)s characters."), field="reason", limit=LONGEST_REASON)
    return text.strip()
