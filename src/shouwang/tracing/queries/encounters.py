"""A case's contacts by encounter, and who of them was elsewhere by leave, situation or another record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext as _

from shouwang.cases.models import Case
from shouwang.checkins.models import Excuse
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Place, SituationSpell
from shouwang.tracing.models import Contact, PresenceSource
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.presence.resolving import place_table
from shouwang.tracing.presence.store import open_days
from shouwang.tracing.queries import judging, story
from shouwang.tracing.queries.contacts import case_to_trace, contacts_of
from shouwang.tracing.queries.interviews import same_place
from shouwang.tracing.rules import encounters as rules

PLANNED = frozenset({int(PresenceSource.RESIDENCE), int(PresenceSource.TIMETABLE)})
ELSEWHERE = frozenset(
    int(source)
    for source in (
        PresenceSource.GATE, PresenceSource.VISIT, PresenceSource.WIFI, PresenceSource.GATHERING,
        PresenceSource.INTERVIEW,
    )
)  # fmt: skip
"""Records that say somebody was seen, or says so themselves and is sure."""
State = Contact.State


@dataclass(frozen=True, slots=True)
class Line:
    """One encounter with its numbers. `title` is the place, `what` the kind of encounter in words."""

    key: str
    place_id: int | None
    title: str
    what: str
    start: datetime
    end: datetime
    nights: int
    contacts: int
    waiting: int
    close: int


@dataclass(frozen=True, slots=True)
class Absence:
    """Why somebody whom only a plan puts there may not have been: `kind` excuse, situation or record; words."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class There:
    """One contact at the encounter. `absences` are what speaks against their having been there; `others` counts the
    further encounters with the case, which being absent here says nothing about."""

    contact: Contact
    spans: tuple[tuple[datetime, datetime], ...]
    minutes: int
    expected: bool
    others: int
    absences: tuple[Absence, ...] = ()

    @property
    def absent(self) -> bool:
        return bool(self.absences)


@dataclass(frozen=True, slots=True)
class Sheet:
    line: Line
    rows: Sequence[There] = field(default=())

    @property
    def undecided(self) -> list[There]:
        return [row for row in self.rows if row.contact.state == State.CANDIDATE]

    @property
    def present(self) -> list[There]:
        return [row for row in self.undecided if not row.absent]

    @property
    def away(self) -> list[There]:
        return [row for row in self.undecided if row.absent]


def encounters(by: Actor, case: Case) -> list[Line]:
    """The encounters of an open case in reach, the most contacts first. Four queries, whatever their number."""
    case_to_trace(by, case.pk)
    rows = Contact.objects.filter(case=case, link=None).values_list("pk", "evidence", "state", "grade")
    held = {pk: (evidence, state, grade) for pk, evidence, state, grade in rows}
    found = _grouped({pk: evidence for pk, (evidence, _state, _grade) in held.items()})
    facts = judging.place_facts({one.key.place for one in found})
    return [_line(one, facts, {pk: (state, grade) for pk, (_e, state, grade) in held.items()}) for one in found]


def encounter(by: Actor, case: Case, key: str) -> Sheet:
    """One encounter with everybody there. NotFound for one that the last trace does not know. Nine queries and the
    segments of its days."""
    wanted = rules.Key.parse(key)
    # What a contact of a contact has as evidence is with the link between, not with the case.
    listed = contacts_of(by, case).filter(link=None)
    contacts = {row.pk: row for row in listed}
    grouped = _grouped({pk: row.evidence for pk, row in contacts.items()})
    times = Counter(met.contact for one in grouped for met in one.met)
    found = next((one for one in grouped if one.key == wanted), None)
    if found is None:
        raise NotFound
    facts = judging.place_facts({wanted.place})
    line = _line(found, facts, {pk: (row.state, row.grade) for pk, row in contacts.items()})
    against = _absences(found, {met.contact: contacts[met.contact].person_id for met in found.met if met.expected})
    rows = [
        There(
            contacts[met.contact],
            tuple((_moment(start), _moment(end)) for start, end in met.spans),
            met.seconds // 60,
            met.expected,
            times[met.contact] - 1,
            tuple(against.get(met.contact, ())),
        )
        for met in found.met
    ]
    order = {pk: number for number, pk in enumerate(contacts)}
    return Sheet(line, sorted(rows, key=lambda row: order[row.contact.pk]))


def _grouped(evidence: Mapping[int, Iterable[rules.Row]]) -> list[rules.Encounter]:
    return rules.group(evidence, lived_in=int(PresenceSource.RESIDENCE), planned=PLANNED)


def _line(found: rules.Encounter, facts: Mapping[int, Any], decided: Mapping[int, tuple[str, str]]) -> Line:
    states = [decided[met.contact] for met in found.met]
    place = facts.get(found.key.place)
    days = {clock.local_day(_moment(start)) for met in found.met for start, _end in met.spans}
    return Line(
        key=str(found.key),
        place_id=found.key.place if found.key.place >= 0 else None,
        title=story.spoken(place, found.sources[0]),
        what=_what(found, place.kind if place else ""),
        start=_moment(found.start),
        end=_moment(found.end),
        nights=len(days) if found.key.start == rules.ALWAYS else 0,
        contacts=len(found.met),
        waiting=sum(state == State.CANDIDATE for state, _grade in states),
        close=sum(grade == "close" for _state, grade in states),
    )


def _what(found: rules.Encounter, kind: str) -> str:
    """What kind of encounter: by the records first, by the kind of place after."""
    if found.key.start == rules.ALWAYS:
        return _("dormitory room")
    if PresenceSource.TIMETABLE in found.sources:
        return _("lesson")
    if PresenceSource.GATHERING in found.sources:
        return _("gathering")
    if found.key.place < 0:
        return _("near each other")
    return _("meal") if kind == Place.Kind.CANTEEN else _("stay")


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=clock.zone())


def _absences(found: rules.Encounter, people: Mapping[int, int]) -> dict[int, list[Absence]]:
    """Contact → what says that they were not there. `people`: contact → person, of those by plan only."""
    if not people:
        return {}
    spans = {met.contact: met.spans for met in found.met if met.contact in people}
    first = clock.local_day(_moment(min(start for held in spans.values() for start, _end in held)))
    last = clock.local_day(_moment(max(end - 1 for held in spans.values() for _start, end in held)))
    against: dict[int, list[Absence]] = defaultdict(list)
    contact_of = {person: contact for contact, person in people.items()}
    days = {pk: sorted({clock.local_day(_moment(start)) for start, _end in held}) for pk, held in spans.items()}
    for contact, absence in _on_leave(contact_of, days, first, last):
        against[contact].append(absence)
    for contact, absence in _seen_elsewhere(found, contact_of, spans, first, last):
        against[contact].append(absence)
    return against


def _on_leave(
    contact_of: Mapping[int, int], days: Mapping[int, Sequence[date]], first: date, last: date
) -> Iterable[tuple[int, Absence]]:
    """Leave and situations that cover every day of the encounter; which kind of leave it was is not the tracer's."""
    ids = list(contact_of)
    in_time = Q(starts__lte=last) & (Q(ends__isnull=True) | Q(ends__gte=first))
    away = set(assumptions().lessons.absent_situations)
    leaves = Excuse.objects.filter(in_time, person__in=ids).exclude(code=Excuse.Code.NO_PHONE)
    spells = SituationSpell.objects.filter(in_time, person__in=ids, situation__in=away)
    for person, starts, ends in leaves.order_by("person", "starts").values_list("person", "starts", "ends"):
        if _covers(starts, ends, days[contact_of[person]]):
            text = _("excused from %(first)s to %(last)s") % {"first": starts, "last": ends}
            yield contact_of[person], Absence("excuse", text)
    for spell in spells.order_by("person", "starts"):
        if _covers(spell.starts, spell.ends, days[contact_of[spell.person_id]]):
            yield contact_of[spell.person_id], Absence("situation", str(spell.get_situation_display()))


def _covers(starts: date, ends: date | None, days: Sequence[date]) -> bool:
    return starts <= days[0] and (ends is None or ends >= days[-1])


def _seen_elsewhere(
    found: rules.Encounter,
    contact_of: Mapping[int, int],
    spans: Mapping[int, Sequence[tuple[int, int]]],
    first: date,
    last: date,
) -> Iterable[tuple[int, Absence]]:
    """Records at another place in the hours of the encounter; one a person, the longest."""
    if found.key.place < 0:
        return
    same = same_place(place_table())
    longest: dict[int, tuple[int, int, int, int, int]] = {}
    for person, place, start, end, source in _visits(contact_of, first, last):
        contact = contact_of[person]
        shared = sum(max(min(end, until) - max(start, since), 0) for since, until in spans[contact])
        if not shared or source not in ELSEWHERE or same(place, found.key.place):
            continue
        longest[contact] = max(longest.get(contact, (0, 0, 0, 0, 0)), (shared, place, start, end, source))
    facts = judging.place_facts({row[1] for row in longest.values()})
    for contact, (_shared, place, start, end, source) in longest.items():
        text = _("%(source)s: %(place)s, %(start)s–%(end)s") % {
            "source": story.source_name(source), "place": story.spoken(facts.get(place)),
            "start": _moment(start).strftime("%m-%d %H:%M"), "end": _moment(end).strftime("%H:%M"),
        }  # fmt: skip
        yield contact, Absence("record", text)


def _visits(people: Collection[int], first: date, last: date) -> Iterable[tuple[int, int, int, int, int]]:
    """(person, place, start, end, source) of these people on these days."""
    wanted = np.array(sorted(people), np.int64)
    for visits, _pairs in open_days(first, last).segments:
        rows = np.flatnonzero(np.isin(np.asarray(visits.person), wanted))
        columns = (visits.person, visits.place, visits.start, visits.end, visits.source)
        yield from zip(*(np.asarray(column)[rows].tolist() for column in columns), strict=True)


def line_json(line: Line) -> dict[str, Any]:
    names = ("key", "place_id", "title", "what", "start", "end", "nights", "contacts", "waiting", "close")
    return {name: getattr(line, name) for name in names}


def sheet_json(sheet: Sheet) -> dict[str, Any]:
    return {
        **line_json(sheet.line),
        "people": [
            {
                "contact": row.contact.pk, "person": row.contact.person.number, "name": row.contact.person.name,
                "grade": row.contact.grade, "state": row.contact.state, "minutes": row.minutes,
                "expected": row.expected, "others": row.others,
                "absences": [{"kind": item.kind, "text": item.text} for item in row.absences],
            }
            for row in sheet.rows
        ],
    }  # fmt: skip
