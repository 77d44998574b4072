"""Issued situation reports."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.command.models import SituationReport
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation


def report_versions(by: Actor, organisation: Organisation, day: date) -> QuerySet[SituationReport]:
    """The issued versions of a day's report, newest first. Needs report.view there."""
    if not by.holds("report.view", organisation.path):
        raise NotFound
    return SituationReport.objects.filter(organisation=organisation, day=day).select_related("issued_by")


def report_version(by: Actor, report_id: int) -> SituationReport:
    """One issued report as it was. NotFound outside the reach of report.view."""
    report = SituationReport.objects.filter(pk=report_id).select_related("organisation", "issued_by").first()
    if report is None or not by.holds("report.view", report.organisation.path):
        raise NotFound
    return report
