"""Possible duplicates within reach, merges, and what undoing one would leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from django.apps import apps
from django.db.models import CharField, Count, Field, ForeignKey, Model, Q, QuerySet, Value
from django.utils.translation import gettext as _

from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.verbs import say
from shouwang.org.merging import keys, rules
from shouwang.org.models import MergeMove, Person, PersonKey, PersonMerge
from shouwang.org.queries.scope import reachable

MANAGE = "people.manage"
MOST = 10  # possible duplicates shown
BLOCK = 500  # people who share one key beyond which it says nothing: a name half a town has
OURS = frozenset({"org.personkey", "org.personmerge", "org.mergemove"})


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who may be the same, and why."""

    person: Person
    match: rules.Match


def duplicates(by: Actor, facts: rules.Facts, *, right: str, but: int | None = None) -> list[Found]:
    """People within reach of `right` who share a key with these facts, the surest first.

    One index range a key, at most `BLOCK` entries each, and one query for the people: nothing grows with the roster.
    """
    rows: list[tuple[int, str]] = []
    for kind, value in sorted(rules.keys_of(facts)):
        rows += PersonKey.objects.filter(kind=kind, value=value).values_list("person", "kind")[:BLOCK]
    matches = rules.ranked(((pk, kind) for pk, kind in rows if pk != but), BLOCK)
    ids = [match.person for match in matches]
    people = Person.objects.filter(reachable(by, right), pk__in=ids, left_on__isnull=True).select_related("home")
    known = {person.pk: person for person in people}
    return [Found(known[match.person], match) for match in matches if match.person in known][:MOST]


def duplicates_of(by: Actor, person: Person) -> list[Found]:
    """Possible duplicates of somebody on the roster, among those whom `by` manages."""
    facts = keys.facts(person.name, person.number, person.card, person.phone, person.born)
    return duplicates(by, facts, right=MANAGE, but=person.pk)


def managed(by: Actor, number: str) -> Person:
    """Somebody within reach of people.manage by number, also one who has been merged away. NotFound otherwise."""
    found = Person.objects.filter(reachable(by, MANAGE), number=number.strip()).select_related("home").first()
    if found is None:
        raise NotFound
    return found


def merge_for(by: Actor, merge_id: int) -> PersonMerge:
    """A merge both of whose people lie within reach of people.manage. NotFound otherwise."""
    rows = PersonMerge.objects.filter(pk=merge_id).select_related("kept__home", "merged__home", "by", "undone_by")
    row = rows.filter(reachable(by, MANAGE, "kept__")).filter(reachable(by, MANAGE, "merged__")).first()
    if row is None:
        raise NotFound
    return row


def merges_of(by: Actor, person: Person) -> QuerySet[PersonMerge]:
    """Merges in which the person was kept or merged, newest first, both people within reach."""
    rows = PersonMerge.objects.filter(Q(kept=person) | Q(merged=person))
    rows = rows.filter(reachable(by, MANAGE, "kept__")).filter(reachable(by, MANAGE, "merged__"))
    return rows.select_related("kept", "merged", "by")


def links() -> list[tuple[type[Model], ForeignKey[Any, Any]]]:
    """Every column of every room that names a person, those of many-to-many tables included; what a merge moves.

    Not moved: a row whose very key is the person (kept by rule and renewed by whoever owns it), and our own tables.
    """
    found: list[tuple[type[Model], ForeignKey[Any, Any]]] = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.label_lower in OURS or model._meta.proxy:
            continue
        found += [(model, field) for field in model._meta.concrete_fields if names_person(field)]
    return sorted(found, key=lambda pair: (pair[0]._meta.label_lower, pair[1].name))


def names_person(field: Field[Any, Any]) -> TypeGuard[ForeignKey[Any, Any]]:
    return isinstance(field, ForeignKey) and field.related_model is Person and not field.primary_key


def rows_naming(person: int, after: Mapping[str, int] | None = None) -> list[tuple[str, str, int]]:
    """(table, column, key) of every row that names the person, by table and key; with `after` only rows whose key is
    above that of their table. One query over all tables."""
    asked = []
    for model, column in links():
        label = model._meta.label_lower
        rows = model._default_manager.order_by().filter(**{column.name: person})
        if after is not None:
            rows = rows.filter(pk__gt=after.get(label, 0))
        named = (Value(label, output_field=CharField()), Value(column.name, output_field=CharField()))
        asked.append(rows.annotate(_table=named[0], _column=named[1]).values_list("_table", "_column", "pk"))
    return sorted(asked[0].union(*asked[1:], all=True))


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to the kept record after a merge: a moved row changed (`changed`), moved on (`elsewhere`)
    or deleted (`gone`), or a new row (`new`), of which a person says whose it is."""

    kind: str
    table: str
    field: str
    row: int

    @property
    def key(self) -> str:
        return f"{self.table}.{self.field}.{self.row}"


def table_name(label: str) -> str:
    """What a table holds, in the words of `web`."""
    return say(f"table.{label}")


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows that a merge moves, and leaves because both have one; a table with its number."""

    moved: Mapping[str, int]
    left: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan as its reader may see it: tables of health and work by name only for who may read them."""

    moved: list[tuple[str, int]]
    left: list[tuple[str, int]]


def may_read(by: Actor, kept: Person, merged: Person, table: str) -> bool:
    """The roster's own tables; everything else, which may tell of an illness, only with case.view over both."""
    return table.startswith("org.") or all(by.holds("case.view", one.home_path) for one in (kept, merged))


def shown(by: Actor, kept: Person, merged: Person, plan: Plan) -> Shown:
    """Tables the reader may not read stand together as "further records"."""

    def named(side: Mapping[str, int]) -> list[tuple[str, int]]:
        known = {table: n for table, n in side.items() if may_read(by, kept, merged, table)}
        rows = [(table_name(table), n) for table, n in sorted(known.items())]
        further = sum(side.values()) - sum(known.values())
        return [*rows, (_("further records"), further)] if further else rows

    return Shown(named(plan.moved), named(plan.left))


def done(merge: PersonMerge) -> Plan:
    """What a merge moved and left."""
    counts = merge.moves.order_by().values_list("fate", "table").annotate(n=Count("pk"))
    sides: dict[str, dict[str, int]] = {fate: {} for fate in MergeMove.Fate.values}
    for fate, table, n in counts:
        sides[fate][table] = n
    return Plan(sides[MergeMove.Fate.MOVED], sides[MergeMove.Fate.LEFT])


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes since a merge that the reader may see, as dictionaries with the table's name; how many more there are."""

    rows: list[dict[str, Any]]
    hidden: int


def shown_changes(by: Actor, merge: PersonMerge, changes: Sequence[Change]) -> Changes:
    readable = [one for one in changes if may_read(by, merge.kept, merge.merged, one.table)]
    rows = [{"kind": one.kind, "key": one.key, "row": one.row, "name": table_name(one.table)} for one in readable]
    return Changes(rows, len(changes) - len(readable))


def check_give(by: Actor, merge: PersonMerge, give: Collection[str]) -> None:
    """NotFound for rows the reader may not read: nobody hands over what they may not know of."""
    for key in give:
        if not may_read(by, merge.kept, merge.merged, key.rsplit(".", 2)[0]):
            raise NotFound


def standing() -> dict[int, int]:
    """Person merged away → the record that stands for them, through merges of merges. One query."""
    into = dict(PersonMerge.objects.filter(state=PersonMerge.State.DONE).values_list("merged", "kept"))
    found: dict[int, int] = {}
    for merged, kept in into.items():
        while kept in into:
            kept = into[kept]
        found[merged] = kept
    return found


def found_json(one: Found) -> dict[str, Any]:
    unit = one.person.home.title if one.person.home else None
    kinds, reasons = list(one.match.kinds), one.match.reasons
    return {"number": one.person.number, "name": one.person.name, "unit": unit, "kinds": kinds, "reasons": reasons}


def as_json(by: Actor, merge: PersonMerge) -> dict[str, Any]:
    plan = shown(by, merge.kept, merge.merged, done(merge))
    return {
        "id": merge.pk, "kept": merge.kept.number, "merged": merge.merged.number, "state": merge.state,
        "reason": merge.reason, "at": merge.at, "moved": dict(plan.moved), "left": dict(plan.left),
        "undo_reason": merge.undo_reason,
    }  # fmt: skip
