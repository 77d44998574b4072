"""/api/v1/outreach/: one's own messages and preferences; rounds, why, remind now; channels."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.core import clock
from shouwang.core.paging import keyset_page
from shouwang.org.queries import organisation_named
from shouwang.outreach import actions, queries
from shouwang.outreach.models import Channel, Preference, Round
from shouwang.outreach.queries.channels import MANAGE
from shouwang.outreach.queries.rounds import STATUS
from shouwang.outreach.sealed import fault_of
from shouwang.outreach.words import item_name

router = Router(tags=["outreach"])
Kind = Literal["mail", "wecom", "dingtalk", "feishu", "apprise", "file"]


class MessageOut(Schema):
    id: int
    purpose: Literal["reminder", "digest", "all_in", "deputy", "above", "top"]
    title: str
    body: str
    path: str = Field(description="Page on which it is done")
    at: datetime
    open: bool = Field(description="Still asks for something, looked up at this moment")


class PreferenceIn(Schema):
    mail: str = Field("", max_length=254)
    by_mail: bool = False
    zone: str = Field("", description="IANA name; empty: the institution's")
    wakes: time | None = Field(None, description="May be disturbed from, local time; with `sleeps` or not at all")
    sleeps: time | None = None


class RoundOut(Schema):
    id: int
    due_at: datetime
    opens_at: datetime
    ends_at: datetime
    planned_at: datetime | None
    ended_at: datetime | None
    asked: list[str]


class RoundPage(Schema):
    items: list[RoundOut]
    next: str | None
    previous: str | None


class UnitOut(Schema):
    code: str
    name: str
    reminded: int
    open: int
    queued: int
    closed: int
    expired: int


class RoundDetail(RoundOut):
    reminders: dict[str, int] = Field(description="State -> reminders of people within reach")
    deliveries: dict[str, int] = Field(description="State -> deliveries through channels; `unknown` is never repeated")
    notes: dict[str, int] = Field(description="Purpose -> notes to units within reach")
    units: list[UnitOut] = Field(description="The first 200, those with most open first")


class ReasonOut(Schema):
    what: str
    code: str
    sentence: str


class WhyOut(Schema):
    round: RoundOut
    reasons: list[ReasonOut]


class RemindIn(Schema):
    organisation: str | None = Field(None, description="Code of a unit; null: everybody within reach")


class RemindOut(Schema):
    round: RoundOut
    new: int
    already: int
    unreachable: int


class ChannelIn(Schema):
    name: str
    kind: Kind
    organisation: str = Field(description="Code of the unit")
    url: str = Field(description="As the service gives it, with its key. Never given out again")
    secret: str = ""


class ChannelOut(Schema):
    id: int
    name: str
    kind: Kind
    organisation: str
    hint: str
    fault: str = Field(description="Why its address cannot be read (the key is lost); empty when it can")
    closed_at: datetime | None


class ChannelPage(Schema):
    items: list[ChannelOut]
    next: str | None
    previous: str | None


class TestIn(Schema):
    address: str = ""


class AttemptOut(Schema):
    outcome: Literal["sent", "refused", "too_fast", "unreached", "unknown"]
    answer: str
    at: datetime


def _round(row: Round) -> RoundOut:
    return RoundOut(
        id=row.pk, due_at=row.due_at, opens_at=row.opens_at, ends_at=row.ends_at, planned_at=row.planned_at,
        ended_at=row.ended_at, asked=[item_name(item) for item in row.items],
    )  # fmt: skip


def _channel(row: Channel) -> ChannelOut:
    values = {name: getattr(row, name) for name in ("name", "kind", "hint", "closed_at")}
    return ChannelOut.model_validate(
        {"id": row.pk, "organisation": row.organisation.code, "fault": fault_of(row), **values}
    )


def _preference(row: Preference | None) -> PreferenceIn:
    if row is None:
        return PreferenceIn.model_validate({})
    return PreferenceIn(mail=row.mail, by_mail=row.by_mail, zone=row.zone, wakes=row.wakes, sleeps=row.sleeps)


@router.get("/inbox", response=list[MessageOut], summary="One's own messages of the last seven days")
def inbox(request: ApiRequest) -> list[MessageOut]:
    return [
        MessageOut.model_validate(
            {
                "id": one.message.pk,
                "purpose": one.message.purpose,
                "title": one.said.title,
                "body": one.said.body,
                "path": one.said.path,
                "at": one.message.next_at,
                "open": one.open,
            }
        )
        for one in queries.inbox(request.actor, at=clock.now())
    ]


@router.get("/preferences", response=PreferenceIn, summary="How I want to be reached")
def preferences(request: ApiRequest) -> PreferenceIn:
    return _preference(queries.own_preference(request.actor))


@router.put("/preferences", response=PreferenceIn, summary="Say how I want to be reached")
def set_preferences(request: ApiRequest, body: PreferenceIn) -> PreferenceIn:
    return _preference(actions.set_preference(**body.dict(), by=request.actor, at=clock.now()))


@router.get("/rounds", response=RoundPage, summary="Deadlines and how far their reminders are")
def rounds(request: ApiRequest, cursor: str = "", size: Annotated[int, Field(ge=1, le=200)] = 50) -> RoundPage:
    page = keyset_page(queries.rounds(request.actor), ("-due_at", "-id"), cursor, size=size)
    return RoundPage(items=[_round(row) for row in page.rows], next=page.next, previous=page.previous)


@router.get("/rounds/{round_id}", response=RoundDetail, summary="One deadline: to how many, what waits, what failed")
def round_detail(request: ApiRequest, round_id: int) -> RoundDetail:
    view = queries.round_view(request.actor, round_id)
    units = [
        UnitOut(
            code=line.unit.code, name=line.unit.title, reminded=line.reminded, open=line.open, queued=line.queued,
            closed=line.closed, expired=line.expired,
        )
        for line in view.units
    ]  # fmt: skip
    counts = {"reminders": view.reminders, "deliveries": view.deliveries, "notes": view.notes}
    return RoundDetail.model_validate({**_round(view.round).dict(), **counts, "units": units})


@router.get("/why/{person_id}", response=list[WhyOut], summary="Why a person is (not) reminded")
def why(request: ApiRequest, person_id: int) -> list[WhyOut]:
    _person, explained = queries.why(request.actor, person_id, at=clock.now())
    return [
        WhyOut(
            round=_round(one.round),
            reasons=[ReasonOut(what=name, code=code.value, sentence=said) for name, code, said in one.lines],
        )
        for one in explained
    ]


@router.post("/remind", response=RemindOut, summary="Remind who still owes something, now; nobody twice")
def remind(request: ApiRequest, body: RemindIn) -> RemindOut:
    unit = organisation_named(request.actor, body.organisation, right=STATUS) if body.organisation else None
    done = actions.remind_unit(unit, by=request.actor, at=clock.now())
    return RemindOut(round=_round(done.round), new=done.new, already=done.already, unreachable=done.unreachable)


@router.get("/channels", response=ChannelPage, summary="Channels, without their addresses")
def channels(request: ApiRequest, cursor: str = "") -> ChannelPage:
    page = queries.channels_page(request.actor, cursor)
    return ChannelPage(items=[_channel(row) for row in page.rows], next=page.next, previous=page.previous)


@router.post("/channels", response={201: ChannelOut}, summary="Add a channel")
def add_channel(request: ApiRequest, body: ChannelIn) -> tuple[int, ChannelOut]:
    unit = organisation_named(request.actor, body.organisation, right=MANAGE)
    row = actions.add_channel(
        name=body.name, kind=body.kind, organisation=unit, url=body.url, secret=body.secret, by=request.actor,
        at=clock.now(),
    )  # fmt: skip
    return 201, _channel(row)


@router.post("/channels/{channel_id}/test", response=AttemptOut, summary="Send one line that says it is a test")
def test_channel(request: ApiRequest, channel_id: int, body: TestIn) -> AttemptOut:
    row = queries.channel_for(request.actor, channel_id)
    done = actions.test_channel(row, address=body.address, by=request.actor, at=clock.now())
    return AttemptOut.model_validate({"outcome": done.outcome, "answer": done.answer, "at": done.at})


@router.post("/channels/{channel_id}/close", response=ChannelOut, summary="Close a channel; its address is forgotten")
def close_channel(request: ApiRequest, channel_id: int) -> ChannelOut:
    row = queries.channel_for(request.actor, channel_id)
    return _channel(actions.close_channel(row, by=request.actor, at=clock.now()))
