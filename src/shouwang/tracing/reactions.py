"""What tracing does when something happens to contacts and cases: follow-ups are kept in step, links of chains are
judged anew. Subscribed in `web/wiring.py`; same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from shouwang.cases.models import Case, Classification
from shouwang.core.scope import Actor
from shouwang.tracing import actions
from shouwang.tracing.actions import chains
from shouwang.tracing.actions.days import mark_stale
from shouwang.tracing.models import Contact
from shouwang.tracing.queries.presence import days_with

JUDGED_BY = frozenset({"onset_at", "detected_at", "isolated_at"})


def on_contacts_decided(*, contacts: Sequence[Contact], by: Actor, at: datetime, **_more: Any) -> None:
    """A confirmed contact is followed; a dismissed one no longer, unless another contact still stands."""
    for disease, people in _people_by_disease(contacts).items():
        actions.sync_follow_ups(people, disease, by=by, at=at)


def on_contacts_judged(*, contacts: Sequence[Contact], by: Actor, at: datetime, **_more: Any) -> None:
    """Whoever was no contact was not infected there; another grade is another weight. Nothing is asked unless the
    contact is a case."""
    for disease, people in _people_by_disease(contacts).items():
        ids = list(Case.objects.filter(person__in=people, disease=disease).values_list("pk", flat=True))
        if ids:
            chains.propose(ids, by=by, at=at)


def on_contact_regraded(*, contact: Contact, by: Actor, at: datetime, **_more: Any) -> None:
    """As `on_contacts_judged`, of one."""
    on_contacts_judged(contacts=[contact], by=by, at=at)


def _people_by_disease(contacts: Sequence[Contact]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for contact in contacts:
        found.setdefault(contact.case.disease, []).append(contact.person_id)
    return found


def on_people_merged(*, people: Collection[int], by: Actor, at: datetime, **_more: Any) -> None:
    """Days in whose segments one of the two stands name people as they were; they are built anew."""
    if days := days_with(people):
        mark_stale(days, at=at)


def on_case_dated(*, case: Case, changed: Mapping[str, Any], by: Actor, at: datetime, **_more: Any) -> None:
    """Another onset is another interval."""
    if changed.keys() & JUDGED_BY:
        chains.propose([case.pk], by=by, at=at)


def on_case_traced(*, case: Case, by: Actor, at: datetime, **_more: Any) -> None:
    """A new run may have found a later exposure of a contact that is confirmed already: the end moves with it."""
    actions.sync_case(case, by=by, at=at)
    chains.propose([case.pk], by=by, at=at)


def on_case_classified(*, case: Case, old: str, new: str, by: Actor, at: datetime, **_more: Any) -> None:
    """Who is a case is no longer followed as a contact; a discarded case frees its contacts, one taken up again binds
    them again."""
    if Classification.DISCARDED in (old, new):
        actions.sync_case(case, by=by, at=at)
    else:
        actions.sync_follow_up(case.person_id, case.disease, by=by, at=at)
    chains.propose([case.pk], by=by, at=at)
