"""Deciding what a case is, closing it, reopening it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases import queries, rules
from shouwang.cases.actions import clocks
from shouwang.cases.actions.checks import (
    MANAGE,
    check_none_open,
    lock,
    note_dates,
    purge_on,
    reason_text,
    require,
    save,
)
from shouwang.cases.actions.conflicts import check_version
from shouwang.cases.models import Case, ClassificationChange
from shouwang.core import audit
from shouwang.core.errors import Conflict
from shouwang.core.events import publish
from shouwang.core.scope import Actor


@transaction.atomic
def classify(case: Case, *, new: str, reason: str, by: Actor, at: datetime, version: int | None = None) -> Case:
    """Take the case to another classification, with a reason. Discarding closes it and voids its clocks; any other
    class reopens a discarded one. Publishes case.classified."""
    lock(case)
    require(by, case.person, MANAGE)
    check_version(case, version)
    text = reason_text(reason)
    old, was_open = case.classification, case.is_open
    effects = rules.check_transition(old, new, closed=not was_open, onset_known=case.onset_at is not None)
    if effects.open and not was_open:
        check_none_open(case.person_id, case.disease)
    case.classification, case.classified_at = new, at
    case.closed_at = None if effects.open else at
    case.close_reason = "" if effects.open else text
    case.purge_on = purge_on(at)
    save(case, "classification", "classified_at", "closed_at", "close_reason", "purge_on")
    clocks.sync(case, queries.protocol_of(case).clocks, at=at)
    audit.record(
        "case.classified", "case", case.pk, by=by, at=at, subject=case.person_id, new={"version": case.version}
    )
    write_class(case, old, text, by=by, at=at)
    return case


def write_class(case: Case, old: str, reason: str, *, by: Actor, at: datetime) -> None:
    ClassificationChange.objects.create(
        case=case, old=old, new=case.classification, at=at, by_id=by.account_id, reason=reason, version=case.version
    )
    publish("case.classified", case=case, old=old, new=case.classification, by=by, at=at)


@transaction.atomic
def close_case(case: Case, *, reason: str, by: Actor, at: datetime, version: int | None = None) -> Case:
    """The case has ended (recovered, transferred …). BadInput while it is only suspected. Publishes case.closed."""
    lock(case)
    require(by, case.person, MANAGE)
    check_version(case, version)
    text = reason_text(reason)
    rules.check_close(case.classification, closed=not case.is_open)
    case.closed_at, case.close_reason, case.purge_on = at, text, purge_on(at)
    save(case, "closed_at", "close_reason", "purge_on")
    clocks.sync(case, queries.protocol_of(case).clocks, at=at)
    note_dates(case, {"closed_at": (None, at)}, reason=text, by=by, at=at)
    audit.record("case.closed", "case", case.pk, by=by, at=at, subject=case.person_id, new={"version": case.version})
    publish("case.closed", case=case, by=by, at=at)
    return case


@transaction.atomic
def reopen_case(case: Case, *, reason: str, by: Actor, at: datetime, version: int | None = None) -> Case:
    """A case closed too early runs again. A discarded one is reopened by classifying it. Publishes case.reopened."""
    lock(case)
    require(by, case.person, MANAGE)
    check_version(case, version)
    text = reason_text(reason)
    if case.is_open or case.classification == rules.DISCARDED:
        raise Conflict(_("Only a closed case can be reopened; classify a discarded one anew."), code="case_open")
    check_none_open(case.person_id, case.disease)
    old, case.closed_at, case.close_reason = case.closed_at, None, ""
    save(case, "closed_at", "close_reason")
    clocks.sync(case, queries.protocol_of(case).clocks, at=at)
    note_dates(case, {"closed_at": (old, None)}, reason=text, by=by, at=at)
    audit.record("case.reopened", "case", case.pk, by=by, at=at, subject=case.person_id, new={"version": case.version})
    publish("case.reopened", case=case, by=by, at=at)
    return case
