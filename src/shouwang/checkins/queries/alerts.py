"""Symptom alerts, for the clinic."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from shouwang.checkins.models import Severity, SymptomAlert
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable

UNSPECIFIED = "unspecified"  # the disease of `unspecified.toml`: complaints that no pack knows of
ORDER = ("-rank", "raised_at", "pk")  # most severe first; within, who has waited longest
HANDLED_ORDER = ("-handled_at", "-pk")


def _within_reach(by: Actor) -> QuerySet[SymptomAlert]:
    return SymptomAlert.objects.filter(reachable(by, "alert.handle", "person__")).select_related(
        "person__home", "checkin", "handled_by"
    )


def alert_queue(by: Actor) -> QuerySet[SymptomAlert]:
    """Open alerts within reach of alert.handle, in the order in which to call the people."""
    return _within_reach(by).filter(state=SymptomAlert.State.OPEN).order_by(*ORDER)


def call_queue(by: Actor) -> QuerySet[SymptomAlert]:
    """`alert_queue` with one entry a person: the alert that comes first; `beside` finds the others."""
    ours = SymptomAlert.objects.filter(person=OuterRef("person"), state=SymptomAlert.State.OPEN)
    earlier = Q(raised_at__lt=OuterRef("raised_at")) | Q(raised_at=OuterRef("raised_at"), pk__lt=OuterRef("pk"))
    first = ours.filter(Q(rank__gt=OuterRef("rank")) | Q(rank=OuterRef("rank")) & earlier)
    return alert_queue(by).filter(~Exists(first))


def beside(alerts: Iterable[SymptomAlert]) -> dict[int, list[SymptomAlert]]:
    """Alert id -> the other open alerts about the same person, in the order of the queue. One query for all."""
    given = {alert.person_id: alert for alert in alerts}
    found: dict[int, list[SymptomAlert]] = {alert.pk: [] for alert in given.values()}
    rows = SymptomAlert.objects.filter(person_id__in=given, state=SymptomAlert.State.OPEN).order_by(*ORDER)
    for row in rows.exclude(pk__in=found):
        found[given[row.person_id].pk].append(row)
    return found


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
