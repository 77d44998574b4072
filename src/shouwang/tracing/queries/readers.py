"""What is said about readers: clocks that were or may be wrong, and stretches without a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Place
from shouwang.org.queries import owned
from shouwang.tracing.models import PresenceDay
from shouwang.tracing.models_readers import ReaderClock
from shouwang.tracing.queries.presence import RIGHTS
from shouwang.tracing.rules.holes import SLOT_S

IMPORT = RIGHTS[0]
NAMED = 3  # readers of one stretch that are named; more are counted


@dataclass(frozen=True, slots=True)
class Silence:
    """Readers of one source that recorded nothing on `day` from `start` to `end` (local "HH:MM"), where `expected`
    records are usual: `names` of the first, and how many there are in all."""

    day: date
    source: str
    start: str
    end: str
    expected: int
    names: tuple[str, ...]
    readers: int

    @property
    def more(self) -> int:
        return self.readers - len(self.names)


def clocks(by: Actor) -> QuerySet[ReaderClock]:
    """Clocks of the readers of one's institution, proposals first, then the latest. Needs presence.import."""
    by.require(IMPORT)
    places = Place.objects.filter(owned(by.ranges(IMPORT)))
    rows = ReaderClock.objects.filter(place__in=places.values("pk"))
    return rows.select_related("place__parent", "decided_by")


def reader_for(by: Actor, written: str) -> Place:
    """The place with this code, else with this name, where there is only one. NotFound."""
    by.require(IMPORT)
    places = Place.objects.filter(owned(by.ranges(IMPORT)))
    words = written.strip()
    found = (
        list(places.filter(code=words))
        or list(places.filter(name=words)[:2])
        or list(places.filter(name_en__iexact=words)[:2])
    )
    if not words or len(found) != 1:
        raise NotFound
    return found[0]


def silences(days: Iterable[PresenceDay]) -> dict[date, list[Silence]]:
    """Stretches without a record of each day, longest expected first; a day that could not be compared is not in it.
    One query for the names."""
    judged = {row.day: row.holes for row in days if row.holes is not None}
    wanted = {hole["reader"] for found in judged.values() for hole in found}
    names = {place.pk: place.title for place in Place.objects.filter(pk__in=wanted)} if wanted else {}
    return {day: _silences(day, found, names) for day, found in judged.items()}


def silences_between(start: datetime, end: datetime, zone: Any) -> list[Silence]:
    """Of all built days that this window touches, in order."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    rows = PresenceDay.objects.filter(day__gte=first, day__lte=last).order_by("day").only("day", "holes")
    return [one for found in silences(rows).values() for one in found]


def _silences(day: date, found: Iterable[Mapping[str, Any]], names: Mapping[int, str]) -> list[Silence]:
    groups: dict[tuple[str, int, int], list[Mapping[str, Any]]] = {}
    for hole in found:
        groups.setdefault((hole["source"], hole["first"], hole["last"]), []).append(hole)
    rows = [
        Silence(
            day, source, _time(first), _time(last), sum(hole["expected"] for hole in group),
            tuple(names.get(hole["reader"], str(hole["reader"])) for hole in group[:NAMED]), len(group),
        )
        for (source, first, last), group in groups.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda one: -one.expected)


def _time(slot: int) -> str:
    minutes = slot * SLOT_S // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def clock_json(row: ReaderClock) -> Mapping[str, Any]:
    plain = (
        "id",
        "state",
        "basis",
        "seconds",
        "first_day",
        "last_day",
        "evidence",
        "proposed_at",
        "decided_at",
        "reason",
    )
    return {"place": row.place.code, "name": row.place.name, **{name: getattr(row, name) for name in plain}}


def silence_json(row: Silence) -> Mapping[str, Any]:
    plain = ("day", "source", "start", "end", "expected", "readers")
    return {"names": list(row.names), **{name: getattr(row, name) for name in plain}}
