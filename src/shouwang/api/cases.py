"""/api/v1/cases/: the desk, one case, opening, classifying, dating, closing; clocks; the epi curve."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal

from ninja import Field, Query, Router, Schema, Status

from shouwang.api.http import ApiRequest
from shouwang.cases import actions, queries, rules
from shouwang.cases.models import Case
from shouwang.cases.outward import card, sent
from shouwang.checkins.queries import UNSPECIFIED, alert_for
from shouwang.core import audit, clock
from shouwang.core.packs import active_packs, get_pack
from shouwang.org.models import Person
from shouwang.org.queries import person_by_number

router = Router(tags=["cases"])
MANAGE = "case.manage"
Class = Literal["suspected", "probable", "confirmed", "asymptomatic", "discarded"]


class PersonOut(Schema):
    id: int
    number: str
    name: str
    unit: str | None = Field(None, description="Title of the home organisation")


class ClockOut(Schema):
    code: str
    name: str
    state: Literal["unstarted", "running", "overdue", "met", "late", "void"]
    starts_at: datetime | None = Field(None, description="Null: the date it begins at is unknown")
    due_at: datetime | None = None
    ended_at: datetime | None = None
    owner_role: str
    owner: str | None = Field(None, description="Name of the person who answers, where the grid knows one")


class CaseOut(Schema):
    id: int
    number: str
    person: PersonOut
    disease: str
    pack: str
    classification: Class
    classified_at: datetime
    onset_at: datetime | None
    onset_day_only: bool
    detected_at: datetime
    reported_at: datetime | None
    isolated_at: datetime | None
    treated_at: datetime | None
    traced_at: datetime | None
    recovered_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    close_reason: str
    alert: int | None = Field(None, alias="alert_id")
    version: int


class StepOut(Schema):
    old: str
    new: Class
    at: datetime
    reason: str


class WindowOut(Schema):
    start: datetime
    end: datetime
    basis: Literal["onset", "detected"]
    ended_by: Literal["isolated", "pack", "now"]
    because: str


class NextOut(Schema):
    """The next step of the case; `final`: it is over, and only reopening is left."""

    code: str
    text: str
    role: str
    owner: str | None = Field(None, description="Name of the person who answers, where the grid knows one")
    due_at: datetime | None = None
    clock: str = ""
    final: bool


class CaseDetail(CaseOut):
    next: NextOut
    clocks: list[ClockOut]
    history: list[StepOut]
    infectious: WindowOut


class CasePage(Schema):
    items: list[CaseOut]
    next: str | None = Field(None, description="Cursor of the next page")
    previous: str | None = None


class ToldOut(Schema):
    what: Literal["owner", "deputy", "above"]
    at: datetime
    person: str | None = Field(None, description="Null: the grid names nobody for this step")


class LateClock(ClockOut):
    case: str = Field(description="Case number")
    case_id: int
    unit: str | None = Field(None, description="Code of the unit whose work it is")
    told: list[ToldOut] = Field([], description="Whom the late clock was taken to, oldest first")
    next_step_at: datetime | None = Field(None, description="When the next one is told")


class ClockPage(Schema):
    at: datetime
    items: list[LateClock]
    next: str | None = Field(None, description="Cursor of the next page")
    previous: str | None = None


class ClockQuery(Schema):
    cursor: str = ""
    size: int = Field(50, ge=1, le=200)


class ClockLists(Schema):
    at: datetime
    late: list[LateClock]
    soon: list[LateClock]


class CurveQuery(Schema):
    first: date
    last: date
    kind: str = Field("onset", description="Date counted on: onset, reported, confirmed")
    disease: str = ""
    classification: str = ""
    unit: str = Field("", description="Code or name")
    place: str = Field("", description="Where people live today: code or name")


class Curve(Schema):
    kind: str
    days: list[date]
    series: dict[str, list[int]]
    unknown: dict[str, int] = Field(description="Cases without that date that were detected in these days, by class")
    total: int


class OpenIn(Schema):
    """Either `alert` (and `pack`, where no disease pack knows of it), or `person` (number) and `pack`."""

    alert: int | None = None
    person: str = ""
    pack: str = Field("", description="Code of an active pack")
    classification: Class = "suspected"
    onset_at: datetime | None = Field(None, description="Without zone: the institution's local time")
    onset_day_only: bool = False
    detected_at: datetime | None = None
    reason: str


class ClassifyIn(Schema):
    classification: Class
    reason: str
    version: int | None = Field(None, description="The version you read; 409 when somebody changed the case since")


class DatesIn(Schema):
    """Only the dates that are sent are changed; null makes one unknown again."""

    onset_at: datetime | None = None
    onset_day_only: bool | None = None
    detected_at: datetime | None = None
    reported_at: datetime | None = None
    isolated_at: datetime | None = None
    treated_at: datetime | None = None
    traced_at: datetime | None = None
    recovered_at: datetime | None = None
    reason: str = ""
    version: int | None = None


class EndIn(Schema):
    reason: str
    version: int | None = None


class DeskQuery(Schema):
    disease: str = ""
    classification: str = ""
    state: str = "open"
    q: str = Field("", description="Case number, person number or name, from the beginning")
    cursor: str = ""
    size: int = Field(50, ge=1, le=200)


@router.get("/", response=CasePage, summary="The desk: cases newest first")
def list_cases(request: ApiRequest, query: Query[DeskQuery]) -> Any:
    by = request.actor
    by.require(queries.VIEW)
    wanted = queries.DeskFilter(query.disease, query.classification, query.state, query.q)
    page = queries.desk(by, wanted, cursor=query.cursor, size=query.size)
    audit.saw("case.listed", "case", (case.person_id for case in page.rows), by=by, at=clock.now())
    return {"items": [_case(case) for case in page.rows], "next": page.next, "previous": page.previous}


@router.post("/", response={201: CaseDetail}, summary="Open a case, from an alert or by person and pack")
def open_case(request: ApiRequest, body: OpenIn) -> Any:
    by, at = request.actor, clock.now()
    alert = alert_for(by, body.alert) if body.alert is not None else None
    if alert is not None and alert.disease != UNSPECIFIED:
        person, pack = alert.person, get_pack(alert.pack)
    else:
        person = alert.person if alert is not None else person_by_number(by, body.person, right=MANAGE)
        pack = queries.active_pack(active_packs(clock.local_day(at)), body.pack)
    case = actions.open_case(
        person=person,
        pack=pack,
        classification=body.classification,
        onset_at=body.onset_at,
        onset_day_only=body.onset_day_only,
        detected_at=body.detected_at,
        reason=body.reason,
        alert=alert,
        by=by,
        at=at,
    )
    return Status(201, _detail(request, case.pk))


@router.get("/clocks", response=ClockLists, summary="Late clocks, and those due within the next hours")
def clocks(request: ApiRequest) -> Any:
    by, at = request.actor, clock.now()
    by.require(queries.VIEW)
    near = queries.awaited_in_reach(by)
    late = queries.clock_page(queries.late_clocks(by, at, near=near), "", 500).rows
    soon = queries.clock_page(queries.due_soon(by, at, near=near), "", 500).rows
    audit.saw("clock.listed", "case", (row.case.person_id for row in (*late, *soon)), by=by, at=at)
    rows = [_late(row, at) for row in queries.clock_rows([*late, *soon])]
    return {"at": at, "late": rows[: len(late)], "soon": rows[len(late) :]}


@router.get("/clocks/late", response=ClockPage, summary="Late clocks page by page, the oldest first")
def clocks_late(request: ApiRequest, query: Query[ClockQuery]) -> Any:
    return _clock_page(request, query, soon=False)


@router.get("/clocks/soon", response=ClockPage, summary="Clocks due within the next hours, page by page")
def clocks_soon(request: ApiRequest, query: Query[ClockQuery]) -> Any:
    return _clock_page(request, query, soon=True)


def _clock_page(request: ApiRequest, query: ClockQuery, *, soon: bool) -> dict[str, Any]:
    by, at = request.actor, clock.now()
    by.require(queries.VIEW)
    found = queries.due_soon(by, at) if soon else queries.late_clocks(by, at)
    page = queries.clock_page(found, query.cursor, query.size)
    audit.saw("clock.listed", "case", (row.case.person_id for row in page.rows), by=by, at=at)
    rows = queries.clock_rows(page.rows)
    return {"at": at, "items": [_late(row, at) for row in rows], "next": page.next, "previous": page.previous}


@router.get("/epicurve", response=Curve, summary="Cases by day and class, within reach of report.view")
def epicurve(request: ApiRequest, query: Query[CurveQuery]) -> Any:
    by, words = request.actor, query.model_dump(exclude={"first", "last"})
    by.require("report.view")
    found = queries.curve_for(by, query.first, query.last, queries.curve_of(by, **words))
    return {
        "kind": found.kind, "days": found.days, "series": found.series, "unknown": found.unknown, "total": found.total,
    }  # fmt: skip


class DelayQuery(Schema):
    first: date | None = Field(None, description="Day of detection; twelve weeks up to today where left out")
    last: date | None = None
    disease: str = ""
    unit: str = Field("", description="Code or name")


@router.get("/delays", response=dict[str, Any], summary="Medians and 90th percentiles by week and unit, and 7-1-7")
def delays(request: ApiRequest, query: Query[DelayQuery]) -> Any:
    """Numbers only, never names. Of each: how many of how many cases are known, wait or are missing. Hours are null
    where nothing is known and where one to four cases are."""
    by, at = request.actor, clock.now()
    by.require("report.view")
    last = query.last or clock.local_day(at)
    first = query.first or last - timedelta(days=last.weekday(), weeks=queries.WEEKS - 1)
    return queries.delays_json(
        queries.delays_of(by, first=first, last=last, disease=query.disease, unit=query.unit, at=at)
    )


@router.get("/{int:case_id}", response=CaseDetail, summary="One case with its clocks and history")
def get_case(request: ApiRequest, case_id: int) -> Any:
    return _detail(request, case_id)


@router.get(
    "/{int:case_id}/card", response=dict[str, Any],
    summary="Draft of the statutory report card: what is known, what is missing, by when it is due",
)  # fmt: skip
def report_card(request: ApiRequest, case_id: int) -> Any:
    by, at = request.actor, clock.now()
    case = queries.case_for(by, case_id)
    found = card.card_of(by, case, at=at)
    audit.saw("case.carded", "case", [case.person_id], by=by, at=at, object_id=case.pk)
    rows = sent.sent_cards(case)
    changed = sent.changes_since(by, found, rows[0] if rows else None)
    return {
        **card.card_json(found),
        "sent": [{"sent_at": row.sent_at, "reference": row.reference} for row in rows],
        "changed": [{"label": row.label, "before": row.before, "now": row.now} for row in changed],
    }


class CardSentIn(Schema):
    sent_at: datetime
    reference: str = Field("", description="Number in the national system")


@router.post("/{int:case_id}/card/sent", response=dict[str, Any], summary="The card was put into the national system")
def card_sent(request: ApiRequest, case_id: int, body: CardSentIn) -> Any:
    """What the draft says now is kept; the first one is the case's report and ends its clock."""
    case = queries.case_for(request.actor, case_id)
    row = sent.record_sent(case, by=request.actor, at=clock.now(), **body.model_dump())
    return {"sent_at": row.sent_at, "reference": row.reference, "entries": row.entries}


@router.post("/{int:case_id}/classify", response=CaseDetail, summary="Classify, with a reason")
def classify(request: ApiRequest, case_id: int, body: ClassifyIn) -> Any:
    case = queries.case_for(request.actor, case_id)
    actions.classify(
        case, new=body.classification, reason=body.reason, version=body.version, by=request.actor, at=clock.now()
    )
    return _detail(request, case_id)


@router.patch("/{int:case_id}/dates", response=CaseDetail, summary="Set or correct dates")
def dates(request: ApiRequest, case_id: int, body: DatesIn) -> Any:
    case = queries.case_for(request.actor, case_id)
    sent = body.model_dump(exclude_unset=True, exclude={"reason", "version"})
    actions.set_dates(case, by=request.actor, at=clock.now(), version=body.version, reason=body.reason, **sent)
    return _detail(request, case_id)


@router.post("/{int:case_id}/close", response=CaseDetail, summary="Close, with a reason")
def close(request: ApiRequest, case_id: int, body: EndIn) -> Any:
    case = queries.case_for(request.actor, case_id)
    actions.close_case(case, reason=body.reason, version=body.version, by=request.actor, at=clock.now())
    return _detail(request, case_id)


@router.post("/{int:case_id}/reopen", response=CaseDetail, summary="Reopen what was closed too early")
def reopen(request: ApiRequest, case_id: int, body: EndIn) -> Any:
    case = queries.case_for(request.actor, case_id)
    actions.reopen_case(case, reason=body.reason, version=body.version, by=request.actor, at=clock.now())
    return _detail(request, case_id)


def _person(person: Person) -> dict[str, Any]:
    unit = person.home.title if person.home else None
    return {"id": person.pk, "number": person.number, "name": person.name, "unit": unit}


def _case(case: Case) -> dict[str, Any]:
    plain = (
        "id", "number", "disease", "pack", "classification", "classified_at", *actions.DATE_FIELDS, "onset_day_only",
        "opened_at", "closed_at", "close_reason", "alert_id", "version",
    )  # fmt: skip
    return {"person": _person(case.person), **{name: getattr(case, name) for name in plain}}


def _detail(request: ApiRequest, case_id: int) -> dict[str, Any]:
    """One case as its reader may see it; recorded as read."""
    by, at = request.actor, clock.now()
    case = queries.case_for(by, case_id)
    audit.saw("case.viewed", "case", [case.person_id], by=by, at=at, object_id=case.pk)
    window, faces = queries.infectious_window(case, at), queries.clock_faces(case, at)
    return {
        **_case(case),
        "next": _next(queries.next_of(case, faces)),
        "clocks": [_face(face) for face in faces],
        "history": [{"old": s.old, "new": s.new, "at": s.at, "reason": s.reason} for s in case.history.all()],
        "infectious": {
            "start": window.start,
            "end": window.end,
            "basis": window.basis,
            "ended_by": window.ended_by,
            "because": window.because,
        },
    }


def _face(face: queries.Face) -> dict[str, Any]:
    return {
        "code": face.code,
        "name": str(face.name),
        "state": face.state,
        "starts_at": face.starts,
        "due_at": face.due,
        "ended_at": face.ended,
        "owner_role": face.owner_role,
        "owner": face.owner.name if face.owner else None,
    }


def _next(found: queries.Next) -> dict[str, Any]:
    step = found.step
    return {
        "code": step.code, "text": step.text, "role": step.role, "owner": found.owner.name if found.owner else None,
        "due_at": step.due, "clock": step.clock, "final": step.final,
    }  # fmt: skip


def _late(found: queries.ClockRow, at: datetime) -> dict[str, Any]:
    row = found.clock
    return {
        "code": row.code,
        "name": row.title,
        "state": rules.clock_state(row.due_at, row.ended_at, now=at),
        "starts_at": row.starts_at,
        "due_at": row.due_at,
        "ended_at": row.ended_at,
        "owner_role": row.owner_role,
        "owner": row.owner.name if row.owner else None,
        "case": row.case.number,
        "case_id": row.case_id,
        "unit": row.unit.code if row.unit else None,
        "told": [
            {"what": event.what, "at": event.at, "person": event.person.name if event.person else None}
            for event in found.told
        ],
        "next_step_at": row.step_at,
    }


class MergeIn(Schema):
    other: str = Field(description="Number of the duplicate: same person, same disease")
    reason: str
    dry_run: bool = Field(False, description="Only say what would move")


@router.post("/{int:case_id}/merge", response=dict[str, Any], summary="Another case is the same episode: merge it in")
def merge(request: ApiRequest, case_id: int, body: MergeIn) -> Any:
    by, found = request.actor, queries.case_for(request.actor, case_id)
    other = queries.case_by_number(by, body.other)
    if body.dry_run:
        plan = actions.plan_of(found, other, by=by)
        return {side: dict(rows) for side, rows in plan.items()}
    row = actions.merge_cases(found, other, reason=body.reason, by=by, at=clock.now())
    return {"merge": row.pk, "kept": found.number, "merged": other.number, "taken": row.before["taken"]}


@router.post("/merges/{int:merge_id}/undo", response=dict[str, Any], summary="They were two cases after all")
def unmerge(request: ApiRequest, merge_id: int, body: EndIn) -> Any:
    row = queries.merge_for(request.actor, merge_id)
    actions.unmerge_cases(row, reason=body.reason, by=request.actor, at=clock.now())
    return {"merge": row.pk, "state": row.state}
