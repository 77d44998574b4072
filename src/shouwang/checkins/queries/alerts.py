"""Symptom alerts, for the clinic."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from shouwang.checkins.models import Severity, SymptomAlert
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable

ORDER = ("-rank", "raised_at", "pk")  # most severe first; within, who has waited longest
HANDLED_ORDER = ("-handled_at", "-pk")


def _within_reach(by: Actor) -> QuerySet[SymptomAlert]:
    return SymptomAlert.objects.filter(reachable(by, "alert.handle", "person__")).select_related(
        "person__home", "checkin", "handled_by"
    )


def alert_queue(by: Actor) -> QuerySet[SymptomAlert]:
    """Open alerts within reach of alert.handle, in the order in which to call the people."""
    return _within_reach(by).filter(state=SymptomAlert.State.OPEN).order_by(*ORDER)


def handled_alerts(by: Actor) -> QuerySet[SymptomAlert]:
    """Alerts that became a case or were closed, newest decision first."""
    return _within_reach(by).exclude(state=SymptomAlert.State.OPEN).order_by(*HANDLED_ORDER)


def alert_for(by: Actor, alert_id: int) -> SymptomAlert:
    """One alert within reach of alert.handle; NotFound otherwise."""
    alert = _within_reach(by).filter(pk=alert_id).first()
    if alert is None:
        raise NotFound
    return alert


def open_by_severity(by: Actor) -> dict[str, int]:
    """Open alerts within reach, severity -> count, worst first; every severity is named, also with 0."""
    rows = SymptomAlert.objects.filter(reachable(by, "alert.handle", "person__"), state=SymptomAlert.State.OPEN)
    found = dict(rows.values_list("severity").annotate(Count("pk")).order_by())
    worst_first = [value for value in reversed(Severity.values) if value != Severity.NONE]
    return {severity: found.get(severity, 0) for severity in worst_first}
