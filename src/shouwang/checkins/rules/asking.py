"""When a check-in is asked: by the cadence in force on a day, apart from what a monitored person owes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

import msgspec

from shouwang.core.packs import Text


class Cadence(StrEnum):
    """How often everybody is asked. Symptoms can be reported at any hour under each of them."""

    DAILY = "daily"
    TWICE_DAILY = "twice_daily"
    WEEKLY = "weekly"
    UNWELL_ONLY = "unwell_only"


class Slot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the day with a check-in of its own, local times: it begins at `starts` and ends where the next one
    begins (the last at midnight); its check-in is expected by `due`."""

    name: Text
    starts: time
    due: time


def slot_of(slots: tuple[Slot, ...], moment: time) -> int:
    """The place in `slots` of the one in which a local time falls; 0 before the first and where there is none."""
    return max((place for place, slot in enumerate(slots) if slot.starts <= moment), default=0)


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of everybody on one day. `due`: local time by which the day's check-in is expected.

    `weekday` is that of the weekly check-in, Monday 0; other cadences do not look at it. `slots` are the parts of the
    day in which two check-ins are asked, of everybody (`TWICE_DAILY`) or of who is monitored that often.
    """

    cadence: Cadence
    due: time
    weekday: int = 0
    slots: tuple[Slot, ...] = ()

    def asks_on(self, day: date) -> bool:
        """Whether everybody is asked on `day`; who reports unprompted is heard all the same."""
        match self.cadence:
            case Cadence.DAILY | Cadence.TWICE_DAILY:
                return True
            case Cadence.WEEKLY:
                return day.weekday() == self.weekday
            case Cadence.UNWELL_ONLY:
                return False

    @property
    def by_slot(self) -> bool:
        """Whether everybody is asked in each slot."""
        return self.cadence is Cadence.TWICE_DAILY and len(self.slots) > 1

    def part_at(self, moment: time) -> int:
        """The slot that is being asked at a local time; 0 where the whole day is one."""
        return slot_of(self.slots, moment) if self.by_slot else 0

    def due_of(self, part: int) -> time:
        """By when the check-in of a slot is expected; that of the first is `due` where the whole day is one."""
        return self.slots[part].due if part or self.by_slot else self.due
