"""What presence there is, and how good it is: days, batches, their remarks. Counts only, never who was where."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from shouwang.core.errors import Forbidden
from shouwang.core.scope import Actor
from shouwang.org.queries import owned
from shouwang.tracing.models import PresenceBatch, PresenceDay

RIGHTS = ("presence.import", "trace.work")


def _require(by: Actor) -> None:
    if not any(by.holds(right) for right in RIGHTS):
        raise Forbidden(data_right=RIGHTS[0])


def presence_days(by: Actor, first: date | None = None, last: date | None = None) -> QuerySet[PresenceDay]:
    """Built days, newest first, with sources and remarks. Needs presence.import or trace.work.

    A day is built of what every institution of the installation brought: its numbers are for who reaches all of them.
    """
    _require(by)
    rows = PresenceDay.objects.order_by("-day") if sees_days(by) else PresenceDay.objects.none()
    if first is not None:
        rows = rows.filter(day__gte=first)
    return rows.filter(day__lte=last) if last is not None else rows


def presence_batches(by: Actor) -> QuerySet[PresenceBatch]:
    """Imported files of one's institution, newest first, with their counts. Needs presence.import or trace.work."""
    _require(by)
    return PresenceBatch.objects.filter(_scope(by)).order_by("-id")


def sees_days(by: Actor) -> bool:
    """Whether no file of an institution out of reach is part of the days."""
    own = PresenceBatch.objects.filter(_scope(by)).values("pk")
    return not PresenceBatch.objects.exclude(pk__in=own).exists()


def _scope(by: Actor) -> Q:
    return owned([span for right in RIGHTS for span in by.ranges(right)])
