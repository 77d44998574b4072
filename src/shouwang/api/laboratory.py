"""/api/v1/tests: tests, samples, results, laboratories' files, the review queue, testing days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, File, Query, Router, Schema, Status, UploadedFile

from shouwang.api.http import ApiRequest
from shouwang.api.org import RunOut
from shouwang.cases.laboratory import actions, queries
from shouwang.cases.laboratory.models import DayMember, ReviewItem, Sample, Test, TestDay
from shouwang.cases.queries import case_for
from shouwang.core import audit, clock
from shouwang.core.paging import keyset_page
from shouwang.org.queries import organisation_named, person_by_number

router = Router(tags=["tests"])
LARGEST_ID = 2**63 - 1
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
OutcomeWord = Literal["negative", "positive", "inconclusive", "invalid"]


class TestOut(Schema):
    id: int
    person: str = Field(description="Number")
    name: str
    method: str
    disease: str
    purpose: str
    state: Literal["ordered", "taken", "received", "resulted", "retest", "cancelled"]
    sample: int | None
    barcode: str | None
    ordered_at: datetime
    taken_at: datetime | None
    received_at: datetime | None
    resulted_at: datetime | None = Field(description="When the laboratory says it was found; null where it does not")
    due_at: datetime | None
    outcome: str
    value: str
    laboratory: str
    pool_of: int = Field(description="People in the tube the outcome came from; 0: a tube of one's own")
    retest_of: int | None


class TestPage(Schema):
    items: list[TestOut]
    next: str | None = None
    previous: str | None = None


class LinkOut(Schema):
    at: datetime
    giver: str
    taker: str
    at_laboratory: bool
    note: str


class ResultOut(Schema):
    version: int
    outcome: OutcomeWord
    value: str
    laboratory: str
    resulted_at: datetime | None
    entered_at: datetime
    reason: str


class SampleOut(Schema):
    id: int
    barcode: str
    capacity: int
    method: str
    disease: str
    taken_at: datetime
    taken_where: str
    received_at: datetime | None
    laboratory: str
    outcome: str
    version: int = Field(description="Of the result; 0: none yet")
    tests: list[TestOut]
    others: int = Field(description="People of other units in the same tube")
    handovers: list[LinkOut]
    results: list[ResultOut]


class OrderIn(Schema):
    """Either `case`, or `person` (number) and `disease`."""

    method: str
    case: Id | None = None
    person: str = ""
    disease: str = ""
    purpose: str = "other"
    ordered_at: datetime | None = None
    note: str = ""


class TakeIn(Schema):
    tests: list[Id] = Field(min_length=1, max_length=50)
    barcode: str
    capacity: int = 1
    taken_at: datetime | None = None
    where: str = ""


class HandIn(Schema):
    giver: str
    taker: str
    laboratory: str = Field("", description="Only when the laboratory has it now")
    handed_at: datetime | None = None
    note: str = ""


class ResultIn(Schema):
    outcome: OutcomeWord
    value: str = ""
    laboratory: str = ""
    resulted_at: datetime | None = None
    reason: str = Field("", description="Of a correction")
    version: int | None = Field(None, description="The version you read; 409 when there is a newer one")


class ReasonIn(Schema):
    reason: str


class ReviewOut(Schema):
    id: int
    why: str
    words: str
    row: int
    barcode: str
    number: str
    name: str
    outcome: OutcomeWord
    value: str
    resulted_at: datetime | None
    settled: str


class ReviewPage(Schema):
    items: list[ReviewOut]
    next: str | None = None
    previous: str | None = None


class ResolveIn(Schema):
    barcode: str = Field("", description="Of the sample it belongs to; empty: set aside")
    reason: str


class LegOut(Schema):
    name: Literal["take", "receive", "result", "laboratory", "whole"]
    known: int
    total: int
    median_hours: float | None
    p90_hours: float | None


class TurnaroundOut(Schema):
    first: date
    last: date
    overdue: int
    legs: list[LegOut]


class DayIn(Schema):
    organisation: str = Field(description="Code or name")
    day: date
    method: str
    disease: str
    capacity: int = 1
    title: str = ""


class LineOut(Schema):
    unit: str | None
    taken: int
    waiting: int
    excused: int
    expected: int = Field(description="taken + waiting + excused")


class DayOut(Schema):
    id: int
    title: str
    day: date
    method: str
    disease: str
    capacity: int
    closed_at: datetime | None
    total: LineOut
    lines: list[LineOut]


class StationIn(Schema):
    barcode: str
    numbers: list[str] = Field(min_length=1, max_length=50)
    taken_at: datetime | None = None
    where: str = ""


class MemberOut(Schema):
    id: int
    person: str
    name: str
    unit: str | None
    state: str
    why: str | None = Field(description="Null: the reader may not know")


class MemberPage(Schema):
    items: list[MemberOut]
    next: str | None = None
    previous: str | None = None


class WhyIn(Schema):
    why: str = ""
    note: str = ""
    excuse: bool = False


class DeskQuery(Schema):
    show: str = "open"
    method: str = ""
    q: str = ""
    cursor: str = ""
    size: int = Field(50, ge=1, le=200)


def _test(test: Test) -> dict[str, Any]:
    plain = (
        "id", "method", "disease", "purpose", "state", "ordered_at", "taken_at", "received_at", "resulted_at", "due_at",
        "outcome", "value", "laboratory", "pool_of",
    )  # fmt: skip
    return {
        **{name: getattr(test, name) for name in plain},
        "person": test.person.number,
        "name": test.person.name,
        "sample": test.sample_id,
        "barcode": test.sample.barcode if test.sample else None,
        "retest_of": test.retest_of_id,
    }


def _tests(page: Any, request: ApiRequest) -> dict[str, Any]:
    audit.saw("test.listed", "test", (test.person_id for test in page.rows), by=request.actor, at=clock.now())
    return {"items": [_test(test) for test in page.rows], "next": page.next, "previous": page.previous}


def _sample(request: ApiRequest, sample_id: int) -> dict[str, Any]:
    by = request.actor
    found = queries.sample_for(by, sample_id)
    inside, others = queries.inside(by, found)
    audit.saw("sample.viewed", "sample", (t.person_id for t in inside), by=by, at=clock.now(), object_id=found.pk)
    plain = (
        "id", "barcode", "capacity", "method", "disease", "taken_at", "taken_where", "received_at", "laboratory",
        "outcome",
    )  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "version": found.result_version,
        "tests": [_test(test) for test in inside],
        "others": others,
        "handovers": list(found.handovers.all()),
        "results": list(found.results.all()),
    }


@router.get("/", response=TestPage, operation_id="tests", summary="Tests within reach")
def listing(request: ApiRequest, query: Query[DeskQuery]) -> Any:
    by, at = request.actor, clock.now()
    by.require(queries.VIEW)
    wanted = queries.TestFilter(query.show, query.method, query.q)
    return _tests(queries.desk(by, wanted, at=at, cursor=query.cursor, size=query.size), request)


@router.post("/", response={201: TestOut}, operation_id="order_test", summary="Order a test")
def order(request: ApiRequest, body: OrderIn) -> Any:
    by, at = request.actor, clock.now()
    case = case_for(by, body.case) if body.case is not None else None
    person = case.person if case is not None else person_by_number(by, body.person, right=actions.ORDER)
    test = actions.order_test(
        person, method=body.method, disease=body.disease, purpose=body.purpose, case=case,
        ordered_at=body.ordered_at, note=body.note, by=by, at=at,
    )  # fmt: skip
    return Status(201, _test(queries.test_for(by, test.pk)))


@router.get("/mine", response=list[TestOut], operation_id="my_tests", summary="What is on record of oneself")
def mine(request: ApiRequest) -> Any:
    return [_test(test) for test in queries.own_tests(request.actor)]


@router.get("/unmatched", response=TestPage, operation_id="unmatched_tests", summary="Positive without a case")
def unmatched(request: ApiRequest, cursor: str = "") -> Any:
    request.actor.require(queries.VIEW)
    return _tests(keyset_page(queries.unmatched(request.actor), ("told_at", "id"), cursor or None), request)


@router.get("/turnaround", response=TurnaroundOut, operation_id="tests_turnaround")
def turnaround(request: ApiRequest, first: date, last: date, method: str = "") -> Any:
    return queries.turnaround(request.actor, first, last, at=clock.now(), method=method)


@router.post("/samples", response={201: SampleOut}, operation_id="take_sample", summary="Swabs into one tube")
def take(request: ApiRequest, body: TakeIn) -> Any:
    by = request.actor
    tests = [queries.test_for(by, pk) for pk in dict.fromkeys(body.tests)]
    sample = actions.take_sample(
        tests, barcode=body.barcode, capacity=body.capacity, taken_at=body.taken_at, where=body.where, by=by,
        at=clock.now(),
    )  # fmt: skip
    return Status(201, _sample(request, sample.pk))


@router.get("/samples/{int:sample_id}", response=SampleOut, operation_id="sample")
def sample(request: ApiRequest, sample_id: int) -> Any:
    return _sample(request, sample_id)


@router.post("/samples/{int:sample_id}/hand-over", response=SampleOut, operation_id="hand_over_sample")
def hand_over(request: ApiRequest, sample_id: int, body: HandIn) -> Any:
    by, at = request.actor, clock.now()
    found = queries.sample_for(by, sample_id)
    who = {"giver": body.giver, "taker": body.taker, "note": body.note}
    if body.laboratory:
        actions.receive_sample(found, laboratory=body.laboratory, received_at=body.handed_at, by=by, at=at, **who)
    else:
        actions.hand_over(found, handed_at=body.handed_at, by=by, at=at, **who)
    return _sample(request, sample_id)


@router.post("/samples/{int:sample_id}/result", response=SampleOut, operation_id="sample_result")
def result(request: ApiRequest, sample_id: int, body: ResultIn) -> Any:
    found = queries.sample_for(request.actor, sample_id)
    actions.record_result(found, by=request.actor, at=clock.now(), **body.model_dump())
    return _sample(request, sample_id)


@router.post("/files", response={202: RunOut}, operation_id="upload_results", summary="Upload a laboratory's file")
def upload(request: ApiRequest, file: File[UploadedFile]) -> Any:
    run = actions.upload_results(file.name or "", file.chunks(), by=request.actor, at=clock.now())
    return Status(202, run)


@router.get("/files/{int:run_id}", response=RunOut, operation_id="results_file")
def file_run(request: ApiRequest, run_id: int) -> Any:
    return queries.run_for(request.actor, run_id)


@router.post("/files/{int:run_id}/commit", response={202: RunOut}, operation_id="commit_results")
def commit(request: ApiRequest, run_id: int) -> Any:
    run = queries.run_for(request.actor, run_id)
    return Status(202, actions.confirm_results(run, by=request.actor, at=clock.now()))


@router.get("/review", response=ReviewPage, operation_id="test_review", summary="Rows that name nobody for certain")
def review(request: ApiRequest, settled: bool = False, cursor: str = "") -> Any:
    by, at = request.actor, clock.now()
    page = queries.review_page(by, settled=settled, cursor=cursor)
    audit.saw("test_review.listed", "test_review", queries.people_named(list(page.rows)), by=by, at=at)
    return {"items": [_item(item) for item in page.rows], "next": page.next, "previous": page.previous}


def _item(item: ReviewItem) -> dict[str, Any]:
    plain = ("id", "why", "row", "barcode", "number", "name", "outcome", "value", "resulted_at", "settled")
    return {**{name: getattr(item, name) for name in plain}, "words": str(item.get_why_display())}


@router.post("/review/{int:item_id}", response=ReviewOut, operation_id="resolve_review")
def resolve(request: ApiRequest, item_id: int, body: ResolveIn) -> Any:
    by, at = request.actor, clock.now()
    item = queries.item_for(by, item_id)
    if body.barcode:
        found: Sample = queries.sample_by_barcode(by, body.barcode)
        return _item(actions.take_over(item, found, reason=body.reason, by=by, at=at))
    return _item(actions.set_aside(item, reason=body.reason, by=by, at=at))


@router.get("/days", response=list[DayOut], operation_id="test_days", summary="The latest testing days within reach")
def days(request: ApiRequest) -> Any:
    return [_day(request, day) for day in queries.days_page(request.actor).rows[:10]]


@router.post("/days", response={201: DayOut}, operation_id="make_test_day")
def make_day(request: ApiRequest, body: DayIn) -> Any:
    by = request.actor
    unit = organisation_named(by, body.organisation, actions.ORDER)
    values = body.model_dump(exclude={"organisation"})
    return Status(201, _day(request, actions.make_day(unit, by=by, at=clock.now(), **values)))


@router.get("/days/{int:day_id}", response=DayOut, operation_id="test_day")
def day(request: ApiRequest, day_id: int) -> Any:
    return _day(request, queries.day_for(request.actor, day_id))


def _day(request: ApiRequest, found: TestDay) -> dict[str, Any]:
    lines = queries.lines(request.actor, found)
    plain = ("id", "title", "day", "method", "disease", "capacity", "closed_at")
    return {
        **{name: getattr(found, name) for name in plain},
        "total": _line(queries.total(lines)),
        "lines": [_line(line) for line in lines],
    }


def _line(line: queries.Line) -> dict[str, Any]:
    numbers = {name: getattr(line, name) for name in ("taken", "waiting", "excused", "expected")}
    return {"unit": line.unit.title if line.unit else None, **numbers}


@router.get("/days/{int:day_id}/missing", response=MemberPage, operation_id="test_day_missing")
def missing(
    request: ApiRequest, day_id: int, state: Literal["waiting", "excused"] = "waiting", cursor: str = ""
) -> Any:
    by, at = request.actor, clock.now()
    found = queries.day_for(by, day_id)
    page = queries.not_taken(by, found, state=state, cursor=cursor)
    sees = by.holds(actions.SEES_REASONS)
    if sees:
        audit.saw("test_day.listed", "test_day", (m.person_id for m in page.rows), by=by, at=at, object_id=found.pk)
    items = [_member(member, sees) for member in page.rows]
    return {"items": items, "next": page.next, "previous": page.previous}


def _member(member: DayMember, sees: bool) -> dict[str, Any]:
    return {
        "id": member.pk, "person": member.person.number, "name": member.person.name,
        "unit": member.home.title if member.home else None, "state": member.state, "why": member.why if sees else None,
    }  # fmt: skip


@router.post("/days/{int:day_id}/take", response={201: SampleOut}, operation_id="take_on_test_day")
def station(request: ApiRequest, day_id: int, body: StationIn) -> Any:
    by = request.actor
    found = queries.day_for(by, day_id)
    by.require(actions.ORDER)
    sample = actions.take_on_day(
        found, barcode=body.barcode, numbers=body.numbers, taken_at=body.taken_at, where=body.where, by=by,
        at=clock.now(),
    )  # fmt: skip
    return Status(201, _sample(request, sample.pk))


@router.post("/days/{int:day_id}/members/{int:member_id}", response=MemberOut, operation_id="note_test_day_member")
def note(request: ApiRequest, day_id: int, member_id: int, body: WhyIn) -> Any:
    by = request.actor
    found = queries.day_for(by, day_id)
    by.require(actions.SEES_REASONS)
    member = queries.member_for(by, found, member_id)
    return _member(actions.note_reason(member, by=by, at=clock.now(), **body.model_dump()), True)


@router.post("/days/{int:day_id}/close", response=DayOut, operation_id="close_test_day")
def close(request: ApiRequest, day_id: int) -> Any:
    found = queries.day_for(request.actor, day_id)
    return _day(request, actions.close_day(found, by=request.actor, at=clock.now()))


@router.get("/{int:test_id}", response=TestOut, operation_id="test")
def read(request: ApiRequest, test_id: int) -> Any:
    by = request.actor
    found = queries.test_for(by, test_id)
    audit.saw("test.viewed", "test", [found.person_id], by=by, at=clock.now(), object_id=found.pk)
    return _test(found)


@router.post("/{int:test_id}/cancel", response=TestOut, operation_id="cancel_test")
def cancel(request: ApiRequest, test_id: int, body: ReasonIn) -> Any:
    found = queries.test_for(request.actor, test_id)
    return _test(actions.cancel_test(found, reason=body.reason, by=request.actor, at=clock.now()))


@router.post("/{int:test_id}/settle", response=TestOut, operation_id="settle_test")
def settle(request: ApiRequest, test_id: int, body: ReasonIn) -> Any:
    found = queries.test_for(request.actor, test_id)
    return _test(actions.settle_positive(found, reason=body.reason, by=request.actor, at=clock.now()))
