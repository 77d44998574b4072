"""/api/v1/org/: possible duplicates of people, merging two records, undoing it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from ninja import Field, Query, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.core import audit, clock
from shouwang.core.errors import NotFound
from shouwang.org import queries as org
from shouwang.org.merging import actions, queries
from shouwang.org.merging.rules import Facts
from shouwang.org.models import Person

router = Router(tags=["org"])


class WhoQuery(Schema):
    name: Annotated[str, Field(max_length=120)] = ""
    number: Annotated[str, Field(max_length=40)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    born: date | None = None


class MatchOut(Schema):
    number: str
    name: str
    unit: str | None
    kinds: list[str] = Field(description="What both agree on: id, phone, born, name, sound")
    reasons: list[str]


class MergeIn(Schema):
    other: str = Field(description="Number of the record that is merged into this one")
    reason: str = ""
    leave: bool = Field(False, description="Rows of which only one may be stay with the old record")
    apply: bool = Field(False, description="False: what would move, nothing is written")


class UndoIn(Schema):
    reason: str
    give: list[str] = Field([], description="Keys of new rows that belong to the restored record")


@router.get("/who", response=list[MatchOut], summary="People within reach who may be whom somebody describes, and why")
def who(request: ApiRequest, given: Query[WhoQuery]) -> Any:
    by = request.actor
    by.require("people.view")
    facts = Facts(given.name, (given.number,) if given.number else (), given.phone, given.born)
    return _matches(request, queries.duplicates(by, facts, right="people.view"))


@router.get("/people/{number}/duplicates", response=list[MatchOut], summary="Records that may be the same human being")
def duplicates(request: ApiRequest, number: str) -> Any:
    return _matches(request, queries.duplicates_of(request.actor, _managed(request, number)))


@router.post(
    "/people/{number}/merge", response=dict[str, Any], summary="What merging would move; with `apply` it is done"
)
def merge(request: ApiRequest, number: str, body: MergeIn) -> Any:
    by, at = request.actor, clock.now()
    kept, merged = _managed(request, number), queries.managed(by, body.other)
    if body.apply:
        return queries.as_json(by, actions.merge(kept, merged, reason=body.reason, leave=body.leave, by=by, at=at))
    plan = queries.shown(by, kept, merged, actions.rehearse(kept, merged, by=by))
    audit.saw("person.seen", "person", [kept.pk, merged.pk], by=by, at=at)
    return {"moved": dict(plan.moved), "left": dict(plan.left)}


@router.get("/merges/{int:merge_id}", response=dict[str, Any], summary="A merge, and what changed since")
def merge_sheet(request: ApiRequest, merge_id: int) -> Any:
    by = request.actor
    row = queries.merge_for(by, merge_id)
    audit.saw("person.seen", "person", [row.kept_id, row.merged_id], by=by, at=clock.now())
    found = queries.as_json(by, row)
    if row.state == row.State.DONE:
        changes = queries.shown_changes(by, row, actions.changes_since(row))
        found |= {"changes": changes.rows, "changes_hidden": changes.hidden}
    return found


@router.post("/merges/{int:merge_id}/undo", response=dict[str, Any], summary="Both records stand as before")
def undo(request: ApiRequest, merge_id: int, body: UndoIn) -> Any:
    by = request.actor
    row = queries.merge_for(by, merge_id)
    queries.check_give(by, row, body.give)
    done, _changes = actions.undo(row, reason=body.reason, give=body.give, by=by, at=clock.now())
    return queries.as_json(by, done)


def _managed(request: ApiRequest, number: str) -> Person:
    """Somebody whom the caller manages. NotFound for everybody else, oneself included."""
    person = org.person_by_number(request.actor, number, queries.MANAGE)
    if not request.actor.holds(queries.MANAGE, person.home_path):
        raise NotFound
    return person


def _matches(request: ApiRequest, found: list[queries.Found]) -> list[dict[str, Any]]:
    audit.saw("person.matched", "person", [one.person.pk for one in found], by=request.actor, at=clock.now())
    return [queries.found_json(one) for one in found]
