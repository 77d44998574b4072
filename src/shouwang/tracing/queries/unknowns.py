"""Contacts of a case whom nobody knows yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import IntegerField, QuerySet, Value, When

from shouwang.cases.models import Case
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable
from shouwang.tracing.models_told import UnknownContact
from shouwang.tracing.queries.contacts import WORK, case_to_trace


def unknowns_of(by: Actor, case: Case) -> QuerySet[UnknownContact]:
    """Those of an open case in reach: the open ones first, by time."""
    case_to_trace(by, case.pk)
    waiting = models.Case(
        When(state=UnknownContact.State.UNKNOWN, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    rows = UnknownContact.objects.filter(case=case).annotate(done=waiting)
    return rows.select_related("contact__person", "entered_by", "decided_by").order_by("done", "starts_at", "pk")


def unknown_for(by: Actor, unknown_id: int) -> UnknownContact:
    """One of an open case in reach. NotFound otherwise."""
    rows = UnknownContact.objects.filter(reachable(by, WORK, "case__person__"), case__closed_at__isnull=True)
    row = rows.filter(pk=unknown_id).select_related("case", "case__person", "contact__person", "entered_by").first()
    if row is None:
        raise NotFound
    return row


def as_json(row: UnknownContact) -> Mapping[str, Any]:
    plain = ("id", "case_id", "description", "starts_at", "ends_at", "place_text", "find_by", "state", "reason",
             "contact_id", "entered_at", "version")  # fmt: skip
    person = row.contact.person.number if row.contact is not None else None
    return {**{name: getattr(row, name) for name in plain}, "person": person}
