"""Who is asking, and whom they reach. Every other read of org stands on these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.scope import WEB, Actor
from shouwang.core.tree import EVERYTHING, Range, ancestors, covers, in_ranges, merge, overlap, subtree
from shouwang.org import rules
from shouwang.org.models import (
    Account,
    ApiToken,
    Grant,
    Membership,
    Organisation,
    Person,
    PersonMerge,
    Place,
    Responsibility,
)

IDS_A_QUERY = 5000  # below the parameter limits of both databases
INSTITUTIONS = (Organisation.Kind.UNIVERSITY, Organisation.Kind.SCHOOL)


def current(on: date, prefix: str = "") -> Q:
    """Dated rows in force on a day."""
    return Q(**{f"{prefix}starts__lte": on}) & (Q(**{f"{prefix}ends__isnull": True}) | Q(**{f"{prefix}ends__gte": on}))


def actor_for(account: Account, *, at: datetime, mouth: str = WEB, address: str = "") -> Actor:
    """The account as it stands at `at`: one query."""
    grants = Grant.objects.filter(current(clock.local_day(at)), account=account)
    pairs = list(grants.values_list("role", "organisation__path"))
    return Actor(
        account_id=account.pk,
        person_id=account.person_id,
        label=account.username,
        roles=tuple(dict.fromkeys(role for role, _path in pairs)),
        reach=rules.reach(pairs),
        mouth=mouth,
        address=address,
    )


def account_to_sign_in(username: str) -> Account | None:
    """The active account of that name, for checking a password. Nobody is signed in yet, so nobody is asked."""
    return Account.objects.filter(username=username, is_active=True).first()


def reachable(by: Actor, right: str, prefix: str = "") -> Q:
    """The condition "this person lies within the reach of `right`", for a queryset whose person is at `prefix`.

    Home organisation first (one indexed range), then any other current membership, so that the secretary of a team
    or party branch reaches its members wherever their class is. `prefix` is "" for Person or e.g. "person__".
    """
    ranges = by.ranges(right)
    if EVERYTHING in ranges:
        return Q()
    if not ranges:
        return Q(pk__in=())
    others = Membership.objects.filter(
        in_ranges("organisation__path", ranges), current(clock.today()), primary=False
    ).values("person_id")
    key = f"{prefix}pk__in" if not prefix else f"{prefix.removesuffix('__')}_id__in"
    return in_ranges(f"{prefix}home_path", ranges) | Q(**{key: others})


def reached(by: Actor, right: str, people: Iterable[Person]) -> set[int]:
    """Ids of those of `people` over whom `by` holds `right`, by home organisation or any membership."""
    known = {person.pk: person for person in people}
    found = {pk for pk, person in known.items() if by.holds(right, person.home_path)}
    if len(found) < len(known) and by.holds(right):
        rest = sorted(known.keys() - found)
        for start in range(0, len(rest), IDS_A_QUERY):
            part = rest[start : start + IDS_A_QUERY]
            found |= set(Person.objects.filter(reachable(by, right), pk__in=part).values_list("pk", flat=True))
    return found


def reached_by_any(by: Actor, rights: Iterable[str], people: Iterable[Person]) -> set[int]:
    """As `reached`, for one right or another; the later ones are asked only of whom the earlier ones leave."""
    left = {person.pk: person for person in people}
    found: set[int] = set()
    for right in rights:
        found |= reached(by, right, [person for pk, person in left.items() if pk not in found])
    return found


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a right reaches, in a form that stays index-bound at a million: everybody whose home lies in `ranges`
    (disjoint, in order), and `guests`, the ids of those reached by a further membership alone, who are few."""

    ranges: tuple[Range, ...]
    guests: frozenset[int]


def reach_of(by: Actor, right: str, within: str | None = None) -> Reach:
    """The same people as `reachable`, for long lists, counts, searches and exports: each of `ranges` is one scan of
    an index on (home_path, …), the guests are looked up by key. Ranges joined to guests by OR would leave no index.

    `within`: only the part of the tree at and below that path; then its guests are those of that part.
    """
    ranges = tuple(merge(by.ranges(right)))
    if within is not None:
        ranges = overlap(ranges, (subtree(within),))
    if not ranges or EVERYTHING in ranges:
        return Reach(ranges, frozenset())
    roots = Organisation.objects.filter(parent=None).values_list("path", flat=True)
    if within is None and all(covers(ranges, path) for path in roots):
        # Whoever reaches every root reaches everybody: nobody is left to be a guest.
        return Reach((EVERYTHING,), frozenset())
    members = Membership.objects.filter(in_ranges("organisation__path", ranges), current(clock.today()), primary=False)
    guests = members.exclude(in_ranges("person__home_path", ranges)).values_list("person_id", flat=True)
    return Reach(ranges, frozenset(guests))


def visible_people(by: Actor, right: str = "people.view") -> QuerySet[Person]:
    """People who have not left and over whom `by` holds `right`."""
    return Person.objects.filter(reachable(by, right), left_on__isnull=True)


def person_for(by: Actor, person_id: int, right: str = "people.view") -> Person:
    """One person within reach of `right`, or oneself. NotFound otherwise."""
    condition = reachable(by, right)
    if by.person_id == person_id:
        condition = Q()
    person = Person.objects.filter(condition, pk=person_id).select_related("home").first()
    if person is None:
        raise NotFound
    return person


def person_by_number(by: Actor, number: str, right: str = "people.view") -> Person:
    """As `person_for`, by student or staff number."""
    found = Person.objects.filter(number=number).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    # A number that was merged away leads to the record that stands for it.
    into = PersonMerge.objects.filter(state=PersonMerge.State.DONE).values_list("kept", flat=True)
    while (kept := into.filter(merged=found).first()) is not None:
        found = kept
    return person_for(by, found, right)


def visible_organisations(by: Actor, right: str = "people.view") -> QuerySet[Organisation]:
    return Organisation.objects.filter(in_ranges("path", by.ranges(right)), current(clock.today()))


def organisation_for(by: Actor, organisation_id: int, right: str = "people.view") -> Organisation:
    organisation = visible_organisations(by, right).select_related("parent").filter(pk=organisation_id).first()
    if organisation is None:
        raise NotFound
    return organisation


def organisation_named(by: Actor, text: str, right: str = "people.view") -> Organisation:
    """One organisation within reach by code, or by name where only one has it. NotFound otherwise."""
    inside = visible_organisations(by, right)
    found = list(inside.filter(code=text)[:1]) or list(inside.filter(name=text)[:2])
    if len(found) != 1:
        raise NotFound(_("No organisation you may see has the code “%(value)s”."), field="organisation", value=text)
    return found[0]


def place_named(by: Actor, text: str) -> Place:
    """One standing place one may know by code, or by name where only one has it. NotFound otherwise."""
    found = list(places(by).filter(code=text)[:1]) or list(places(by).filter(name=text)[:2])
    if len(found) != 1:
        raise NotFound(_("No place has the code “%(value)s”."), field="place", value=text)
    return found[0]


def place_scope(by: Actor) -> Q:
    """Places of the institutions to which one's rights reach or one belongs, and those of whoever stands above them."""
    ranges = merge(span for spans in by.reach.values() for span in spans)
    if by.everything or EVERYTHING in ranges:
        return Q()
    scope = owned(ranges)
    if by.person_id is not None:
        own = Person.objects.filter(pk=by.person_id, home_path__startswith=OuterRef("owner__path"))
        scope |= Q(Exists(own))
    return scope


def owned(ranges: Iterable[Range]) -> Q:
    """Rows with an `owner` inside `ranges`, above one of them, or without any."""
    spans = tuple(ranges)
    if EVERYTHING in spans:
        return Q()
    above = {path for low, _high in spans for path in ancestors(low)}
    return Q(owner__isnull=True) | Q(owner__path__in=above) | in_ranges("owner__path", spans)


def usable_by(person: Person) -> Q:
    """Places a person may be sent to: their own institution's, those of whoever stands above, ownerless ones."""
    return Q(owner__isnull=True) | Q(owner__path__in=ancestors(person.home_path))


def places(by: Actor) -> QuerySet[Place]:
    """The places standing today within `place_scope`: a map of one's own campus is no secret; who was where is."""
    return Place.objects.filter(place_scope(by), current(clock.today()))


def institution_of(by: Actor, right: str) -> Organisation | None:
    """The organisation for which `by` brings something in: the university or school around the place where their right
    begins, else that place itself; for the system the only root.

    None when there is no organisation yet. BadInput (`root_missing`) when there are several: say which one.
    """
    spans = by.ranges(right)
    standing = Organisation.objects.filter(ends__isnull=True).order_by("path")
    if EVERYTHING in spans:
        found = list(standing.filter(parent__isnull=True)[:2])
        several = len(found) > 1
    else:
        low = spans[0][0]
        several = spans != (subtree(low),)
        found = list(standing.filter(path__in=ancestors(low)))
        schools = [node for node in found if node.kind in INSTITUTIONS]
        found = (schools or found)[-1:]
    if several:
        raise BadInput(
            _("There are several institutions. Say to which of them this belongs."),
            code="root_missing",
            field="organisation",
        )
    return found[0] if found else None


def own_institution(by: Actor, right: str) -> Organisation:
    """For which organisation a file is brought in: as `institution_of`; for a branch, whose right begins below its
    institution, where the right begins. BadInput (`root_missing`) where there is none, or several."""
    found = institution_of(by, right)
    if found is None:
        raise BadInput(_("There is no organisation yet."), code="root_missing", field="organisation")
    return found if by.holds(right, found.path) else Organisation.objects.get(path=by.ranges(right)[0][0])


def place_for(by: Actor, place_id: int) -> Place:
    place = places(by).filter(pk=place_id).first()
    if place is None:
        raise NotFound
    return place


def uncovered_organisations(by: Actor, *, on: date) -> QuerySet[Organisation]:
    """Organisations within reach of `people.view` that no responsible person answers for on `on`."""
    answered = Responsibility.objects.filter(current(on), organisation=OuterRef("pk"), rank=Responsibility.Rank.FIRST)
    return visible_organisations(by).filter(~Exists(answered))


COVERED_PLACES = ("campus", "building", "gate", "canteen", "library", "clinic", "facility")


def uncovered_places(scope: Q, *, on: date) -> QuerySet[Place]:
    """Places within `scope` (`place_scope`, `owned`) for which nobody answers on `on`; not every room and seat."""
    answered = Responsibility.objects.filter(current(on), place=OuterRef("pk"), rank=Responsibility.Rank.FIRST)
    return Place.objects.filter(scope, current(on), ~Exists(answered), kind__in=COVERED_PLACES)


def responsible_for(person: Person, *, on: date) -> Person | None:
    """Who answers for this person: the nearest organisation above them that somebody answers for."""
    answers = (
        Responsibility.objects.filter(
            current(on), organisation__path__in=ancestors(person.home_path), rank=Responsibility.Rank.FIRST
        )
        .select_related("person")
        .order_by("-organisation__path")
    )
    answer = answers.first()
    return answer.person if answer else None


def token_by_hash(sha256: str, *, at: datetime) -> ApiToken | None:
    """The living token with this SHA-256, with its active account; None otherwise."""
    living = ApiToken.objects.filter(revoked_at__isnull=True, expires_at__gt=at, account__is_active=True)
    return living.filter(sha256=sha256).select_related("account").first()
