"""Who lives by another clock than the institution's: written with the check-in that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from shouwang.checkins.actions import facts
from shouwang.checkins.models import PersonZone
from shouwang.checkins.rules import Answers, zones
from shouwang.core import clock
from shouwang.org.models import Person


@dataclass(frozen=True, slots=True)
class Moved:
    """From `since` on, somebody lives by `zone`; None: by the institution's again."""

    zone: ZoneInfo | None
    since: datetime

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone or clock.zone()).date()


def moved(answers: Answers, person: facts.Known, *, at: datetime) -> Moved | None:
    """What these answers change about the person's clock, None for nothing. BadInput for a zone that nobody knows.

    Who says they are at the institution or near it again, and names no zone, lives by its clock.
    """
    if answers.zone:
        name = zones.coarse(answers.zone, at=at)
        home = zones.coarse(clock.zone().key, at=at)
        zone = None if name == home else ZoneInfo(name)
    elif answers.situation and answers.situation != Person.Situation.ABROAD:
        zone = None
    else:
        return None
    before = person.zone.key if person.zone else ""
    return None if (zone.key if zone else "") == before else Moved(zone, at)


def store(person: facts.Known, change: Moved) -> None:
    """Rare, and therefore not gathered with the rest of the group."""
    if change.zone is None:
        PersonZone.objects.filter(person_id=person.id).delete()
    else:
        values = {"zone": change.zone.key, "since": change.since}
        PersonZone.objects.update_or_create(person_id=person.id, defaults=values)
    person.zone, person.since = change.zone, change.since if change.zone else None
