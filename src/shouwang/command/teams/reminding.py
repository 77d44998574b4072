"""Secondments that wait for an answer, for the reminders."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import QuerySet

from shouwang.command.models import TeamMember
from shouwang.command.teams.queries import who_decides
from shouwang.core import clock
from shouwang.org.models import Person

ASKED = TeamMember.State.ASKED


def asked_on(day: date) -> list[datetime]:
    """When somebody was asked for on a local day who is not decided on yet."""
    start, end = clock.day_bounds(day)
    rows = TeamMember.objects.filter(state=ASKED, asked_at__gte=start, asked_at__lt=end).order_by("asked_at")
    return list(rows.values_list("asked_at", flat=True))


def waiting_for(start: datetime, end: datetime) -> QuerySet[Person]:
    """Of secondments asked for between two moments (end not in it): whom they are about, unless they have said that
    they cannot, and who decides for the home unit. Three queries."""
    rows = list(TeamMember.objects.filter(state=ASKED, asked_at__gte=start, asked_at__lt=end).select_related("home"))
    people = {row.person_id for row in rows if row.cannot_at is None}
    people |= {person.pk for person in who_decides(rows, on=clock.local_day(start)).values()}
    return Person.objects.filter(pk__in=people)
