"""The first treatment of a case, kept in step with the entries that say so."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from shouwang.cases.actions import set_dates
from shouwang.cases.care.actions.common import counting
from shouwang.cases.care.models import Care, ReferralStep, Treatment
from shouwang.cases.care.rules.log import TREATED
from shouwang.core.scope import Actor


def sync_treated(care: Care, *, by: Actor, at: datetime) -> None:
    """Set the case's first treatment to the earliest entry that counts: here, or the hospital's "in treatment".

    A date somebody entered on the case by hand stands, unless an entry is earlier, or the date was one of an entry that
    has been corrected since.
    """
    case = care.case
    entries = list(counting(Treatment.objects.filter(care=care)).values_list("happened_at", flat=True))
    said = ReferralStep.objects.filter(referral__care=care, what=TREATED)
    entries += list(counting(said).values_list("happened_at", flat=True))
    first = min(entries, default=None)
    if case.treated_at == first or (first is None and case.treated_at is None):
        return
    if case.treated_at is not None and (first is None or first > case.treated_at) and not _ours(care, case.treated_at):
        return
    set_dates(case, treated_at=first, reason=_("from the entries of treatment"), by=by, at=at)


def _ours(care: Care, moment: datetime) -> bool:
    """Whether an entry, also one corrected since, said this moment."""
    return (
        Treatment.objects.filter(care=care, happened_at=moment).exists()
        or ReferralStep.objects.filter(referral__care=care, what=TREATED, happened_at=moment).exists()
    )
