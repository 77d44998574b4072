"""`/api/v1/command/gaps`, `/corrections`, `/weak-points`: what is weak, how it is mended, what people tell."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.cases.queries.naming import unit_written
from shouwang.command.mending import actions, queries
from shouwang.command.queries import MANAGE
from shouwang.core import audit, clock
from shouwang.core.errors import NotFound

router = Router(tags=["mending"])
Show = Literal["open", "late", "done", "over", "all"]


class OpenIn(Schema):
    text: str = Field("", description="Left empty: as the rule proposes")


class StepIn(Schema):
    text: str = ""
    due_at: datetime | None = Field(None, description='For "extend"')


class TellIn(Schema):
    text: str
    where: str = ""
    wish: str = ""
    unit: str | None = Field(None, description="Code; default: the topmost one belongs to")
    anonymous: bool = True


class ToldOut(Schema):
    code: str = Field(description="By which its teller reads on; shown only now")
    day: Any


class AnswerIn(Schema):
    answer: str


class TakeIn(Schema):
    unit: str = Field(description="Code of the unit that mends it")
    text: str
    due_at: datetime


@router.get("/gaps", response=dict[str, Any], summary="Gaps that are there now, the gravest first")
def gaps(request: ApiRequest) -> Any:
    if not request.actor.holds(queries.VIEW):
        raise NotFound
    known = queries.rules_now()
    return {"rules": known.version, "items": [queries.gap_json(gap) for gap in queries.open_gaps(request.actor)]}


@router.get("/gaps/learnt", response=list[dict[str, Any]], summary="What was mended, how fast, and what came back")
def learnt(request: ApiRequest) -> Any:
    if not request.actor.holds(queries.VIEW):
        raise NotFound
    return [queries.learnt_json(item) for item in queries.learnt(request.actor)]


@router.get("/gaps/{int:gap_id}", response=dict[str, Any], summary="One finding with its numbers over time")
def gap(request: ApiRequest, gap_id: int) -> Any:
    row = queries.finding_for(request.actor, gap_id)
    return {**queries.gap_json(queries.gaps_of([row])[0]), "trail": row.trail}


@router.post("/gaps/{int:gap_id}/open", response=dict[str, Any], summary="Open the correction of a gap")
def open_correction(request: ApiRequest, gap_id: int, body: OpenIn) -> Any:
    at = clock.now()
    row = queries.finding_for(request.actor, gap_id)
    return queries.correction_json(
        actions.open_correction(row, text=body.text, by=request.actor, at=at), at=at
    )  # fmt: skip


@router.get("/corrections", response=dict[str, Any], summary="Corrections within reach, by their time")
def corrections(
    request: ApiRequest, show: Show = "open", cursor: str = "", size: Annotated[int, Field(ge=1, le=200)] = 50
) -> Any:
    at = clock.now()
    page = queries.corrections_page(request.actor, show, cursor, at=at, size=size)
    rows = [queries.correction_json(row, at=at) for row in page.rows]
    return {"items": rows, "next": page.next, "previous": page.previous}


@router.get("/corrections/{int:correction_id}", response=dict[str, Any], summary="One correction and what happened")
def correction(request: ApiRequest, correction_id: int) -> Any:
    at = clock.now()
    row = queries.correction_for(request.actor, correction_id, at=at)
    events = [{"at": event.at, "act": event.act, "text": event.text} for event in queries.events_of(row)]
    return {**queries.correction_json(row, at=at), "events": events}


@router.post("/corrections/{int:correction_id}/{str:act}", response=dict[str, Any], summary="One step of a correction")
def step(request: ApiRequest, correction_id: int, act: str, body: StepIn) -> Any:
    """`act`: note, done, verify (somebody else), send_back, extend, drop."""
    at = clock.now()
    row = queries.correction_for(request.actor, correction_id, at=at)
    done = actions.act(row, act, text=body.text, due_at=body.due_at, by=request.actor, at=at)
    return queries.correction_json(done, at=at)


@router.post("/weak-points", response=ToldOut, summary="Tell of a weak point, with or without one's name")
def tell(request: ApiRequest, body: TellIn) -> Any:
    units = queries.units_to_tell(request.actor)
    unit = next((row for row in units if body.unit in (None, row.code)), None)
    if unit is None:
        raise NotFound
    row, code = actions.tell(
        unit, text=body.text, where=body.where, wish=body.wish, anonymous=body.anonymous, by=request.actor,
        at=clock.now(),
    )  # fmt: skip
    return {"code": code, "day": row.day}


@router.get("/weak-points/told", response=dict[str, Any], summary="What became of it, for whoever holds the code")
def told(request: ApiRequest, code: Annotated[str, Field(max_length=24)]) -> Any:
    row = queries.point_by_code(code)
    if row is None:
        raise NotFound
    return {"state": row.state, "text": row.text, "answer": row.answer}


class PointPage(Schema):
    items: list[dict[str, Any]]
    next: str | None = None
    previous: str | None = None


@router.get("/weak-points", response=PointPage, summary="What people told, newest first")
def points(request: ApiRequest, waiting: bool = False, cursor: str = "") -> Any:
    """`waiting`: only what nobody has answered yet."""
    page = queries.points_page(request.actor, cursor or None, waiting=waiting)
    named = [row.account.person_id for row in page.rows if row.account and row.account.person_id]
    audit.saw("weak_point.listed", "weak_point", named, by=request.actor, at=clock.now())
    items = [
        {"id": row.pk, "day": row.day, "unit": row.organisation.code, "text": row.text, "where": row.where,
         "wish": row.wish, "state": row.state, "answer": row.answer,
         "told_by": row.account.username if row.account else None}
        for row in page.rows
    ]  # fmt: skip
    return {"items": items, "next": page.next, "previous": page.previous}


@router.post("/weak-points/{int:point_id}/answer", response=dict[str, Any], summary="Answer it without a correction")
def answer(request: ApiRequest, point_id: int, body: AnswerIn) -> Any:
    row = queries.point_for(request.actor, point_id)
    done = actions.answer_point(row, answer=body.answer, by=request.actor, at=clock.now())
    return {"state": done.state, "answer": done.answer}


@router.post("/weak-points/{int:point_id}/take", response=dict[str, Any], summary="Make it a correction of a unit")
def take(request: ApiRequest, point_id: int, body: TakeIn) -> Any:
    at = clock.now()
    row = queries.point_for(request.actor, point_id)
    unit = unit_written(request.actor, body.unit, MANAGE)
    made = actions.take_point(
        row, unit=unit or row.organisation, text=body.text, due_at=body.due_at, by=request.actor, at=at
    )
    return queries.correction_json(made, at=at)
