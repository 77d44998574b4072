"""For any person and case: why a contact and of this grade, or why not. Computed from the records, nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import person_by_number
from shouwang.tracing.models import Contact
from shouwang.tracing.presence.store import open_days
from shouwang.tracing.presence.told import View
from shouwang.tracing.queries import catalogue, certainty, judging, rulebook
from shouwang.tracing.queries.certainty import Views
from shouwang.tracing.queries.contacts import WORK, case_to_trace
from shouwang.tracing.queries.rulebook import Ruling
from shouwang.tracing.queries.seating import Seating
from shouwang.tracing.queries.story import Encounter, source_name, spoken
from shouwang.tracing.queries.trace import TraceAnswer, trace_person
from shouwang.tracing.rules.certainty import UNSURE
from shouwang.tracing.rules.closeness import Row, Weighed, stretches, weigh
from shouwang.tracing.rules.editions import SECONDARY
from shouwang.tracing.rules.grading import ContactRule, Examined, Grade, Overlaps, PlaceFacts, examine, union_seconds

OUTSIDE = timedelta(days=14)
"""How far before the window an overlap is still looked for, only to say that it lies outside. Assumption."""

VERDICTS = {
    "contact": _("A contact by this rule."),
    "unsure": _("To be verified: only uncertain statements would make this a contact."),
    "self": _("This person is the case."),
    "not_determined": _("Not a contact: this edition of the rule does not determine contacts."),
    "no_records": _(
        "Not known as a contact: there is no record of this person in the window. No record is not absence."
    ),
    "case_no_records": _("Not known as a contact: there is no record of the case in the window. Ask the case."),
    "outside_window": _("Not a contact: the two overlapped only outside the window."),
    "not_overlapped": _("Not a contact: no record of the two overlaps in the window."),
    "below_minutes": _("Not a contact: the time together stays below the minutes of every condition."),
    "wrong_kind": _("Not a contact: no condition of the rule speaks of this kind of place or record."),
}
WORDS = {
    "holds": _("holds"),
    "below": _("too short"),
    "kind": _("never together at such a place"),
    "record": _("never by records of this kind"),
    "none": _("never together in the window"),
}


@dataclass(frozen=True, slots=True)
class Outside:
    """Overlaps outside the window: how many, how long, and the nearest day. Times and places are not shown."""

    encounters: int
    seconds: int
    nearest: date


@dataclass(frozen=True, slots=True)
class Link:
    """A close contact of the case with whom the person was, from that contact's first exposure on."""

    person: Person
    since: datetime
    seconds: int
    first: datetime
    last: datetime
    checks: list[Examined]

    @property
    def holds(self) -> bool:
        return any(check.word == "holds" for check in self.checks)


@dataclass(frozen=True, slots=True)
class Range:
    """Seconds together that are certain, and the most that uncertain statements allow; the grade that would be."""

    certain: int
    most: int
    grade: str


@dataclass(frozen=True, slots=True)
class Why:
    """The whole answer. `grade` is what the rule says today, "" for no contact; `contact` the row on record, with
    its decision; `weighed` is None where the rule names no weights or nobody was met. The conditions count what is
    certain; `range` is None where everything is."""

    case: Case
    person: Person
    ruling: Ruling
    verdict: str
    grade: str
    checks: list[Examined]
    encounters: list[Encounter]
    seconds: int
    meetings: int
    distance: str
    last_exposure: datetime | None
    outside: Outside | None
    links: list[Link]
    weighed: Weighed | None
    days_missing: list[date]
    days_stale: list[date]
    contact: Contact | None
    range: Range | None = None

    @property
    def says(self) -> str:
        return str(VERDICTS[self.verdict])

    @property
    def distance_name(self) -> str:
        name = rulebook.distances().name(self.distance)
        return str(name) if name else ""


def person_to_explain(by: Actor, case: Case, number: str) -> Person:
    """A person within reach of trace.work, or on record as a contact of this case. NotFound otherwise."""
    held = Contact.objects.filter(case=case, person__number=number).select_related("person", "person__home").first()
    return held.person if held is not None else person_by_number(by, number, WORK)


def explain_person(by: Actor, case: Case, person: Person, *, at: datetime) -> Why:
    """Why `person` is or is not a contact of the case, by the rule that judges it. Needs an open case in reach.

    The caller has fetched the person by `person_to_explain`, and records the reading.
    """
    case = case_to_trace(by, case.pk)
    ruling = rulebook.ruling(case, at)
    low, high = int(ruling.window.start.timestamp()), int(ruling.window.end.timestamp())
    views = certainty.views(case.person_id, window_start=low, window_end=high)
    seen = _seen(views, person.pk)
    answer, met, places = views.stated, seen.met, seen.places
    checks = examine(seen.sure, ruling.rule, places, catalogue.SOURCE_CODES) if ruling.rule is not None else []
    grade = _held(checks)
    span = _range(seen.sure, seen.most, ruling, places) if views.differ else None
    ring = ruling.second_ring
    # Whom the first ring holds closely is asked nothing further: the second could not change the grade.
    asks = ring is not None and person.pk != case.person_id and (not grade or grade in ring.outranks)
    links = _links(case, person, ruling, at) if asks else []
    if any(link.holds for link in links):
        grade = SECONDARY
    elif span is not None and span.grade and not grade:
        grade = UNSURE
    outside = None if len(met.place) or person.pk == case.person_id else _outside(case, person, low, high, at)
    rows: list[Row] = list(zip(met.place.tolist(), met.start.tolist(), met.end.tolist(), strict=True))
    return Why(
        case=case,
        person=person,
        ruling=ruling,
        verdict=_verdict(case, person, ruling, grade, met, outside, checks),
        grade="" if person.pk == case.person_id else grade,
        checks=checks,
        encounters=_encounters(answer, person.pk, places),
        seconds=sum(end - start for start, end in stretches(rows, 0)),
        meetings=len(stretches(rows, rulebook.distances().meetings.break_minutes * 60)),
        distance=seen.distance,
        last_exposure=_moment(max(row[2] for row in rows)) if rows else None,
        outside=outside,
        links=links,
        weighed=_weighed(case, ruling, rows, places),
        days_missing=sorted([*answer.days_missing, *answer.days_damaged]),
        days_stale=list(answer.days_stale),
        contact=Contact.objects.filter(case=case, person=person).select_related("link", "trace", "decided_by").first(),
        range=span,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """One person's overlaps with the case, as stated, as certain and at most; the nearest class of distance as
    stated."""

    met: Overlaps
    sure: Overlaps
    most: Overlaps
    places: dict[int, PlaceFacts]
    distance: str


def _seen(views: Views, person_id: int) -> _Seen:
    sides = (views.stated, views.certain, views.most)
    there = [side.encounters.place[slice(*_index(side, person_id))].tolist() for side in sides]
    places = judging.place_facts({place for rows in there for place in rows})
    seats, distances = judging.seats_of(sides, places), rulebook.distances()
    ranks = [_ranks(side, person_id, places, seats) for side in sides]
    met, sure, most = (_met(side, person_id, distances.named(of)) for side, of in zip(sides, ranks, strict=True))
    return _Seen(met, sure, most, places, distances.codes[min(ranks[0].tolist(), default=-1)])


def _held(checks: list[Examined]) -> str:
    """The grade of the first condition that holds, "" where none does."""
    return next((check.grade for check in checks if check.word == "holds"), "")


def _range(sure: Overlaps, most: Overlaps, ruling: Ruling, places: dict[int, PlaceFacts]) -> Range | None:
    """None where both come to the same."""
    least, longest = (int(union_seconds(met.contact, 1, met.start, met.end)[0]) for met in (sure, most))
    if least == longest:
        return None
    checks = examine(most, ruling.rule, places, catalogue.SOURCE_CODES) if ruling.rule is not None else []
    return Range(least, longest, _held(checks))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=clock.zone())


def _index(answer: TraceAnswer, person_id: int) -> tuple[int, int]:
    """Rows of this person among the encounters of the answer, empty when they never met."""
    people = answer.contacts.person
    at = int(np.searchsorted(people, person_id))
    if at == len(people) or people[at] != person_id:
        return 0, 0
    return int(answer.contacts.offsets[at]), int(answer.contacts.offsets[at + 1])


def _ranks(answer: TraceAnswer, person_id: int, places: dict[int, PlaceFacts], seats: Seating) -> judging.Int64:
    """The classes of distance of one person's encounters."""
    return judging.distance_ranks(answer, places, rulebook.distances(), seats, slice(*_index(answer, person_id)))


def _met(
    answer: TraceAnswer,
    person_id: int,
    codes: Sequence[str] = (),
    since: int | None = None,
    until: int | None = None,
) -> Overlaps:
    """The overlaps of one person as a single contact, cut to [since, until) where given; `codes` their classes of
    distance."""
    low, high = _index(answer, person_id)
    met = answer.encounters
    begin = since if since is not None else answer.window_start
    finish = until if until is not None else answer.window_end
    start, end = np.maximum(met.start[low:high], begin), np.minimum(met.end[low:high], finish)
    kept = end > start
    source = np.where(met.source_case == met.source_contact, met.source_case, 0)[low:high]
    number = int(kept.sum())
    return Overlaps(
        1,
        np.zeros(number, np.int64),
        met.place[low:high][kept],
        start[kept],
        end[kept],
        source[kept].astype(np.uint8),
        answer.day_numbers(start[kept]),
        [code for code, keep in zip(codes, kept.tolist(), strict=True) if keep] if codes else (),
    )


def _encounters(answer: TraceAnswer, person_id: int, places: dict[int, PlaceFacts]) -> list[Encounter]:
    low, high = _index(answer, person_id)
    met = answer.encounters
    columns = (met.place, met.start, met.end, met.source_case, met.source_contact)
    return [
        Encounter(
            spoken(places.get(place), own),
            place if place >= 0 else None,
            _moment(start),
            _moment(end),
            tuple(dict.fromkeys((source_name(own), source_name(other)))),
        )
        for place, start, end, own, other in zip(*(c[low:high].tolist() for c in columns), strict=True)
    ]


def _outside(case: Case, person: Person, low: int, high: int, at: datetime) -> Outside | None:
    """Overlaps in the days before the window and from its end to now."""
    found: list[Row] = []
    for start, end in ((low - int(OUTSIDE.total_seconds()), low), (high, int(at.timestamp()))):
        if end > start:
            met = _met(trace_person(case.person_id, window_start=start, window_end=end), person.pk)
            found += zip(met.place.tolist(), met.start.tolist(), met.end.tolist(), strict=True)
    if not found:
        return None
    nearest = min(found, key=lambda row: max(low - row[2], row[1] - high))
    day = clock.local_day(_moment(nearest[1] if nearest[1] >= high else nearest[2] - 1))
    together = stretches(found, 0)
    return Outside(len(found), sum(end - start for start, end in together), day)


def _links(case: Case, person: Person, ruling: Ruling, at: datetime) -> list[Link]:
    """Close contacts on record with whom the person was after their first exposure: who makes a second ring stands
    first, then by the time together."""
    ring = ruling.second_ring
    if ring is None or ring.name is None:
        return []
    rows = list(
        Contact.objects.filter(case=case, grade__in=ring.of)
        .exclude(state=Contact.State.DISMISSED)
        .exclude(person=person)
        .select_related("person")
        .defer("evidence", "days")
    )
    now = int(at.timestamp())
    if not rows or min(row.first_at for row in rows) >= at:
        return []
    since = int(min(row.first_at for row in rows).timestamp())
    answer = trace_person(person.pk, window_start=since, window_end=now, view=View.CERTAIN)
    rule = ContactRule(ruling.name, ring.source, (Grade(SECONDARY, ring.name, ring.any),))
    places = judging.place_facts(np.unique(answer.encounters.place).tolist())
    seats, distances = judging.seats_of([answer], places), rulebook.distances()
    found = []
    for row in rows:
        until = row.first_at + timedelta(days=ruling.window.days_after)
        if row.state == Contact.State.CONFIRMED and row.decided_at is not None:
            until = min(until, row.decided_at)
        codes = distances.named(_ranks(answer, row.person_id, places, seats))
        met = _met(answer, row.person_id, codes, int(row.first_at.timestamp()), min(now, int(until.timestamp())))
        if not len(met.place):
            continue
        spans = stretches(list(zip(met.place.tolist(), met.start.tolist(), met.end.tolist(), strict=True)), 0)
        checks = examine(met, rule, places, catalogue.SOURCE_CODES)
        seconds = sum(end - start for start, end in spans)
        found.append(Link(row.person, row.first_at, seconds, _moment(spans[0][0]), _moment(spans[-1][1]), checks))
    return sorted(found, key=lambda link: (not link.holds, -link.seconds))


def _verdict(
    case: Case,
    person: Person,
    ruling: Ruling,
    grade: str,
    met: Overlaps,
    outside: Outside | None,
    checks: list[Examined],
) -> str:
    if person.pk == case.person_id:
        return "self"
    if ruling.rule is None:
        return "not_determined"
    if grade:
        return "unsure" if grade == UNSURE else "contact"
    if len(met.place):
        return "below_minutes" if any(check.word == "below" for check in checks) else "wrong_kind"
    known = _on_record({case.person_id, person.pk}, ruling)
    if person.pk not in known:
        return "no_records"
    if case.person_id not in known:
        return "case_no_records"
    return "outside_window" if outside is not None else "not_overlapped"


def _on_record(people: set[int], ruling: Ruling) -> set[int]:
    """Those of whom any record exists on the days of the window."""
    days = open_days(clock.local_day(ruling.window.start), clock.local_day(ruling.window.end))
    found: set[int] = set()
    for visits, pairs in days.segments:
        for keys in (visits.person_keys, pairs.a_keys):
            found |= {who for who in people if np.isin(who, keys)}
    return found


def _weighed(case: Case, ruling: Ruling, rows: list[Row], places: dict[int, PlaceFacts]) -> Weighed | None:
    weights = rulebook.weights_of(ruling.edition)
    if weights is None or not rows:
        return None
    onset = int((case.onset_at or case.detected_at).timestamp())
    return weigh(rows, {pk: facts.kind for pk, facts in places.items()}, weights, onset)


def case_named(by: Actor, number: str) -> Case:
    """An open case within reach by its number. NotFound otherwise."""
    found = Case.objects.filter(number=number.upper()).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    return case_to_trace(by, found)
