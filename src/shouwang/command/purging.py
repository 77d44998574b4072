"""What command deletes on its purge date: situation reports, daily reports, directives with tasks and receipts."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.command.models import (
    BoardPoint,
    Correction,
    Directive,
    GapFinding,
    Matter,
    ReportReview,
    ServiceEntry,
    SituationReport,
    Team,
    TeamProposal,
    UnitReport,
    WeakPoint,
)
from shouwang.core.purging import Dataset, register


def due_reports(on: date) -> QuerySet[SituationReport]:
    return SituationReport.objects.filter(purge_on__lte=on)


def due_directives(on: date) -> QuerySet[Directive]:
    return Directive.objects.filter(purge_on__lte=on)


def due_unit_reports(on: date) -> QuerySet[UnitReport]:
    return UnitReport.objects.filter(purge_on__lte=on)


def due_reviews(on: date) -> QuerySet[ReportReview]:
    return ReportReview.objects.filter(purge_on__lte=on)


def due_board(on: date) -> QuerySet[BoardPoint]:
    return BoardPoint.objects.filter(purge_on__lte=on)


def due_gaps(on: date) -> QuerySet[GapFinding]:
    return GapFinding.objects.filter(purge_on__lte=on, ended_at__isnull=False)


def due_corrections(on: date) -> QuerySet[Correction]:
    return Correction.objects.filter(purge_on__lte=on, closed_at__isnull=False)


def due_matters(on: date) -> QuerySet[Matter]:
    return Matter.objects.filter(purge_on__lte=on)


def due_points(on: date) -> QuerySet[WeakPoint]:
    return WeakPoint.objects.filter(purge_on__lte=on)


def due_service(on: date) -> QuerySet[ServiceEntry]:
    return ServiceEntry.objects.filter(purge_on__lte=on)


def due_teams(on: date) -> QuerySet[Team]:
    return Team.objects.filter(purge_on__lte=on, dissolved_at__isnull=False)


def due_team_proposals(on: date) -> QuerySet[TeamProposal]:
    return TeamProposal.objects.filter(purge_on__lte=on).exclude(state=TeamProposal.State.OPEN)


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("report", due_reports))
    register(Dataset("daily_report", due_unit_reports))
    register(Dataset("daily_review", due_reviews))
    register(Dataset("directive", due_directives))
    register(Dataset("board", due_board))
    register(Dataset("matter", due_matters))
    register(Dataset("correction", due_corrections))
    register(Dataset("gap", due_gaps))
    register(Dataset("weak_point", due_points))
    register(Dataset("service", due_service))
    register(Dataset("team", due_teams))
    register(Dataset("team_proposal", due_team_proposals))
