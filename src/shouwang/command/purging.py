"""What command deletes on its purge date: issued situation reports, which hold numbers and no people."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.command.models import SituationReport
from shouwang.core.purging import Dataset, register


def due_reports(on: date) -> QuerySet[SituationReport]:
    return SituationReport.objects.filter(purge_on__lte=on)


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("report", due_reports))
