"""Two records of one episode become one, and can become two again. One transaction each; every row that moves is kept.

What belongs to the record itself stays with it: its classification, dates and clocks. Tests, contacts, statements,
orders and whatever else names the case goes to the one that is kept, unless that has such a row already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeGuard

from django.apps import apps
from django.db import transaction
from django.db.models import Field, ForeignKey, Model
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.cases import queries, rules
from shouwang.cases.actions import clocks
from shouwang.cases.actions.checks import MANAGE, check_none_open, lock, purge_on, reason_text, require, save
from shouwang.cases.actions.dates import set_dates
from shouwang.cases.actions.deciding import write_class
from shouwang.cases.models import Case, CaseMerge, CaseMove
from shouwang.core import audit
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.moves import point
from shouwang.core.scope import Actor

State = CaseMerge.State
OWN = frozenset(
    {"cases.classificationchange", "cases.datechange", "cases.clock", "cases.clockevent", "cases.casemerge"}
)  # of the record, not of the illness
TAKEN = ("onset_at", "reported_at", "isolated_at", "treated_at", "traced_at", "recovered_at")
Link = tuple[type[Model], ForeignKey[Any, Any]]


def links() -> list[Link]:
    """Every column of every room that names a case and moves with a merge."""
    found: list[Link] = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or model._meta.label_lower in OWN:
            continue
        found += [(model, column) for column in model._meta.concrete_fields if _names_case(column)]
    return sorted(found, key=lambda pair: (pair[0]._meta.label_lower, pair[1].name))


def _names_case(column: Field[Any, Any]) -> TypeGuard[ForeignKey[Any, Any]]:
    return isinstance(column, ForeignKey) and column.related_model is Case and not column.primary_key


class _Undo(Exception):
    """Leaves the transaction of a rehearsal."""


def plan_of(kept: Case, merged: Case, *, by: Actor) -> Mapping[str, Mapping[str, int]]:
    """What a merge would move and leave: "moved", "left" -> table -> rows. It is done and taken back, so that it is
    what the database says. As `merge_cases` refuses; writes nothing."""
    _check(kept, merged, by=by)
    try:
        with transaction.atomic():
            moved, left = _move_all(kept, merged)
            raise _Undo
    except _Undo:
        return {"moved": Counter(table for table, _field, _pk in moved), "left": Counter(left)}


@transaction.atomic
def merge_cases(kept: Case, merged: Case, *, reason: str, by: Actor, at: datetime) -> CaseMerge:
    """`merged` is the same episode as `kept`: it is discarded and counts no more, what hung on it hangs on `kept`,
    which takes over the dates it lacks.

    Needs case.manage over the person. BadInput for two people or diseases; Conflict `keep_open_case` where the open one
    of the two would go, and for a case that was merged already. Publishes case.classified for `merged`.
    """
    text = reason_text(reason)
    for case in sorted((kept, merged), key=lambda one: one.pk):  # two merges of the same cases wait for one another
        lock(case)
    _check(kept, merged, by=by)
    before = {
        "classification": merged.classification, "close_reason": merged.close_reason,
        "closed_at": merged.closed_at.isoformat() if merged.closed_at else None,
    }  # fmt: skip
    row = CaseMerge.objects.create(kept=kept, merged=merged, reason=text, at=at, by_id=by.account_id)
    moved, _left = _move_all(kept, merged)
    CaseMove.objects.bulk_create(
        (CaseMove(merge=row, table=table, field=field, row=pk) for table, field, pk in moved), batch_size=500
    )
    row.before = {**before, "taken": _take_dates(kept, merged, by=by, at=at)}
    row.save(update_fields=["before"])
    said = gettext("Duplicate of %(number)s: %(reason)s") % {"number": kept.number, "reason": text}
    _turn(merged, rules.DISCARDED, merged.closed_at or at, said[:300], by=by, at=at)
    _told("case.merged", row, len(moved), by=by, at=at)
    return row


@transaction.atomic
def unmerge_cases(row: CaseMerge, *, reason: str, by: Actor, at: datetime) -> CaseMerge:
    """They were two episodes after all: every moved row that still names the kept case goes back, the other one is what
    it was. Dates that `kept` took over stay, and can be corrected there. What came later stays with `kept`.

    Conflict where it was undone already, or where the other case would be a second open one of the person.
    """
    text = reason_text(reason)
    row.refresh_from_db(from_queryset=CaseMerge.objects.select_for_update(of=("self",)))
    kept, merged = Case.objects.get(pk=row.kept_id), Case.objects.get(pk=row.merged_id)
    for case in sorted((kept, merged), key=lambda one: one.pk):
        lock(case)
    require(by, merged.person, MANAGE)
    if row.state == State.UNDONE:
        raise Conflict(_("This merge was undone already."), code="undone_already")
    before = row.before
    if before["closed_at"] is None:
        check_none_open(merged.person_id, merged.disease)
    back = _move_back(row)
    closed = datetime.fromisoformat(before["closed_at"]) if before["closed_at"] else None
    row.state, row.undone_at, row.undone_by_id, row.undo_reason = State.UNDONE, at, by.account_id, text
    row.save(update_fields=["state", "undone_at", "undone_by", "undo_reason"])
    said = gettext("No duplicate of %(number)s: %(reason)s") % {"number": kept.number, "reason": text}
    _turn(merged, before["classification"], closed, said[:300], by=by, at=at, close_reason=before["close_reason"])
    _told("case.unmerged", row, back, by=by, at=at)
    return row


def _check(kept: Case, merged: Case, *, by: Actor) -> None:
    require(by, kept.person, MANAGE)
    require(by, merged.person, MANAGE)
    if kept.pk == merged.pk:
        raise BadInput(_("This is the same case."), field="other", code="same_case")
    if kept.person_id != merged.person_id:
        sentence = _("The cases are of two people. If these are one, merge their records first.")
        raise BadInput(sentence, field="other", code="two_people")
    if kept.disease != merged.disease:
        raise BadInput(_("The cases are of two diseases."), field="other", code="two_diseases")
    if merged.is_open and not kept.is_open:
        raise Conflict(_("Keep %(number)s, which is open."), code="keep_open_case", number=merged.number)
    gone = CaseMerge.objects.filter(merged__in=[kept.pk, merged.pk], state=State.DONE).select_related("merged").first()
    if gone is not None:
        raise Conflict(_("%(number)s was merged already. Undo that first."), code="merged_already",
                       number=gone.merged.number)  # fmt: skip


def _move_all(kept: Case, merged: Case) -> tuple[list[tuple[str, str, int]], list[str]]:
    """(table, column, key) of what was moved, and the table of each row that a constraint holds back."""
    moved: list[tuple[str, str, int]] = []
    left: list[str] = []
    for model, column in links():
        for pk in model._default_manager.filter(**{column.name: merged}).order_by("pk").values_list("pk", flat=True):
            if point(model, column, pk, kept.pk):
                moved.append((model._meta.label_lower, column.name, pk))
            else:
                left.append(model._meta.label_lower)
    return moved, left


def _move_back(row: CaseMerge) -> int:
    """How many went back. What was deleted, or moved on, or cannot stand there any more, stays where it is."""
    columns = {(model._meta.label_lower, column.name): (model, column) for model, column in links()}
    back = 0
    for table, field, pk in row.moves.order_by("-pk").values_list("table", "field", "row"):
        model, column = columns[table, field]
        if model._default_manager.filter(pk=pk, **{column.name: row.kept_id}).exists():
            back += point(model, column, pk, row.merged_id)
    return back


def _take_dates(kept: Case, merged: Case, *, by: Actor, at: datetime) -> dict[str, str]:
    """The dates that `kept` lacks and the other has, as far as they fit into its order."""
    taken: dict[str, str] = {}
    for name in TAKEN:
        value = getattr(merged, name)
        if value is None or getattr(kept, name) is not None or (name == "traced_at" and not kept.is_open):
            continue
        dates: dict[str, Any] = {name: value}
        if name == "onset_at":
            dates["onset_day_only"] = merged.onset_day_only
        try:
            with transaction.atomic():
                set_dates(kept, reason=gettext("Taken over from %(number)s") % {"number": merged.number}, by=by, at=at,
                          **dates)  # fmt: skip
        except BadInput:
            kept.refresh_from_db()  # it does not fit beside the dates of the kept case, which are not touched
            continue
        taken[name] = value.isoformat()
    return taken


def _turn(
    case: Case, new: str, closed: datetime | None, reason: str, *, by: Actor, at: datetime, close_reason: str = ""
) -> None:
    """To a classification outside the usual steps: the record changes its meaning, nobody judged the illness anew."""
    case.refresh_from_db()
    old, case.classification, case.classified_at = case.classification, new, at
    case.closed_at, case.close_reason = closed, close_reason or (reason if closed else "")
    case.purge_on = purge_on(at)
    save(case, "classification", "classified_at", "closed_at", "close_reason", "purge_on")
    clocks.sync(case, queries.protocol_of(case).clocks, at=at)
    if old != new:
        write_class(case, old, reason, by=by, at=at)


def _told(verb: str, row: CaseMerge, moved: int, *, by: Actor, at: datetime) -> None:
    new = {"merge": row.pk, "kept": row.kept.number, "merged": row.merged.number, "moved": moved}
    people = [(case.pk, case.person_id, new) for case in (row.kept, row.merged)]
    audit.record_many(verb, "case", people, by=by, at=at)
