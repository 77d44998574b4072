"""/api/v1/presence/codes, /scans and /seats: codes of places, scans of them, seat plans."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Literal

from ninja import Field, File, Form, Query, Router, Schema, UploadedFile

from shouwang.api.http import ApiRequest
from shouwang.api.presence import TimetableOut, kept
from shouwang.core import audit, clock
from shouwang.tracing.actions import ImportOptions
from shouwang.tracing.actions import scans as actions
from shouwang.tracing.actions import seats as seat_actions
from shouwang.tracing.queries import scans as queries
from shouwang.tracing.queries import seating

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


class PlanIn(Schema):
    title: str
    where: str = Field(description="Code or name of the room")
    first_day: date
    last_day: date
    weekday: int | None = Field(None, description="1 Monday to 7 Sunday; null: every day")
    starts: time | None = Field(None, description="With `ends`; null: all day")
    ends: time | None = None


class PlanOut(Schema):
    id: int
    place: str
    title: str
    first_day: date
    last_day: date
    weekday: int | None
    starts: time | None
    ends: time | None
    seats: int
    entered_at: datetime
    purge_on: date


class SeatOut(Schema):
    number: str
    row: int
    seat: int


@router.get("/seats", response=list[PlanOut], summary="Seat plans, latest first")
def seat_plans(request: ApiRequest, wanted: Query[ScansQuery]) -> Any:
    return seating.plans_json(seating.plans(request.actor)[: wanted.limit])


@router.post("/seats", response=TimetableOut, summary="Import the seat plan of a room; the same again replaces")
def import_seats(request: ApiRequest, body: Form[PlanIn], file: File[UploadedFile]) -> Any:
    by = request.actor
    by.require(seating.IMPORT)
    with kept(file) as path:
        plan = seat_actions.PlanOf(**body.dict())
        options = ImportOptions(name=file.name)
        return seat_actions.import_plan(path, plan, options=options, by=by, at=clock.now()).as_dict()


@router.get("/seats/{int:plan_id}", response=list[SeatOut], summary="Who sits where; recorded as read")
def seat_plan(request: ApiRequest, plan_id: int) -> Any:
    row = seating.plan_for(request.actor, plan_id)
    people = list(row.seats.order_by("pk").values_list("person_id", flat=True))
    audit.saw("seats.read", "seat_plan", people, by=request.actor, at=clock.now(), object_id=row.pk)
    return seating.seats_json(row)


@router.post("/seats/{int:plan_id}/remove", response={204: None}, summary="The plan was wrong")
def remove_seats(request: ApiRequest, plan_id: int) -> Any:
    seat_actions.remove(plan_id, by=request.actor, at=clock.now())
    return 204, None
