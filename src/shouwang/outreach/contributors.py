"""The daily check-in as something that is owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.urls import reverse

from shouwang.checkins.queries import reminders
from shouwang.checkins.rules.reminding import Facts
from shouwang.core import clock
from shouwang.org.models import Person
from shouwang.outreach.owed import Due

PARTS = {
    0: ("checkin:daily", "今天的每日申报", "today's check-in"),
    1: ("checkin:second", "今天的第二次申报", "today's second check-in"),
}
NUMBERS = {key: part for part, (key, _zh, _en) in PARTS.items()}


class DailyCheckIn:
    """Asked by the cadence in force, due at its hour, once a day or in each slot of it; nothing of the answers is known
    here."""

    name = "checkin"

    def due_on(self, day: date) -> Sequence[Due]:
        path = reverse("checkins:today")
        return [self._due(deadline, path) for deadline in reminders.deadlines(day)]

    def _due(self, deadline: reminders.Deadline, path: str) -> Due:
        key, zh, en = PARTS[deadline.part]
        if slot := deadline.slot:
            zh = f"今天{slot.name.zh}的申报（{slot.starts:%H:%M} 起）"
            en = f"today's {slot.name.en} check-in (from {slot.starts:%H:%M})"
        return Due(key, deadline.at, zh, en, path)

    def owing(self, key: str, due: datetime) -> QuerySet[Person]:
        return reminders.owing(clock.local_day(due), NUMBERS[key], due=due)

    def among(self, key: str, due: datetime) -> Q:
        return reminders.where_due(clock.local_day(due), NUMBERS[key], due=due)

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        return reminders.facts_of(
            person, clock.local_day(due), NUMBERS[key], due=due, until=until, reached=reached, already=already
        )
