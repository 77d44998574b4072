"""/api/v1/checkins/: the lists of a unit, why somebody stands where they stand, acts on many people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Query, Router, Schema

from shouwang.api.checkins import UnitOut, UnitQuery
from shouwang.api.http import ApiRequest
from shouwang.checkins import actions, queries, tasks
from shouwang.checkins.models import BulkJob
from shouwang.checkins.rules import State
from shouwang.core import clock
from shouwang.core.snapshot import one_moment
from shouwang.org.models import Person
from shouwang.org.queries import organisation_for, person_by_number

router = Router(tags=["checkins"])
Kind = Literal["excuse", "well", "unwell", "remind"]


class ExcuseOut(Schema):
    id: int
    starts: date
    ends: date
    code: str | None = Field(description="Null for whoever may not see answers")


class WhyOut(Schema):
    number: str
    state: str = Field(description="The list the person stands in")
    because: list[str]
    reminders: list[str]
    excuses: list[ExcuseOut]


class BulkIn(Schema):
    kind: Kind
    numbers: list[str] = Field([], max_length=20_000, description="Student or staff numbers; or name a list")
    state: str = Field("", description="Everybody who stands in this list now, when no numbers are given")
    unit: int | None = Field(None, ge=1, le=2**63 - 1)
    code: str = Field("", description="excuse: leave, hospital, no_phone, intern, abroad, exercise, other")
    starts: date | None = None
    ends: date | None = Field(None, description="excuse: the last day, included; required")
    text: str = Field("", description="excuse: a note; well, unwell: why another enters it")


class JobOut(Schema):
    id: int
    kind: Kind
    state: Literal["waiting", "running", "done", "failed"]
    total: int
    done: int
    refused: int
    created_at: datetime
    finished_at: datetime | None
    error: str


class JobRowOut(Schema):
    number: str
    code: str = Field(description="Empty while waiting; ok, unchanged, or the code of the refusal")
    detail: str


class JobRowsOut(Schema):
    job: JobOut
    items: list[JobRowOut]
    next: str | None
    previous: str | None


@router.get("/unit", response=UnitOut, summary="Who is in and who is not yet; never an answer")
def unit(request: ApiRequest, query: Query[UnitQuery]) -> dict[str, Any]:
    by, at = request.actor, clock.now()
    wanted = queries.state_named(by, query.state)
    chosen = organisation_for(by, query.unit, right="checkin.status") if query.unit is not None else None
    on = queries.today_of(at)
    with one_moment():
        scope = queries.scope_of(by, chosen)
        board = queries.board_of(scope, on, at=at)
        if query.q.strip():
            rows = queries.search_page(scope, query.q, cursor=query.cursor)
        else:
            rows = queries.list_page(scope, wanted, on, cursor=query.cursor)
    if wanted in (State.SYMPTOMATIC, State.CONFLICTING) and not query.q.strip():
        actions.note_reading("checkin", [person.pk for person in rows.rows], by=by, at=at)

    def item(person: Person) -> dict[str, Any]:
        latest = person.latest_checkin
        sees = queries.sees_answers(scope, latest)
        return {
            "number": person.number,
            "name": person.name,
            "unit": person.home.title if person.home else None,
            "situation": person.situation,
            "last_heard": latest.day if latest.checkin_id else None,
            "state": queries.stands(latest, on, sees=sees).value,
            "why": str(queries.why_here(latest, on, sees=sees)),
        }

    return {
        "counts": board.counts,
        "states": {state.value: board.states[state] for state in queries.states_for(by)},
        "state": wanted.value,
        "items": [item(person) for person in rows.rows],
        "next": rows.next,
        "previous": rows.previous,
    }


@router.get("/why/{number}", response=WhyOut, summary="Why somebody stands in their list, and is reminded or not")
def why(request: ApiRequest, number: str) -> dict[str, Any]:
    by = request.actor
    person = person_by_number(by, number, right="checkin.status")
    found = queries.explain(by, person.pk, at=clock.now())
    return {
        "number": found.person.number,
        "state": found.state.value,
        "because": [str(line) for line in found.because],
        "reminders": [str(line) for line in found.reminders],
        "excuses": [
            {"id": row.pk, "starts": row.starts, "ends": row.ends, "code": row.code if found.sees_answers else None}
            for row in found.excuses
        ],
    }


@router.post("/bulk", response={201: JobOut}, summary="One act on many people, as a job")
def bulk(request: ApiRequest, body: BulkIn) -> Any:
    by, at = request.actor, clock.now()
    asked = actions.Asked(body.kind, body.code, body.starts, body.ends, body.text)
    if body.numbers:
        chosen = actions.Chosen(ids=tuple(queries.ids_of(body.numbers)))
    else:
        unit = organisation_for(by, body.unit, right="checkin.status") if body.unit is not None else None
        chosen = actions.Chosen(state=queries.state_named(by, body.state), unit=unit)
    job = actions.start_bulk(asked, chosen, by=by, at=at)
    tasks.enqueue(job, at=at)
    return 201, job_out(job)


@router.get("/bulk/{job_id}", response=JobRowsOut, summary="How far a job is, and what became of each person")
def bulk_job(request: ApiRequest, job_id: int, refused: bool = False, cursor: str = "") -> dict[str, Any]:
    job = queries.job_for(request.actor, job_id)
    rows = queries.job_rows(job, refused=refused, cursor=cursor)
    items = [{"number": row.person.number, "code": row.code, "detail": row.detail} for row in rows.rows]
    return {"job": job_out(job), "items": items, "next": rows.next, "previous": rows.previous}


def job_out(job: BulkJob) -> dict[str, Any]:
    return {name: getattr(job, name) for name in JobOut.model_fields}
