"""/api/v1/tracing/: transmission chains, and where one case was infected."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from ninja import Field, Query, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.cases.queries import disease_names
from shouwang.core import audit, clock
from shouwang.core.paging import keyset_page
from shouwang.tracing import actions
from shouwang.tracing.queries import chains as queries
from shouwang.tracing.queries import sources

router = Router(tags=["tracing"])
LARGEST_ID = 2**63 - 1
Certainty = Literal["probable", "possible", "unlikely"]
State = Literal["proposed", "accepted", "rejected"]
Origin = Literal["case", "imported", "unknown"]


class ChainsQuery(Schema):
    disease: str = Field("", description="Default: that of the newest case")
    first: date | None = Field(None, description="Detected from this day on; default sixty days back")
    last: date | None = None
    proposals: bool = Field(True, description="Where nobody has decided, the surest proposal stands in")
    page: str | None = None
    size: Annotated[int, Field(ge=1, le=500)] = 100


class ChainCase(Schema):
    id: int
    number: str
    classification: str
    unit: str | None
    onset: date | None
    detected: date
    generation: int = Field(description="1 is the first case known of its chain")
    generation_exact: bool = Field(description="False: the first case known may have been infected here by another")
    provisional: bool = Field(description="Rests on a proposal, its own or one further up")
    source: Literal["case", "imported", "unknown", "proposed", "not_stated"]
    infector: str | None = Field(description="Case number, where it lies within scope")
    infector_outside_scope: bool
    certainty: Certainty | None
    proposals_waiting: int
    infected: int


class ChainNumbers(Schema):
    total: int
    generations: dict[int, int]
    sources: dict[str, int]
    undecided: int


class ChainsOut(Schema):
    disease: str
    first: date
    last: date
    numbers: ChainNumbers
    outside: int | None = Field(
        description="Further cases of these chains beyond one's scope; null: only numbers are seen"
    )
    items: list[ChainCase] | None = Field(description="Newest first; null: only numbers are seen")
    next: str | None = None
    previous: str | None = None


class CheckOut(Schema):
    text: str
    verdict: Literal["for", "allows", "against", "unknown"]
    source: str | None = Field(description="Where the pack has its numbers from")


class StepOut(Schema):
    old: str
    new: State
    certainty: str
    reason: str
    at: datetime


class AnswerOut(Schema):
    id: int
    origin: Origin
    infector: str | None
    state: State
    certainty: Certainty | None
    by_rule: bool
    checks: list[CheckOut]
    steps: list[StepOut]
    judged_at: datetime
    version: int


class SourcesOut(Schema):
    case: str
    answers: list[AnswerOut] = Field(description="Accepted first, then what waits, surest first")
    outside: int = Field(description="Answers that name cases outside one's scope")
    outside_accepted: bool


class SourceIn(Schema):
    origin: Origin = "case"
    infector: str = Field("", description="Case number, where the origin is a case")
    reason: str


class DecideLinkIn(Schema):
    reason: str
    version: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None


@router.get("/chains", response=ChainsOut, summary="Who infected whom, with generations, as far as one may see")
def chains(request: ApiRequest, asked: Query[ChainsQuery]) -> Any:
    by, at = request.actor, clock.now()
    queries.may_look(by)
    today = clock.local_day(at)
    first, last = asked.first or today - timedelta(days=59), asked.last or today
    disease = asked.disease or queries.latest_disease(disease_names())
    wanted = queries.Wanted(disease, first, last, asked.proposals)
    head: dict[str, Any] = {"disease": disease, "first": first, "last": last, "outside": None, "items": None}
    if not by.holds(queries.VIEW):
        return head | {"numbers": queries.numbers_json(queries.numbers(by, wanted))}
    drawing = queries.drawing(by, wanted)
    page = keyset_page(queries.shown_cases(by, wanted), queries.ORDER, asked.page, size=asked.size)
    audit.saw("chain.listed", "case", (case.person_id for case in page.rows), by=by, at=at)
    rows = queries.rows_of(by, page.rows, drawing.links)
    return head | {
        "numbers": queries.numbers_json(drawing.summary),
        "outside": drawing.outside,
        "items": [queries.as_json(row) for row in rows],
        "next": page.next,
        "previous": page.previous,
    }


@router.get("/cases/{int:case_id}/sources", response=SourcesOut, summary="Where a case was infected: answers, checks")
def case_sources(request: ApiRequest, case_id: int) -> Any:
    return _sources(request, case_id)


@router.post("/cases/{int:case_id}/sources", response=SourcesOut, summary="A source that a tracer knows of, accepted")
def add_source(request: ApiRequest, case_id: int, body: SourceIn) -> Any:
    by = request.actor
    case = sources.case_to_link(by, case_id)
    infector = sources.visible_by_number(by, body.infector) if body.origin == "case" else None
    actions.add_link(case, origin=body.origin, infector=infector, reason=body.reason, by=by, at=clock.now())
    return _sources(request, case_id)


@router.post("/links/{int:link_id}/accept", response=SourcesOut, summary="The case was infected there, and why")
def accept(request: ApiRequest, link_id: int, body: DecideLinkIn) -> Any:
    return _decided(request, link_id, body, actions.accept_link)


@router.post("/links/{int:link_id}/reject", response=SourcesOut, summary="The case was not infected there, and why")
def reject(request: ApiRequest, link_id: int, body: DecideLinkIn) -> Any:
    return _decided(request, link_id, body, actions.reject_link)


@router.post("/links/{int:link_id}/reopen", response=SourcesOut, summary="Take a decision about a link back, and why")
def reopen(request: ApiRequest, link_id: int, body: DecideLinkIn) -> Any:
    return _decided(request, link_id, body, actions.reopen_link)


def _decided(request: ApiRequest, link_id: int, body: DecideLinkIn, verb: Any) -> dict[str, Any]:
    link = sources.link_for(request.actor, link_id)
    verb(link, reason=body.reason, version=body.version, by=request.actor, at=clock.now())
    return _sources(request, link.case_id)


def _sources(request: ApiRequest, case_id: int) -> dict[str, Any]:
    by = request.actor
    case = sources.visible_case(by, case_id)
    found = sources.sources_of(by, case)
    others = [answer.infector.person_id for answer in found.answers if answer.infector]
    audit.saw("chain.viewed", "case", [case.person_id, *others], by=by, at=clock.now(), object_id=case.pk)
    return sources.as_json(found)
