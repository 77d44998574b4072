"""Who answers for what, and what nobody answers for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, Q, QuerySet, Value, When

from shouwang.core.errors import NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors, in_ranges
from shouwang.org import rules
from shouwang.org.models import Grant, Organisation, Person, Place, Responsibility
from shouwang.org.queries.scope import (
    COVERED_PLACES,
    current,
    place_scope,
    places,
    uncovered_organisations,
    uncovered_places,
    visible_organisations,
)

LISTED = 15  # gaps shown at once; the number is always told
FIRST = Responsibility.Rank.FIRST
# Larger units first: a college nobody answers for is the larger gap.
WEIGHT = {
    kind: weight
    for weight, kind in enumerate(
        ("bureau", "university", "school", "college", "party_committee", "office", "department", "team", "major",
         "party_branch", "class")
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gaps:
    """What nobody answers for: the first few with the heaviest kinds first, and how many there are of how many."""

    organisations: Sequence[Organisation]
    organisations_total: int
    organisations_all: int
    places: Sequence[Place]
    places_total: int
    places_all: int


def gaps(by: Actor, *, on: date) -> Gaps:
    """Six queries, within reach of `people.view`; places one may know (`place_scope`)."""
    uncovered = uncovered_organisations(by, on=on)
    heaviest = Case(*(When(kind=kind, then=Value(weight)) for kind, weight in WEIGHT.items()), default=Value(99))
    open_places = uncovered_places(place_scope(by), on=on)
    return Gaps(
        list(uncovered.order_by(heaviest, "path")[:LISTED]),
        uncovered.count(),
        visible_organisations(by).count(),
        list(open_places.select_related("parent").order_by("path")[:LISTED]),
        open_places.count(),
        places(by).filter(kind__in=COVERED_PLACES).count(),
    )


def gaps_by_kind(by: Actor, *, on: date) -> dict[str, int]:
    """Kind of organisation -> how many of it nobody answers for."""
    rows = uncovered_organisations(by, on=on).order_by().values_list("kind").annotate(n=Count("pk"))
    return dict(rows)


def visible_answers(by: Actor, *, on: date) -> QuerySet[Responsibility]:
    """Responsibilities in force for organisations within reach of `people.view`, and for places one may know."""
    inside = in_ranges("organisation__path", by.ranges("people.view"))
    known = Q(place__isnull=False, place__in=Place.objects.filter(place_scope(by)))
    rows = Responsibility.objects.filter(current(on)).filter(inside | known)
    return rows.select_related("organisation", "place", "person", "person__home")


def answers_page(by: Actor, *, on: date, text: str = "", cursor: str = "") -> Page[Responsibility]:
    """One page of who answers, newest first, narrowed by what is typed."""
    by.require("people.view")
    rows = visible_answers(by, on=on)
    if text:
        rows = rows.filter(
            Q(organisation__name__icontains=text)
            | Q(place__name__icontains=text)
            | Q(person__name__startswith=text)
            | Q(person__number__startswith=text)
            | Q(organisation__code=text)
            | Q(place__code=text)
        )
    return keyset_page(
        rows,
        (
            "-starts",
            "-id",
        ),
        cursor,
    )


def answer_for(by: Actor, answer_id: int, *, on: date) -> Responsibility:
    """One responsibility within reach. NotFound otherwise."""
    row = visible_answers(by, on=on).filter(pk=answer_id).first()
    if row is None:
        raise NotFound
    return row


def answers_of(organisation: Organisation, *, on: date) -> list[Responsibility]:
    """First and deputy of an organisation the caller has fetched within reach."""
    return list(organisation.answers.filter(current(on)).select_related("person", "person__home").order_by("-rank"))


def people_answering_twice(by: Actor, *, on: date, least: int = 8) -> list[tuple[Person, int]]:
    """People who answer for `least` things and more: names on paper answer for nothing."""
    rows = visible_answers(by, on=on).order_by().values_list("person").annotate(n=Count("pk")).filter(n__gte=least)
    counts = dict(rows)
    people = Person.objects.filter(pk__in=counts).select_related("home")
    return sorted(((person, counts[person.pk]) for person in people), key=lambda pair: -pair[1])


def holders(right: str, path: str, *, on: date) -> QuerySet[Person]:
    """People on the roster whose active account holds `right` over the organisation at `path`, whatever their role."""
    roles = [role for role, rights in rules.ROLE_RIGHTS.items() if right in rights]
    grants = Grant.objects.filter(
        current(on), role__in=roles, organisation__path__in=ancestors(path), account__is_active=True
    )
    return Person.objects.filter(pk__in=grants.values("account__person"), left_on__isnull=True)


def holders_of(right: str, paths: Iterable[str], *, on: date) -> dict[str, frozenset[int]]:
    """Path -> ids of the `holders` of `right` there. One query, however many paths."""
    roles = [role for role, rights in rules.ROLE_RIGHTS.items() if right in rights]
    above = {path: ancestors(path) for path in paths}
    grants = Grant.objects.filter(
        current(on), role__in=roles, organisation__path__in={node for nodes in above.values() for node in nodes},
        account__is_active=True, account__person__left_on__isnull=True,
    )  # fmt: skip
    at: dict[str, set[int]] = defaultdict(set)
    for node, person in grants.order_by().values_list("organisation__path", "account__person"):
        if person is not None:
            at[node].add(person)
    return {path: frozenset().union(*(at[node] for node in nodes if node in at)) for path, nodes in above.items()}


def answerers_of(paths: Iterable[str], right: str, *, on: date) -> dict[str, list[tuple[int, int]]]:
    """Path -> (person id, tier) of those who answer for the unit there (tier 0) or for one above it, and hold `right`
    there: the nearest unit first, in a unit the first before the deputy. Two queries, however many paths."""
    able = holders_of(right, paths, on=on)
    above = {path: ancestors(path) for path in able}
    rows = Responsibility.objects.filter(
        current(on), organisation__path__in={node for nodes in above.values() for node in nodes}
    ).order_by("-rank", "pk")
    at: dict[str, list[int]] = defaultdict(list)
    for node, person in rows.values_list("organisation__path", "person"):
        at[node].append(person)
    found: dict[str, list[tuple[int, int]]] = {}
    for path, nodes in above.items():
        tiers: dict[int, int] = {}
        occupied = 0
        for node in reversed(nodes):
            here = [person for person in at.get(node, ()) if person in able[path]]
            for person in here:
                tiers.setdefault(person, occupied)
            occupied += bool(here)
        found[path] = list(tiers.items())
    return found
