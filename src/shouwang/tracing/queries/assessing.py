"""What a rule makes of a case's records: every contact with its grade, computed and not yet written.

The same answer is written by `actions.trace_case` and compared by `queries.preview`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.retention import keep_days
from shouwang.org.models import Person
from shouwang.tracing.models import Contact
from shouwang.tracing.presence.resolving import numbers_by_id
from shouwang.tracing.presence.told import View
from shouwang.tracing.queries import certainty, judging, rulebook
from shouwang.tracing.queries.certainty import Views
from shouwang.tracing.queries.rulebook import Ruling
from shouwang.tracing.queries.trace import TraceAnswer, trace_people, trace_person
from shouwang.tracing.rules.certainty import Settled
from shouwang.tracing.rules.editions import SECONDARY, SecondRing
from shouwang.tracing.rules.grading import WHY_LENGTH, ContactRule, Grade, Graded


@dataclass(frozen=True, slots=True)
class Assessment:
    """`contacts` are unsaved rows without a trace, at most one a person; `links` counts the contacts whose own
    contacts were looked for."""

    ruling: Ruling
    answer: TraceAnswer
    contacts: list[Contact]
    links: int

    @property
    def days_missing(self) -> list[date]:
        return sorted([*self.answer.days_missing, *self.answer.days_damaged])


def assess(case: Case, ruling: Ruling, at: datetime) -> Assessment:
    """Run the rule over the records of its window, and over the second ring where the rule looks for it."""
    start, end = int(ruling.window.start.timestamp()), int(ruling.window.end.timestamp())
    if ruling.rule is None:
        answer = trace_person(case.person_id, window_start=start, window_end=end)
        return Assessment(ruling, answer, [], 0)
    views = certainty.views(case.person_id, window_start=start, window_end=end)
    answer, found = views.stated, first_ring(case, views, ruling, at)
    links = 0
    if ruling.second_ring is not None and ruling.second_ring.name is not None:
        held = {row.person_id: row for row in Contact.objects.filter(case=case).defer("evidence", "days")}
        linked = [row for row in found if _is_link(row, held.get(row.person_id), ruling.second_ring)]
        links = len(linked)
        found = _with_second_ring(case, found, linked, held, ruling, at)
    return Assessment(ruling, answer, found, links)


def first_ring(case: Case, views: Views, ruling: Ruling, at: datetime) -> list[Contact]:
    """Unsaved rows of everyone whom the rule calls a contact, by what is certain; see `rules.certainty`."""
    if not len(views.stated.contacts) or ruling.rule is None:
        return []
    judged = certainty.judge(views, ruling.rule)
    return _rows(case, views.stated, judged.grades, judged.ranks, ruling, at)


def _rows(
    case: Case,
    answer: TraceAnswer,
    grades: Sequence[Settled | Graded | None],
    ranks: judging.Int64,
    ruling: Ruling,
    at: datetime,
) -> list[Contact]:
    days = answer.seconds_by_day()
    known = numbers_by_id(answer.contacts.person.tolist())
    nearest, times = judging.closeness(answer, ranks, rulebook.distances())
    purge_on = clock.local_day(at) + timedelta(days=keep_days("contact"))
    found = answer.contacts
    columns = (c.tolist() for c in (found.person, found.seconds, found.encounters, found.first, found.last))
    rows: list[Contact] = []
    for index, (person, seconds, encounters, first, last) in enumerate(zip(*columns, strict=True)):
        grade = grades[index]
        if grade is None or person not in known:
            continue
        told = grade if isinstance(grade, Settled) else Settled(grade.code, grade.why_zh, grade.why_en)
        rows.append(
            Contact(
                case=case,
                person_id=person,
                found_at=at,
                seconds=seconds,
                encounters=encounters,
                first_at=datetime.fromtimestamp(first, tz=clock.zone()),
                last_at=datetime.fromtimestamp(last, tz=clock.zone()),
                days=days[index],
                evidence=judging.evidence(answer, index)[0],
                grade=grade.code,
                grade_rank=ruling.rank(grade.code),
                why_zh=grade.why_zh,
                why_en=grade.why_en,
                distance=nearest[index],
                meetings=times[index],
                certain_seconds=told.certain,
                possible_seconds=told.most,
                possible_grade=told.possible,
                purge_on=purge_on,
            )
        )
    return rows


def _is_link(row: Contact, held: Contact | None, ring: SecondRing) -> bool:
    """Close enough for the ring, by a person's word before the rule's, and not dismissed."""
    grade = held.override if held is not None and held.override else row.grade
    return grade in ring.of and not (held is not None and held.state == Contact.State.DISMISSED)


def _with_second_ring(
    case: Case, first: list[Contact], linked: list[Contact], held: Mapping[int, Contact], ruling: Ruling, at: datetime
) -> list[Contact]:
    """The first ring with the contacts of its contacts. A person whom the first ring holds closely stays there; who is
    in it by a grade the second ring outranks is taken over, with the evidence of the second."""
    ring = ruling.second_ring
    assert ring is not None and ring.name is not None
    rule = ContactRule(ruling.name, ring.source, (Grade(SECONDARY, ring.name, ring.any),))
    since = [int(row.first_at.timestamp()) for row in linked]
    until = [_until(row, held.get(row.person_id), ruling, at) for row in linked]
    # By what is certain: a chain of two uncertain meetings would be a guess about somebody nobody asked.
    answers = trace_people([row.person_id for row in linked], since, until, view=View.CERTAIN)
    ids = [np.unique(answer.encounters.place) for answer in answers]
    places = judging.place_facts(np.unique(np.concatenate(ids)).tolist()) if ids else {}
    seats, distances = judging.seats_of(answers, places), rulebook.distances()
    names = {person.pk: person for person in Person.objects.filter(pk__in=[row.person_id for row in linked])}
    kept = {row.person_id: row for row in first if row.grade not in ring.outranks}
    outranked = {row.person_id: row for row in first if row.grade in ring.outranks}
    best: dict[int, Contact] = {}
    for answer in answers:
        link = names[answer.person_id]
        ranks = judging.distance_ranks(answer, places, distances, seats)
        grades = judging.judge(answer, rule, places, distances.named(ranks)).grades
        for row in _rows(case, answer, grades, ranks, ruling, at):
            if row.person_id in kept or row.person_id == case.person_id:
                continue
            standing = best.get(row.person_id)
            if standing is None or standing.seconds < row.seconds:
                best[row.person_id] = _linked(row, link)
    return [*kept.values(), *best.values(), *(row for pk, row in outranked.items() if pk not in best)]


def _until(row: Contact, held: Contact | None, ruling: Ruling, at: datetime) -> int:
    """A confirmed contact is sent away when confirmed; nobody is followed beyond the rule's last day of exposure."""
    last = row.first_at + timedelta(days=ruling.window.days_after)
    if held is not None and held.state == Contact.State.CONFIRMED and held.decided_at is not None:
        last = min(last, held.decided_at)
    return int(min(last, at).timestamp())


def _linked(row: Contact, link: Person) -> Contact:
    row.link = link
    tail_zh, tail_en = f"（经由 {link.name} {link.number}）", f" (through {link.name} {link.number})"
    row.why_zh = row.why_zh[: WHY_LENGTH - len(tail_zh)] + tail_zh
    row.why_en = row.why_en[: WHY_LENGTH - len(tail_en)] + tail_en
    return row
