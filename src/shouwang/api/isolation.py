"""/api/v1/isolation/: one's own orders; the orders desk, one order, its place and its end; rooms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.core import audit, clock
from shouwang.core.errors import NotFound
from shouwang.isolation import actions, queries
from shouwang.isolation.models import Order
from shouwang.isolation.queries import DeskFilter
from shouwang.org.models import Person
from shouwang.org.queries import place_for

router = Router(tags=["isolation"])
State = Literal["served", "acknowledged", "ended", "withdrawn"]
Show = Literal["in_force", "unplaced", "due", "ends_today", "missed", "objections", "unread", "past"]


class OrderOut(Schema):
    """What the person themselves may read of an order."""

    id: int
    number: str
    kind: Literal["quarantine", "isolation"]
    state: State
    starts_on: date
    ends_on: date = Field(description="Last day, included")
    because: list[str] = Field(description="The explanation in the reader's language, a line a step")
    where: Literal["home", "facility", "unassigned"]
    address: str
    rule: str
    pack: str
    pack_sha256: str
    served_at: datetime
    acknowledged_at: datetime | None
    ended_at: datetime | None
    end_code: str
    end_reason: str
    version: int


class ObjectionOut(Schema):
    text: str
    at: datetime
    answer: str
    answered_at: datetime | None


class HelperOut(Schema):
    role: str
    name: str
    phone: str
    where: str


class MineOut(OrderOut):
    room: str | None
    advice: str | None
    helpers: list[HelperOut]
    checks_made: int = Field(description="Check-ins of today")
    checks_asked: int | None = Field(description="Null: nothing is asked today")
    objections: list[ObjectionOut]


class PersonOut(Schema):
    id: int
    number: str
    name: str
    unit: str | None


class AbsenceOut(Schema):
    """That somebody cannot come, and until when. The reason is not told."""

    person: PersonOut
    absent_since: date
    absent_until: date = Field(description="Last day, included; passed: the return is not confirmed yet")


class AbsencePage(Schema):
    items: list[AbsenceOut]
    next: str | None
    previous: str | None


class DeskRow(OrderOut):
    person: PersonOut
    checks_made: int = Field(description="Check-ins of yesterday")
    checks_asked: int | None


class DeskPage(Schema):
    items: list[DeskRow]
    next: str | None
    previous: str | None


class GroundOut(Schema):
    case: str
    counted_from: date
    days: int
    ends_on: date
    rule: str
    pack: str
    dropped_at: datetime | None
    drop_code: str


class StayOut(Schema):
    room: str
    starts_at: datetime
    ends_at: datetime | None


class CriterionOut(Schema):
    code: str
    met: bool
    text: str


class ReviewOut(Schema):
    allowed: bool
    reasons: list[CriterionOut]


class NextOut(Schema):
    """The next step and whose it is; `final`: the order is over."""

    code: str
    role: str
    text: str
    final: bool


class OrderDetail(OrderOut):
    person: PersonOut
    next: NextOut
    grounds: list[GroundOut]
    stays: list[StayOut]
    objections: list[ObjectionOut]
    review: ReviewOut | None = Field(description="For who may release, while the order is in force")
    proposed_room: int | None


class RoomOut(Schema):
    id: int
    name: str
    capacity: int | None = Field(description="Null: not stated, so nobody is sent there")
    taken: int
    free: int | None


class FacilityOut(Schema):
    name: str | None
    beds: int
    taken: int
    free: int
    rooms: list[RoomOut]


class RoomsOut(Schema):
    at: datetime
    facilities: list[FacilityOut]


class PlanLine(Schema):
    order: int
    number: str
    person: PersonOut
    version: int
    room: int | None = Field(description="Null: no room fits")
    room_name: str | None
    with_others: int
    step_free: bool
    together_with: str | None = Field(description="Number of the order of whoever they must not be parted from")


class AimOut(Schema):
    name: Literal["unplaced", "sharing", "step_free_spent", "idle_beds", "floors"]
    value: int
    bound: int = Field(description="No plan can have fewer; equal to `value` when the plan is proved best")


class PlanOut(Schema):
    at: datetime
    lines: list[PlanLine]
    aims: list[AimOut] = Field(description="In order: each only where those before it are not harmed")
    left_over: int = Field(description="Orders that wait beyond the first thousand")


class PlacingIn(Schema):
    order: int
    room: int
    version: int | None = None


class PlacingsIn(Schema):
    placings: list[PlacingIn] = Field(max_length=1000)


class PlacingOut(Schema):
    order: int
    room: int
    given: bool
    why: str


class DayAheadOut(Schema):
    on: date
    free: int = Field(description="Beds in rooms that nobody is in")
    waiting: int
    short: int


class AheadOut(Schema):
    at: datetime
    rooms_to_clean: int
    days: list[DayAheadOut]


class RoomSheetIn(Schema):
    zone: Literal["guests", "buffer", "staff"]
    state: Literal["ready", "dirty", "out"]
    step_free: bool | None = Field(None, description="Null: nobody has said")
    version: int | None = None


class RoomSheetOut(Schema):
    room: int
    zone: str
    state: str
    step_free: bool | None
    version: int


class CleanedIn(Schema):
    rooms: list[int] = Field(max_length=1000)


class NeedIn(Schema):
    step_free: bool = False
    together_with: str = Field("", max_length=20, description="Number of the order of whoever they go with")


class AssignIn(Schema):
    """Either `room` (its id) or `address` (the person stays at home)."""

    room: int | None = None
    address: str = ""
    version: int | None = Field(None, description="The version that was read; a conflict when it has moved on")


class EndIn(Schema):
    reason: str = Field("", description="Needed when a criterion is not met")
    confirmed: list[str] = Field([], description="Codes of `confirm:…` criteria that you have seen met", max_length=40)
    version: int | None = None


def _order(order: Order) -> OrderOut:
    return OrderOut.from_orm(order)


def _person(person: Person) -> PersonOut:
    home = person.home
    return PersonOut(id=person.pk, number=person.number, name=person.name, unit=home.title if home else None)


@router.get("/mine", response=list[MineOut], summary="One's own orders in force")
def mine(request: ApiRequest) -> list[MineOut]:
    current, _past = queries.mine(request.actor, at=clock.now())
    return [
        MineOut(
            **_order(item.order).dict(),
            room=item.detail.room.title if item.detail.room else None,
            advice=str(item.words.advice) if item.words.advice else None,
            helpers=[
                HelperOut(role=str(one.role), name=one.person.name, phone=one.person.phone, where=one.where)
                for one in item.helpers
            ],
            checks_made=item.checks_made,
            checks_asked=item.checks_asked,
            objections=[ObjectionOut.from_orm(one) for one in item.detail.objections],
        )
        for item in current
    ]


@router.post("/mine/{order_id}/acknowledge", response=OrderOut, summary="I have read my order")
def acknowledge(request: ApiRequest, order_id: int) -> OrderOut:
    order = queries.own_order(request.actor, order_id)
    return _order(actions.acknowledge(order, by=request.actor, at=clock.now()))


@router.get("/absences", response=AbsencePage, summary="Who is absent until when, without the reason")
def absences(request: ApiRequest, cursor: str = "", size: Annotated[int, Field(ge=1, le=200)] = 50) -> AbsencePage:
    page = queries.absences_page(request.actor, cursor, at=clock.now(), size=size)
    items = [
        AbsenceOut(person=_person(row.person), absent_since=row.since, absent_until=row.until) for row in page.rows
    ]
    return AbsencePage(items=items, next=page.next, previous=page.previous)


@router.get("/orders", response=DeskPage, summary="The orders desk")
def orders(
    request: ApiRequest,
    show: Show = "in_force",
    kind: Literal["", "quarantine", "isolation"] = "",
    q: str = "",
    cursor: str = "",
    size: Annotated[int, Field(ge=1, le=200)] = 50,
) -> DeskPage:
    if not request.actor.holds(queries.MANAGE):
        raise NotFound
    at = clock.now()
    page = queries.desk_page(request.actor, DeskFilter(show, kind, q), cursor, at=at, size=size)
    audit.saw("orders.listed", "order", [row.order.person_id for row in page.rows], by=request.actor, at=at)
    items = [
        DeskRow(
            **_order(row.order).dict(), person=_person(row.order.person), checks_made=row.made, checks_asked=row.asked
        )
        for row in page.rows
    ]
    return DeskPage(items=items, next=page.next, previous=page.previous)


@router.get("/orders/{order_id}", response=OrderDetail, summary="One order with its grounds, stays and review")
def order(request: ApiRequest, order_id: int) -> OrderDetail:
    at = clock.now()
    detail = _detail(request, order_id, at)
    audit.saw("order.seen", "order", [detail.person.id], by=request.actor, at=at, object_id=order_id)
    return detail


def _detail(request: ApiRequest, order_id: int, at: datetime) -> OrderDetail:
    page = queries.order_page(request.actor, order_id, at=at)
    review = page.decision
    return OrderDetail(
        **_order(page.order).dict(),
        person=_person(page.order.person),
        next=NextOut(**queries.next_of(page.order, page.detail, at=clock.now()).as_json()),
        grounds=[
            GroundOut(
                case=ground.case.number,
                counted_from=ground.counted_from,
                days=ground.days,
                ends_on=ground.ends_on,
                rule=ground.rule,
                pack=ground.pack,
                dropped_at=ground.dropped_at,
                drop_code=ground.drop_code,
            )
            for ground in page.detail.grounds
        ],
        stays=[StayOut(room=s.room.title, starts_at=s.starts_at, ends_at=s.ends_at) for s in page.detail.stays],
        objections=[ObjectionOut.from_orm(one) for one in page.detail.objections],
        review=None
        if review is None
        else ReviewOut(
            allowed=review.allowed,
            reasons=[CriterionOut(code=one.code, met=one.met, text=one.text) for one in review.reasons],
        ),
        proposed_room=page.proposal.pk if page.proposal else None,
    )


@router.post("/orders/{order_id}/assign", response=OrderDetail, summary="Give a room, or let the person stay at home")
def assign(request: ApiRequest, order_id: int, body: AssignIn) -> OrderDetail:
    order, at = queries.order_for(request.actor, order_id), clock.now()
    if body.room is None:
        actions.stay_home(order, body.address, by=request.actor, at=at, version=body.version)
    else:
        actions.assign_room(order, place_for(request.actor, body.room), by=request.actor, at=at, version=body.version)
    return _detail(request, order_id, at)


@router.post("/orders/{order_id}/end", response=OrderDetail, summary="End by review")
def end(request: ApiRequest, order_id: int, body: EndIn) -> OrderDetail:
    order, at = queries.order_for(request.actor, order_id), clock.now()
    actions.end_order(
        order, reason=body.reason, confirmed=body.confirmed, by=request.actor, at=at, version=body.version
    )
    return _detail(request, order_id, at)


@router.get("/rooms", response=RoomsOut, summary="Facilities and beds, without names")
def rooms(request: ApiRequest) -> RoomsOut:
    at = clock.now()
    facilities = [
        FacilityOut(
            name=view.facility.title if view.facility else None,
            beds=view.beds,
            taken=view.taken,
            free=view.free,
            rooms=[
                RoomOut(id=r.room.pk, name=r.room.title, capacity=r.room.capacity, taken=r.taken, free=r.free)
                for r in view.rooms
            ],
        )
        for view in queries.rooms(request.actor, at=at)
    ]
    return RoomsOut(at=at, facilities=facilities)


@router.get("/rooms/ahead", response=AheadOut, summary="Free beds of the days ahead")
def rooms_ahead(request: ApiRequest) -> AheadOut:
    found = queries.bed_forecast(request.actor, at=clock.now())
    days = [
        DayAheadOut(on=day.on, free=day.ahead.free, waiting=day.ahead.waiting, short=day.ahead.short)
        for day in found.dated
    ]
    return AheadOut(at=found.at, rooms_to_clean=found.to_clean, days=days)


@router.post("/rooms/cleaned", response=dict[str, int], summary="Say that rooms were cleaned")
def rooms_cleaned(request: ApiRequest, body: CleanedIn) -> dict[str, int]:
    request.actor.require(queries.MANAGE)
    rooms = [place_for(request.actor, pk) for pk in body.rooms]
    return {"ready": actions.clean_rooms(rooms, by=request.actor, at=clock.now())}


@router.put("/rooms/{room_id}/sheet", response=RoomSheetOut, summary="Zone, state and access of a room")
def room_sheet(request: ApiRequest, room_id: int, body: RoomSheetIn) -> RoomSheetOut:
    request.actor.require(queries.MANAGE)
    room = place_for(request.actor, room_id)
    sheet = actions.set_room(room, by=request.actor, at=clock.now(), **body.dict())
    return RoomSheetOut(
        room=room.pk, zone=sheet.zone, state=sheet.state, step_free=sheet.step_free, version=sheet.version
    )


@router.put("/orders/{order_id}/need", response=OrderDetail, summary="What the person needs of a room")
def need(request: ApiRequest, order_id: int, body: NeedIn) -> OrderDetail:
    at = clock.now()
    actions.set_need(queries.order_for(request.actor, order_id), by=request.actor, at=at, **body.dict())
    return _detail(request, order_id, at)


@router.get("/plan", response=PlanOut, summary="The best room for everybody who waits")
def plan(request: ApiRequest) -> PlanOut:
    at = clock.now()
    found = queries.bed_plan(request.actor, at=at)
    audit.saw("rooms.planned", "order", [line.order.person_id for line in found.lines], by=request.actor, at=at)
    return PlanOut(
        at=at,
        lines=[
            PlanLine(
                order=line.order.pk, number=line.order.number, person=_person(line.order.person),
                version=line.order.version, room=line.room.pk if line.room else None,
                room_name=line.room.title if line.room else None,
                with_others=line.with_others, step_free=line.need.step_free if line.need else False,
                together_with=line.need.together_with.number if line.need and line.need.together_with else None,
            )
            for line in found.lines
        ],
        aims=[AimOut(name=aim.name, value=aim.value, bound=aim.bound) for aim in found.aims],
        left_over=found.left_over,
    )  # fmt: skip


@router.post("/plan", response=list[PlacingOut], summary="Give the rooms of a plan, each by itself")
def give(request: ApiRequest, body: PlacingsIn) -> list[PlacingOut]:
    request.actor.require(queries.MANAGE)
    pairs = [(one.order, one.room, one.version) for one in body.placings]
    return [
        PlacingOut(order=done.order_id, room=done.room_id, given=done.given, why=str(done.why))
        for done in actions.apply_plan(pairs, by=request.actor, at=clock.now())
    ]
