"""Merging two records of one person, and undoing it. One transaction each; every row that moves is written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import ForeignKey, Max, Model
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, clock, events
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.moves import digests, point
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.merging import keys, queries
from shouwang.org.merging.queries import MANAGE, Change, Plan, names_person
from shouwang.org.models import MergeMove, Person, PersonMerge

LONGEST = 300
FILLED = ("sex", "born", "phone", "card")
"""Facts taken over where the kept record has none."""
Fate, State = MergeMove.Fate, PersonMerge.State


class _Undo(Exception):
    """Leaves the transaction of a rehearsal."""


def rehearse(kept: Person, merged: Person, *, by: Actor) -> Plan:
    """What `merge` would do. It is done and taken back, so that the plan is what the database says, not a guess.

    Needs people.manage over both. Writes nothing.
    """
    _check(kept, merged, by=by)
    moves: list[MergeMove] = []
    try:
        with transaction.atomic():
            moves = _move_all(PersonMerge(), kept, merged)
            raise _Undo
    except _Undo:
        sides = {fate: Counter(move.table for move in moves if move.fate == fate) for fate in (Fate.MOVED, Fate.LEFT)}
    return Plan(sides[Fate.MOVED], sides[Fate.LEFT])


@transaction.atomic
def merge(kept: Person, merged: Person, *, reason: str, leave: bool = False, by: Actor, at: datetime) -> PersonMerge:
    """Everything that names `merged` names `kept` from now on; `merged` leaves the roster and stands as history.

    Needs people.manage over both, and a reason. Where both have what only one may have (an open case of one disease, an
    order in force, an account), the row stays with the old record: Conflict `merge_conflicts` unless somebody decided
    so (`leave`). Facts that `kept` lacks are taken over. Publishes people.merged and people.changed.
    """
    said = _reason(reason)
    # Always in the same order, so that two merges of the same people wait for one another.
    held = {
        row.pk: row for row in Person.objects.select_for_update().filter(pk__in=[kept.pk, merged.pk]).order_by("pk")
    }
    kept, merged = held[kept.pk], held[merged.pk]
    _check(kept, merged, by=by)
    row = PersonMerge.objects.create(
        kept=kept, merged=merged, reason=said, last=_last(), at=at, by_id=by.account_id,
        purge_on=clock.local_day(at) + timedelta(days=keep_days("case")),
    )  # fmt: skip
    moves = _move_all(row, kept, merged)
    left = [move for move in moves if move.fate == Fate.LEFT]
    if left and not leave:
        # Which tables is on the page for who may read them; an error is read by everybody.
        sentence = _("Both records have %(count)s things that only one may have. Decide that these stay as they are.")
        raise Conflict(sentence, code="merge_conflicts", count=len(left))
    MergeMove.objects.bulk_create(moves, batch_size=500)
    row.facts = _fill(kept, merged)
    row.facts["left_on"] = str(merged.left_on) if merged.left_on else None
    row.save(update_fields=["facts"])
    if merged.left_on is None:
        merged.left_on = clock.local_day(at)
        merged.save(update_fields=["left_on"])
    _told("person.merged", row, {"moved": len(moves) - len(left), "left": len(left), "reason": said}, by=by, at=at)
    return row


def _check(kept: Person, merged: Person, *, by: Actor) -> None:
    for person in (kept, merged):
        by.require(MANAGE, person.home_path)
    if kept.pk == merged.pk:
        raise BadInput(_("These are the same record."), field="merged")
    gone = (
        PersonMerge.objects.filter(merged__in=[kept.pk, merged.pk], state=State.DONE).select_related("merged").first()
    )
    if gone is not None:
        raise Conflict(_("%(number)s was merged already. Undo that first."), code="merged_already",
                       number=gone.merged.number)  # fmt: skip


def _move_all(row: PersonMerge, kept: Person, merged: Person) -> list[MergeMove]:
    """Move every row that names `merged`; those that a constraint refuses are left where they are."""
    moves, columns = [], _columns()
    for table, name, pk in queries.rows_naming(merged.pk):
        model, column = columns[table, name]
        moved = point(model, column, pk, kept.pk)
        moves.append(
            MergeMove(
                merge=row, table=table, field=name, row=pk, fate=Fate.MOVED if moved else Fate.LEFT,
                digest=digests(model, [pk], but=names_person)[pk] if moved else "",
            )
        )  # fmt: skip
    return moves


def _columns() -> dict[tuple[str, str], tuple[type[Model], ForeignKey[Any, Any]]]:
    return {(model._meta.label_lower, column.name): (model, column) for model, column in queries.links()}


def _last() -> dict[str, int]:
    """The highest key of every table that names a person."""
    return {
        model._meta.label_lower: model._default_manager.aggregate(last=Max("pk"))["last"] or 0
        for model in dict.fromkeys(model for model, _column in queries.links())
    }


def _fill(kept: Person, merged: Person) -> dict[str, Any]:
    """Take over what `kept` lacks; which columns, with the value."""
    taken = {name: getattr(merged, name) for name in FILLED if not getattr(kept, name) and getattr(merged, name)}
    for name, value in taken.items():
        setattr(kept, name, value)
    if taken:
        kept.save(update_fields=list(taken))
    return {"taken": {name: str(value) for name, value in taken.items()}}


@transaction.atomic
def undo(
    row: PersonMerge, *, reason: str, give: Collection[str] = (), by: Actor, at: datetime
) -> tuple[PersonMerge, list[Change]]:
    """Take a merge back: every row it moved and that still names the kept record names the other one again.

    `give` are keys of new rows (`changes_since`) that belong to the restored person; the others stay. Returns what had
    changed. Needs people.manage over both, and a reason. Conflict while a later merge of the kept record stands, and
    where a row can no longer go back because the other record has such a row meanwhile.
    """
    said = _reason(reason)
    row = PersonMerge.objects.select_for_update(of=("self",)).select_related("kept", "merged").get(pk=row.pk)
    for person in (row.kept, row.merged):
        by.require(MANAGE, person.home_path)
    if row.state == State.UNDONE:
        raise Conflict(_("This merge was undone already."), code="undone_already")
    _check_last(row)
    changes = changes_since(row)
    known = {change.key: change for change in changes if change.kind == "new"}
    if unknown := set(give) - known.keys():
        raise BadInput(_("%(key)s came not after the merge."), field="give", key=sorted(unknown)[0])
    lost = {change.key for change in changes if change.kind in ("gone", "elsewhere")}
    back = [(move.table, move.field, move.row) for move in row.moves.filter(fate=Fate.MOVED)]
    back = [one for one in back if f"{one[0]}.{one[1]}.{one[2]}" not in lost]
    back += [(known[key].table, known[key].field, known[key].row) for key in sorted(set(give))]
    columns = _columns()
    for table, name, pk in back:
        model, column = columns[table, name]
        if not point(model, column, pk, row.merged_id):
            sentence = _("%(table)s %(row)s cannot go back: the other record has one meanwhile. Settle that first.")
            raise Conflict(sentence, code="undo_conflict", table=queries.table_name(table), row=pk)
    _empty(row)
    row.state, row.undone_at, row.undone_by_id, row.undo_reason = State.UNDONE, at, by.account_id, said
    row.save(update_fields=["state", "undone_at", "undone_by", "undo_reason"])
    _told("person.unmerged", row, {"moved": len(back), "changed": len(changes), "reason": said}, by=by, at=at)
    return row, changes


def _check_last(row: PersonMerge) -> None:
    """Merges are undone in the opposite order: a later one has moved the rows of this on."""
    later = PersonMerge.objects.filter(state=State.DONE, pk__gt=row.pk)
    if later.filter(kept=row.kept_id).exists() or later.filter(merged=row.kept_id).exists():
        raise Conflict(_("A later merge of this record stands. Undo that first."), code="later_merge")


def changes_since(row: PersonMerge) -> list[Change]:
    """What happened to the moved rows since, and which new rows name the kept record; nothing of them is guessed. Two
    queries, and two for every table and column that moved anything."""
    columns = _columns()
    of_column: dict[tuple[str, str], dict[int, str]] = {}
    for move in row.moves.filter(fate=Fate.MOVED).order_by("table", "field", "row"):
        of_column.setdefault((move.table, move.field), {})[move.row] = move.digest
    found: list[Change] = []
    for (table, name), known in of_column.items():
        model, column = columns[table, name]
        owners = dict(model._default_manager.filter(pk__in=list(known)).values_list("pk", column.attname))
        now = digests(model, list(known), but=names_person)
        for pk, digest in known.items():
            kind = "gone" if pk not in owners else "elsewhere" if owners[pk] != row.kept_id else "changed"
            if kind != "changed" or now[pk] != digest:
                found.append(Change(kind, table, name, pk))
    return [*found, *(Change("new", *one) for one in queries.rows_naming(row.kept_id, row.last))]


def _empty(row: PersonMerge) -> None:
    """Facts taken over go, unless somebody has changed them since; the restored record stands where it stood."""
    kept, merged = row.kept, row.merged
    for name, value in row.facts.get("taken", {}).items():
        if str(getattr(kept, name)) == value:
            setattr(kept, name, None if name == "born" else "")
    kept.save(update_fields=list(FILLED))
    left_on = row.facts.get("left_on")
    merged.left_on = date.fromisoformat(left_on) if left_on else None
    merged.save(update_fields=["left_on"])


def _reason(reason: str) -> str:
    said = reason.strip()
    if not said:
        raise BadInput(_("Say how it is known."), field="reason")
    if len(said) > LONGEST:
        raise BadInput(_("At most %(limit)s characters."), field="reason", limit=LONGEST)
    return said


def _told(verb: str, row: PersonMerge, new: dict[str, Any], *, by: Actor, at: datetime) -> None:
    """One line of the log for each of the two, and the events."""
    people = [row.kept_id, row.merged_id]
    keys.refresh(people)
    body = {"merge": row.pk, "kept": row.kept.number, "merged": row.merged.number, **new}
    audit.record_many(verb, "person", [(pk, pk, body) for pk in people], by=by, at=at)
    events.publish("people.changed", people=people, by=by, at=at)
    events.publish("people.merged", people=people, by=by, at=at)
