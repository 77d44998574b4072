"""What command deletes on its purge date: issued situation reports, and directives with their tasks and receipts."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.command.models import Directive, SituationReport
from shouwang.core.purging import Dataset, register


def due_reports(on: date) -> QuerySet[SituationReport]:
    return SituationReport.objects.filter(purge_on__lte=on)


def due_directives(on: date) -> QuerySet[Directive]:
    return Directive.objects.filter(purge_on__lte=on)


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("report", due_reports))
    register(Dataset("directive", due_directives))
