"""Declaring and ending a level, issuing a report."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from shouwang.command import queries, rules
from shouwang.command.actions.ending import end_one
from shouwang.command.models import ResponseLevel, SituationReport
from shouwang.core import audit, clock, events
from shouwang.core.errors import Conflict
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation


@transaction.atomic
def declare_level(
    *, organisation: Organisation, level: int, basis: str, review_on: date, by: Actor, at: datetime
) -> ResponseLevel:
    """From `at` this level is in force over the organisation; the former one ends. Needs level.declare there.

    Declaring the same level on the same basis again moves only its review date.
    """
    by.require("level.declare", organisation.path)
    rules.check_declaration(level=level, basis=basis, review_on=review_on, today=clock.local_day(at))
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    former = ResponseLevel.objects.filter(organisation=organisation, ends_at__isnull=True).first()
    new = {"level": level, "basis": basis.strip(), "review_on": str(review_on)}
    if former is not None and former.level == level and former.basis == basis.strip():
        former.review_on = review_on
        former.save(update_fields=["review_on"])
        audit.record("level.reviewed", "level", former.pk, by=by, at=at, new=new)
        return former
    if former is not None:
        former.ends_at = at
        former.save(update_fields=["ends_at"])
    row = ResponseLevel.objects.create(
        organisation=organisation,
        level=level,
        basis=basis.strip(),
        review_on=review_on,
        starts_at=at,
        declared_by_id=by.account_id,
    )
    audit.record(
        "level.declared", "level", row.pk, by=by, at=at, old={"level": former.level} if former else None, new=new
    )
    events.publish("level.declared", level=row, by=by, at=at)
    return row


@transaction.atomic
def end_level(*, organisation: Organisation, reason: str, by: Actor, at: datetime) -> ResponseLevel:
    """The level declared over this very organisation ends at `at`; that of an organisation above, if any, holds again.

    Needs level.declare there and a reason. Conflict when none is in force here. Event: level.ended.
    """
    by.require("level.declare", organisation.path)
    reason = rules.check_end(reason)
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    row = ResponseLevel.objects.filter(organisation=organisation, ends_at__isnull=True).first()
    if row is None:
        sentence = _("No level was declared over %(name)s itself. End it where it was declared.")
        raise Conflict(sentence, code="no_level_here", name=organisation.title)
    row.ends_at, row.end_reason = max(at, row.starts_at), reason
    row.save(update_fields=["ends_at", "end_reason"])
    audit.record("level.ended", "level", row.pk, by=by, at=at, old={"level": row.level}, new={"reason": reason})
    for measure in row.measures.filter(ends_at__isnull=True).select_related("organisation"):
        end_one(measure, reason, by=by, at=at)
    events.publish("level.ended", level=row, by=by, at=at)
    return row


@transaction.atomic
def issue_report(*, organisation: Organisation, day: date, by: Actor, at: datetime) -> SituationReport:
    """Keep the day's report as it stands now, as the next version. Needs report.issue there. Earlier versions stay."""
    by.require("report.issue", organisation.path)
    body = queries.report_dict(by, organisation, day, at)
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    rows = SituationReport.objects.filter(organisation=organisation, day=day)
    version = (rows.aggregate(last=Max("version"))["last"] or 0) + 1
    report = SituationReport.objects.create(
        organisation=organisation,
        day=day,
        version=version,
        figures=body,
        issued_at=at,
        issued_by_id=by.account_id,
        purge_on=clock.local_day(at) + timedelta(days=keep_days("report")),
    )
    new = {"day": str(day), "version": version}
    audit.record("report.issued", "report", report.pk, by=by, at=at, new=new)
    events.publish("report.issued", report=report, by=by, at=at)
    return report
