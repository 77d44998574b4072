"""The person says what is wrong; somebody of the clinic answers in words they can understand."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions.checks import lock
from shouwang.cases.care.actions.common import begun, note, words
from shouwang.cases.care.models import Care, CareObjection
from shouwang.cases.models import Case
from shouwang.core.errors import Conflict, Forbidden
from shouwang.core.scope import Actor

TEXT_LENGTH = 2000
REASON_LENGTH = 300


@transaction.atomic
def object_to_care(care: Care, *, text: str, by: Actor, at: datetime) -> CareObjection:
    """The person's objection or correction; while it is unanswered, sending another replaces its text. Only the person
    themselves. The words are not copied into the audit log."""
    case = Case.objects.select_related("person").get(pk=care.case_id)
    lock(case)
    care.case = case
    if by.person_id is None or by.person_id != case.person_id:
        raise Forbidden(_("Only the person themselves can object."))
    said = words(text, "text", limit=TEXT_LENGTH, missing=_("Say what is wrong, and what would be right."))
    row = care.objections.filter(answered_at__isnull=True).first() or CareObjection(care=care)
    verb = "care.objection_reworded" if row.pk else "care.objected"
    row.text, row.at = said, at
    row.save()
    note(verb, care, by=by, at=at, objection=row.pk, characters=len(said))
    return row


@transaction.atomic
def answer_care_objection(care: Care, *, text: str, same_reason: str = "", by: Actor, at: datetime) -> CareObjection:
    """Answer the open objection. Needs case.manage; nobody answers their own. Whoever wrote the latest entry answers
    only with the reason why nobody else could, which the person reads. Conflict when none waits."""
    locked = begun(care, by=by, at=at)
    if by.person_id is not None and by.person_id == locked.case.person_id:
        raise Forbidden(_("Somebody else must answer your own objection."))
    row = locked.objections.select_for_update().filter(answered_at__isnull=True).first()
    if row is None:
        raise Conflict(_("There is no objection waiting for an answer."), code="objection_none")
    said = words(text, "answer", limit=TEXT_LENGTH, missing=_("Write an answer the person can understand."))
    wrote_it = by.account_id is not None and locked.changed_by_id == by.account_id
    missing = _("You wrote the latest entry yourself. Let somebody else answer, or say why nobody else can.")
    why = words(same_reason, "same_reason", limit=REASON_LENGTH, missing=missing if wrote_it else "")
    row.answer, row.answered_at, row.answered_by_id = said, at, by.account_id
    row.same_reason = why if wrote_it else ""
    row.save(update_fields=["answer", "answered_at", "answered_by", "same_reason"])
    note("care.objection_answered", locked, by=by, at=at, objection=row.pk)
    return row
