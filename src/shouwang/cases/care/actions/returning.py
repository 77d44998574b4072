"""The way back: clearance by review, its certificate, and taking it back."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from shouwang.cases.care import queries, rules
from shouwang.cases.care.actions.common import LONGEST, begin, begun, check_alive, note, reason_text, save
from shouwang.cases.care.models import Care, Clearance, ClearanceSeries
from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor

SALT_BYTES = 16


@transaction.atomic
def clear(
    case: Case, *, back_on: date, reason: str = "", by: Actor, at: datetime, version: int | None = None
) -> Clearance:
    """Cleared for class and dormitory from `back_on` on; the absence ends with the day before. Needs case.manage.

    The conditions are judged again and kept as they stood. BadInput (`return_reason`, the open ones in `data`) where
    one is not met and `reason` is empty; Conflict (`return_barred`) where one is that no reason makes up for: an order
    in force, a death; Conflict (`clearance_valid`) while another certificate is valid.
    """
    care = begin(case, by=by, at=at, version=version)
    check_alive(care)
    today = clock.local_day(at)
    if not today <= back_on <= today + LONGEST:
        raise BadInput(
            _("The day of return lies before today or more than a year ahead. Check it."),
            code="days_invalid", field="back_on",
        )  # fmt: skip
    if care.clearances.filter(revoked_at__isnull=True).exists():
        raise Conflict(_("A certificate of return is valid already."), code="clearance_valid")
    kept = {}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            kept[language] = queries.review_of(care, back_on=back_on, at=at)
    found = kept["en"]
    text = reason_text(reason, required=False)
    _check(queries.review_of(care, back_on=back_on, at=at), text)
    row = Clearance.objects.create(
        care=care, number=_next_number(today.year), salt=secrets.token_hex(SALT_BYTES), absent_from=care.absent_from,
        back_on=back_on, lines_zh=_written(kept["zh-hans"]), lines_en=_written(kept["en"]),
        reason="" if found.met else text, at=at, by_id=by.account_id,
    )  # fmt: skip
    care.back_on, care.state = back_on, Care.State.RETURNED
    if care.absent_from is not None:
        care.absent_until = max(care.absent_from, back_on - timedelta(days=1))
    save(care, "back_on", "state", "absent_until", by=by, at=at)
    note("care.cleared", care, by=by, at=at, certificate=row.number, back_on=back_on.isoformat())
    return row


def _check(found: rules.Review, reason: str) -> None:
    if found.barred:
        raise Conflict(
            _("Nobody is cleared like this: %(why)s"),
            code="return_barred", why=" ".join(line.text for line in found.unmet if line.hard),
        )  # fmt: skip
    if not found.met and not reason:
        raise BadInput(
            _("Not every condition is met. To clear the person all the same, say why."),
            code="return_reason", field="reason", unmet=[line.code for line in found.unmet],
        )  # fmt: skip


def _written(found: rules.Review) -> str:
    return "\n".join(f"{'+' if line.met else '-'}{line.text}" for line in found.lines)


def _next_number(year: int) -> str:
    """``R-2026-0001``: counted within the transaction, one at a time, so there are no gaps and no doubles."""
    prefix = f"R-{year}"
    ClearanceSeries.objects.get_or_create(prefix=prefix)
    ClearanceSeries.objects.filter(prefix=prefix).update(last=F("last") + 1)
    last = ClearanceSeries.objects.values_list("last", flat=True).get(prefix=prefix)
    return f"{prefix}-{last:04d}"


@transaction.atomic
def revoke(
    clearance: Clearance, *, reason: str, absent_until: date | None = None, by: Actor, at: datetime
) -> Clearance:
    """Take a certificate back; the person is absent again until `absent_until` (needed where a leave stood). Needs
    case.manage. Conflict when it was taken back already."""
    care = begun(clearance.care, by=by, at=at)
    clearance.refresh_from_db()
    if clearance.revoked_at is not None:
        raise Conflict(_("This certificate has been withdrawn already."), code="clearance_revoked")
    text = reason_text(reason)
    today = clock.local_day(at)
    if care.absent_from is not None and absent_until is None:
        raise BadInput(
            _("Say until when the person will be absent at least; it can be changed."),
            code="leave_missing", field="absent_until",
        )  # fmt: skip
    if absent_until is not None and absent_until < today:
        raise BadInput(_("The last day of absence lies before today."), code="days_invalid", field="absent_until")
    if absent_until is not None and absent_until > today + LONGEST:
        raise BadInput(_("The last day lies more than a year away. Check it."), code="days_far", field="absent_until")
    withdraw_valid(care, text, by=by, at=at)
    if absent_until is not None:
        if care.absent_from is None or (care.back_on is not None and care.back_on <= today):
            care.absent_from = today
        care.absent_until = absent_until
    care.back_on = None
    open_again = care.discharged_at is None or care.reopened_at is not None
    care.state = Care.State.OPEN if open_again else Care.State.DISCHARGED
    save(care, "back_on", "state", "absent_from", "absent_until", by=by, at=at)
    clearance.refresh_from_db()
    return clearance


def withdraw_valid(care: Care, reason: object, *, by: Actor, at: datetime) -> None:
    """Take back the valid certificate of locked care, where there is one; its dates are the caller's."""
    row = care.clearances.filter(revoked_at__isnull=True).first()
    if row is None:
        return
    row.revoked_at, row.revoked_by_id, row.revoke_reason = at, by.account_id, str(reason)
    row.save(update_fields=["revoked_at", "revoked_by", "revoke_reason"])
    note("care.revoked", care, by=by, at=at, certificate=row.number)
