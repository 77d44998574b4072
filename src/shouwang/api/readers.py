"""/api/v1/presence/clocks and /silences: readers whose clock is or may be wrong, and stretches without a record."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Query, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.core import clock
from shouwang.tracing.actions import readers as actions
from shouwang.tracing.queries import presence_days
from shouwang.tracing.queries import readers as queries

router = Router(tags=["presence"])
MOST_DAYS = 62


class ClockIn(Schema):
    place: str = Field(description="Code or name of the reader's place")
    seconds: int = Field(description="How far its clock ran ahead; negative: behind")
    first: date
    last: date | None = Field(None, description="null: until further notice")
    reason: str


class DecisionIn(Schema):
    reason: str
    seconds: int | None = Field(None, description="With accept: instead of what was proposed")


class ClockOut(Schema):
    id: int
    place: str
    name: str
    state: str
    basis: str
    seconds: int
    first_day: date
    last_day: date | None
    evidence: dict[str, Any] = Field(
        description="A proposal's days with pairs and agreement; either: the other suspect"
    )
    proposed_at: datetime
    decided_at: datetime | None
    reason: str


class SilenceOut(Schema):
    day: date
    source: str
    start: str
    end: str
    expected: int = Field(description="Records usual in this stretch; none came")
    readers: int
    names: list[str]


class DaysQuery(Schema):
    first: date | None = None
    last: date | None = None


@router.get("/clocks", response=list[ClockOut], summary="Clocks of readers that are, were or may be wrong")
def clocks(request: ApiRequest) -> Any:
    return [queries.clock_json(row) for row in queries.clocks(request.actor)[:500]]


@router.post("/clocks", response=ClockOut, summary="Correct a reader's clock; the days concerned are built anew")
def set_clock(request: ApiRequest, body: ClockIn) -> Any:
    row = actions.set_by_hand(
        body.place, seconds=body.seconds, first=body.first, last=body.last, reason=body.reason, by=request.actor,
        at=clock.now(),
    )  # fmt: skip
    return queries.clock_json(row)


@router.post("/clocks/look", response=list[ClockOut], summary="Compare the last days; clocks that newly seem wrong")
def look(request: ApiRequest) -> Any:
    now = clock.now()
    found = actions.look_for_clocks(last=clock.local_day(now), by=request.actor, at=now)
    return [queries.clock_json(row) for row in found]


@router.post("/clocks/{int:clock_id}/{answer}", response=ClockOut, summary="Accept, reject or withdraw, with a reason")
def decide(
    request: ApiRequest, clock_id: int, answer: Literal["accept", "reject", "withdraw"], body: DecisionIn
) -> Any:
    by, now = request.actor, clock.now()
    if answer == "accept":
        row = actions.accept(clock_id, reason=body.reason, seconds=body.seconds, by=by, at=now)
    elif answer == "reject":
        row = actions.reject(clock_id, reason=body.reason, by=by, at=now)
    else:
        row = actions.withdraw(clock_id, reason=body.reason, by=by, at=now)
    return queries.clock_json(row)


@router.get(
    "/silences", response=list[SilenceOut], summary="Stretches of built days in which usual records are missing"
)
def silences(request: ApiRequest, wanted: Query[DaysQuery]) -> Any:
    rows = list(presence_days(request.actor, wanted.first, wanted.last)[:MOST_DAYS])
    return [queries.silence_json(one) for found in queries.silences(rows).values() for one in found]
