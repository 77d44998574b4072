"""Treatment here, discharge, the follow-up after it, and care taken up again by a late complication."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions import set_dates
from shouwang.cases.care import rules
from shouwang.cases.care.actions.common import (
    begin,
    begun,
    check_alive,
    check_case,
    check_correctable,
    moment,
    note,
    one_of,
    reason_text,
    save,
    steps_of,
    words,
)
from shouwang.cases.care.actions.leaving import put_leave
from shouwang.cases.care.actions.returning import withdraw_valid
from shouwang.cases.care.actions.treated import sync_treated
from shouwang.cases.care.models import Care, Complication, Discharge, Treatment, Visit
from shouwang.cases.models import Case
from shouwang.cases.queries import pack_of
from shouwang.checkins.models import SymptomAlert
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor

INSTRUCTIONS = 2000


@transaction.atomic
def treat(
    case: Case,
    *,
    kind: str,
    place: str,
    text: str,
    happened_at: datetime | None = None,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Treatment:
    """One entry of treatment; the earliest becomes the case's first treatment. Needs case.manage."""
    care = begin(case, by=by, at=at, version=version)
    check_alive(care)
    check_case(case)
    when = moment(happened_at, "happened_at", otherwise=at)
    rules.check_moment(when, now=at)
    row = Treatment.objects.create(
        care=care, kind=one_of(kind, Treatment.Kind, "kind"), place=one_of(place, Treatment.Place, "place"),
        text=words(text, "text", limit=300, missing=_("Say what was given or done.")), happened_at=when, at=at,
        by_id=by.account_id,
    )  # fmt: skip
    sync_treated(care, by=by, at=at)
    save(care, by=by, at=at)
    note("care.treated", care, by=by, at=at)
    return row


@transaction.atomic
def correct_treatment(
    row: Treatment,
    *,
    reason: str,
    happened_at: datetime | None = None,
    text: str = "",
    withdraw: bool = False,
    by: Actor,
    at: datetime,
) -> Treatment:
    """Put an entry right or take it back; the first treatment of the case follows. Needs case.manage."""
    care = begun(row.care, by=by, at=at)
    check_correctable(row)
    why = reason_text(reason)
    when = moment(happened_at, "happened_at", otherwise=row.happened_at)
    rules.check_moment(when, now=at)
    new = Treatment.objects.create(
        care=care, kind=row.kind, place=row.place, text=words(text, "text", limit=300) or row.text, happened_at=when,
        corrects=row, void=withdraw, reason=why, at=at, by_id=by.account_id,
    )  # fmt: skip
    sync_treated(care, by=by, at=at)
    save(care, by=by, at=at)
    note("care.treatment_corrected", care, by=by, at=at, withdrawn=withdraw)
    return new


@transaction.atomic
def discharge(
    case: Case,
    *,
    outcome: str,
    instructions: str,
    happened_at: datetime | None = None,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Discharge:
    """The end of treatment. Makes the visits that the pack asks for, owned by whoever discharges; a recovered person's
    date of recovery is set where nobody has entered it. Needs case.manage.

    Conflict while a discharge stands (a late symptom takes care up again first), and while a hospital still has them.
    """
    care = begin(case, by=by, at=at, version=version)
    check_alive(care)
    if care.discharged_at is not None and care.reopened_at is None:
        raise Conflict(_("The discharge is on record. Correct it there."), code="discharged_already")
    if any(rules.is_open(steps_of(referral)) for referral in care.referrals.all()):
        raise Conflict(
            _("The hospital has not said its last word. Enter it first (recovered, transferred on)."),
            code="referral_open",
        )
    when = moment(happened_at, "happened_at", otherwise=at)
    _check_discharge(care, when, at)
    row = Discharge.objects.create(
        care=care, outcome=one_of(outcome, Discharge.Outcome, "outcome"), happened_at=when, at=at, by_id=by.account_id,
        instructions=words(
            instructions, "instructions", limit=INSTRUCTIONS, missing=_("Say what the person is to do now.")
        ),
    )  # fmt: skip
    care.discharged_at, care.reopened_at = when, None
    care.state = Care.State.RETURNED if care.back_on is not None else Care.State.DISCHARGED
    save(care, "discharged_at", "reopened_at", "state", by=by, at=at)
    _recover(case, row, by=by, at=at)
    _plan_visits(care, clock.local_day(when), by=by)
    note("care.discharged", care, by=by, at=at)
    return row


def _check_discharge(care: Care, when: datetime, now: datetime) -> None:
    rules.check_moment(when, now=now)
    since = care.reopened_at or care.case.treated_at
    if since is not None and rules.minute(when) < rules.minute(since):
        raise BadInput(
            _("The discharge (%(value)s) lies before the treatment (%(since)s). Correct one of the two."),
            code="dates_out_of_order", field="happened_at", value=rules.written(when), since=rules.written(since),
        )  # fmt: skip


def _recover(case: Case, row: Discharge, *, by: Actor, at: datetime) -> None:
    if row.outcome == Discharge.Outcome.RECOVERED and case.recovered_at is None:
        set_dates(case, recovered_at=row.happened_at, by=by, at=at)


def _plan_visits(care: Care, day: date, *, by: Actor) -> None:
    pack = pack_of(care.case)
    spec = rules.care_spec(pack)
    care.visits.filter(done_at__isnull=True, void=False).update(void=True)
    Visit.objects.bulk_create(
        Visit(
            care=care, days=visit.days, due_on=day + timedelta(days=visit.days), text_zh=visit.text.zh,
            text_en=visit.text.en, source=pack.sources[visit.source].text[:400],
            assumed=pack.sources[visit.source].kind == "assumption", owner_id=by.account_id,
        )
        for visit in (spec.visits if spec else ())
    )  # fmt: skip


@transaction.atomic
def correct_discharge(
    row: Discharge,
    *,
    reason: str,
    happened_at: datetime | None = None,
    outcome: str = "",
    instructions: str = "",
    withdraw: bool = False,
    by: Actor,
    at: datetime,
) -> Discharge:
    """Put the discharge right or take it back; visits that nobody has made move with it. Needs case.manage. Conflict
    while a certificate of return stands on it."""
    care = begun(row.care, by=by, at=at)
    check_correctable(row)
    if care.back_on is not None:
        raise Conflict(
            _("The certificate of return stands on this discharge. Withdraw the certificate first."),
            code="clearance_valid",
        )
    why = reason_text(reason)
    when = moment(happened_at, "happened_at", otherwise=row.happened_at)
    _check_discharge(care, when, at)
    new = Discharge.objects.create(
        care=care, outcome=one_of(outcome, Discharge.Outcome, "outcome") if outcome else row.outcome,
        instructions=words(instructions, "instructions", limit=INSTRUCTIONS) or row.instructions, happened_at=when,
        corrects=row, void=withdraw, reason=why, at=at, by_id=by.account_id,
    )  # fmt: skip
    if care.reopened_at is None:
        care.discharged_at = None if withdraw else when
        care.state = Care.State.OPEN if withdraw else Care.State.DISCHARGED
        if withdraw:
            care.visits.filter(done_at__isnull=True).update(void=True)
        elif when != row.happened_at:
            _plan_visits(care, clock.local_day(when), by=by)
    save(care, "discharged_at", "state", by=by, at=at)
    note("care.discharge_corrected", care, by=by, at=at, withdrawn=withdraw)
    return new


@transaction.atomic
def record_visit(
    visit: Visit,
    *,
    finding: str,
    note_text: str = "",
    absent_until: date | None = None,
    by: Actor,
    at: datetime,
) -> Visit:
    """What a visit found. Not reached: it stays due, the try is counted. Symptoms take care up again. Needs
    case.manage."""
    care = begun(visit.care, by=by, at=at)
    check_alive(care)
    visit.refresh_from_db()
    if visit.void or visit.done_at is not None:
        raise Conflict(_("This visit is over."), code="visit_over")
    visit.finding = one_of(finding, Visit.Finding, "finding")
    ill = finding == Visit.Finding.SYMPTOMS
    missing = _("Say which symptoms.") if ill else ""
    visit.note, visit.tries = words(note_text, "note", limit=300, missing=missing), visit.tries + 1
    if finding != Visit.Finding.NOT_REACHED:
        visit.done_at, visit.done_by_id = at, by.account_id
    visit.save()
    save(care, by=by, at=at)
    note("care.visited", care, by=by, at=at, visit=visit.pk, reached=visit.done_at is not None)
    if ill and care.reopened_at is None:
        _reopen(care, visit.note, Complication.Source.VISIT, at, absent_until=absent_until, by=by, at=at)
    return visit


@transaction.atomic
def report_complication(
    case: Case,
    *,
    symptoms: str,
    happened_at: datetime | None = None,
    absent_until: date | None = None,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Complication:
    """A symptom after the discharge, seen at the clinic: care is open again. Needs case.manage.

    With `absent_until` the person stays away: a valid certificate is withdrawn and the leave goes on. Conflict while
    care is open anyway.
    """
    care = begin(case, by=by, at=at, version=version)
    check_alive(care)
    if care.discharged_at is None or care.reopened_at is not None:
        raise Conflict(_("Care is open; enter the treatment there."), code="care_open")
    when = moment(happened_at, "happened_at", otherwise=at)
    rules.check_moment(when, now=at)
    text = words(symptoms, "symptoms", limit=300, missing=_("Say which symptoms."))
    return _reopen(care, text, Complication.Source.CLINIC, when, absent_until=absent_until, by=by, at=at)


def _reopen(
    care: Care,
    symptoms: str,
    source: str,
    when: datetime,
    *,
    absent_until: date | None = None,
    alert: SymptomAlert | None = None,
    by: Actor,
    at: datetime,
) -> Complication:
    row = Complication.objects.create(
        care=care, source=source, alert=alert, symptoms=symptoms[:300], happened_at=when, at=at, by_id=by.account_id
    )
    if absent_until is not None:
        withdraw_valid(care, _("symptoms after the discharge"), by=by, at=at)
        today = clock.local_day(at)
        away = care.absent_from is not None and (care.back_on is None or care.back_on > today)
        first = care.absent_from if away and care.absent_from else min(today, absent_until)
        care.back_on = None
        put_leave(care, first, absent_until, by=by, at=at)
    care.reopened_at, care.state = at, Care.State.OPEN
    save(care, "reopened_at", "state", "back_on", by=by, at=at)
    note("care.reopened", care, by=by, at=at, source=source)
    return row


def reopen_by_alert(care: Care, alert: SymptomAlert, *, by: Actor, at: datetime) -> Complication:
    """As `report_complication`, from a symptom alert; the certificate stands until the clinic has looked. Inside the
    transaction of the check-in."""
    locked = begun(care, by=by, at=at)
    return _reopen(locked, alert.because_zh, Complication.Source.ALERT, alert.raised_at, alert=alert, by=by, at=at)
