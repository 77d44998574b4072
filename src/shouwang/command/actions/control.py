"""Declaring a level with its measures, and single measures; ending and extending them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.command.actions.daily import set_report_plan
from shouwang.command.actions.ending import end_one
from shouwang.command.actions.standing import declare_level
from shouwang.command.models import ControlMeasure, ResponseLevel
from shouwang.command.queries import control as queries
from shouwang.command.rules import control as rules
from shouwang.core import audit, clock, events
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation

RIGHT = "level.declare"


@transaction.atomic
def declare_with_measures(
    *,
    organisation: Organisation,
    level: int,
    basis: str,
    review_on: date,
    kinds: Collection[str] | None = None,
    values: Mapping[str, str] | None = None,
    by: Actor,
    at: datetime,
) -> ResponseLevel:
    """Declare a level and, in the same act, the measures it brings: those of `kinds` (None: all of the file), with
    `values` where somebody chose another than the file's. Measures of the former level end. Needs level.declare there.

    What would be laxer than what holds from above is left out, as the preview says; a value of `values` that is laxer
    is refused. Daily reports follow the measure `reports`.
    """
    row = declare_level(organisation=organisation, level=level, basis=basis, review_on=review_on, by=by, at=at)
    stricter = queries.above(organisation, at)
    chosen = dict(values or {})
    wanted = [plan for plan in queries.level_file().of(level) if kinds is None or plan.kind in kinds]
    kept = set()
    for plan in wanted:
        value = rules.check_value(plan.kind, chosen.get(plan.kind, plan.value))
        there = stricter.get(plan.kind)
        if there is not None and rules.strictness(plan.kind, value) < rules.strictness(plan.kind, there.value):
            if plan.kind in chosen:
                rules.check_not_laxer(plan.kind, value, stricter)
            continue
        kept.add(plan.kind)
        _put(
            organisation, plan.kind, value, (plan.reason.zh, plan.reason.en), row.basis, review_on, row, by=by, at=at
        )  # fmt: skip
    for old in _standing(organisation).filter(level__isnull=False).exclude(kind__in=kept):
        end_one(old, str(_("not part of the new level")), by=by, at=at)
    return row


@transaction.atomic
def declare_measure(
    *,
    organisation: Organisation,
    kind: str,
    value: str,
    reason: str,
    basis: str,
    review_on: date,
    by: Actor,
    at: datetime,
) -> ControlMeasure:
    """One measure from `at` on, in place of what this organisation had declared of its kind. Needs level.declare there.

    BadInput for a value the kind does not know, a missing reason, basis or review, or one laxer than from above.
    """
    by.require(RIGHT, organisation.path)
    value = rules.check_value(kind, value)
    rules.check_measure(reason=reason, basis=basis, review_on=review_on, today=clock.local_day(at))
    rules.check_not_laxer(kind, value, queries.above(organisation, at))
    words = (reason.strip(), reason.strip())
    return _put(organisation, kind, value, words, basis.strip(), review_on, None, by=by, at=at)


def _standing(organisation: Organisation) -> QuerySet[ControlMeasure]:
    return ControlMeasure.objects.filter(organisation=organisation, ends_at__isnull=True).select_related("organisation")


def _put(
    organisation: Organisation,
    kind: str,
    value: str,
    reasons: tuple[str, str],
    basis: str,
    review_on: date,
    level: ResponseLevel | None,
    *,
    by: Actor,
    at: datetime,
) -> ControlMeasure:
    old = None
    if kind != rules.OTHER:
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        old = ControlMeasure.objects.filter(organisation=organisation, kind=kind, ends_at__isnull=True).first()
    if old is not None:
        old.ends_at, old.end_reason = max(at, old.starts_at), str(_("replaced"))
        old.save(update_fields=["ends_at", "end_reason"])
    row = ControlMeasure.objects.create(
        organisation=organisation, level=level, kind=kind, value=value, reason_zh=reasons[0], reason_en=reasons[1],
        basis=basis, starts_at=at, review_on=review_on, declared_by_id=by.account_id,
    )  # fmt: skip
    new = {"kind": kind, "value": value, "review_on": str(review_on)}
    before = {"value": old.value} if old else None
    audit.record("measure.declared", "measure", row.pk, by=by, at=at, old=before, new=new)
    _follow(row, old.value if old else None, by=by, at=at)
    events.publish("measure.declared", measure=row, by=by, at=at)
    return row


def _follow(row: ControlMeasure, before: str | None, *, by: Actor, at: datetime) -> None:
    """Daily reports are asked for as the measure says. Whoever may not set them leaves them as they are."""
    if row.kind != rules.REPORTS or before == row.value or not by.holds("report.issue", row.organisation.path):
        return
    deadlines = dict(pair.split("=") for pair in row.value.split())
    reason = f"{row.basis}"[: rules.REASON]
    set_report_plan(
        organisation=row.organisation, deadlines=deadlines, until=row.review_on, reason=reason, by=by, at=at
    )  # fmt: skip


@transaction.atomic
def end_measure(row: ControlMeasure, *, reason: str, by: Actor, at: datetime) -> ControlMeasure:
    """From `at` it is not asked any more; what holds from above does again. Needs level.declare there and a reason."""
    by.require(RIGHT, row.organisation.path)
    row = ControlMeasure.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=row.pk)
    if row.ends_at is not None:
        raise Conflict(_("This measure has ended already."), code="measure_over")
    return end_one(row, _reason(reason), by=by, at=at)


@transaction.atomic
def extend_measure(row: ControlMeasure, *, review_on: date, reason: str, by: Actor, at: datetime) -> ControlMeasure:
    """Reviewed and kept: the next review lies after today, within a quarter. Needs level.declare there and a reason."""
    by.require(RIGHT, row.organisation.path)
    row = ControlMeasure.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=row.pk)
    if row.ends_at is not None:
        raise Conflict(_("This measure has ended already."), code="measure_over")
    text = _reason(reason)
    rules.check_measure(reason=row.reason_zh, basis=row.basis, review_on=review_on, today=clock.local_day(at))
    old = {"review_on": str(row.review_on)}
    row.review_on = review_on
    row.save(update_fields=["review_on"])
    new = {"review_on": str(review_on), "reason": text}
    audit.record("measure.reviewed", "measure", row.pk, by=by, at=at, old=old, new=new)
    return row


def _reason(text: str) -> str:
    text = text.strip()
    if not 4 <= len(text) <= rules.REASON:
        raise BadInput(
            _("Say in 4 to %(limit)s characters why; everybody reads it."),
            code="reason_missing", field="reason", limit=rules.REASON,
        )  # fmt: skip
    return text
