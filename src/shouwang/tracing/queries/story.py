"""A case's own records and its contacts' evidence, read for a tracer: timeline, encounters, places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shouwang.cases.models import Case
from shouwang.cases.queries import infectious_window
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.epi.contacts import Segment
from shouwang.tracing.models import Contact, PresenceSource
from shouwang.tracing.presence.store import open_days
from shouwang.tracing.presence.told import TOLD
from shouwang.tracing.queries import judging
from shouwang.tracing.queries.contacts import case_to_trace, contacts_of
from shouwang.tracing.rules.grading import PlaceFacts

PLACE_LANES = 24  # lanes of a place's drawing; the table below it lists everybody


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


def spoken(facts: PlaceFacts | None, source: int = PresenceSource.PROXIMITY) -> str:
    """The place's name in the reader's language; a sensor pair has no place, nor has company that was only named."""
    if facts is None:
        return _("named as company") if source in TOLD else str(PresenceSource.PROXIMITY.label)
    return facts.name_zh if (get_language() or "zh").startswith("zh") else facts.name_en


def source_name(code: int) -> str:
    return str(PresenceSource(code).label) if code in PresenceSource.values else str(code)


def encounters(contact: Contact) -> list[Encounter]:
    """The kept evidence of a contact, in order of time. One query for the places."""
    rows: list[list[int]] = contact.evidence
    places = judging.place_facts({row[0] for row in rows})
    return [_encounter(row, places) for row in rows]


def _encounter(row: list[int], places: Mapping[int, PlaceFacts]) -> Encounter:
    place, start, end, of_case, of_contact = row
    return Encounter(
        spoken(places.get(place), of_case),
        place if place >= 0 else None,
        datetime.fromtimestamp(start, tz=clock.zone()),
        datetime.fromtimestamp(end, tz=clock.zone()),
        tuple(dict.fromkeys((source_name(of_case), source_name(of_contact)))),
    )


def own_visits(segments: Iterable[Segment], person_id: int) -> list[tuple[int, int, int, int]]:
    """(place, start, end, source) of one person, in order of time; records that touch are one."""
    found: list[tuple[int, int, int, int]] = []
    for visits, _pairs in segments:
        rows = np.flatnonzero(np.asarray(visits.person) == person_id)
        columns = (np.asarray(c)[rows].tolist() for c in (visits.place, visits.start, visits.end, visits.source))
        found += list(zip(*columns, strict=True))
    found.sort(key=lambda row: row[1])
    joined: list[tuple[int, int, int, int]] = []
    for place, start, end, source in found:
        # a night is two records, one a day; on a page it is one
        if joined and joined[-1][0] == place and joined[-1][3] == source and joined[-1][2] == start:
            start = joined.pop()[1]
        joined.append((place, start, end, source))
    return joined


def wall(moment: datetime) -> str:
    """Without offset: the axis shows the institution's clock, wherever the browser stands."""
    return moment.astimezone(clock.zone()).replace(tzinfo=None).isoformat()


def timeline(by: Actor, case: Case, at: datetime) -> Mapping[str, Any]:
    """The case's own records in its window as chart data (lanes by place) and rows. Needs an open case in reach."""
    case_to_trace(by, case.pk)
    window = infectious_window(case, at)
    low, high = int(window.start.timestamp()), int(window.end.timestamp())
    # What was said stands apart from what was recorded, so that the two can be compared.
    days = open_days(clock.local_day(window.start), clock.local_day(window.end), told=False)
    visits = [row for row in own_visits(days.segments, case.person_id) if row[1] < high and row[2] > low]
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
            "start": wall(row.start),
            "end": wall(row.end),
            "tone": tones.get(PresenceSource(visit[3]), "special"),
        }
        for row, visit in zip(rows, visits, strict=True)
    ]
    return {"window": window, "rows": rows, "chart": {"items": items}, "missing": days.missing, "stale": days.stale}


@dataclass(frozen=True, slots=True)
class PlaceMeeting:
    """A contact at one place: when, and for how long altogether."""

    contact: Contact
    minutes: float
    encounters: tuple[Encounter, ...]


def at_place(by: Actor, case: Case, place_id: int) -> list[PlaceMeeting]:
    """Contacts whose kept evidence names the place, longest there first. Needs an open case in reach."""
    found = []
    places = judging.place_facts({place_id})
    for contact in contacts_of(by, case):
        there = tuple(_encounter(row, places) for row in contact.evidence if row[0] == place_id)
        if there:
            found.append(PlaceMeeting(contact, sum(item.minutes for item in there), there))
    return sorted(found, key=lambda meeting: -meeting.minutes)


def place_chart(case: Case, place_id: int, meetings: Sequence[PlaceMeeting], own: Sequence[Encounter]) -> Any:
    """Chart data of one place: the case's lane first (`own`: rows of `timeline`), then those who were longest there."""
    items = [
        {"lane": case.person.name, "label": "", "start": wall(row.start), "end": wall(row.end), "tone": "danger"}
        for row in own
        if row.place_id == place_id
    ]
    for meeting in meetings[:PLACE_LANES]:
        tone = "warn" if meeting.contact.grade == "close" else "info"
        items += [
            {
                "lane": meeting.contact.person.name,
                "label": " / ".join(item.sources),
                "start": wall(item.start),
                "end": wall(item.end),
                "tone": tone,
            }
            for item in meeting.encounters
        ]
    return {"items": items}


def places_met(by: Actor, case: Case) -> list[tuple[int, str, int]]:
    """(place id, name, contacts) of every place where somebody was met, most contacts first."""
    counted: dict[int, int] = {}
    for evidence in contacts_of(by, case).values_list("evidence", flat=True):
        for place in {row[0] for row in evidence if row[0] >= 0}:
            counted[place] = counted.get(place, 0) + 1
    names = judging.place_facts(counted)
    rows = [(place, spoken(names.get(place)), count) for place, count in counted.items()]
    return sorted(rows, key=lambda row: (-row[2], row[1]))
