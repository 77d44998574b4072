"""Statements of a case, beside the records of the same hours: what agrees, what contradicts, what nobody knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.cases.queries import infectious_window
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import place_scope, reachable
from shouwang.tracing.models import Contact, PresenceSource
from shouwang.tracing.models_told import Statement
from shouwang.tracing.presence.resolving import PlaceTable, place_table, places_by_text
from shouwang.tracing.presence.store import open_days
from shouwang.tracing.presence.told import SOURCE_OF
from shouwang.tracing.queries import judging, story
from shouwang.tracing.queries.contacts import WORK, case_to_trace, contacts_of
from shouwang.tracing.rules import interviews as rules
from shouwang.tracing.rules.intake import AMBIGUOUS

MOST_COMPANIONS = 50
_SEVERAL = re.compile(r"[\s,，、;；]+")


def require_speaker(case: Case, person: Person) -> None:
    """NotFound unless the person is the case's own or one of its contacts: nobody else is asked on its behalf."""
    if person.pk != case.person_id and not Contact.objects.filter(case=case, person=person).exists():
        raise NotFound


def speaker(case: Case, number: str) -> Person:
    """The case's person for an empty number, else the contact who has it. NotFound otherwise."""
    if not number or number == case.person.number:
        return case.person
    found = Person.objects.filter(number=number, contact_of__case=case).select_related("home").first()
    if found is None:
        raise NotFound
    return found


def statements_of(by: Actor, case: Case, *, standing: bool = False) -> QuerySet[Statement]:
    """Statements of an open case in reach, by time; with `standing` only those that count."""
    case_to_trace(by, case.pk)
    rows = Statement.objects.filter(case=case).order_by("starts_at", "pk")
    rows = rows.select_related("person", "place", "entered_by", "changed_by").prefetch_related("companions")
    return rows.filter(state=Statement.State.STANDING) if standing else rows


def statement_for(by: Actor, statement_id: int) -> Statement:
    """One statement of an open case in reach. NotFound otherwise."""
    rows = Statement.objects.filter(reachable(by, WORK, "case__person__"), case__closed_at__isnull=True)
    row = rows.filter(pk=statement_id).select_related("case", "case__person", "person", "place").first()
    if row is None:
        raise NotFound
    return row


def said(
    by: Actor,
    *,
    where: str,
    starts_at: datetime,
    ends_at: datetime,
    certainty: str,
    company: str,
    companions: str,
    give_or_take: int | None = None,
) -> rules.Said:
    """A statement from the texts of a form: a known place by code or name, else words; companions by number.

    BadInput for a name that several places have and for numbers of nobody within reach.
    """
    text = where.strip()
    place = places_by_text([text], place_scope(by))[text] if text else None
    if place == AMBIGUOUS:
        raise BadInput(
            _("Several places have this name. Use the code of the place instead of its name."), field="where"
        )
    numbers = list(dict.fromkeys(part for part in _SEVERAL.split(companions) if part))
    if len(numbers) > MOST_COMPANIONS:
        raise BadInput(_("At most %(limit)s people at once."), field="companions", limit=MOST_COMPANIONS)
    people = dict(Person.objects.filter(reachable(by, WORK), number__in=numbers).values_list("number", "pk"))
    unknown = [number for number in numbers if number not in people]
    if unknown:
        raise BadInput(
            _("Nobody within your reach has the number %(number)s. Write who it was in words instead."),
            field="companions",
            number=unknown[0],
        )
    return rules.Said(
        starts_at=clock.aware(starts_at),
        ends_at=clock.aware(ends_at),
        certainty=certainty,
        place=place if place is not None and place >= 0 else None,
        place_text=text,
        company=company,
        companions=tuple(people[number] for number in numbers),
        give_or_take=give_or_take,
    )


def newer_than_trace(case: Case) -> int:
    """Statements entered, corrected or withdrawn since the last trace: what it does not know yet."""
    last = case.traces.values_list("at", flat=True).first()
    rows = Statement.objects.filter(case=case).exclude(state=Statement.State.REPLACED)
    if last is not None:
        rows = rows.filter(Q(entered_at__gt=last) | Q(changed_at__gt=last))
    else:
        rows = rows.filter(state=Statement.State.STANDING)
    return rows.count()


@dataclass(frozen=True, slots=True)
class Clash:
    """A statement and what contradicts it from `start` to `end`: a record, an expectation, or another statement."""

    statement: Statement
    other_place: str
    other_source: str
    expected: bool
    start: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Telling:
    """What one person said, against the records of the same hours."""

    case: Case
    person: Person
    rows: list[Statement]
    earlier: list[Statement]
    clashes: list[Clash]
    uncovered: list[tuple[datetime, datetime]]

    @property
    def clashing(self) -> set[int]:
        return {clash.statement.pk for clash in self.clashes}


EXPECTED = (PresenceSource.RESIDENCE, PresenceSource.TIMETABLE)


def telling(by: Actor, case: Case, person: Person, at: datetime) -> Telling:
    """Statements of one person of the case with their conflicts; for the case's own person also the hours of the
    window that neither record nor statement covers. Of a contact only the hours they spoke of are looked at."""
    rows = list(statements_of(by, case).filter(person=person))
    standing = [row for row in rows if row.state == Statement.State.STANDING]
    earlier = [row for row in rows if row.state != Statement.State.STANDING]
    window = infectious_window(case, at)
    low, high = int(window.start.timestamp()), int(window.end.timestamp())
    moments = [moment for row in standing for moment in (row.starts_at, row.ends_at)]
    if person.pk == case.person_id:
        moments += [window.start, window.end]
    visits: list[tuple[int, int, int, int]] = []
    if moments:
        days = open_days(clock.local_day(min(moments)), clock.local_day(max(moments)), told=False)
        visits = story.own_visits(days.segments, person.pk)
    table = place_table()
    told = [_stay(row, table) for row in standing]
    known = [rules.Stay(start, end, place, k) for k, (place, start, end, _source) in enumerate(visits)]
    against, among = rules.conflicts(told, known, same_place(table))
    clashes = _clashes(standing, visits, against, among)
    holes = rules.uncovered([*told, *known], low, high) if person.pk == case.person_id else []
    return Telling(case, person, standing, earlier, clashes, [(_moment(start), _moment(end)) for start, end in holes])


def _stay(row: Statement, table: PlaceTable) -> rules.Stay:
    place = table.room.get(row.place_id, row.place_id) if row.place_id is not None else None
    return rules.Stay(int(row.starts_at.timestamp()), int(row.ends_at.timestamp()), place, row.pk)


def same_place(table: PlaceTable) -> Any:
    """Whether one place lies in the other: both can be true."""

    def same(one: int, other: int) -> bool:
        if one not in table.first or other not in table.first:
            return one == other
        low, high = sorted((one, other), key=lambda pk: table.first[pk])
        return table.first[high] <= table.last[low]

    return same


def _clashes(
    rows: Sequence[Statement],
    visits: Sequence[tuple[int, int, int, int]],
    against: Sequence[rules.Conflict],
    among: Sequence[rules.Conflict],
) -> list[Clash]:
    by_pk = {row.pk: row for row in rows}
    facts = judging.place_facts({visits[found.second.key][0] for found in against})
    found = []
    for item in against:
        place, _start, _end, source = visits[item.second.key]
        found.append(
            Clash(
                by_pk[item.first.key], story.spoken(facts.get(place)), story.source_name(source), source in EXPECTED,
                _moment(item.start), _moment(item.end),
            )
        )  # fmt: skip
    for item in among:
        other = by_pk[item.second.key]
        told_by = story.source_name(SOURCE_OF[Statement.Certainty(other.certainty)])
        found.append(Clash(by_pk[item.first.key], other.where, told_by, False, _moment(item.start), _moment(item.end)))
    return sorted(found, key=lambda clash: (clash.start, clash.end))


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=clock.zone())


def as_json(row: Statement) -> Mapping[str, Any]:
    """A statement for API and terminal."""
    plain = ("id", "case_id", "version", "state", "starts_at", "ends_at", "certainty", "give_or_take", "company",
             "reason", "entered_at", "place_id")  # fmt: skip
    return {
        **{name: getattr(row, name) for name in plain},
        "person": row.person.number,
        "where": row.where,
        "companions": [person.number for person in row.companions.all()],
        "entered_by": row.entered_by.username if row.entered_by else None,
    }


def clash_json(clash: Clash) -> Mapping[str, Any]:
    return {
        "statement": clash.statement.pk,
        "place": clash.other_place,
        "source": clash.other_source,
        "expected": clash.expected,
        "start": clash.start,
        "end": clash.end,
    }


def chart_items(told: Telling) -> list[dict[str, Any]]:
    """The statements for the timeline, in lanes beside the records; contradicted ones in an alarming tone."""
    clashing = told.clashing
    return [
        {
            "lane": row.where or _("place not known"),
            "label": story.source_name(SOURCE_OF[Statement.Certainty(row.certainty)]),
            "start": story.wall(row.starts_at),
            "end": story.wall(row.ends_at),
            "tone": "danger" if row.pk in clashing else "good",
        }
        for row in told.rows
    ]


MOST_SPEAKERS = 200  # of a list to choose from; the rest are reached from their own evidence


def speakers(by: Actor, case: Case) -> list[Person]:
    """Whom one asks on behalf of a case: its person, then its contacts, closest and longest first."""
    contacts = contacts_of(by, case).exclude(state=Contact.State.DISMISSED).defer("evidence", "days")
    return [case.person, *(row.person for row in contacts[:MOST_SPEAKERS])]


def telling_json(told: Telling) -> Mapping[str, Any]:
    """What one person said, for API and terminal."""
    return {
        "person": told.person.number,
        "statements": [as_json(row) for row in told.rows],
        "earlier": [as_json(row) for row in told.earlier],
        "conflicts": [clash_json(clash) for clash in told.clashes],
        "uncovered": told.uncovered,
        "newer_than_trace": newer_than_trace(told.case),
    }
