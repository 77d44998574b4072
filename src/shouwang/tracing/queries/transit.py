"""Who may have walked with a case: left one place and entered another at nearly the same times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from shouwang.cases.models import Case
from shouwang.cases.queries import infectious_window
from shouwang.core import clock
from shouwang.org.models import Person, Place
from shouwang.tracing.models import Contact, PresenceSource
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.presence.store import open_days
from shouwang.tracing.rules.assumptions import Transit as Assumed

# Records that tell when somebody came and when they left; a guessed end is no leaving.
SOURCES = (PresenceSource.GATE, PresenceSource.VISIT, PresenceSource.WIFI, PresenceSource.SCAN)


@dataclass(frozen=True, slots=True)
class Walk:
    """One move of both: places, when the case left and arrived, and how many seconds later (negative: earlier) the
    other did."""

    origin: str
    target: str
    left: datetime
    arrived: datetime
    left_later: int
    arrived_later: int


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody who moved as the case did; `contact` is their record as a contact of this case, None for none.
    How long they were side by side is not known."""

    person: Person
    contact: Contact | None
    walks: tuple[Walk, ...]


@dataclass(frozen=True, slots=True)
class Companions:
    """Most walks first. `days_missing`: local days of the window without data, for which nothing can be said."""

    people: tuple[Companion, ...]
    window_start: datetime
    window_end: datetime
    days_missing: tuple[str, ...]
    rule: Assumed


def companions(case: Case, *, at: datetime, number: str = "") -> Companions:
    """Everybody who may have walked with the case in its window, or only who has this `number`. Callers hold trace.work
    over the case (`case_to_trace`). Four queries, whatever the number of people."""
    from shouwang.epi.transit import transits

    window, rule = infectious_window(case, at), assumptions().transit
    first, last = clock.local_day(window.start), clock.local_day(window.end)
    opened = open_days(first, last, told=False)
    found = transits(
        opened.segments, case.person_id, int(window.start.timestamp()), int(window.end.timestamp()),
        sources=SOURCES, boundaries=clock.midnights(first, last), margin_s=rule.together_seconds,
        longest_s=rule.longest_minutes * 60,
    )  # fmt: skip
    people = Person.objects.filter(pk__in={one.person for one in found}).select_related("home")
    if number:
        people = people.filter(number=number)
    contacts = {row.person_id: row for row in Contact.objects.filter(Q(case=case), person__in=people)}
    places = {row.pk: row.title for row in Place.objects.filter(pk__in={p for one in found for p in _places(one)})}
    walks: dict[int, list[Walk]] = {}
    for one in found:
        walks.setdefault(one.person, []).append(_walk(one, places))
    rows = [Companion(person, contacts.get(person.pk), tuple(walks[person.pk])) for person in people]
    rows.sort(key=lambda row: (-len(row.walks), row.person.number))
    missing = tuple(str(day) for day in (*opened.missing, *opened.damaged))
    return Companions(tuple(rows), window.start, window.end, missing, rule)


def _places(one: Any) -> tuple[int, int]:
    return one.own.origin, one.own.target


def _walk(one: Any, places: Mapping[int, str]) -> Walk:
    zone = clock.zone()
    own, other = one.own, one.other
    return Walk(
        places.get(own.origin, str(own.origin)), places.get(own.target, str(own.target)),
        datetime.fromtimestamp(own.left, tz=zone), datetime.fromtimestamp(own.arrived, tz=zone),
        other.left - own.left, other.arrived - own.arrived,
    )  # fmt: skip


def people_in(found: Companions) -> list[int]:
    return [row.person.pk for row in found.people]


def companions_json(found: Companions) -> Mapping[str, Any]:
    return {
        "window": {"start": found.window_start, "end": found.window_end},
        "together_seconds": found.rule.together_seconds,
        "longest_minutes": found.rule.longest_minutes,
        "days_missing": list(found.days_missing),
        "people": [
            {"number": row.person.number, "name": row.person.name, "minutes": None,
             "contact": row.contact.state if row.contact else None, "walks": walks_json(row.walks)}
            for row in found.people
        ],
    }  # fmt: skip


def walks_json(walks: Sequence[Walk]) -> list[Mapping[str, Any]]:
    names = ("origin", "target", "left", "arrived", "left_later", "arrived_later")
    return [{name: getattr(walk, name) for name in names} for walk in walks]
