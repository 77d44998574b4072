"""Matters one is a party to. Permission is asked at the fetch; nobody else learns that there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from shouwang.command.account import rules
from shouwang.command.account.models import Matter, MatterEvent, MatterFact
from shouwang.command.account.numbers import Numbers, numbers_in_force
from shouwang.command.queries.answering import MANAGE, SIGN, answered_by, who_answers
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors, in_ranges, merge, nodes_of, subtree
from shouwang.org.models import Grant, Organisation, Person, Responsibility
from shouwang.org.queries import current
from shouwang.org.rules import ROLE_RIGHTS

RELATED = (
    "organisation", "person", "previous", "proposed_by__person", "served_by__person", "talked_by__person",
    "replied_by__person", "decided_by__person", "appealed_by__person", "appeal_decided_by__person",
)  # fmt: skip
SHOWS = ("open", "mine", "decide", "over", "all")
MOST = 100
SERVED = Q(served_at__isnull=False)
ORDER = ("-proposed_at", "-id")
WAITING = (rules.REPLIED, rules.OVERDUE, rules.APPEALED)


def numbers() -> Numbers:
    return numbers_in_force(settings.HOME)


# --- who is who ------------------------------------------------------------------------------------------------------


def concerned_units(by: Actor, *, on: date) -> list[int]:
    """Units one answers for: first, deputy, or as the nearest above one that has a matter and nobody. One query for
    whoever answers for nothing, five at most."""
    answered = answered_by(by, on=on)
    if not answered:
        return []
    found = {*answered.first, *answered.deputy}
    below = in_ranges("path", merge(subtree(path) for path in answered.first.values()))
    there = Organisation.objects.filter(below, matters__about=Matter.About.UNIT).exclude(pk__in=found).distinct()
    owners = who_answers(there, on=on)
    return sorted(found | {pk for pk, owner in owners.items() if owner.person.pk == by.person_id})


def concerns(by: Actor, *, on: date) -> Q:
    """Matters about oneself or a unit one answers for, served or not."""
    if by.person_id is None:
        return Q(pk__in=())
    return Q(person=by.person_id) | Q(about=Matter.About.UNIT, organisation__in=concerned_units(by, on=on))


def is_subject(by: Actor, row: Matter, *, on: date) -> bool:
    """Whether it concerns the asker: themselves, a unit they answer for, or they have replied for it."""
    if by.account_id is not None and by.account_id in (row.replied_by_id, row.appealed_by_id):
        return True
    return stands_for(by, row.organisation, row.person_id, row.about, on=on)


def stands_for(by: Actor, unit: Organisation, person_id: int | None, about: str, *, on: date) -> bool:
    """Whether the asker is the person, or answers for the unit that a matter is about."""
    if by.person_id is None:
        return False
    if about == Matter.About.PERSON:
        return person_id == by.person_id
    rows = Responsibility.objects.filter(current(on), organisation=unit)
    people = dict(rows.values_list("person", "rank"))
    if by.person_id in people:
        return True
    if Responsibility.Rank.FIRST in people.values():
        return False
    owner = who_answers([unit], on=on).get(unit.pk)
    return owner is not None and owner.person.pk == by.person_id


def people_of(unit: Organisation, *, on: date) -> list[Person]:
    """Whom a matter of the unit can be about: who answers for it today, first or deputy. Never a student."""
    rows = Responsibility.objects.filter(current(on), organisation=unit).exclude(person__kind=Person.Kind.STUDENT)
    return [row.person for row in rows.select_related("person").order_by("-rank", "person__number")]


def person_named(unit: Organisation, number: str, *, on: date) -> Person:
    """Whoever answers for the unit, by number. NotFound for everybody else."""
    person = next((one for one in people_of(unit, on=on) if one.number == number), None)
    if person is None:
        raise NotFound
    return person


def level_of(by: Actor, path: str) -> str | None:
    """From which path down the asker's right to decide reaches `path`; None where it does not."""
    return min((node for node in nodes_of(by.ranges(SIGN)) if path.startswith(node)), key=len, default=None)


def hands_of(row: Matter) -> list[rules.Hand]:
    """Whoever proposed it, served it, held the talk."""
    return [_hand(account) for account in (row.proposed_by, row.served_by, row.talked_by) if account is not None]


def _hand(account: Any) -> rules.Hand:
    return rules.Hand(account.pk, account.person_id)


def somebody_higher(row: Matter, *, on: date) -> bool:
    """Whether anybody who may decide an appeal stands strictly above the level at which it was decided."""
    steps = ancestors(row.decided_level)[:-1]
    if not steps:
        return False
    roles = [role for role, rights in ROLE_RIGHTS.items() if SIGN in rights]
    earlier = [*hands_of(row), *([_hand(row.decided_by)] if row.decided_by else [])]
    grants = Grant.objects.filter(
        current(on), role__in=roles, organisation__path__in=steps, account__is_active=True
    ).exclude(account__in=[hand.account for hand in earlier])
    people = [hand.person for hand in earlier if hand.person is not None] + ([row.person_id] if row.person_id else [])
    return grants.exclude(account__person__in=people).exists()


def judges_left(row: Matter, *, on: date) -> int:
    """How many people could decide it, but for those who have had a hand in it and whom it concerns. Three queries."""
    roles = [role for role, rights in ROLE_RIGHTS.items() if SIGN in rights]
    grants = Grant.objects.filter(
        current(on), role__in=roles, organisation__path__in=ancestors(row.organisation.path), account__is_active=True
    )
    earlier = [*hands_of(row), *([_hand(row.decided_by)] if row.decided_by else [])]
    people = {row.person_id} if row.about == Matter.About.PERSON else _answering(row.organisation, on)
    found = {rules.Hand(*pair) for pair in grants.values_list("account", "account__person")}
    return sum(rules.may_judge(hand, is_subject=hand.person in people, earlier=earlier) for hand in found)


def _answering(unit: Organisation, on: date) -> set[int | None]:
    """Who answers for a unit, first or deputy, else the nearest above."""
    people: set[int | None] = set(
        Responsibility.objects.filter(current(on), organisation=unit).values_list("person", flat=True)
    )
    owner = who_answers([unit], on=on).get(unit.pk)
    return people | ({owner.person.pk} if owner else set())


def sides(by: Actor, row: Matter, *, on: date) -> frozenset[rules.Side]:
    """On which sides of a matter one stands. Whom it concerns stands on no other."""
    if is_subject(by, row, on=on):
        return frozenset({rules.SUBJECT} if row.served_at else ())
    found: set[rules.Side] = set()
    path = row.organisation.path
    if by.holds(MANAGE, path):
        found.add(rules.OFFICE)
    hand, level = rules.Hand(by.account_id, by.person_id), level_of(by, path)
    if level is None:
        return frozenset(found)
    if rules.may_judge(hand, is_subject=False, earlier=hands_of(row)):
        found.add(rules.DECIDER)
    if row.decided_by is not None and rules.may_judge(
        hand, is_subject=False, earlier=[*hands_of(row), _hand(row.decided_by)]
    ):
        higher = somebody_higher(row, on=on)
        if rules.level_suffices(level, decided_at=row.decided_level, higher=higher):
            found.add(rules.APPEAL)
    return frozenset(found)


# --- reading ---------------------------------------------------------------------------------------------------------


def visible_matters(by: Actor, *, on: date) -> QuerySet[Matter]:
    """Parties alone: whom it concerns once it is served, who manages the unit, who may decide while it waits for a
    decision, and who has decided."""
    mine = concerns(by, on=on)
    # While a withdrawn one still names a person, that person alone reads it.
    named = Q(person__isnull=False, ended_at__isnull=False)
    party = (mine & SERVED) | (in_ranges("organisation__path", by.ranges(MANAGE)) & ~named)
    party |= in_ranges("organisation__path", by.ranges(SIGN)) & Q(state__in=WAITING)
    if by.account_id is not None:
        party |= Q(proposed_by=by.account_id) | Q(decided_by=by.account_id) | Q(appeal_decided_by=by.account_id)
    # What is only proposed about oneself is not read before it is served, whatever right one holds.
    return Matter.objects.filter(party).exclude(mine & ~SERVED).select_related(*RELATED)


def matter_for(by: Actor, matter_id: int, *, on: date) -> Matter:
    """One matter. NotFound for whoever is no party."""
    row = visible_matters(by, on=on).filter(pk=matter_id).first()
    if row is None:
        raise NotFound
    return row


def matters_page(by: Actor, show: str, cursor: str | None, *, at: datetime, size: int = 50) -> Page[Matter]:
    on = clock.local_day(at)
    return keyset_page(visible_matters(by, on=on).filter(_shown(by, show, on)), ORDER, cursor, size=size)


def _shown(by: Actor, show: str, on: date) -> Q:
    going = ~Q(state__in=rules.FINAL)
    if show == "mine":
        return concerns(by, on=on) & SERVED
    if show == "decide":
        return Q(state__in=WAITING) & ~concerns(by, on=on)
    return {"open": going, "over": ~going}.get(show, Q())


def own_matters(by: Actor, *, on: date) -> list[Matter]:
    """Under way, served, and about the asker or a unit they answer for, by time. One query where there is nothing,
    two otherwise."""
    if by.person_id is None:
        return []
    mine = Responsibility.objects.filter(current(on), person=by.person_id, organisation__isnull=False)
    path = ExpressionWrapper(OuterRef("organisation__path"), output_field=CharField())
    above = mine.annotate(unit=path).filter(unit__startswith=F("organisation__path"))
    rows = Matter.objects.filter(Q(person=by.person_id) | Q(Exists(above), about=Matter.About.UNIT), SERVED)
    rows = rows.exclude(state__in=rules.FINAL).select_related("organisation", "person").order_by("due_at", "id")
    found = list(rows)
    if not found:
        return []
    answers = _answers(by.person_id, [row.organisation for row in found], on)
    return [row for row in found if row.about == Matter.About.PERSON or row.organisation_id in answers]


def _answers(person: int, units: Sequence[Organisation], on: date) -> set[int]:
    """Units for which the person answers, in whatever rank, or as the nearest above where nobody does. One query."""
    steps = {step for unit in units for step in ancestors(unit.path)}
    named = Q(rank=Responsibility.Rank.FIRST, organisation__path__in=steps)
    rows = Responsibility.objects.filter(named | Q(person=person, organisation__in=units), current(on))
    first: dict[str, int] = {}
    own: set[str] = set()
    for path, rank, who in rows.values_list("organisation__path", "rank", "person"):
        if who == person:
            own.add(path or "")
        if rank == Responsibility.Rank.FIRST:
            first[path or ""] = who
    nearest = {
        unit.pk: next((step for step in reversed(ancestors(unit.path)) if step in first), None) for unit in units
    }
    return {
        unit.pk for unit in units
        if unit.path in own or ((step := nearest[unit.pk]) is not None and first[step] == person)
    }  # fmt: skip


def to_decide(by: Actor, *, on: date) -> list[Matter]:
    """Matters and appeals that wait for a hand which the asker may lend."""
    rows = Matter.objects.filter(in_ranges("organisation__path", by.ranges(SIGN)), state__in=WAITING)
    if by.account_id is not None:
        rows = rows.exclude(proposed_by=by.account_id).exclude(served_by=by.account_id)
        rows = rows.exclude(decided_by=by.account_id, state=rules.APPEALED)
    found = list(rows.select_related(*RELATED).order_by("due_at", "id")[:MOST])
    if not found:
        return []
    own = {row.pk for row in own_matters(by, on=on)}
    return [row for row in found if row.pk not in own and _waits_for(by, row, on)]


def _waits_for(by: Actor, row: Matter, on: date) -> bool:
    """Of a matter that does not concern the asker; no query but for an appeal."""
    if row.state == rules.APPEALED:
        return rules.APPEAL in sides(by, row, on=on)
    if by.account_id is not None and by.account_id in (row.replied_by_id, row.appealed_by_id):
        return False
    hand = rules.Hand(by.account_id, by.person_id)
    return rules.may_judge(hand, is_subject=False, earlier=hands_of(row))


@dataclass(frozen=True, slots=True)
class Sheet:
    """One matter whole: on which sides the asker stands, what they may do, the facts, what happened, who answers."""

    matter: Matter
    sides: frozenset[rules.Side]
    acts: list[rules.Act]
    facts: list[MatterFact]
    events: list[MatterEvent]
    owner: Person | None


def sheet(by: Actor, row: Matter, *, at: datetime) -> Sheet:
    """Of a matter the caller has fetched."""
    on = clock.local_day(at)
    stands = sides(by, row, on=on)
    owner = row.person
    if row.about == Matter.About.UNIT:
        answers = who_answers([row.organisation], on=on).get(row.organisation_id)
        owner = answers.person if answers else None
    acts = rules.acts_for(row.state, stands, row.step)
    happened = list(row.events.select_related("by__person"))
    return Sheet(row, stands, acts, list(row.facts.all()), happened, owner)


# --- who is to be reminded -------------------------------------------------------------------------------------------


def served_on(day: date) -> list[datetime]:
    """When matters were served on a local day that wait for a reply."""
    start, end = clock.day_bounds(day)
    rows = Matter.objects.filter(state=rules.SENT, served_at__gte=start, served_at__lt=end).order_by("served_at")
    return [moment for moment in rows.values_list("served_at", flat=True) if moment is not None]


def owing_reply(start: datetime, end: datetime) -> QuerySet[Person]:
    """Whom matters served between two moments (end not in it) wait for: the person, or who answers for the unit."""
    rows = list(Matter.objects.filter(state=rules.SENT, served_at__gte=start, served_at__lt=end).select_related(
        "organisation"
    ))  # fmt: skip
    owners = who_answers(
        [row.organisation for row in rows if row.about == Matter.About.UNIT], on=clock.local_day(start)
    )
    people = {row.person_id for row in rows if row.person_id} | {owner.person.pk for owner in owners.values()}
    return Person.objects.filter(pk__in=people)


# --- as data ---------------------------------------------------------------------------------------------------------


def matter_json(row: Matter) -> dict[str, Any]:
    """What API and terminal say of a matter in a list."""
    standing = rules.STANDING.get(row.state)
    return {
        "id": row.pk, "unit": row.organisation.code, "unit_name": row.organisation.title, "about": row.about,
        "person": row.person.number if row.person and standing else None, "step": row.step, "state": row.state,
        "side": standing.side if standing else None, "next_step": str(standing.next_step) if standing else None,
        "due_at": row.due_at if standing else None, "proposed_at": row.proposed_at, "served_at": row.served_at,
        "ending": row.ending or None, "ended_at": row.ended_at,
    }  # fmt: skip


def sheet_json(found: Sheet) -> dict[str, Any]:
    row = found.matter
    return {
        **matter_json(row), "asked": row.asked, "urgent": row.urgent, "previous": row.previous_id,
        "proposed_by": _name(row.proposed_by), "reply_due": row.reply_due, "reply": row.reply,
        "replied_at": row.replied_at, "talk": row.talk, "talked_at": row.talked_at,
        "decided_by": _name(row.decided_by), "decided_at": row.decided_at, "reasons": row.reasons,
        "appeal_due": row.appeal_due, "appeal": row.appeal, "appealed_at": row.appealed_at,
        "appeal_decided_by": _name(row.appeal_decided_by), "appeal_reasons": row.appeal_reasons,
        "expires_at": row.expires_at, "acts": [act.name for act in found.acts],
        "facts": [
            {"id": fact.pk, "kind": fact.kind, "ref": fact.ref, "words": fact.words, "source": fact.source,
             "as_of": fact.as_of, "contested": fact.contested, "answer": fact.answer, "struck": fact.struck}
            for fact in found.facts
        ],
        "events": [{"at": event.at, "act": event.act, "text": event.text} for event in found.events],
    }  # fmt: skip


def _name(account: Any) -> str | None:
    if account is None:
        return None
    return str(account.person.name if account.person else account.username)
