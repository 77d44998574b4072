"""Lists of people and one person's dated history, each within the asker's reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from shouwang.core import clock
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import EVERYTHING, in_ranges, subtree
from shouwang.org.models import Grant, Membership, Organisation, Person, Residence, Responsibility, SituationSpell
from shouwang.org.queries.scope import current, organisation_for, reachable

PAGE = 50
GUESTS = 2000  # people reached by a further membership only, up to which a list names them by key


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What a list of people is narrowed to; empty means everything within reach."""

    text: str = ""
    organisation: int | None = None
    kind: str = ""
    situation: str = ""


def covers_all(by: Actor, right: str) -> bool:
    """Whether `right` reaches the whole of every organisation tree there is."""
    ranges = by.ranges(right)
    if EVERYTHING in ranges:
        return True
    if not ranges:
        return False
    roots = Organisation.objects.filter(parent=None).values_list("path", flat=True)
    return all(any(low <= path and subtree(path)[1] <= high for low, high in ranges) for path in roots)


def within_reach(by: Actor, right: str) -> Q:
    """As `reachable`, shaped for long lists: one range of the index (home_path, number) wherever that is enough.

    People reached only by a further membership are few; they are looked up first and named by key.
    """
    if covers_all(by, right):
        return Q()
    ranges = by.ranges(right)
    if not ranges:
        return Q(pk__in=())
    guests = (
        Membership.objects.filter(in_ranges("organisation__path", ranges), current(clock.today()), primary=False)
        .exclude(in_ranges("person__home_path", ranges))
        .values_list("person_id", flat=True)
        .distinct()[: GUESTS + 1]
    )
    keys = list(guests)
    if len(keys) > GUESTS:
        return reachable(by, right)
    home = in_ranges("home_path", ranges)
    return home | Q(pk__in=keys) if keys else home


def filtered_people(by: Actor, chosen: PeopleFilter, right: str = "people.view") -> QuerySet[Person]:
    """People within reach who have not left, narrowed. NotFound for an organisation out of reach."""
    people = Person.objects.filter(within_reach(by, right), left_on__isnull=True)
    if chosen.organisation is not None:
        organisation = organisation_for(by, chosen.organisation, right)
        people = people.filter(in_ranges("home_path", (subtree(organisation.path),)))
    if chosen.kind:
        people = people.filter(kind=chosen.kind)
    if chosen.situation:
        people = people.filter(situation=chosen.situation)
    if chosen.text:
        people = people.filter(Q(number__startswith=chosen.text) | Q(name__startswith=chosen.text))
    return people


def people_page(by: Actor, chosen: PeopleFilter, *, cursor: str = "", size: int = PAGE) -> Page[Person]:
    """One page of people by unit and number."""
    people = filtered_people(by, chosen).select_related("home")
    return keyset_page(
        people,
        (
            "home_path",
            "number",
        ),
        cursor,
        size=size,
    )


@dataclass(frozen=True, slots=True)
class History:
    """Everything dated about one person, newest first; grants and responsibilities those in force."""

    memberships: Sequence[Membership]
    situations: Sequence[SituationSpell]
    residences: Sequence[Residence]
    answers_for: Sequence[Responsibility]
    grants: Sequence[Grant]


def history_of(person: Person, *, on: date) -> History:
    """Five queries. The caller has fetched the person within somebody's reach."""
    return History(
        list(person.memberships.select_related("organisation")),
        list(person.situations.all()),
        list(person.residences.select_related("place__parent__parent")),
        list(person.answers_for.filter(current(on)).select_related("organisation", "place")),
        list(Grant.objects.filter(current(on), account__person=person).select_related("organisation")),
    )


def sees_contact_details(by: Actor, person: Person) -> bool:
    """Telephone, card and birthday: for oneself, who manages people, and who cares for the ill. Not for monitors."""
    if by.person_id == person.pk:
        return True
    return by.holds("people.manage", person.home_path) or by.holds("checkin.view", person.home_path)


def person_with_number(number: str) -> Person | None:
    """For actions that name a person by number and check the right themselves; never for showing."""
    return Person.objects.filter(number=number, left_on__isnull=True).select_related("home").first()
