"""Sick leave, and what the receiving doctor must know of a person."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.care.actions.common import LONGEST, begin, check_alive, note, save, words
from shouwang.cases.care.models import Care
from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor


@transaction.atomic
def set_leave(case: Case, *, first: date, until: date, by: Actor, at: datetime, version: int | None = None) -> Care:
    """Absent from `first` until `until`, both included; an estimate that may be set anew. Needs case.manage.

    BadInput for days that do not fit; Conflict once a certificate says when the person is back.
    """
    care = begin(case, by=by, at=at, version=version)
    check_alive(care)
    put_leave(care, first, until, by=by, at=at)
    return care


def put_leave(care: Care, first: date, until: date, *, by: Actor, at: datetime) -> None:
    """Write the leave of locked care."""
    today = clock.local_day(at)
    if care.back_on is not None:
        raise Conflict(
            _("A certificate says that the person is back on %(day)s. Withdraw it first."),
            code="leave_ended", day=care.back_on.isoformat(),
        )  # fmt: skip
    if until < first:
        raise BadInput(_("The last day of absence lies before the first."), code="days_invalid", field="absent_until")
    if not today - LONGEST <= first <= today + LONGEST:
        raise BadInput(_("The first day lies more than a year away. Check it."), code="days_far", field="absent_from")
    if until > today + LONGEST:
        raise BadInput(_("The last day lies more than a year away. Check it."), code="days_far", field="absent_until")
    care.absent_from, care.absent_until = first, until
    save(care, "absent_from", "absent_until", by=by, at=at)
    note("care.leave_set", care, by=by, at=at, first=first.isoformat(), until=until.isoformat())


@transaction.atomic
def set_medical(
    case: Case, *, allergies: str, chronic: str, by: Actor, at: datetime, version: int | None = None
) -> Care:
    """Allergies and chronic illness as somebody said them; empty is unknown. Needs case.manage."""
    care = begin(case, by=by, at=at, version=version)
    care.allergies = words(allergies, "allergies", limit=300)
    care.chronic = words(chronic, "chronic", limit=300)
    save(care, "allergies", "chronic", by=by, at=at)
    note("care.medical_set", care, by=by, at=at)
    return care
