"""Who is absent on sick leave, for rooms above that plan lessons and beds. No reason, no diagnosis."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from shouwang.cases.care.models import Care, ReferralStep
from shouwang.cases.care.rules.log import ADMITTED, ENDS, HANDED, RECEIVED
from shouwang.core import clock

Spell = tuple[int, date, date | None]


def leaves_on(day: date) -> QuerySet[Care]:
    """Care whose person is absent on `day`: the leave has begun, and no certificate says that they are back."""
    standing = Care.objects.filter(absent_from__lte=day).exclude(state=Care.State.DIED)
    return standing.filter(Q(back_on__isnull=True) | Q(back_on__gt=day)).order_by()


def leave_days(first: date, last: date) -> list[Spell]:
    """(person, first day, last day or None) of leaves between two days; one query. None: nobody has cleared them."""
    rows = Care.objects.filter(absent_from__lte=last).filter(Q(back_on__isnull=True) | Q(back_on__gt=first))
    rows = rows.exclude(absent_from=F("back_on")).order_by()
    found = rows.values_list("case__person_id", "absent_from", "back_on")
    return [(who, since, back - timedelta(days=1) if back else None) for who, since, back in found if since]


def hospital_nights(first: date, last: date) -> list[Spell]:
    """(person, first evening, last evening or None) spent in a hospital, as far as its log says; one query.

    From the hand-over, reception or admission to the day before the hospital's last word.
    """
    counting = ReferralStep.objects.filter(void=False, corrected_by__isnull=True)
    ended = counting.filter(referral=OuterRef("referral"), what__in=ENDS)
    end = clock.day_start(last + timedelta(days=1))
    rows = counting.filter(what__in=(HANDED, RECEIVED, ADMITTED), happened_at__lt=end)
    over = ended.filter(happened_at__lt=clock.day_start(first))
    rows = rows.exclude(Exists(over)).annotate(over_at=ended.order_by("happened_at").values("happened_at")[:1])
    spells: dict[int, Spell] = {}
    found = rows.order_by("happened_at").values_list(
        "referral_id", "referral__care__case__person_id", "happened_at", "over_at"
    )
    for referral, person, came, gone in found:
        until = clock.local_day(gone) - timedelta(days=1) if gone else None
        since = clock.local_day(came)
        if until is None or until >= since:
            spells.setdefault(referral, (person, since, until))
    return list(spells.values())
