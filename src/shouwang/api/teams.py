"""`/api/v1/command/teams`, `/team-proposals`, `/service`: teams, who is seconded to them, and what it came to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.cases.queries.naming import place_written, unit_written
from shouwang.command.queries import MANAGE, task_for
from shouwang.command.teams import actions, queries, seconding, told
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.org.models import Place
from shouwang.org.queries import person_by_number

router = Router(tags=["teams"])
Show = Literal["live", "forming", "standing", "over", "all"]
Body = dict[str, Any]


class TeamIn(Schema):
    unit: str = Field(description="Code or name of the unit it stands under")
    kind: Literal["task", "party", "other"] = "task"
    name: str
    name_en: str = ""
    purpose: str
    review_on: date
    proposal: int | None = Field(None, description="The proposal it is made of")


class TeamStepIn(Schema):
    text: str = ""
    review_on: date | None = Field(None, description='For "review"')
    obstacles: list[int] = Field([], description='For "dissolve": ids of tasks left open')


class SecondIn(Schema):
    person: str = Field(description="Student or staff number")
    role: Literal["leader", "deputy", "member"] = "member"
    starts: date
    ends: date = Field(description="The last day")
    text: str = ""


class WordsIn(Schema):
    text: str = ""


class PlaceIn(Schema):
    place: str = Field(description="Code or name")


class GiveIn(Schema):
    task: int


class DutyIn(Schema):
    member: int = Field(description="Id of the secondment")
    place: str = Field(description="Code or name of a place of the team")
    starts: datetime
    ends: datetime


def _place(request: ApiRequest, text: str) -> Place:
    place = place_written(request.actor, text)
    if place is None:
        raise NotFound
    return place


@router.get("/teams", response=Body, summary="Teams within reach, the newest first")
def teams(
    request: ApiRequest, show: Show = "live", cursor: str = "", size: Annotated[int, Field(ge=1, le=200)] = 50
) -> Any:
    at = clock.now()
    page = queries.teams_page(request.actor, show, cursor, at=at, size=size)
    return {"items": told.teams_json(page.rows, at=at), "next": page.next, "previous": page.previous}


@router.post("/teams", response=Body, summary="Create a team that is being formed")
def create(request: ApiRequest, body: TeamIn) -> Any:
    """Needs directive.manage over the unit."""
    by, at = request.actor, clock.now()
    if not by.holds(MANAGE):
        raise NotFound
    given = body.model_dump()
    unit, proposal = unit_written(by, given.pop("unit"), MANAGE), given.pop("proposal")
    if unit is None:
        raise NotFound
    row = queries.proposal_for(by, proposal) if proposal is not None else None
    return told.team_json(actions.create_team(unit, proposal=row, by=by, at=at, **given), at=at)


@router.get("/teams/{int:team_id}", response=Body, summary="One team, as far as the asker may see it")
def team(request: ApiRequest, team_id: int) -> Any:
    """`cannot` of a member: what stands in their way, for themselves, their home unit and who leads the team."""
    at = clock.now()
    return told.sheet_json(request.actor, queries.team_for(request.actor, team_id, at=at), at=at)


@router.post("/teams/{int:team_id}/step/{str:act}", response=Body, summary="One step of a team")
def step(request: ApiRequest, team_id: int, act: str, body: TeamStepIn) -> Any:
    """`act`: stand (needs a leader), note, review, dissolve (`text` is the summary; `team_tasks_open` names what is
    still open)."""
    by, at = request.actor, clock.now()
    row = queries.team_for(by, team_id, at=at)
    return told.team_json(actions.act_on_team(row, act, by=by, at=at, **body.model_dump()), at=at)


@router.post("/teams/{int:team_id}/members", response=Body, summary="Ask for a person; their home unit decides")
def second(request: ApiRequest, team_id: int, body: SecondIn) -> Any:
    by, at = request.actor, clock.now()
    row, given = queries.worked_team_for(by, team_id, at=at), body.model_dump()
    try:
        person = person_by_number(by, given.pop("person"))
    except NotFound as error:
        raise BadInput(error.message, code="person_unknown", field="person") from error
    made = seconding.ask(row, person, by=by, at=at, **given)
    return told.member_json(by, made, at=at)


@router.post(
    "/teams/{int:team_id}/members/{int:member_id}/{str:act}", response=Body, summary="One step of a secondment"
)
def member(request: ApiRequest, team_id: int, member_id: int, act: str, body: WordsIn) -> Any:
    """`act`: approve, refuse (the home unit, not whoever asked), cannot (the person), withdraw, end."""
    by, at = request.actor, clock.now()
    row = queries.member_for(queries.team_for(by, team_id, at=at), member_id)
    return told.member_json(by, seconding.act_on_member(row, act, text=body.text, by=by, at=at), at=at)


@router.post("/teams/{int:team_id}/places", response=Body, summary="Add a place where it works")
def add_place(request: ApiRequest, team_id: int, body: PlaceIn) -> Any:
    by, at = request.actor, clock.now()
    row = queries.worked_team_for(by, team_id, at=at)
    actions.add_place(row, _place(request, body.place), by=by, at=at)
    return told.sheet_json(by, row, at=at)


@router.post("/teams/{int:team_id}/places/remove", response=Body, summary="Remove a place; planned duty stays")
def remove_place(request: ApiRequest, team_id: int, body: PlaceIn) -> Any:
    by, at = request.actor, clock.now()
    row = queries.worked_team_for(by, team_id, at=at)
    actions.remove_place(row, _place(request, body.place), by=by, at=at)
    return told.sheet_json(by, row, at=at)


@router.post("/teams/{int:team_id}/tasks", response=Body, summary="Give it a task")
def give(request: ApiRequest, team_id: int, body: GiveIn) -> Any:
    """Who leads the team may then act for the task's unit."""
    by, at = request.actor, clock.now()
    row = queries.worked_team_for(by, team_id, at=at)
    return told.given_json(
        actions.give_task(row, task_for(by, body.task, on=clock.local_day(at)), by=by, at=at)
    )  # fmt: skip


@router.post("/teams/{int:team_id}/tasks/{int:given_id}/back", response=Body, summary="Hand a task back")
def back(request: ApiRequest, team_id: int, given_id: int, body: WordsIn) -> Any:
    by, at = request.actor, clock.now()
    row = queries.given_for(queries.team_for(by, team_id, at=at), given_id)
    return told.given_json(actions.hand_back(row, reason=body.text, by=by, at=at))


@router.post("/teams/{int:team_id}/duty", response=Body, summary="Plan duty of a member")
def plan(request: ApiRequest, team_id: int, body: DutyIn) -> Any:
    by, at = request.actor, clock.now()
    row = queries.member_for(queries.worked_team_for(by, team_id, at=at), body.member)
    place = _place(request, body.place)
    return told.shift_json(seconding.plan_shift(row, place, starts=body.starts, ends=body.ends, by=by, at=at))


@router.post("/teams/{int:team_id}/duty/{int:shift_id}/{str:act}", response=Body, summary="Whether duty was done")
def shift(request: ApiRequest, team_id: int, shift_id: int, act: str, body: WordsIn) -> Any:
    """`act`: done, absent (both after it began, and not by the person themselves), cancel."""
    by, at = request.actor, clock.now()
    row = queries.shift_for(queries.team_for(by, team_id, at=at), shift_id)
    return told.shift_json(seconding.act_on_shift(row, act, text=body.text, by=by, at=at))


@router.get("/team-proposals", response=Body, summary="Units under load or risk in which no team stands")
def proposals(request: ApiRequest) -> Any:
    if not request.actor.holds(MANAGE):
        raise NotFound
    rows = [told.proposal_json(row) for row in queries.proposals(request.actor)[:200]]
    return {"rules": queries.rules_now().version, "needed": queries.rules_now().needed, "items": rows}


@router.post("/team-proposals/{int:proposal_id}/dismiss", response=Body, summary="No team for now, with a reason")
def dismiss(request: ApiRequest, proposal_id: int, body: WordsIn) -> Any:
    row = queries.proposal_for(request.actor, proposal_id)
    return told.proposal_json(actions.dismiss(row, reason=body.text, by=request.actor, at=clock.now()))


@router.get("/service", response=list[Body], summary="One's own service records")
def service(request: ApiRequest) -> Any:
    return [told.record_json(row) for row in queries.own_records(request.actor)]


@router.post("/service/{int:record_id}/object", response=Body, summary="Say what is wrong with one's own record")
def object_to(request: ApiRequest, record_id: int, body: WordsIn) -> Any:
    row = queries.own_record_for(request.actor, record_id)
    return told.record_json(seconding.object_to(row, text=body.text, by=request.actor, at=clock.now()))


@router.post("/service/{int:record_id}/answer", response=Body, summary="Answer an objection, by another hand")
def answer(request: ApiRequest, record_id: int, body: WordsIn) -> Any:
    by, at = request.actor, clock.now()
    row = queries.record_for(by, record_id, at=at)
    return told.record_json(seconding.answer_objection(row, text=body.text, by=by, at=at))
