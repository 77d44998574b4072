"""/api/v1/follow-ups: contacts looked after day by day."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.checkins.rules import Answers
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.org.models import Person
from shouwang.org.queries import holders
from shouwang.tracing import actions
from shouwang.tracing.models import FollowUp
from shouwang.tracing.queries import following as queries

router = Router(tags=["follow-ups"])
LARGEST_ID = 2**63 - 1
Version = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class CallIn(Schema):
    key: Annotated[str, Field(min_length=8, max_length=64)] = Field(
        description="Chosen by the sender; again: no second call"
    )
    how: str = Field(description="phone or visit")
    outcome: str = Field(description="reached, not_reached or refused")
    answers: dict[str, Any] | None = Field(None, description="As of a check-in; only of somebody who was reached")
    note: str = ""


class CallOut(Schema):
    id: int
    outcome: str
    receipt: str = Field(description="Of the check-in that was entered; empty where nobody was reached")


class HandOverIn(Schema):
    to: str = Field(description="Number of the person who looks after them from now on; empty: nobody")
    version: Version | None = None


class EndIn(Schema):
    reason: str
    version: Version | None = None


class Listed(Schema):
    rows: list[dict[str, Any]]
    next: str | None


def _one(row: FollowUp) -> dict[str, Any]:
    (line,) = queries.lines([row], today=clock.today(), days=None)
    return queries.as_json(line) | {"calls": [queries.call_json(call) for call in row.calls.all()]}


@router.get("/", response=Listed, summary="Follow-ups within reach, those that end first first")
def listing(request: ApiRequest, show: str = "running", mine: bool = False, q: str = "", cursor: str = "") -> Any:
    if show not in queries.SHOWS:
        raise BadInput("show: " + ", ".join(queries.SHOWS), field="show")
    by, now = request.actor, clock.now()
    today = clock.local_day(now)
    page = queries.follow_up_page(by, queries.FollowUpFilter(show, mine, q.strip()), cursor or None, today=today)
    audit.saw("followup.listed", "followup", (row.person_id for row in page.rows), by=by, at=now)
    return {"rows": [queries.as_json(line) for line in queries.lines(list(page.rows), today=today)], "next": page.next}


@router.get("/mine", response=list[dict[str, Any]], summary="What is on record of oneself, with every call")
def mine(request: ApiRequest) -> Any:
    rows = queries.own(request.actor)
    calls = {row.pk: [queries.call_json(call) for call in row.calls.all()] for row in rows}
    lines = queries.lines(rows, today=clock.today(), days=None)
    return [queries.as_json(line) | {"calls": calls[line.row.pk]} for line in lines]


@router.get("/{int:follow_up_id}", response=dict[str, Any], summary="One follow-up with what each day came to")
def read(request: ApiRequest, follow_up_id: int) -> Any:
    by, now = request.actor, clock.now()
    row = queries.follow_up_for(by, follow_up_id)
    audit.saw("followup.read", "followup", [row.person_id], by=by, at=now, object_id=row.pk)
    return _one(row)


@router.post("/{int:follow_up_id}/calls", response={201: CallOut}, summary="Enter a call or a visit")
def call(request: ApiRequest, follow_up_id: int, body: CallIn) -> Any:
    row = queries.follow_up_for(request.actor, follow_up_id)
    answers = None if body.answers is None else Answers.read(body.answers)
    return 201, actions.record_call(
        row, how=body.how, outcome=body.outcome, client_key=body.key, answers=answers, note=body.note,
        by=request.actor, at=clock.now(),
    )  # fmt: skip


@router.post("/{int:follow_up_id}/hand-over", response=dict[str, Any], summary="Who looks after them from now on")
def hand_over(request: ApiRequest, follow_up_id: int, body: HandOverIn) -> Any:
    by, now = request.actor, clock.now()
    row = queries.follow_up_for(by, follow_up_id)
    to = named(row, body.to)
    actions.hand_over(row, to, by=by, at=now, version=body.version)
    return _one(queries.follow_up_for(by, follow_up_id))


@router.post("/{int:follow_up_id}/end", response=dict[str, Any], summary="End it by decision, with a reason")
def end(request: ApiRequest, follow_up_id: int, body: EndIn) -> Any:
    by, now = request.actor, clock.now()
    row = queries.follow_up_for(by, follow_up_id)
    actions.end_follow_up(row, reason=body.reason, by=by, at=now, version=body.version)
    return _one(queries.follow_up_for(by, follow_up_id))


def named(row: FollowUp, number: str) -> Person | None:
    """Who is asked, by number; None for an empty one. BadInput for somebody who may not follow the person."""
    if not number:
        return None
    able = holders(queries.WORK, row.person.home_path, on=clock.today())
    found = able.filter(number=number).first()
    if found is None:
        raise BadInput(queries.NOT_ABLE, field="to", code="not_able", number=number)
    return found
