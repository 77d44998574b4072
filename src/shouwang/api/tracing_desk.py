"""/api/v1/tracing/: contacts by encounter, and shared among tracers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.api.tracing import ContactOut, Id, contact_json
from shouwang.core import audit, clock
from shouwang.tracing import actions, queries
from shouwang.tracing.queries import conversion, encounters, sharing

router = Router(tags=["tracing"])


class DecideEncounterIn(Schema):
    what: Literal["confirm", "dismiss"]
    whom: Literal["all", "present", "absent"] = Field(
        "all", description="present: nothing says they were elsewhere; absent: a leave or a record does"
    )
    contacts: Annotated[list[Id], Field(max_length=2000)] | None = Field(None, description="Of those only these")
    reason: str


class DecidedOut(Schema):
    done: list[ContactOut]
    left: list[int] = Field(description="Contacts not dismissed because they met the case elsewhere too")


class ShareIn(Schema):
    among: Annotated[list[str], Field(max_length=100)] | None = Field(
        None, description="Numbers of tracers; null: everybody who may decide"
    )
    apply: bool = Field(False, description="False: the proposal only")


class TakeBackIn(Schema):
    tracer: str = Field(description="Number of whoever is absent")
    reason: str


@router.get("/cases/{int:case_id}/encounters", response=list[dict[str, Any]], summary="Contacts by lesson, room, meal")
def listing(request: ApiRequest, case_id: int) -> Any:
    by = request.actor
    case = queries.case_to_trace(by, case_id)
    lines = encounters.encounters(by, case)
    audit.saw("contact.place", "contact", [case.person_id], by=by, at=clock.now(), object_id=case.pk)
    return [encounters.line_json(line) for line in lines]


@router.get(
    "/cases/{int:case_id}/encounters/{key}",
    response=dict[str, Any],
    summary="Everybody at one encounter, and who was elsewhere by leave or record",
)
def encounter(request: ApiRequest, case_id: int, key: str) -> Any:
    by = request.actor
    case = queries.case_to_trace(by, case_id)
    sheet = encounters.encounter(by, case, key)
    people = [case.person_id, *(row.contact.person_id for row in sheet.rows)]
    audit.saw("contact.place", "contact", people, by=by, at=clock.now(), object_id=case.pk)
    return encounters.sheet_json(sheet)


@router.post(
    "/cases/{int:case_id}/encounters/{key}",
    response=DecidedOut,
    summary="Confirm or dismiss the undecided of one encounter with one reason",
)
def decide(request: ApiRequest, case_id: int, key: str, body: DecideEncounterIn) -> Any:
    by = request.actor
    case = queries.case_to_trace(by, case_id)
    decided = actions.decide_encounter(
        case, key, what=body.what, whom=body.whom, only=body.contacts, reason=body.reason, by=by, at=clock.now()
    )
    return {"done": [contact_json(row) for row in decided.done], "left": [row.pk for row in decided.left]}


@router.post(
    "/cases/{int:case_id}/share",
    response=dict[str, Any],
    summary="Share the undecided contacts among tracers by load; what somebody has stays with them",
)
def share(request: ApiRequest, case_id: int, body: ShareIn) -> Any:
    by, now = request.actor, clock.now()
    case = queries.case_to_trace(by, case_id)
    chosen = None if body.among is None else sharing.tracers_named(case, body.among, on=clock.local_day(now))
    if body.apply:
        return sharing.as_json(actions.share_contacts(case, chosen, by=by, at=now))
    return sharing.as_json(sharing.proposal(by, case, chosen, on=clock.local_day(now)))


@router.get(
    "/contacts/{int:contact_id}/history",
    response=list[dict[str, Any]],
    summary="What happened to a contact: found, decided, followed, became a case, followed again; newest first",
)
def history(request: ApiRequest, contact_id: int) -> Any:
    by = request.actor
    contact = queries.contact_for(by, contact_id)
    audit.saw("contact.evidence", "contact", [contact.person_id], by=by, at=clock.now(), object_id=contact.pk)
    return [conversion.step_json(step) for step in conversion.history(by, contact)]


@router.get("/queue", response=list[ContactOut], summary="What I am asked to decide, close first; the first 200")
def queue(request: ApiRequest) -> Any:
    by = request.actor
    by.require("trace.work")
    rows = list(sharing.queue_of(by, by.person_id or 0)[:200])
    audit.saw("contact.listed", "contact", [row.person_id for row in rows], by=by, at=clock.now())
    return [contact_json(row) for row in rows]


@router.post("/queue/take-back", response=int, summary="Nobody is asked any more for what an absent tracer had")
def take_back(request: ApiRequest, body: TakeBackIn) -> Any:
    by = request.actor
    by.require("trace.work")
    return actions.take_back(sharing.carrier(by, body.tracer), reason=body.reason, by=by, at=clock.now())
