"""What is known of the people, units and places that a roster names. The reads of an import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouwang.core.errors import BadInput
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges, number, subtree
from shouwang.org.models import Membership, Organisation, Person, Place, Residence, SituationSpell
from shouwang.org.queries import current, owned
from shouwang.org.roster.planning import FACTS, Known, Spell
from shouwang.org.roster.units import Node, Places, Units

CHUNK = 5000  # keys in one query; SQLite allows 32,766 variables since 3.32
PLACE_KINDS = (Place.Kind.CAMPUS, Place.Kind.BUILDING, Place.Kind.FLOOR, Place.Kind.ROOM, Place.Kind.DORM_ROOM)


def chunks(items: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part


def the_root(given: Organisation | None, *, by: Actor) -> Organisation | None:
    """The organisation the roster belongs to: the one given, else the only root; None when there is no tree yet."""
    if given is not None:
        by.require("people.manage", given.path)
        return given
    roots = list(Organisation.objects.filter(parent=None, ends__isnull=True)[:2])
    if len(roots) > 1:
        raise BadInput(
            gettext_lazy("There are several institutions. Say to which of them this roster belongs."),
            code="root_missing",
            field="organisation",
        )
    by.require("people.manage", roots[0].path if roots else None)
    return roots[0] if roots else None


def load_units(root: Organisation | None, *, on: date, root_name: str = "", create: bool) -> Units:
    """The organisations below `root`; without one, a planned university called `root_name` or as the settings say."""
    codes = Organisation.objects.values_list("code", flat=True)
    if root is None:
        name = root_name or settings.INSTITUTION or str(_("Our institution"))
        return Units(Node(Organisation.Kind.UNIVERSITY, "HOME", name, None), [], codes, create=create)
    standing = Organisation.objects.filter(in_ranges("path", (subtree(root.path),)), current(on)).exclude(pk=root.pk)
    rows = standing.order_by("path").values_list("pk", "parent_id", "path", "kind", "code", "name", "name_en")
    return Units(Node(root.kind, root.code, root.name, None, root.pk, root.path), list(rows), codes, create=create)


def load_places(units: Units, *, on: date, create: bool) -> Places:
    """Dormitories of the institution; new buildings go to its first campus, which is planned when there is none."""
    mine = owned([subtree(units.root.path)]) if units.root.path else Q()
    rows = list(
        Place.objects.filter(mine, current(on), kind__in=PLACE_KINDS)
        .order_by("path")
        .values_list("pk", "parent_id", "path", "kind", "code", "name")
    )
    codes = set(Place.objects.values_list("code", flat=True))
    first = next((row for row in rows if row[3] == Place.Kind.CAMPUS), None)
    campus: Node | None = None
    if first is not None:
        campus = Node(first[3], first[4], first[5], None, first[0], first[2])
    elif create:
        code = "CAMPUS" if "CAMPUS" not in codes else f"CAMPUS-{units.root.code}"
        campus = Node(Place.Kind.CAMPUS, code, units.root.name, None)
    return Places(campus, rows, codes, create=create)


def load_known(numbers: Sequence[str], keys: Iterable[str]) -> dict[str, Known]:
    """People by number with their open spells. `keys` are the columns of the file: what it lacks is not read."""
    columns = ("number", "pk", "home_id", "home_path", "left_on", *FACTS)
    known: dict[str, Known] = {}
    for part in chunks(numbers):
        for row in Person.objects.filter(number__in=part).values_list(*columns):
            number, pk, home_id, home_path, left_on, *facts = row
            known[number] = Known(pk, dict(zip(FACTS, facts, strict=True)), home_id, home_path, left_on)
    by_pk = {person.pk: person for person in known.values()}
    _load_spells(by_pk, set(keys))
    return known


def _load_spells(people: dict[int, Known], keys: set[str]) -> None:
    """Attach open spells. Situations are always read: who returns begins a new one."""
    primary = Membership.objects.filter(primary=True)
    branch = Membership.objects.filter(primary=False, organisation__kind=Organisation.Kind.PARTY_BRANCH)
    wanted: list[tuple[str, Any, str, bool]] = [
        ("home", primary, "organisation_id", bool(keys & {"college", "major", "class"})),
        ("branch", branch, "organisation_id", "branch" in keys),
        ("situation", SituationSpell.objects.all(), "situation", "situation" in keys),
        ("residence", Residence.objects.all(), "place_id", bool(keys & {"building", "room"})),
    ]
    for part in chunks(people):
        for attribute, rows, column, is_wanted in wanted:
            if not is_wanted:
                continue
            spells = rows.filter(person_id__in=part, ends__isnull=True).values_list("person_id", "pk", column, "starts")
            for person_id, pk, value, starts in spells:
                setattr(people[person_id], attribute, Spell(pk, value, starts))


def last_children(model: type[Organisation] | type[Place], parents: Iterable[Node | None]) -> dict[str, int]:
    """Parent path -> number of its last child (ended ones included: their paths stay taken)."""
    found: dict[str, int] = {}
    standing = {node.pk: node.path for node in parents if node is not None and node.pk is not None}
    manager: Any = model._default_manager
    rows = manager.filter(parent_id__in=standing).values_list("parent_id").annotate(last=Max("path"))
    for parent, last in rows:
        found[standing[parent]] = number(last)
    top = manager.filter(parent=None).aggregate(last=Max("path"))["last"]
    if top:
        found[""] = number(top)
    return found


def others_below(root: Organisation | None, known: Iterable[Known]) -> int:
    """People of the root's subtree who are on the roster today but not in this file."""
    if root is None:
        return 0
    low, high = subtree(root.path)
    total = Person.objects.filter(home_path__gte=low, home_path__lt=high, left_on__isnull=True).count()
    return total - sum(1 for person in known if person.left_on is None and low <= person.home_path < high)


def standing_names(units: Units) -> dict[str, int]:
    """Name -> 1 of every standing unit, to compare new names with; how many people it has does not matter."""
    return {node.name: 1 for node in units.by_pk.values() if node.pk is not None}
