"""From contact to case and back: what happened to a contact, and which contacts a case's person was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shouwang.cases.models import Case, Classification, ClassificationChange
from shouwang.cases.queries import visible_cases
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.core.verbs import say
from shouwang.tracing.models import Contact, FollowUp
from shouwang.tracing.queries.following import within


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened: `what` in words, `detail` a reason or number, `by` who; `case` where it may be seen."""

    at: datetime
    what: str
    detail: str = ""
    by: str = ""
    case: Case | None = None


def own_cases(by: Actor, contact: Contact) -> list[Case]:
    """Cases of the contact's person and disease that `by` may see, newest first."""
    rows = visible_cases(by).filter(person=contact.person_id, disease=contact.case.disease)
    return list(rows.order_by("-opened_at", "-pk"))


def history(by: Actor, contact: Contact) -> list[Step]:
    """The contact's steps, newest first: found, decided, followed, a case, discarded, followed again.

    The caller has fetched the contact within reach. Follow-ups stand in it for who may follow the person, cases for who
    may see them. Four queries.
    """
    steps = [Step(contact.found_at, _("found by the trace"))]
    acts = AuditEntry.objects.filter(kind="contact", object=str(contact.pk), is_read=False)
    for entry in acts.order_by("id"):
        new = entry.new if isinstance(entry.new, dict) else {}
        steps.append(Step(entry.at, say(entry.verb), str(new.get("reason") or ""), entry.label))
    if within(by, contact.person):
        steps += _follow_ups(contact)
    cases = {case.pk: case for case in own_cases(by, contact)}
    for change in ClassificationChange.objects.filter(case__in=list(cases)).select_related("by"):
        case = cases[change.case_id]
        label = str(Classification(change.new).label)
        what = _("is a case: %(class)s") if not change.old else _("as a case: %(class)s")
        who = change.by.username if change.by else ""
        steps.append(Step(change.at, what % {"class": label}, case.number, who, case))
    return sorted(steps, key=lambda step: step.at, reverse=True)


def _follow_ups(contact: Contact) -> list[Step]:
    steps = []
    for row in FollowUp.objects.filter(person=contact.person_id, disease=contact.case.disease).order_by("pk"):
        what = _("back under observation") if row.resumes_id else _("follow-up begun")
        steps.append(Step(row.begun_at, what, _("until %(day)s") % {"day": row.ends_on}))
        if row.ended_at is not None:
            steps.append(
                Step(row.ended_at, _("follow-up: %(state)s") % {"state": row.get_state_display()}, row.end_reason)
            )
    return steps


@dataclass(frozen=True, slots=True)
class Before:
    """What the person of a case was before: contacts of other cases, those seen by number; how their follow-up went.
    `outside` counts contacts of cases that are out of reach."""

    contacts: list[Contact]
    outside: int
    follow_up: FollowUp | None


def before(by: Actor, case: Case) -> Before | None:
    """None where the person of the case is nobody's contact for its disease. Four queries."""
    rows = Contact.objects.filter(person=case.person_id, case__disease=case.disease).exclude(case=case)
    held = list(rows.exclude(state=Contact.State.DISMISSED).select_related("case", "case__person").order_by("found_at"))
    follow_up = latest_follow_up(case)
    if not held and follow_up is None:
        return None
    seen = set(visible_cases(by).filter(pk__in=[row.case_id for row in held]).values_list("pk", flat=True))
    shown = [row for row in held if row.case_id in seen]
    return Before(shown, len(held) - len(shown), follow_up)


def latest_follow_up(case: Case) -> FollowUp | None:
    """The newest follow-up of the case's person for its disease."""
    rows: QuerySet[FollowUp] = FollowUp.objects.filter(person=case.person_id, disease=case.disease)
    return rows.select_related("became").order_by("-begun_at", "-pk").first()


def step_json(step: Step) -> Mapping[str, Any]:
    return {
        "at": step.at, "what": step.what, "detail": step.detail, "by": step.by,
        "case": step.case.number if step.case else None,
    }  # fmt: skip
