"""/api/v1/cases/lines: the line list, as pages and as a file."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.http import HttpResponse
from ninja import Field, Query, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.cases.outward import queries
from shouwang.cases.outward.files import file_response, research_response
from shouwang.cases.queries import VIEW
from shouwang.core import audit, clock

router = Router(tags=["cases"])


class LineQuery(Schema):
    disease: str = ""
    pack: str = ""
    classification: str = ""
    unit: str = Field("", description="Code or name")
    place: str = Field("", description="Where people live today: code or name")
    moment: str = Field("onset", description="Date narrowed by: opened, onset, detected, reported, confirmed")
    first: date | None = None
    last: date | None = None
    missing: bool = Field(False, description="Only cases whose date is unknown")


class LinePageQuery(LineQuery):
    full: bool = Field(False, description="Names and numbers in full, where people.view reaches")
    cursor: str = ""
    size: int = Field(50, ge=1, le=1000)


class LineFileQuery(LineQuery):
    full: bool = False
    form: Literal["csv", "xlsx", "sormas", "godata", "dhis2", "fhir"] = "csv"


class LinePage(Schema):
    total: int = Field(description="Cases in the whole list")
    items: list[dict[str, Any]] = Field(description="Null: unknown. A day alone where only the day of onset is known")
    next: str | None = None
    previous: str | None = None


def _wanted(request: ApiRequest, query: LineQuery) -> queries.LineFilter:
    request.actor.require(VIEW)
    words = query.model_dump(include=set(LineQuery.model_fields))
    return queries.line_filter(request.actor, **words)


@router.get("/lines", response=LinePage, summary="The line list of cases, newest opened first")
def lines(request: ApiRequest, query: Query[LinePageQuery]) -> Any:
    by, at, wanted = request.actor, clock.now(), _wanted(request, query)
    page = queries.lines(by, wanted, full=query.full, cursor=query.cursor, size=query.size, on=clock.local_day(at))
    audit.saw("case.listed", "case", (line.person_id for line in page.rows), by=by, at=at)
    total = queries.lines_of(by, wanted).count()
    items = [{"id": line.pk, **line.as_dict()} for line in page.rows]
    return {"total": total, "items": items, "next": page.next, "previous": page.previous}


class ResearchQuery(LineQuery):
    form: Literal["csv", "xlsx"] = "csv"
    k: int = Field(5, description="Everybody shares age, sex, unit and onset with so many, 3 to 100")
    purpose: str = Field(description="10 to 300 characters; kept in the audit log")


@router.get(
    "/lines/research", response=None,
    summary="Cases without names, coarse enough that nobody stands out; rows and left-out rows in the head",
)  # fmt: skip
def research_file(request: ApiRequest, query: Query[ResearchQuery]) -> HttpResponse:
    wanted = _wanted(request, query)
    return research_response(request.actor, wanted, form=query.form, k=query.k, purpose=query.purpose)


@router.get("/lines/file", response=None, summary="The same lines as CSV or Excel; recorded, rows in X-Row-Count")
def lines_file(request: ApiRequest, query: Query[LineFileQuery]) -> HttpResponse:
    return file_response(request.actor, _wanted(request, query), form=query.form, full=query.full)
