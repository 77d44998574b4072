"""A case's own records and its contacts' evidence, read for a tracer: timeline, encounters, network, one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.translation import get_language

from shouwang.cases.models import Case
from shouwang.cases.queries import infectious_window
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.epi.contacts import Segment
from shouwang.org.models import Person
from shouwang.tracing.models import Contact, PresenceSource
from shouwang.tracing.presence.store import open_days
from shouwang.tracing.queries import judging
from shouwang.tracing.queries.contacts import case_to_trace, contacts_of
from shouwang.tracing.rules.grading import PlaceFacts

NETWORK_LIMIT = 400  # nodes: beyond it a drawing shows nothing; the table behind it lists everybody


@dataclass(frozen=True, slots=True)
class Encounter:
    """One stretch of time at one place, with the kinds of record that put both people there."""

    place: str
    place_id: int | None
    start: datetime
    end: datetime
    sources: tuple[str, ...]

    @property
    def minutes(self) -> float:
        return (self.end - self.start).total_seconds() / 60


def spoken(facts: PlaceFacts | None) -> str:
    """The place's name in the reader's language; a sensor pair has no place."""
    if facts is None:
        return str(PresenceSource.PROXIMITY.label)
    return facts.name_zh if (get_language() or "zh").startswith("zh") else facts.name_en


def source_name(code: int) -> str:
    return str(PresenceSource(code).label) if code in PresenceSource.values else str(code)


def encounters(contact: Contact) -> list[Encounter]:
    """The kept evidence of a contact, in order of time. One query for the places."""
    rows: list[list[int]] = contact.evidence
    places = judging.place_facts({row[0] for row in rows})
    return [
        Encounter(
            spoken(places.get(place)),
            place if place >= 0 else None,
            datetime.fromtimestamp(start, tz=clock.zone()),
            datetime.fromtimestamp(end, tz=clock.zone()),
            tuple(dict.fromkeys((source_name(of_case), source_name(of_contact)))),
        )
        for place, start, end, of_case, of_contact in rows
    ]


def _own_visits(segments: Iterable[Segment], person_id: int) -> list[tuple[int, int, int, int]]:
    """(place, start, end, source) of one person, in order of time."""
    found: list[tuple[int, int, int, int]] = []
    for visits, _pairs in segments:
        rows = np.flatnonzero(np.asarray(visits.person) == person_id)
        columns = (np.asarray(c)[rows].tolist() for c in (visits.place, visits.start, visits.end, visits.source))
        found += list(zip(*columns, strict=True))
    return sorted(found, key=lambda row: row[1])


def timeline(by: Actor, case: Case, at: datetime) -> Mapping[str, Any]:
    """The case's own records in its window as chart data (lanes by place) and rows. Needs an open case in reach."""
    case_to_trace(by, case.pk)
    window = infectious_window(case, at)
    start, end = window
    days = open_days(clock.local_day(start), clock.local_day(end))
    low, high = int(start.timestamp()), int(end.timestamp())
    visits = [row for row in _own_visits(days.segments, case.person_id) if row[1] < high and row[2] > low]
    places = judging.place_facts({row[0] for row in visits})
    tones = {PresenceSource.RESIDENCE: "neutral", PresenceSource.TIMETABLE: "info", PresenceSource.GATE: "notice"}
    rows = [
        Encounter(
            spoken(places.get(place)),
            place,
            datetime.fromtimestamp(max(begin, low), tz=clock.zone()),
            datetime.fromtimestamp(min(finish, high), tz=clock.zone()),
            (source_name(source),),
        )
        for place, begin, finish, source in visits
    ]
    items = [
        {
            "lane": row.place,
            "label": row.sources[0],
            "start": row.start.isoformat(),
            "end": row.end.isoformat(),
            "tone": tones.get(PresenceSource(visit[3]), "special"),
        }
        for row, visit in zip(rows, visits, strict=True)
    ]
    return {"window": window, "rows": rows, "chart": {"items": items}, "missing": days.missing, "stale": days.stale}


def network(by: Actor, case: Case) -> Mapping[str, Any]:
    """The case and its contacts as graph data: a node a person, categories by grade, links weighted by minutes.

    Contacts of one class are linked to a node of their class, so that groups are seen. At most NETWORK_LIMIT
    contacts, closest and longest first; `left_out` says how many more there are.
    """
    rows = list(contacts_of(by, case)[: NETWORK_LIMIT + 1])
    total = len(rows) if len(rows) <= NETWORK_LIMIT else contacts_of(by, case).count()
    rows = rows[:NETWORK_LIMIT]
    person: Person = case.person
    nodes: list[dict[str, Any]] = [{"id": "case", "label": person.name, "category": "confirmed", "value": 40}]
    links: list[dict[str, Any]] = []
    units: dict[int, str] = {}
    for row in rows:
        node = f"p{row.person_id}"
        category = "close" if row.grade == "close" else "general"
        note = f"{row.person.home.title if row.person.home else ''} · {row.seconds // 60} min"
        nodes.append(
            {"id": node, "label": row.person.name, "category": category, "value": 8 + row.seconds // 3600, "note": note}
        )
        links.append({"source": "case", "target": node, "value": row.seconds // 60, "dashed": row.state != "confirmed"})
        if row.person.home is not None:
            unit = f"u{row.person.home_id}"
            units.setdefault(row.person.home_id or 0, row.person.home.title)
            links.append({"source": unit, "target": node, "value": 1, "dashed": True})
    nodes += [{"id": f"u{pk}", "label": title, "category": "unit", "value": 6} for pk, title in units.items()]
    return {"nodes": nodes, "links": links, "shown": len(rows), "left_out": total - len(rows)}


@dataclass(frozen=True, slots=True)
class PlaceMeeting:
    """A contact at one place: when, and for how long altogether."""

    contact: Contact
    minutes: float
    encounters: tuple[Encounter, ...]


def at_place(by: Actor, case: Case, place_id: int) -> list[PlaceMeeting]:
    """Contacts whose kept evidence names the place, longest there first. Needs an open case in reach."""
    found = []
    for contact in contacts_of(by, case):
        if not any(row[0] == place_id for row in contact.evidence):
            continue
        there = tuple(item for item in encounters(contact) if item.place_id == place_id)
        found.append(PlaceMeeting(contact, sum(item.minutes for item in there), there))
    return sorted(found, key=lambda meeting: -meeting.minutes)


def places_met(by: Actor, case: Case) -> list[tuple[int, str, int]]:
    """(place id, name, contacts) of every place where somebody was met, most contacts first."""
    counted: dict[int, int] = {}
    for evidence in contacts_of(by, case).values_list("evidence", flat=True):
        for place in {row[0] for row in evidence if row[0] >= 0}:
            counted[place] = counted.get(place, 0) + 1
    names = judging.place_facts(counted)
    rows = [(place, spoken(names.get(place)), count) for place, count in counted.items()]
    return sorted(rows, key=lambda row: (-row[2], row[1]))
