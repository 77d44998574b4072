"""Check-ins as they were stored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from shouwang.checkins import rules
from shouwang.checkins.models import CheckIn
from shouwang.checkins.queries.own import day_for
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Person, Residence
from shouwang.org.queries import person_for, reachable

HISTORY_DAYS = 14


def history(by: Actor, person_id: int, days: int = HISTORY_DAYS, *, today: date | None = None) -> QuerySet[CheckIn]:
    """Check-ins of the last `days` days, newest first: one's own, or of a person within reach of checkin.view.

    `today` is the day to count back from; None: the institution's.
    """
    person = person_for(by, person_id, right="checkin.view")
    first = (today or clock.today()) - timedelta(days=days - 1)
    return CheckIn.objects.filter(person=person, day__gte=first).order_by("-at", "-pk")


def receipt_for(by: Actor, text: str) -> CheckIn:
    """The check-in with this receipt: one's own, or of somebody whose status one may see.

    BadInput when the number was copied wrongly, NotFound when there is no such row or its answers have been purged.
    Whoever holds only checkin.status is shown that it exists, never its answers.
    """
    day, row = rules.decode_receipt(text)
    checkin = CheckIn.objects.filter(pk=row, day=day).select_related("person").first()
    if checkin is None:
        raise NotFound
    own = checkin.person_id == by.person_id
    if not own and not Person.objects.filter(reachable(by, "checkin.status"), pk=checkin.person_id).exists():
        raise NotFound
    return checkin


def own_checkin(by: Actor, text: str, *, at: datetime) -> CheckIn:
    """The entry with this receipt that `by` may put right: what they said themselves, in the last days. NotFound for
    any other, Conflict when it is too late."""
    row = receipt_for(by, text)
    if row.person_id != by.person_id or row.source != CheckIn.Source.SELF:
        raise NotFound
    rules.check_correctable(row.day, today=day_for(row.person, at))
    return row


def bed_of(person: Person) -> Residence | None:
    """Where the person sleeps: whoever may handle their alert must be able to find them."""
    return Residence.objects.filter(person=person, ends__isnull=True).select_related("place__parent").first()


def checks_of(person_ids: Collection[int], *, first: date, last: date) -> QuerySet[CheckIn]:
    """Check-ins of these people from `first` to `last`, oldest first: facts for the rules of upper rooms.

    Asks no permission: the caller decides by them and shows nobody's answers without asking for itself.
    """
    return CheckIn.objects.filter(person_id__in=person_ids, day__gte=first, day__lte=last).order_by(
        "person_id", "at", "pk"
    )
