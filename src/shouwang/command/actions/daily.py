"""Daily reports: a plan set and ended, reports handed in and corrected, what came taken in and locked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.command.models import ReportPlan, ReportReview, UnitReport, UnitReportVersion
from shouwang.command.queries import daily as reads
from shouwang.command.queries.figures import counted
from shouwang.command.rules import daily as rules
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation


@transaction.atomic
def set_report_plan(
    *, organisation: Organisation, deadlines: Mapping[str, str], until: date, reason: str, by: Actor, at: datetime
) -> ReportPlan:
    """Until `until` the units below of the kinds in `deadlines` (kind → "HH:MM") report each day: report.issue there.

    From today, without the times that have passed. Where this organisation asks already, from tomorrow: what is owed
    today does not change in the middle of the day.
    """
    by.require(reads.ISSUE, organisation.path)
    _lock(organisation.pk)
    today = clock.local_day(at)
    asks = ReportPlan.objects.filter(organisation=organisation, starts__lte=today, until__gte=today).exists()
    starts = today + timedelta(days=1) if asks else today
    kinds = set(Organisation.Kind.values)
    found, reason = rules.check_plan(deadlines, kinds=kinds, starts=starts, until=until, reason=reason)
    old = _close(organisation, starts, str(_("replaced")))
    row = ReportPlan.objects.create(
        organisation=organisation, deadlines=found, until=until, reason=reason, starts=starts, made_at=at,
        made_by_id=by.account_id,
    )  # fmt: skip
    new = {"deadlines": found, "until": str(until), "reason": reason}
    audit.record("report_plan.set", "report_plan", row.pk, by=by, at=at, old=old, new=new)
    return row


@transaction.atomic
def end_report_plan(*, organisation: Organisation, reason: str, by: Actor, at: datetime) -> None:
    """Nothing is asked any more, today included; what was handed in stays. Conflict where this organisation itself has
    no plan."""
    by.require(reads.ISSUE, organisation.path)
    reason = rules.check_reason(reason)
    _lock(organisation.pk)
    old = _close(organisation, clock.local_day(at), reason)
    if old is None:
        raise Conflict(_("%(name)s itself asks for no daily reports."), code="no_plan_here", name=organisation.title)
    audit.record("report_plan.ended", "report_plan", organisation.pk, by=by, at=at, old=old, new={"reason": reason})


def _close(organisation: Organisation, first: date, reason: str) -> dict[str, object] | None:
    """No plan of this organisation asks from `first` on. One that was to begin later never asks."""
    rows = ReportPlan.objects.filter(organisation=organisation, until__gte=first)
    old = rows.order_by("-pk").first()
    if old is None:
        return None
    rows.update(until=first - timedelta(days=1), end_reason=reason[: rules.WHY])
    return {"deadlines": old.deadlines, "until": str(old.until)}


def _lock(*units: int) -> None:
    """Whoever hands in to a unit and whoever takes in for it wait for each other; in one order, so that none waits in
    a circle. Not against rows that merely name the unit."""
    rows = Organisation.objects.select_for_update(no_key=True).filter(pk__in=units).order_by("pk")
    list(rows.values_list("pk", flat=True))


@transaction.atomic
def hand_in(
    *, unit: Organisation, day: date, words: rules.Words, zero: bool = False, version: int = 0, reason: str = "",
    by: Actor, at: datetime,
) -> UnitReport:  # fmt: skip
    """The unit's report of the day, with its numbers counted at `at`; `zero` says that there is nothing to report.

    `version` is that of the report one saw, 0 for none; a later one corrects it, with a `reason`, and must be taken in
    again. Every version is kept. Forbidden for who does not act for the unit; BadInput `not_asked`, `not_zero`,
    `reason_missing`; Conflict `edited_meanwhile`, and `review_first` while reports from below are not taken in.
    """
    today = clock.local_day(at)
    if not reads.acts_for(by, unit, today):
        raise Forbidden(_("Only who answers for the unit hands in its report."), code="not_yours")
    rules.check_day(day, today)
    words = rules.check_words(words)
    line = _locked_line(unit, day)
    row = line.report
    if (row.version if row else 0) != version:
        sentence = _("Somebody else has handed in or corrected this report. Look at it again.")
        raise Conflict(sentence, code="edited_meanwhile")
    if row is not None:
        reason = rules.check_reason(reason, sentence=_("Say why the report is corrected."))
    elif not reads.sheet_of(unit, day, at).closed:
        raise Conflict(_("First take in the reports of the units below."), code="review_first")
    found = counted(unit, day, at)
    values = {key: found.values.get(key) for key in rules.KEYS}
    if zero:
        rules.check_zero(values, words)
    body = {"as_of": found.at.isoformat(), "values": values}
    row = row or UnitReport(
        unit=unit, day=day, reports_to_id=line.receiver, due_at=line.due_at, first_at=at, version=0,
        purge_on=day + timedelta(days=keep_days("daily")),
    )  # fmt: skip
    return _write(row, body, words, zero, reason, by=by, at=at)


def _locked_line(unit: Organisation, day: date) -> reads.Line:
    """What the unit owes, while nobody else changes it or takes it in."""
    line = reads.line_of(unit, day)
    if line is None:
        raise BadInput(_("No report is asked of this unit on this day."), field="unit", code="not_asked")
    _lock(unit.pk, line.receiver)
    return reads.line_of(unit, day) or line


def _write(
    row: UnitReport, body: dict[str, Any], words: rules.Words, zero: bool, reason: str, *, by: Actor, at: datetime
) -> UnitReport:
    first = row.version == 0
    row.version += 1
    row.state, row.locked_at, row.locked_by = UnitReport.State.SUBMITTED, None, None
    row.figures, row.zero = body, zero
    row.problems, row.needs, row.done = words.problems, words.needs, words.done
    row.submitted_at, row.submitted_by_id = max(at, row.first_at), by.account_id
    row.save()
    late = ReportReview.objects.filter(unit=row.reports_to_id, day=row.day).exists()
    UnitReportVersion.objects.create(
        report=row, version=row.version, zero=zero, figures=body, problems=words.problems, needs=words.needs,
        done=words.done, reason=reason if not first else "", after_review=late, at=at, by_id=by.account_id,
    )  # fmt: skip
    verb = "unit_report.submitted" if first else "unit_report.corrected"
    new = {"day": str(row.day), "version": row.version, "zero": zero, "after_review": late}
    audit.record(verb, "unit_report", row.pk, by=by, at=at, new=new if first else {**new, "reason": reason})
    return row


@transaction.atomic
def send_back_report(report: UnitReport, *, reason: str, by: Actor, at: datetime) -> UnitReport:
    """Whoever takes a report in sends it back with a reason; it counts as not come until the unit corrects it.

    Forbidden for who does not take it in, and for who handed it in; Conflict `report_returned`, `edited_meanwhile`.
    """
    receiver = report.reports_to
    if not reads.reviews_for(by, receiver, clock.local_day(at)):
        raise Forbidden(_("Only who answers for the unit takes in the reports from below."), code="not_yours")
    _lock(report.unit_id, receiver.pk)
    row = UnitReport.objects.select_related("unit", "reports_to").get(pk=report.pk)
    if row.version != report.version:
        sentence = _("Somebody else has handed in or corrected this report. Look at it again.")
        raise Conflict(sentence, code="edited_meanwhile")
    if row.state == UnitReport.State.RETURNED:
        raise Conflict(_("It has been sent back already."), code="report_returned")
    if by.account_id is not None and row.submitted_by_id == by.account_id:
        raise Forbidden(_("You handed it in yourself: correct it."), code="own_report")
    row.state, row.locked_at, row.locked_by = UnitReport.State.RETURNED, None, None
    row.returned_at, row.returned_by_id = at, by.account_id
    row.return_reason = rules.check_reason(reason, sentence=_("Say what is to be corrected."))
    row.save()
    new = {"day": str(row.day), "version": row.version, "reason": row.return_reason}
    audit.record("unit_report.sent_back", "unit_report", row.pk, by=by, at=at, new=new)
    return row


@transaction.atomic
def take_in(*, unit: Organisation, day: date, stamp: str, reason: str = "", by: Actor, at: datetime) -> ReportReview:
    """Take in and lock what has come to `unit`. What is missing is named and kept with the `reason` for not waiting.

    `stamp` is `Sheet.stamp` of what one saw: Conflict `changed_meanwhile` when another has taken it in, or a report
    came or was corrected since. BadInput `reports_missing`; Conflict `nothing_new`.
    """
    if not reads.reviews_for(by, unit, clock.local_day(at)):
        raise Forbidden(_("Only who answers for the unit takes in the reports from below."), code="not_yours")
    _lock(unit.pk)
    sheet = reads.sheet_of(unit, day, at)
    if sheet.stamp != stamp:
        sentence = _("Since you looked, a report came or was corrected, or somebody took them in. Look again.")
        raise Conflict(sentence, code="changed_meanwhile")
    if not sheet.waiting and (sheet.reviews or not sheet.direct):
        raise Conflict(_("There is nothing new to take in."), code="nothing_new")
    reason = rules.check_review([line.unit.title for line in sheet.missing], reason)
    ids = [row.pk for row in sheet.waiting]
    UnitReport.objects.filter(day=day, reports_to=unit, state=UnitReport.State.SUBMITTED).update(
        state=UnitReport.State.LOCKED, locked_at=at, locked_by=by.account_id
    )
    row = ReportReview.objects.create(
        unit=unit, day=day, number=len(sheet.reviews) + 1, expected=sheet.count.expected, taken=len(ids),
        missing=[line.unit.pk for line in sheet.missing], reason=reason, at=at, by_id=by.account_id,
        purge_on=day + timedelta(days=keep_days("daily")),
    )  # fmt: skip
    audit.record_many("unit_report.locked", "unit_report", ((pk, None, {"day": str(day)}) for pk in ids), by=by, at=at)
    new = {"day": str(day), "taken": row.taken, "expected": row.expected, "missing": row.missing, "reason": reason}
    audit.record("unit_report.taken_in", "report_review", row.pk, by=by, at=at, new=new)
    return row
