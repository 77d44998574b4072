"""/api/v1/presence/codes and /scans: codes of places, scans of them, one's own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Query, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.core import clock
from shouwang.tracing.actions import scans as actions
from shouwang.tracing.queries import scans as queries

router = Router(tags=["presence"])


class CodesQuery(Schema):
    q: str = Field("", max_length=60, description="Code or part of a name")
    limit: int = Field(100, ge=1, le=1000)


class CodeIn(Schema):
    days: int | None = Field(None, description="Good for so many days; null: until the next edition")


class CodeOut(Schema):
    place: str
    name: str
    code: str = Field(description='Signed text of the poster; "" while none was issued')
    serial: int | None
    issued_at: datetime | None
    expires_at: datetime | None


class ScanIn(Schema):
    code: str = Field(description="The signed text of the poster")
    way: Literal["in", "out"]
    key: str = Field(description="Names this scan on the phone; the same again is the same scan")
    at: datetime | None = Field(None, description="When it was scanned, where it waited for a network")
    number: str = Field("", description="Of another person, from a reader at the door. Needs presence.import")


class ScanOut(Schema):
    id: int
    place: str
    name: str
    way: str
    at: datetime
    received_at: datetime
    removed_at: datetime | None
    purge_on: date = Field(description="Day on which the scan is deleted")


class ScansQuery(Schema):
    limit: int = Field(100, ge=1, le=1000)


@router.get("/codes", response=list[CodeOut], summary="Places with their codes")
def codes(request: ApiRequest, wanted: Query[CodesQuery]) -> Any:
    found = list(queries.places(request.actor, wanted.q)[: wanted.limit])
    return [queries.poster_json(poster) for poster in queries.posters(found)]


@router.post(
    "/codes/{place}", response=CodeOut, summary="A new edition of a place's poster; earlier ones count no more"
)
def issue_code(request: ApiRequest, place: str, body: CodeIn) -> Any:
    by = request.actor
    actions.issue_code(queries.place_for(by, place), days=body.days, by=by, at=clock.now())
    return queries.poster_json(queries.poster_for(by, place))


@router.get("/scans", response=list[ScanOut], summary="One's own scans, latest first")
def scans(request: ApiRequest, wanted: Query[ScansQuery]) -> Any:
    return [queries.scan_json(row) for row in queries.own(request.actor)[: wanted.limit]]


@router.post("/scans", response=ScanOut, summary="The code of a place was scanned")
def scan(request: ApiRequest, body: ScanIn) -> Any:
    happened = clock.aware(body.at) if body.at is not None else None
    return queries.scan_json(
        actions.scan(
            body.code, way=body.way, key=body.key, happened_at=happened, number=body.number, by=request.actor,
            at=clock.now(),
        )
    )  # fmt: skip


@router.post("/scans/{int:scan_id}/strike-out", response=ScanOut, summary="One's own scan was wrong")
def strike_out(request: ApiRequest, scan_id: int) -> Any:
    return queries.scan_json(actions.strike_out(scan_id, by=request.actor, at=clock.now()))
