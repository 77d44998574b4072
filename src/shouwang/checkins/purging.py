"""What check-ins delete on their purge date. An alert that nobody has handled stays until somebody has."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import QuerySet

from shouwang.checkins.actions import standings
from shouwang.checkins.models import BulkJob, CheckIn, Excuse, Monitoring, QualityNote, SymptomAlert
from shouwang.core.purging import Dataset, register
from shouwang.core.retention import keep_days


def due_checkins(on: date) -> QuerySet[CheckIn]:
    return CheckIn.objects.filter(purge_on__lte=on)


def due_alerts(on: date) -> QuerySet[SymptomAlert]:
    return SymptomAlert.objects.filter(purge_on__lte=on).exclude(state=SymptomAlert.State.OPEN)


def due_monitoring(on: date) -> QuerySet[Monitoring]:
    """Spells are kept as long as the check-ins they asked for, counted from their last day, which may still move."""
    return Monitoring.objects.filter(ends__lte=on - timedelta(days=keep_days("checkin")))


def due_excuses(on: date) -> QuerySet[Excuse]:
    return Excuse.objects.filter(purge_on__lte=on)


def due_jobs(on: date) -> QuerySet[BulkJob]:
    """With their rows."""
    return BulkJob.objects.filter(purge_on__lte=on)


def due_quality(on: date) -> QuerySet[QualityNote]:
    return QualityNote.objects.filter(purge_on__lte=on)


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("checkin", due_checkins, standings.forget))
    register(Dataset("excuse", due_excuses))
    register(Dataset("bulk", due_jobs))
    register(Dataset("alert", due_alerts))
    register(Dataset("quality", due_quality))
    register(Dataset("monitoring", due_monitoring))
