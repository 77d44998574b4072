"""What presence there is, and how good it is: days, batches, their remarks. Counts only, never who was where."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.core.errors import Forbidden
from shouwang.core.scope import Actor
from shouwang.tracing.models import PresenceBatch, PresenceDay

RIGHTS = ("presence.import", "trace.work")


def _require(by: Actor) -> None:
    if not any(by.holds(right) for right in RIGHTS):
        raise Forbidden(data_right=RIGHTS[0])


def presence_days(by: Actor, first: date | None = None, last: date | None = None) -> QuerySet[PresenceDay]:
    """Built days, newest first, with sources and remarks. Needs presence.import or trace.work."""
    _require(by)
    rows = PresenceDay.objects.order_by("-day")
    if first is not None:
        rows = rows.filter(day__gte=first)
    return rows.filter(day__lte=last) if last is not None else rows


def presence_batches(by: Actor) -> QuerySet[PresenceBatch]:
    """Imported files, newest first, with their counts. Needs presence.import or trace.work."""
    _require(by)
    return PresenceBatch.objects.order_by("-id")
