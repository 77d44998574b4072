"""/api/v1/presence/visitors: visitors at the gate."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Field, Query, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.core import clock
from shouwang.tracing.actions import visitors as actions
from shouwang.tracing.queries import visitors as queries

router = Router(tags=["presence"])


class VisitorIn(Schema):
    name: str
    phone: str
    where: str = Field(description="Code or name of a place")
    until: datetime = Field(description="Expected end, within a day")
    starts_at: datetime | None = Field(None, description="null: now")
    host: str = Field("", description="Student or staff number of the host")
    key: str = Field(description="Chosen by the sender; the same again is the same visit")


class LeftIn(Schema):
    left_at: datetime | None = Field(None, description="null: now")


class GoneIn(Schema):
    reason: str


class VisitorOut(Schema):
    id: int
    number: str
    name: str
    phone: str
    place: str
    host: str
    starts_at: datetime
    expected_until: datetime
    left_at: datetime | None
    received_at: datetime
    withdrawn_at: datetime | None
    reason: str
    purge_on: date


class VisitorsQuery(Schema):
    here: bool = Field(False, description="Only who has not left")
    limit: int = Field(50, ge=1, le=500)


@router.get("/visitors", response=list[VisitorOut], summary="Visitors of one's institution, latest first")
def visitors(request: ApiRequest, wanted: Query[VisitorsQuery]) -> Any:
    by = request.actor
    rows = queries.here(by, clock.now()) if wanted.here else queries.visits(by)
    return [queries.visit_json(row) for row in rows[: wanted.limit]]


@router.post("/visitors", response=VisitorOut, summary="Somebody came to visit")
def register(request: ApiRequest, body: VisitorIn) -> Any:
    now = clock.now()
    starts = clock.aware(body.starts_at) if body.starts_at else now
    coming = actions.Coming(body.name, body.phone, body.where, starts, clock.aware(body.until), body.host)
    return queries.visit_json(actions.register(coming, key=body.key, by=request.actor, at=now))


@router.post("/visitors/{int:visit_id}/leave", response=VisitorOut, summary="The visitor has left")
def leave(request: ApiRequest, visit_id: int, body: LeftIn) -> Any:
    left = clock.aware(body.left_at) if body.left_at else None
    return queries.visit_json(actions.leave(visit_id, by=request.actor, at=clock.now(), left_at=left))


@router.post("/visitors/{int:visit_id}/withdraw", response=VisitorOut, summary="Registered by mistake, and why")
def withdraw(request: ApiRequest, visit_id: int, body: GoneIn) -> Any:
    return queries.visit_json(actions.withdraw(visit_id, reason=body.reason, by=request.actor, at=clock.now()))
