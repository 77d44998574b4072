"""Undecided contacts by tracer: who carries how many, what sharing a case out would change, one's own queue."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import holders, reachable
from shouwang.tracing.models import Contact
from shouwang.tracing.queries.contacts import ORDER, WORK, case_to_trace
from shouwang.tracing.rules import sharing as rules

CANDIDATE = Contact.State.CANDIDATE
MOST_TRACERS = 100


def loads(tracers: Iterable[int]) -> dict[int, int]:
    """Person → undecided contacts of open cases they are asked to decide; who has none is not in it."""
    rows = Contact.objects.filter(tracer__in=list(tracers), state=CANDIDATE, case__closed_at__isnull=True)
    return dict(rows.order_by().values_list("tracer").annotate(n=Count("pk")))


def tracers_of(case: Case, *, on: date) -> list[Person]:
    """Who may decide contacts of this case, by number."""
    return list(holders(WORK, case.person.home_path, on=on).select_related("home").order_by("number")[:MOST_TRACERS])


def tracers_named(case: Case, numbers: Sequence[str], *, on: date) -> list[int]:
    """Ids of tracers by number. BadInput for a number of nobody who may decide contacts of this case."""
    able = {person.number: person.pk for person in tracers_of(case, on=on)}
    for number in numbers:
        if number not in able:
            sentence = _("Nobody with the number %(number)s may decide contacts of this case.")
            raise BadInput(sentence, field="among", code="not_able", number=number)
    return [able[number] for number in numbers]


def carrier(by: Actor, number: str) -> Person:
    """Somebody who is asked to decide contacts of cases in reach, by number. NotFound otherwise."""
    for person, _load in carried(by):
        if person.number == number:
            return person
    raise NotFound


@dataclass(frozen=True, slots=True)
class Shared:
    """What sharing a case out would come to. `able` is everybody who may decide; `absent` of them those left out."""

    proposal: rules.Proposal
    able: dict[int, Person]
    waiting: int
    elsewhere: int

    @property
    def lines(self) -> list[tuple[Person, rules.Portion]]:
        return [(self.able[portion.tracer], portion) for portion in self.proposal.portions]

    @property
    def moving(self) -> int:
        return len(self.proposal.moves)


def proposal(by: Actor, case: Case, among: Collection[int] | None, *, on: date) -> Shared:
    """How the undecided contacts of an open case would be shared among these tracers (None: all who may). Those whom
    somebody has stay with them. NotFound out of reach. Five queries."""
    case_to_trace(by, case.pk)
    able = {person.pk: person for person in tracers_of(case, on=on)}
    rows = Contact.objects.filter(case=case, state=CANDIDATE).order_by(*ORDER).values_list("pk", "tracer")
    waiting = [rules.Waiting(pk, tracer) for pk, tracer in rows]
    found = rules.propose(waiting, able if among is None else among, able, loads(able))
    kept = sum(portion.kept for portion in found.portions)
    return Shared(found, able, len(waiting), len(waiting) - kept - len(found.moves) - len(found.left))


def queue_of(by: Actor, tracer_id: int) -> QuerySet[Contact]:
    """Undecided contacts of open cases in reach that this person is asked to decide: close first, longest first."""
    rows = Contact.objects.filter(
        reachable(by, WORK, "case__person__"), tracer=tracer_id, state=CANDIDATE, case__closed_at__isnull=True
    )
    joined = ("case", "case__person", "person", "person__home", "decided_by", "tracer")
    return rows.select_related(*joined).order_by(*ORDER)


def queue_page(by: Actor, cursor: str | None) -> Page[Contact]:
    """One page of one's own queue; empty for an account without a person."""
    return keyset_page(queue_of(by, by.person_id or 0), ORDER, cursor)


def carried(by: Actor) -> list[tuple[Person, int]]:
    """Who is asked to decide how many contacts of cases in reach, most first. Two queries."""
    rows = Contact.objects.filter(
        reachable(by, WORK, "case__person__"), state=CANDIDATE, tracer__isnull=False, case__closed_at__isnull=True
    )
    counted: Mapping[int, int] = dict(rows.order_by().values_list("tracer").annotate(n=Count("pk")))
    people = Person.objects.filter(pk__in=list(counted)).select_related("home")
    return sorted(((person, counted[person.pk]) for person in people), key=lambda pair: (-pair[1], pair[0].number))


def as_json(shared: Shared) -> dict[str, Any]:
    return {
        "waiting": shared.waiting,
        "moving": shared.moving,
        "nobody": len(shared.proposal.left),
        "elsewhere": shared.elsewhere,
        "tracers": [
            {
                "person": person.number, "name": person.name, "kept": portion.kept, "given": len(portion.given),
                "before": portion.before, "after": portion.after,
            }
            for person, portion in shared.lines
        ],
    }  # fmt: skip
