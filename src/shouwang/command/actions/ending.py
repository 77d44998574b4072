"""Ending one control measure: by itself, with its level, or because the new level does not bring it."""

from __future__ import annotations

from datetime import datetime

from shouwang.command.actions.daily import end_report_plan
from shouwang.command.models import ControlMeasure
from shouwang.command.queries import control as queries
from shouwang.command.rules import control as rules
from shouwang.core import audit, clock, events
from shouwang.core.scope import Actor


def end_one(row: ControlMeasure, reason: str, *, by: Actor, at: datetime) -> ControlMeasure:
    """Within the caller's transaction, which has asked the right. Daily reports asked for by it are asked no more."""
    row.ends_at, row.end_reason = max(at, row.starts_at), reason[: rules.REASON]
    row.save(update_fields=["ends_at", "end_reason"])
    audit.record("measure.ended", "measure", row.pk, by=by, at=at, new={"reason": row.end_reason})
    may = row.kind == rules.REPORTS and by.holds("report.issue", row.organisation.path)
    if may and queries.reports_asked(row.organisation, clock.local_day(at)):
        end_report_plan(organisation=row.organisation, reason=row.end_reason, by=by, at=at)
    events.publish("measure.ended", measure=row, by=by, at=at)
    return row
