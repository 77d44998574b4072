"""Writing a roster plan: everything set-based, inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from shouwang.core import audit, events
from shouwang.core.bulk import insert_many, update_many
from shouwang.core.scope import Actor
from shouwang.core.tree import MAX_LENGTH
from shouwang.org import rules as org_rules
from shouwang.org.merging.keys import refresh
from shouwang.org.models import Membership, Organisation, Person, Place, Residence, SituationSpell
from shouwang.org.roster.loading import chunks, last_children
from shouwang.org.roster.planning import FACTS, Change, Spell
from shouwang.org.roster.rules import Flaw
from shouwang.org.roster.units import Node, Places, Unclear, Units, number_paths

BATCH = 2000
FLOOR_NAME = "层"


def create_units(units: Units, *, since: date, by: Actor, at: datetime) -> None:
    def made(node: Node) -> Organisation:
        return Organisation(
            path=node.path, kind=node.kind, code=node.code, name=node.name, starts=since,
            parent_id=node.parent.pk if node.parent else None,
        )  # fmt: skip

    _create(Organisation, units.planned, made, by=by, at=at)


def create_places(places: Places, *, owner: Node, since: date, by: Actor, at: datetime) -> None:
    """Places belong to whom the place above them belongs to; a new campus to `owner`, the roster's institution."""
    above = {node.parent.pk for node in places.planned if node.parent is not None and node.parent.pk is not None}
    owners = dict(Place.objects.filter(pk__in=above).values_list("pk", "owner_id"))

    def owner_of(node: Node) -> int | None:
        if node.parent is None:
            return owner.pk
        return owners[node.parent.pk] if node.parent.pk in owners else owner_of(node.parent)

    def made(node: Node) -> Place:
        floor = node.name.removesuffix(FLOOR_NAME)
        english = f"Floor {floor}" if node.kind == Place.Kind.FLOOR and floor.isdecimal() else ""
        return Place(
            path=node.path, kind=node.kind, code=node.code, name=node.name, name_en=english, starts=since,
            parent_id=node.parent.pk if node.parent else None, owner_id=owner_of(node),
        )  # fmt: skip

    _create(Place, places.planned, made, by=by, at=at)


def _create(model: Any, planned: list[Node], made: Callable[[Node], Any], *, by: Actor, at: datetime) -> None:
    """Bulk-create one level after the other: a parent has its key before its children name it."""
    if not planned:
        return
    number_paths(planned, last_children(model, {node.parent for node in planned}))
    if too_deep := next((node for node in planned if len(node.path) > MAX_LENGTH), None):
        raise Unclear(Flaw("college", "too_long", too_deep.name, str(MAX_LENGTH)))
    levels: dict[int, list[Node]] = defaultdict(list)
    for node in planned:
        levels[node.depth].append(node)
    kind = model._meta.model_name
    for depth in sorted(levels):
        rows = model.objects.bulk_create([made(node) for node in levels[depth]], batch_size=BATCH)
        for node, row in zip(levels[depth], rows, strict=True):
            node.pk = row.pk
    news = [(node.pk, None, {"code": node.code, "name": node.name, "import": True}) for node in planned]
    audit.record_many(f"{kind}.added", kind, news, by=by, at=at)


def write_people(changes: Sequence[Change], *, since: date, by: Actor, at: datetime) -> None:
    """People and their dated rows, and one audit row for each."""
    new = [change for change in changes if change.known is None]
    old = [change for change in changes if change.known is not None]
    ids = _insert_people(new)
    ids |= {id(change): change.known.pk for change in old if change.known is not None}
    _update_facts(old)
    _update_homes(old)
    _write_spells(changes, ids, since)
    _record(new, "person.imported", ids, by=by, at=at)
    _record(old, "person.updated", ids, by=by, at=at)
    refresh(list(ids.values()))
    events.publish("people.changed", people=list(ids.values()), by=by, at=at)


def _insert_people(changes: Sequence[Change]) -> dict[int, int]:
    """Insert new people; returns id(change) -> key."""
    blank: dict[str, object] = {"sex": "", "phone": "", "card": "", "born": None}

    def values(change: Change) -> tuple[object, ...]:
        home = change.home
        facts = {**blank, **change.facts}
        where = (home.pk, home.path) if home is not None else (None, "")
        return (change.entry.number, *where, *(facts[key] for key in FACTS))

    insert_many(Person, ("number", "home", "home_path", *FACTS), map(values, changes))
    found: dict[str, int] = {}
    for part in chunks(change.entry.number for change in changes):
        found.update(Person.objects.filter(number__in=part).values_list("number", "pk"))
    return {id(change): found[change.entry.number] for change in changes}


def _update_facts(changes: Sequence[Change]) -> None:
    rows = []
    for change in changes:
        known = change.known
        if known is not None and (change.facts or change.returned):
            values = {**known.facts, **change.facts}
            rows.append((*(values[key] for key in FACTS), None if change.returned else known.left_on, known.pk))
    update_many(Person, (*FACTS, "left_on"), rows)


def _update_homes(changes: Sequence[Change]) -> None:
    moved = [
        (change.home.pk, change.home.path, change.known.pk)
        for change in changes
        if change.known is not None and change.home is not None
    ]
    update_many(Person, ("home", "home_path"), moved)


def _write_spells(changes: Sequence[Change], ids: dict[int, int], since: date) -> None:
    membership, situation, residence = _Spells(since), _Spells(since), _Spells(since)
    for change in changes:
        person, known = ids[id(change)], change.known
        if change.home is not None:
            membership.change(person, known.home if known else None, change.home.pk, primary=True)
        if change.branch is not None:
            membership.change(person, known.branch if known else None, change.branch.pk, primary=False)
        if change.situation is not None:
            situation.change(person, known.situation if known else None, change.situation)
        if change.room is not None:
            residence.change(person, known.residence if known else None, change.room.pk)
    membership.write(Membership, "organisation")
    situation.write(SituationSpell, "situation")
    residence.write(Residence, "place")


class _Spells:
    """Changes of one kind of dated row, collected by what `rules.change_spell` decides, then written set-based."""

    def __init__(self, since: date) -> None:
        self.since = since
        self.ended: list[int] = []
        self.overwritten: list[tuple[object, int]] = []
        self.opened: list[tuple[int, object, dict[str, object]]] = []

    def change(self, person: int, spell: Spell | None, value: object, **extra: object) -> None:
        decision = org_rules.change_spell(
            open_value=spell.value if spell else None,
            open_starts=spell.starts if spell else None,
            new_value=value,
            on=self.since,
        )
        if spell is not None and decision.overwrite:
            self.overwritten.append((value, spell.pk))
        elif not decision.keep:
            if spell is not None:
                self.ended.append(spell.pk)
            self.opened.append((person, value, extra))

    def write(self, model: Any, column: str) -> None:
        for part in chunks(self.ended):
            model.objects.filter(pk__in=part).update(ends=self.since - timedelta(days=1))
        update_many(model, (column,), self.overwritten)
        extra = tuple(self.opened[0][2]) if self.opened else ()
        rows = ((person, self.since, value, *more.values()) for person, value, more in self.opened)
        insert_many(model, ("person", "starts", column, *extra), rows)


def _record(changes: Sequence[Change], verb: str, ids: dict[int, int], *, by: Actor, at: datetime) -> None:
    """What changed, by name of column: the values stand with the person, a second copy would only leak."""
    rows = ((ids[id(change)], ids[id(change)], {"fields": change.fields}) for change in changes)
    audit.record_many(verb, "person", rows, by=by, at=at)
