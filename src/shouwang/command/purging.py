"""What command deletes on its purge date: situation reports, daily reports, directives with tasks and receipts."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.command.models import BoardPoint, Directive, ReportReview, SituationReport, UnitReport
from shouwang.core.purging import Dataset, register


def due_reports(on: date) -> QuerySet[SituationReport]:
    return SituationReport.objects.filter(purge_on__lte=on)


def due_directives(on: date) -> QuerySet[Directive]:
    return Directive.objects.filter(purge_on__lte=on)


def due_unit_reports(on: date) -> QuerySet[UnitReport]:
    return UnitReport.objects.filter(purge_on__lte=on)


def due_reviews(on: date) -> QuerySet[ReportReview]:
    return ReportReview.objects.filter(purge_on__lte=on)


def due_points(on: date) -> QuerySet[BoardPoint]:
    return BoardPoint.objects.filter(purge_on__lte=on)


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("report", due_reports))
    register(Dataset("daily_report", due_unit_reports))
    register(Dataset("daily_review", due_reviews))
    register(Dataset("directive", due_directives))
    register(Dataset("board", due_points))
