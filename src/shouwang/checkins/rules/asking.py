"""When a check-in is asked: by the cadence in force on a day, apart from what a monitored person owes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


class Cadence(StrEnum):
    """How often everybody is asked. Symptoms can be reported at any hour under each of them."""

    DAILY = "daily"
    TWICE_DAILY = "twice_daily"
    WEEKLY = "weekly"
    UNWELL_ONLY = "unwell_only"


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of everybody on one day. `due`: local time by which the day's check-in is expected.

    `weekday` is that of the weekly check-in, Monday 0; other cadences do not look at it.
    """

    cadence: Cadence
    due: time
    weekday: int = 0

    def asks_on(self, day: date) -> bool:
        """Whether everybody is asked on `day`; who reports unprompted is heard all the same."""
        match self.cadence:
            case Cadence.DAILY | Cadence.TWICE_DAILY:
                return True
            case Cadence.WEEKLY:
                return day.weekday() == self.weekday
            case Cadence.UNWELL_ONLY:
                return False
