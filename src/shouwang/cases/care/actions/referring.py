"""Transfer to a hospital, and its log: the ambulance's moments, the hospital's words, corrections that keep history."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.care import rules
from shouwang.cases.care.actions.common import (
    MANAGE,
    begin,
    begun,
    check_alive,
    check_case,
    check_correctable,
    counting,
    moment,
    note,
    one_of,
    reason_text,
    require,
    save,
    steps_of,
    words,
)
from shouwang.cases.care.actions.leaving import put_leave
from shouwang.cases.care.actions.treated import sync_treated
from shouwang.cases.care.hospitals import hospital_named
from shouwang.cases.care.models import Care, Referral, ReferralStep
from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor, system_actor

LINK_HOURS = 72  # assumption: long enough for a ward to answer after a night and a weekend's change of shift
HOSPITAL = system_actor("hospital link", mouth="web")


@transaction.atomic
def refer(
    case: Case,
    *,
    hospital: str,
    reason: str,
    accompanied_by: str = "",
    decided_at: datetime | None = None,
    absent_until: date | None = None,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Referral:
    """Transfer the person to the hospital with that code of the institution's list. Needs case.manage.

    `absent_until` is the last day of absence as far as anybody can say; needed where no leave stands yet. Conflict for
    a discarded case, and while another hospital has not said its last word.
    """
    care = begin(case, by=by, at=at, version=version)
    check_alive(care)
    check_case(case)
    found = hospital_named(case.person, hospital)
    text = reason_text(reason)
    decided = moment(decided_at, "decided_at", otherwise=at)
    rules.check_moment(decided, now=at, field="decided_at")
    for other in care.referrals.all():
        if rules.is_open(steps_of(other)):
            raise Conflict(
                _("%(hospital)s has not yet said its last word. Enter it first (transferred on, recovered)."),
                code="referral_open", hospital=other.hospital_name,
            )  # fmt: skip
    if care.back_on is not None:
        raise Conflict(
            _("A certificate of return is valid. Withdraw it, or enter the symptoms after discharge, first."),
            code="clearance_valid",
        )
    if absent_until is not None:
        first = min(care.absent_from or clock.local_day(decided), absent_until)
        put_leave(care, first, absent_until, by=by, at=at)
    elif care.absent_until is None:
        raise BadInput(
            _("Say until when the person will be absent at least; it can be changed."),
            code="leave_missing", field="absent_until",
        )  # fmt: skip
    referral = Referral.objects.create(
        care=care, hospital=found.code, hospital_name=found.name, hospital_phone=found.phone,
        hospital_address=found.address, reason=text,
        accompanied_by=words(accompanied_by, "accompanied_by", limit=120), decided_at=decided, at=at,
        by_id=by.account_id,
    )  # fmt: skip
    if care.state == Care.State.DISCHARGED:
        care.state = Care.State.OPEN
    save(care, "state", by=by, at=at)
    note("care.referred", care, by=by, at=at, referral=referral.pk)
    return referral


@transaction.atomic
def add_step(
    referral: Referral,
    *,
    what: str,
    happened_at: datetime | None = None,
    source: str = ReferralStep.Source.MESSAGE,
    told_by: str = "",
    by: Actor,
    at: datetime,
) -> ReferralStep:
    """One moment of the ambulance or word of the hospital; `happened_at` None is now. Needs case.manage.

    BadInput when it does not fit the others (`rules.check_step`). "In treatment" may be the first treatment of the
    case; "died" ends the care.
    """
    one_of(source, ReferralStep.Source, "source")
    if source == ReferralStep.Source.LINK:
        raise BadInput(_("Only the hospital itself answers by its link."), code="source_link", field="source")
    return _add(referral, what, happened_at, source, told_by, by=by, at=at)


def _add(
    referral: Referral, what: str, happened_at: datetime | None, source: str, told_by: str, *, by: Actor, at: datetime
) -> ReferralStep:
    care = begun(referral.care, by=by, at=at)
    when = moment(happened_at, "happened_at", otherwise=at)
    rules.check_step(steps_of(referral), rules.Step(what, when), now=at)
    step = ReferralStep.objects.create(
        referral=referral, what=what, happened_at=when, source=source, told_by=words(told_by, "told_by", limit=80),
        at=at, by_id=by.account_id,
    )  # fmt: skip
    _follow(care, by=by, at=at)
    note("care.step_added", care, by=by, at=at, referral=referral.pk, source=source)
    return step


@transaction.atomic
def correct_step(
    step: ReferralStep,
    *,
    reason: str,
    what: str = "",
    happened_at: datetime | None = None,
    withdraw: bool = False,
    by: Actor,
    at: datetime,
) -> ReferralStep:
    """Put an entry right, or take it back (`withdraw`); what stood there stays in the history. Needs case.manage."""
    care = begun(step.referral.care, by=by, at=at)
    check_correctable(step)
    text = reason_text(reason)
    new = rules.Step(what or step.what, moment(happened_at, "happened_at", otherwise=step.happened_at))
    if not withdraw:
        if new == rules.Step(step.what, step.happened_at):
            raise BadInput(_("Nothing has been changed. Enter what is right, or take the entry back."), field="what")
        rules.check_step(steps_of(step.referral, without=step), new, now=at)
    row = ReferralStep.objects.create(
        referral=step.referral, what=new.what, happened_at=new.at, source=ReferralStep.Source.MESSAGE,
        told_by=step.told_by, corrects=step, void=withdraw, reason=text, at=at, by_id=by.account_id,
    )  # fmt: skip
    _follow(care, by=by, at=at)
    note("care.step_corrected", care, by=by, at=at, referral=step.referral_id, withdrawn=withdraw)
    return row


def _follow(care: Care, *, by: Actor, at: datetime) -> None:
    """What the log says now: first treatment, and whether the person is alive."""
    sync_treated(care, by=by, at=at)
    died = counting(ReferralStep.objects.filter(referral__care=care, what=rules.DIED)).exists()
    if died:
        care.state = Care.State.DIED
        care.visits.filter(done_at__isnull=True).update(void=True)
    elif care.state == Care.State.DIED:
        care.state = Care.State.DISCHARGED if care.discharged_at and not care.reopened_at else Care.State.OPEN
        care.visits.filter(done_at__isnull=True).update(void=False)
        if care.back_on is not None:
            care.state = Care.State.RETURNED
    save(care, "state", by=by, at=at)


# --- the hospital's own answer ---------------------------------------------------------------------------------------


@transaction.atomic
def make_link(referral: Referral, *, by: Actor, at: datetime) -> str:
    """The text of a one-time link for the hospital; links made before count no more. Needs case.manage."""
    care = begun(referral.care, by=by, at=at)
    require(by, care.case.person, MANAGE)
    if not rules.is_open(steps_of(referral)):
        raise Conflict(_("The hospital has said its last word already."), code="referral_ended")
    until = at + timedelta(hours=LINK_HOURS)
    referral.refresh_from_db()
    referral.link_serial += 1
    referral.link_until, referral.link_used_at = until, None
    referral.save(update_fields=["link_serial", "link_until", "link_used_at"])
    note("care.link_made", care, by=by, at=at, referral=referral.pk)
    ticket = rules.LinkTicket(referral.pk, referral.link_serial, int(until.timestamp()))
    return rules.issue_link(settings.SECRET_KEY, ticket)


def linked(text: str, *, at: datetime) -> Referral:
    """The referral of a link that still counts. BadInput (`link_forged`, `link_expired`) for any other."""
    ticket = rules.read_link(settings.SECRET_KEY, text, now=at.timestamp())
    rows = Referral.objects.filter(pk=ticket.referral, link_serial=ticket.serial, link_used_at__isnull=True)
    referral = rows.select_related("care__case__person").first()
    if referral is None:
        raise rules.spent()
    return referral


@transaction.atomic
def answer_link(text: str, *, what: str, happened_at: datetime | None, told_by: str, at: datetime) -> ReferralStep:
    """What the hospital says by its link, once: of two at the same instant one is refused."""
    referral = linked(text, at=at)
    begun(referral.care, by=HOSPITAL, at=at)
    locked = linked(text, at=at)
    if what not in rules.STATUSES:
        raise BadInput(_("Choose how the person is."), code="step_unknown", field="what")
    who = words(told_by, "told_by", limit=80, missing=_("Write your name and ward, so that the clinic can ask."))
    step = _add(locked, what, happened_at, ReferralStep.Source.LINK, who, by=HOSPITAL, at=at)
    Referral.objects.filter(pk=locked.pk).update(link_used_at=at)
    return step
