"""/api/v1/tracing/: what people say in interviews, with what contradicts it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Field, File, Form, Router, Schema
from ninja.files import UploadedFile

from shouwang.api.http import ApiRequest
from shouwang.core import audit, clock
from shouwang.core.http import CSV, DOCX, XLSX
from shouwang.org.queries import person_by_number
from shouwang.tracing import queries
from shouwang.tracing.actions import interview as actions
from shouwang.tracing.actions import outside
from shouwang.tracing.actions import sheet as sheets
from shouwang.tracing.actions import unknowns as unknown_actions
from shouwang.tracing.queries import interviews, scripts
from shouwang.tracing.queries import unknowns as unknown_queries
from shouwang.tracing.rules.interviews import MOST_OFF, Said
from shouwang.tracing.rules.unknowns import Sketch
from shouwang.tracing.views.uploads import kept

router = Router(tags=["tracing"])
LARGEST_ID = 2**63 - 1
Version = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class StatementIn(Schema):
    starts_at: datetime
    ends_at: datetime
    certainty: Literal["sure", "about", "heard"]
    give_or_take: Annotated[int, Field(ge=0, le=MOST_OFF)] | None = Field(
        None, description="Minutes either end may be off; null: as presence.toml assumes for this certainty"
    )
    where: str = Field("", description="Code or name of a place, then the next trace uses it; else words")
    company: str = Field("", description="With whom or what, in words")
    companions: list[str] = Field([], description="Student or staff numbers of people who were there")


class EnterIn(StatementIn):
    person: str = Field("", description="Number of a contact of the case; empty: the case's own person")


class CorrectIn(StatementIn):
    reason: str
    version: Version | None = None


class WithdrawIn(Schema):
    reason: str
    version: Version | None = None


class StatementOut(Schema):
    id: int
    case_id: int
    person: str
    version: int
    state: Literal["standing", "replaced", "withdrawn"]
    where: str
    place_id: int | None = Field(description="Null: in words only, the trace cannot use it")
    starts_at: datetime
    ends_at: datetime
    certainty: str
    give_or_take: int | None
    company: str
    companions: list[str]
    reason: str
    entered_at: datetime
    entered_by: str | None


class ClashOut(Schema):
    statement: int
    place: str
    source: str
    expected: bool = Field(description="Nobody saw the person there: a bed or a timetable says so")
    start: datetime
    end: datetime


class TellingOut(Schema):
    person: str
    statements: list[StatementOut]
    earlier: list[StatementOut]
    conflicts: list[ClashOut]
    uncovered: list[tuple[datetime, datetime]] = Field(description="Of the case's person: an hour or longer, unknown")
    newer_than_trace: int


@router.get("/cases/{int:case_id}/interview", response=TellingOut, summary="Statements, conflicts, uncovered hours")
def telling(request: ApiRequest, case_id: int, person: str = "") -> Any:
    by, at = request.actor, clock.now()
    case = queries.case_to_trace(by, case_id)
    who = interviews.speaker(case, person)
    audit.saw("statement.read", "case", [who.pk], by=by, at=at, object_id=case.pk)
    return interviews.telling_json(interviews.telling(by, case, who, at))


@router.post("/cases/{int:case_id}/interview", response=StatementOut, summary="Enter what somebody said")
def enter(request: ApiRequest, case_id: int, body: EnterIn) -> Any:
    by = request.actor
    case = queries.case_to_trace(by, case_id)
    row = actions.state(case, interviews.speaker(case, body.person), _said(request, body), by=by, at=clock.now())
    return interviews.as_json(row)


@router.post("/statements/{int:statement_id}/correct", response=StatementOut, summary="A new version; the old is kept")
def correct(request: ApiRequest, statement_id: int, body: CorrectIn) -> Any:
    by = request.actor
    row = interviews.statement_for(by, statement_id)
    said = _said(request, body)
    done = actions.correct(row, said, reason=body.reason, version=body.version, by=by, at=clock.now())
    return interviews.as_json(done)


@router.post("/statements/{int:statement_id}/withdraw", response=StatementOut, summary="It no longer counts, and why")
def withdraw(request: ApiRequest, statement_id: int, body: WithdrawIn) -> Any:
    by = request.actor
    row = interviews.statement_for(by, statement_id)
    done = actions.withdraw(row, reason=body.reason, version=body.version, by=by, at=clock.now())
    return interviews.as_json(done)


def _said(request: ApiRequest, body: StatementIn) -> Said:
    return interviews.said(
        request.actor,
        where=body.where,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        certainty=body.certainty,
        company=body.company,
        companions=",".join(body.companions),
        give_or_take=body.give_or_take,
    )


class UnknownIn(Schema):
    description: str
    starts_at: datetime
    ends_at: datetime | None = Field(None, description="Null: nobody knows how long")
    place_text: str = ""
    find_by: str = Field("", description="How they could be found")


class UnknownOut(UnknownIn):
    id: int
    case_id: int
    state: Literal["unknown", "identified", "not_found"]
    reason: str
    contact_id: int | None
    person: str | None
    entered_at: datetime
    version: int


class IdentifyIn(Schema):
    person: str = Field(description="Student or staff number")
    ends_at: datetime | None = Field(None, description="Needed where nobody had known how long")
    version: Version | None = None


@router.get("/cases/{int:case_id}/unknown", response=list[UnknownOut], summary="Contacts nobody knows yet")
def unknowns(request: ApiRequest, case_id: int) -> Any:
    by = request.actor
    case = queries.case_to_trace(by, case_id)
    audit.saw("unknown.read", "case", [case.person_id], by=by, at=clock.now(), object_id=case.pk)
    return [unknown_queries.as_json(row) for row in unknown_queries.unknowns_of(by, case)]


@router.post("/cases/{int:case_id}/unknown", response=UnknownOut, summary="Note a contact nobody knows yet")
def note_unknown(request: ApiRequest, case_id: int, body: UnknownIn) -> Any:
    by = request.actor
    ends_at = clock.aware(body.ends_at) if body.ends_at else None
    sketch = Sketch(body.description, clock.aware(body.starts_at), ends_at, body.place_text, body.find_by)
    case = queries.case_to_trace(by, case_id)
    return unknown_queries.as_json(unknown_actions.note(case, sketch, by=by, at=clock.now()))


@router.post("/unknown/{int:unknown_id}/identify", response=UnknownOut, summary="It is this person; traces again")
def identify_unknown(request: ApiRequest, unknown_id: int, body: IdentifyIn) -> Any:
    by = request.actor
    row = unknown_queries.unknown_for(by, unknown_id)
    person = person_by_number(by, body.person, "trace.work")
    ends_at = clock.aware(body.ends_at) if body.ends_at else None
    done = unknown_actions.identify(row, person, ends_at=ends_at, version=body.version, by=by, at=clock.now())
    return unknown_queries.as_json(done)


@router.post("/unknown/{int:unknown_id}/give-up", response=UnknownOut, summary="Could not be found, and what was tried")
def give_up_unknown(request: ApiRequest, unknown_id: int, body: WithdrawIn) -> Any:
    by = request.actor
    row = unknown_queries.unknown_for(by, unknown_id)
    done = unknown_actions.give_up(row, reason=body.reason, version=body.version, by=by, at=clock.now())
    return unknown_queries.as_json(done)


class AskedOut(Schema):
    question: str
    text: str
    hint: str
    health: bool
    source: str
    assumption: bool
    answer: str | None = Field(description="Null: answered, but reading it needs case.view")
    walled: bool
    at: datetime | None


class AnswersIn(Schema):
    person: str = Field("", description="Number of a contact of the case; empty: the case's own person")
    answers: dict[str, str] = Field(description="By question; an empty text takes the earlier answer back")


@router.get("/cases/{int:case_id}/script", response=list[AskedOut], summary="Questions of the interview, with answers")
def script(request: ApiRequest, case_id: int, person: str = "") -> Any:
    by = request.actor
    case = queries.case_to_trace(by, case_id)
    who = interviews.speaker(case, person)
    audit.saw("interview.read", "case", [who.pk], by=by, at=clock.now(), object_id=case.pk)
    return [scripts.as_json(item) for item in scripts.asked(by, case, who)]


@router.post("/cases/{int:case_id}/script", response=list[AskedOut], summary="Keep answers by question")
def answer(request: ApiRequest, case_id: int, body: AnswersIn) -> Any:
    by = request.actor
    case = queries.case_to_trace(by, case_id)
    who = interviews.speaker(case, body.person)
    actions.answer(case, who, body.answers, by=by, at=clock.now())
    return [scripts.as_json(item) for item in scripts.asked(by, case, who)]


TYPES = {"xlsx": XLSX, "docx": DOCX, "sormas": CSV, "godata": CSV}


class SheetIn(Schema):
    form: Literal["xlsx", "docx", "sormas", "godata"] = "xlsx"
    full: bool = Field(False, description="Names, numbers and telephones written out; recorded either way")


@router.post("/cases/{int:case_id}/sheet", response={200: None}, summary="The hand-over sheet, or a file of contacts")
def hand_over_sheet(request: ApiRequest, case_id: int, body: SheetIn) -> Any:
    case = queries.case_to_trace(request.actor, case_id)
    content = sheets.hand_over_sheet(case, form=body.form, full=body.full, by=request.actor, at=clock.now())
    return HttpResponse(content, content_type=TYPES[body.form])


class BringIn(Schema):
    order: Literal["", "day", "month"] = Field("", description="How days are written; empty: found out from the file")
    dry_run: bool = Field(False, description="Only say what the file holds")


@router.post("/cases/{int:case_id}/contacts/file", response=dict[str, Any], operation_id="bring_contacts")
def bring_contacts(request: ApiRequest, case_id: int, file: File[UploadedFile], body: Form[BringIn]) -> Any:
    """Note the contacts of a file of SORMAS or Go.Data with the case, as people nobody knows yet."""
    case = queries.case_to_trace(request.actor, case_id)
    with kept(file) as path:
        found = outside.bring_contacts(
            case, path, name=file.name or "", order=body.order, dry_run=body.dry_run, by=request.actor, at=clock.now()
        )
    return found.as_dict()
