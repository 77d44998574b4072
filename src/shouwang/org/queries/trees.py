"""The organisation tree and the place tree, a level at a time, with counts and who answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Substr

from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.core.tree import STEP, Range, ancestors, in_ranges, subtree
from shouwang.org.models import Organisation, Person, Place, Residence, Responsibility
from shouwang.org.queries.people import within_reach
from shouwang.org.queries.scope import current, place_scope

SUGGESTED = 12
ROOM_KINDS = (Place.Kind.ROOM, Place.Kind.DORM_ROOM, Place.Kind.ISOLATION_ROOM)
DWELLINGS = (Place.Kind.CAMPUS, Place.Kind.BUILDING, Place.Kind.FLOOR, Place.Kind.DORM_ROOM)
SEES_RESIDENTS = ("people.view", "org.manage", "isolation.manage", "report.view")


@dataclass(slots=True)
class Branch:
    """An organisation of the tree: how many people in its subtree, how many children, who answers for it."""

    node: Organisation
    people: int
    children: int
    first: Person | None = None
    deputy: Person | None = None


def top_organisations(by: Actor, *, on: date, right: str = "people.view") -> list[Branch]:
    """Where the reach of `right` begins: organisations within it whose parent is not."""
    return _branches(_tops(by, on, right), on)


def _tops(by: Actor, on: date, right: str) -> list[Organisation]:
    ranges = by.ranges(right)
    inside = Organisation.objects.filter(in_ranges("path", ranges), current(on))
    return list(inside.exclude(in_ranges("parent__path", ranges) & Q(parent__isnull=False)))


def tops(by: Actor, right: str = "people.view") -> list[Organisation]:
    """The organisations alone of `top_organisations` today, in the order of the tree."""
    return sorted(_tops(by, clock.today(), right), key=lambda node: node.path)


def first_levels(by: Actor, *, on: date) -> tuple[list[Branch], list[Branch] | None]:
    """`top_organisations`, and the level below when there is a single one; its people are then counted only once."""
    nodes = _tops(by, on, "people.view")
    if len(nodes) != 1:
        return _branches(nodes, on), None
    top, children = nodes[0], list(nodes[0].children.filter(current(on)))
    if not children:
        return _branches(nodes, on), None
    people = _count_steps("home_path", subtree(top.path), len(children[0].path))
    return _branches(nodes, on, {top.path: sum(people.values())}), _branches(children, on, people)


def child_organisations(parent: Organisation, *, on: date) -> list[Branch]:
    """The standing children of an organisation that the caller has fetched within reach."""
    return _branches(list(parent.children.filter(current(on))), on)


def _branches(nodes: Sequence[Organisation], on: date, people: Mapping[str, int] | None = None) -> list[Branch]:
    """Counts in one query for all nodes of the same depth, answers and numbers of children in one each."""
    if people is None:
        people = _people_below([node.path for node in nodes])
    children = dict(
        Organisation.objects.filter(current(on), parent__in=nodes).values_list("parent").annotate(n=Count("pk"))
    )
    branches = {n.pk: Branch(n, people.get(n.path, 0), children.get(n.pk, 0)) for n in nodes}
    answers = Responsibility.objects.filter(current(on), organisation__in=nodes).select_related("person")
    for answer in answers:
        _put(branches[answer.organisation_id or 0], answer)
    return list(branches.values())


def _put(line: Branch | Spot, answer: Responsibility) -> None:
    if answer.rank == Responsibility.Rank.FIRST:
        line.first = answer.person
    else:
        line.deputy = answer.person


def _people_below(paths: Iterable[str]) -> dict[str, int]:
    """Path -> people who have not left in its subtree."""
    by_length: dict[int, list[str]] = {}
    for path in paths:
        by_length.setdefault(len(path), []).append(path)
    counts: dict[str, int] = {}
    for length, same in by_length.items():
        counts |= _count_steps("home_path", (min(same), subtree(max(same))[1]), length)
    return counts


def _count_steps(field: str, span: Range, length: int) -> dict[str, int]:
    """Path cut to `length` -> people in that subtree; who stands higher up is under their own, shorter path."""
    rows = Person.objects.filter(in_ranges(field, (span,)), left_on__isnull=True)
    return dict(rows.annotate(top=Substr(field, 1, length)).values_list("top").annotate(n=Count("pk")))


def path_of(node: Organisation | Place) -> list[Organisation] | list[Place]:
    """The nodes from the root down to and including this one."""
    if isinstance(node, Organisation):
        return list(Organisation.objects.filter(path__in=ancestors(node.path)).order_by("path"))
    return list(Place.objects.filter(path__in=ancestors(node.path)).order_by("path"))


def suggest_organisations(by: Actor, text: str, *, on: date, right: str = "people.view") -> list[Organisation]:
    """A few organisations within reach whose code or name fits what is being typed."""
    if not text:
        return []
    fitting = Q(code__istartswith=text) | Q(name__icontains=text) | Q(name_en__icontains=text)
    inside = Organisation.objects.filter(in_ranges("path", by.ranges(right)), current(on))
    return list(inside.filter(fitting).order_by("path")[:SUGGESTED])


def suggest_places(by: Actor, text: str, *, on: date) -> list[Place]:
    if not text:
        return []
    fitting = Q(code__istartswith=text) | Q(name__icontains=text)
    return list(Place.objects.filter(place_scope(by), current(on)).filter(fitting).order_by("path")[:SUGGESTED])


@dataclass(slots=True)
class Spot:
    """A place of the tree. `residents` None: not for the asker's eyes. `names` only of people within reach."""

    node: Place
    children: int
    residents: int | None = None
    names: list[Person] = field(default_factory=list)
    first: Person | None = None
    deputy: Person | None = None

    @property
    def dwelling(self) -> bool:
        """Whether residents make sense here: nobody lives at a gate."""
        return bool(self.residents) or self.node.kind in DWELLINGS

    @property
    def units(self) -> list[str]:
        """The units of the residents whose names are shown."""
        return list(dict.fromkeys(person.home.title for person in self.names if person.home is not None))

    @property
    def hidden(self) -> int:
        """Residents whose names the asker may not see."""
        return (self.residents or 0) - len(self.names)


def sees_residents(by: Actor) -> bool:
    """Whether the asker's work needs the number of residents of a room."""
    return any(by.holds(right) for right in SEES_RESIDENTS)


def child_places(by: Actor, parent: Place | None, *, on: date) -> list[Spot]:
    """The standing places directly below `parent` (the campuses for None) that one may know, rooms included."""
    nodes = list(Place.objects.filter(place_scope(by), current(on), parent=parent))
    children = dict(Place.objects.filter(current(on), parent__in=nodes).values_list("parent").annotate(n=Count("pk")))
    spots = {node.pk: Spot(node, children.get(node.pk, 0)) for node in nodes}
    for answer in Responsibility.objects.filter(current(on), place__in=nodes).select_related("person"):
        _put(spots[answer.place_id or 0], answer)
    if sees_residents(by) and nodes:
        counts = _residents_below(parent, nodes, on)
        for spot in spots.values():
            spot.residents = counts.get(spot.node.path, 0)
    return list(spots.values())


def _residents_below(parent: Place | None, nodes: Sequence[Place], on: date) -> dict[str, int]:
    span = subtree(parent.path) if parent is not None else subtree("")
    # Who has left has no residence any more: leaving ends it.
    rows = Residence.objects.filter(current(on), in_ranges("place__path", (span,)))
    length = len(nodes[0].path)
    return dict(rows.annotate(top=Substr("place__path", 1, length)).values_list("top").annotate(n=Count("pk")))


def rooms_of(by: Actor, floor: Place, *, on: date, spots: Sequence[Spot] | None = None) -> list[Spot]:
    """The rooms directly below a floor or building, with residents; names only of people within `people.view`.

    `spots`: the floor's `child_places`, where the caller has them already.
    """
    found = child_places(by, floor, on=on) if spots is None else spots
    rooms = [spot for spot in found if spot.node.kind in ROOM_KINDS]
    if not by.holds("people.view") or not rooms:
        return rooms
    by_path = {spot.node.path: spot for spot in rooms}
    length = len(floor.path) + STEP
    living = Person.objects.filter(
        within_reach(by, "people.view"),
        current(on, "residences__"),
        in_ranges("residences__place__path", (subtree(floor.path),)),
        left_on__isnull=True,
    )
    lines = living.annotate(room=Substr("residences__place__path", 1, length)).select_related("home").order_by("number")
    for person in lines:
        spot = by_path.get(person.room)
        if spot is not None:
            spot.names.append(person)
    return rooms


def floors_of(building: Place, *, on: date) -> QuerySet[Place]:
    return Place.objects.filter(current(on), parent=building, kind=Place.Kind.FLOOR).order_by("path")
