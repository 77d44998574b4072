"""The daily check-in as something that is owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import QuerySet
from django.urls import reverse

from shouwang.checkins.queries import reminders
from shouwang.checkins.rules.reminding import Facts
from shouwang.core import clock
from shouwang.org.models import Person
from shouwang.outreach.owed import Due


class DailyCheckIn:
    """Asked by the cadence in force, due at its hour; nothing of the answers is known here."""

    name = "checkin"

    def due_on(self, day: date) -> Sequence[Due]:
        if not reminders.expected_on(day):
            return ()
        path = reverse("checkins:today")
        return (Due("checkin:daily", reminders.due_at(day), "今天的每日申报", "today's check-in", path),)

    def owing(self, key: str, due: datetime) -> QuerySet[Person]:
        return reminders.owing(clock.local_day(due))

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        return reminders.facts_of(person, clock.local_day(due), until=until, reached=reached, already=already)
