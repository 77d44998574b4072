"""Visitors at the gate: who is here, and who was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.org.models import Place
from shouwang.org.queries import owned
from shouwang.tracing.models import PresenceDay
from shouwang.tracing.models_visitors import Visit

REGISTER = "visitor.register"
RECENT = timedelta(hours=24)


def _places(by: Actor) -> QuerySet[Place]:
    return Place.objects.filter(owned(by.ranges(REGISTER))).exclude(kind=Place.Kind.SEAT)


def visits(by: Actor) -> QuerySet[Visit]:
    """Visits of people for whom one's institution answers, latest first. Needs visitor.register."""
    by.require(REGISTER)
    rows = Visit.objects.filter(in_ranges("person__home_path", by.ranges(REGISTER)))
    rows = rows.select_related("person", "place", "host")
    return rows.order_by("-starts_at", "-pk")


def here(by: Actor, at: datetime) -> QuerySet[Visit]:
    """Of the last day, whoever has not left: also those whose expected end has passed, for they are to be asked."""
    rows = visits(by).filter(left_at__isnull=True, withdrawn_at__isnull=True, starts_at__gt=at - RECENT)
    return rows.order_by("expected_until", "pk")


def visit_for(by: Actor, visit_id: int, *, lock: bool = False) -> Visit:
    rows = visits(by).filter(pk=visit_id)
    row = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if row is None:
        raise NotFound
    return row


def places_named(by: Actor, written: str) -> list[Place]:
    """Places of one's institution with this code, else with this name; at most two."""
    words = written.strip()
    if not words:
        return []
    places = _places(by).order_by("path")
    return list(places.filter(code=words)) or list(places.filter(Q(name=words) | Q(name_en__iexact=words))[:2])


def unbuilt_days(received_until: datetime) -> set[Any]:
    """Days with visits that no segment was ever built of, by the institution's calendar."""
    rows = Visit.objects.filter(received_at__lte=received_until, withdrawn_at__isnull=True)
    days = {clock.local_day(at) for at in rows.order_by().values_list("starts_at", flat=True)}
    return days - set(PresenceDay.objects.filter(day__in=days).values_list("day", flat=True))


def visit_json(row: Visit) -> Mapping[str, Any]:
    plain = ("id", "starts_at", "expected_until", "left_at", "received_at", "withdrawn_at", "reason", "purge_on")
    return {
        "number": row.person.number, "name": row.person.name, "phone": row.person.phone, "place": row.place.code,
        "host": row.host.number if row.host else "", **{name: getattr(row, name) for name in plain},
    }  # fmt: skip
