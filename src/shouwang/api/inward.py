"""/api/v1/cases/inward: case files of SORMAS and Go.Data, and the rows of them that wait for somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from shouwang.api.http import ApiRequest
from shouwang.api.org import RunOut
from shouwang.cases.inward import actions, queries
from shouwang.cases.inward.models import OutsideCase
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.org.queries import person_by_number

router = Router(tags=["cases"])


class FileIn(Schema):
    pack: str = Field(description="Code of the pack in force that judges the cases which are opened")
    order: Literal["", "day", "month"] = Field("", description="How days are written; empty: found out from the file")


class OutsideOut(Schema):
    id: int
    system: str
    outside_id: str
    why: str
    words: str = Field(description="Why it waits, in words")
    content: dict[str, Any] = Field(description="What the file says; codes are those of this system")
    person: str | None = Field(description="Number of whom it is about; while it waits: a proposal")
    case: str | None
    differences: list[dict[str, str]] = Field(description="Where the linked case says something else")
    made_at: datetime
    settled: str
    settled_reason: str


class OutsidePage(Schema):
    items: list[OutsideOut]
    next: str | None = None
    previous: str | None = None


class DecideIn(Schema):
    decision: Literal["take", "keep", "dismiss"] = Field(
        description="take: it is this person's case; keep: ours stays as it is; dismiss: set aside"
    )
    number: str = Field("", description="Of the person, for take")
    classification: str = Field("", description="For take, where the file does not say")
    reason: str


@router.post("/inward/files", response={202: RunOut}, operation_id="upload_outside_cases", summary="Upload a case file")
def upload(request: ApiRequest, file: File[UploadedFile], body: Form[FileIn]) -> Any:
    by, at = request.actor, clock.now()
    run = actions.upload_cases(file.name or "", file.chunks(), pack=body.pack, order=body.order, by=by, at=at)
    return Status(202, run)


@router.get("/inward/files/{int:run_id}", response=RunOut, operation_id="outside_cases_file")
def file_run(request: ApiRequest, run_id: int) -> Any:
    return queries.run_for(request.actor, run_id)


@router.post("/inward/files/{int:run_id}/commit", response={202: RunOut}, operation_id="commit_outside_cases")
def commit(request: ApiRequest, run_id: int) -> Any:
    run = queries.run_for(request.actor, run_id)
    return Status(202, actions.confirm_cases(run, by=request.actor, at=clock.now()))


@router.get(
    "/inward/rows", response=OutsidePage, operation_id="outside_cases", summary="Cases of other systems that wait"
)
def rows(request: ApiRequest, settled: bool = False, cursor: str = "") -> Any:
    by, at = request.actor, clock.now()
    page = queries.rows_page(by, settled=settled, cursor=cursor)
    audit.saw("outside_case.listed", "outside_case", queries.people_of(list(page.rows)), by=by, at=at)
    return {"items": [_row(row) for row in page.rows], "next": page.next, "previous": page.previous}


@router.post("/inward/rows/{int:row_id}", response=OutsideOut, operation_id="decide_outside_case")
def decide(request: ApiRequest, row_id: int, body: DecideIn) -> Any:
    by, at = request.actor, clock.now()
    row = queries.row_for(by, row_id)
    if body.decision == "take":
        if not body.number:
            raise BadInput(_("Say whose case it is: enter the number."), field="number", code="person_missing")
        person = person_by_number(by, body.number, right=actions.MANAGE)
        actions.take_over(row, person, classification=body.classification, reason=body.reason, by=by, at=at)
    elif body.decision == "keep":
        actions.keep_ours(row, reason=body.reason, by=by, at=at)
    else:
        actions.set_aside(row, reason=body.reason, by=by, at=at)
    return _row(queries.row_for(by, row_id))


def _row(row: OutsideCase) -> dict[str, Any]:
    plain = ("id", "system", "outside_id", "why", "content", "made_at", "settled", "settled_reason")
    return {
        **{name: getattr(row, name) for name in plain},
        "words": str(row.get_why_display()),
        "person": row.person.number if row.person else None,
        "case": row.case.number if row.case else None,
        "differences": [{"field": d.field, "theirs": d.theirs, "ours": d.ours} for d in queries.differences(row)],
    }
