"""`/api/v1/command/`: response level and situation report."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Field, File, Router, Schema, UploadedFile

from shouwang.api.http import ApiRequest
from shouwang.command import actions, queries
from shouwang.command.actions import control as control_actions
from shouwang.command.models import ResponseLevel
from shouwang.command.queries import control
from shouwang.command.reading import read_notice
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_for

router = Router(tags=["command"])


class LevelIn(Schema):
    level: int
    basis: str
    review_on: date
    organisation: str | None = None


class LevelEndIn(Schema):
    """Why the level ends; over which organisation, the topmost in reach by default."""

    reason: str
    organisation: str | None = None


class LevelOut(Schema):
    level: int
    organisation: str
    basis: str
    starts_at: datetime
    ends_at: datetime | None
    review_on: date


class NoticeIn(Schema):
    """The text of a notice, as it was pasted."""

    text: str


class NoticeSection(Schema):
    number: str
    heading: str
    text: str
    sections: list[NoticeSection]


class NoticeMeasure(Schema):
    """`quote` stands in the notice; `words` are those that told the capability; `at` its place in the text."""

    capability: str
    quote: str
    section: str | None
    subsection: str | None
    owner_hint: str | None
    deadline: str | None
    deadline_words: str | None
    words: list[str]
    at: list[int]


class NoticeUnread(Schema):
    text: str
    section: str | None
    reason: str


class NoticeOut(Schema):
    issuer: str | None
    number: str | None
    urgency: str | None
    title: str | None
    addressees: list[str]
    preamble: str
    sections: list[NoticeSection]
    attachments: list[str]
    copies: list[str]
    date: str | None
    print_date: str | None
    issuing_office: str | None
    measures: list[NoticeMeasure]
    unread: list[NoticeUnread]


class IssuedOut(Schema):
    id: int
    organisation: str
    day: date
    version: int
    issued_at: datetime


def _organisation(request: ApiRequest, code: str | None) -> Organisation:
    """By code, or the topmost within reach of report.view."""
    if code is None:
        found = queries.roots_for(request.actor).first()
        if found is None:
            raise NotFound
        return found
    row = Organisation.objects.filter(code=code).values_list("pk", flat=True).first()
    if row is None:
        raise NotFound
    return organisation_for(request.actor, row, "report.view")


def _level(row: ResponseLevel) -> LevelOut:
    return LevelOut(
        level=row.level,
        organisation=row.organisation.code,
        basis=row.basis,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        review_on=row.review_on,
    )


@router.get("/level", response=LevelOut | None, operation_id="level")
def level(request: ApiRequest, organisation: str | None = None) -> LevelOut | None:
    """The level in force where one belongs, or null. Everybody may know their own; others need report.view there."""
    by, at = request.actor, clock.now()
    if organisation:
        found = queries.current_level(_organisation(request, organisation).path, at)
    else:
        found = queries.level_of(by, at)
    return _level(found) if found else None


@router.post("/level", response=LevelOut, operation_id="declare_level")
def declare_level(request: ApiRequest, body: LevelIn) -> LevelOut:
    """Declare a level. Needs level.declare."""
    row = actions.declare_level(
        organisation=_organisation(request, body.organisation),
        level=body.level,
        basis=body.basis,
        review_on=body.review_on,
        by=request.actor,
        at=clock.now(),
    )
    return _level(row)


@router.post("/level/end", response=LevelOut, operation_id="end_level")
def end_level(request: ApiRequest, body: LevelEndIn) -> LevelOut:
    """End the level without declaring another. Needs level.declare."""
    organisation = _organisation(request, body.organisation)
    return _level(actions.end_level(organisation=organisation, reason=body.reason, by=request.actor, at=clock.now()))


class MeasureIn(Schema):
    """`kind` and `value`: see `docs/rooms/command.md`. `organisation`: the topmost in reach by default."""

    kind: str
    value: str
    reason: str
    basis: str
    review_on: date
    organisation: str | None = None


class MeasuresIn(LevelIn):
    """A level with its measures: `kinds` of those its file brings (null: all), `values` where another is chosen."""

    kinds: list[str] | None = None
    values: dict[str, str] = {}


class ExtendIn(Schema):
    reason: str
    review_on: date


class ReasonIn(Schema):
    reason: str


@router.get("/measures", response=list[dict[str, Any]], summary="Control measures that hold where one belongs")
def measures(request: ApiRequest, organisation: str | None = None) -> Any:
    """Of each kind the strictest declared there or above. What holds is no secret: `organisation` may be any code."""
    unit = control.home_of(request.actor)
    if organisation:
        unit = Organisation.objects.filter(code=organisation, ends__isnull=True).first()
        if unit is None:
            raise NotFound
    return [control.measure_json(row) for row in control.measures_at(unit.path, clock.now())] if unit else []


@router.get("/level/preview", response=dict[str, Any], summary="What a level would change, for how many")
def level_preview(
    request: ApiRequest, level: Annotated[int, Field(ge=1, le=4)], organisation: str | None = None
) -> Any:
    """Needs level.declare."""
    return control.preview_json(
        control.preview(request.actor, _organisation(request, organisation), level, clock.now())
    )  # fmt: skip


@router.post("/level/measures", response=LevelOut, summary="Declare a level with its measures")
def declare_with_measures(request: ApiRequest, body: MeasuresIn) -> LevelOut:
    """Needs level.declare."""
    return _level(
        control_actions.declare_with_measures(
            organisation=_organisation(request, body.organisation), level=body.level, basis=body.basis,
            review_on=body.review_on, kinds=body.kinds, values=body.values, by=request.actor, at=clock.now(),
        )
    )  # fmt: skip


@router.post("/measures", response=dict[str, Any], summary="Declare one control measure")
def declare_measure(request: ApiRequest, body: MeasureIn) -> Any:
    """Needs level.declare. Stricter than what holds from above, or as strict; never laxer."""
    values = body.model_dump() | {"organisation": _organisation(request, body.organisation)}
    return control.measure_json(control_actions.declare_measure(by=request.actor, at=clock.now(), **values))


@router.post("/measures/{int:measure_id}/extend", response=dict[str, Any], summary="Reviewed and kept")
def extend_measure(request: ApiRequest, measure_id: int, body: ExtendIn) -> Any:
    row = control.measure_for(request.actor, measure_id)
    done = control_actions.extend_measure(row, by=request.actor, at=clock.now(), **body.model_dump())
    return control.measure_json(done)


@router.post("/measures/{int:measure_id}/end", response=dict[str, Any], summary="End a control measure")
def end_measure(request: ApiRequest, measure_id: int, body: ReasonIn) -> Any:
    row = control.measure_for(request.actor, measure_id)
    return control.measure_json(
        control_actions.end_measure(row, reason=body.reason, by=request.actor, at=clock.now())
    )  # fmt: skip


@router.get("/board", response=dict[str, Any], operation_id="board", summary="The board of a unit, and how old it is")
def board(request: ApiRequest, organisation: str | None = None) -> dict[str, Any]:
    """Main numbers with their trend, units and buildings by what needs attention, gaps. Needs report.view. `as_of` is
    null before anything was counted; a trend's null is an hour of which nothing is kept."""
    row = _organisation(request, organisation)
    actions.keep_board(at=clock.now())
    return queries.board_json(queries.board(request.actor, row, clock.now()))


@router.get("/report", response=dict[str, Any], operation_id="situation_report")
def report(request: ApiRequest, day: date | None = None, organisation: str | None = None) -> dict[str, Any]:
    """The situation report: figures with denominators, changes, gaps, units. Needs report.view."""
    return queries.report_dict(request.actor, _organisation(request, organisation), day or clock.today(), clock.now())


@router.post("/report", response=IssuedOut, operation_id="issue_report")
def issue(request: ApiRequest, day: date | None = None, organisation: str | None = None) -> IssuedOut:
    """Keep the report as it stands as the next version. Needs report.issue."""
    row = actions.issue_report(
        organisation=_organisation(request, organisation), day=day or clock.today(), by=request.actor, at=clock.now()
    )
    return IssuedOut(
        id=row.pk, organisation=row.organisation.code, day=row.day, version=row.version, issued_at=row.issued_at
    )


@router.get("/report/{report_id}", response=dict[str, Any], operation_id="issued_report")
def issued(request: ApiRequest, report_id: int) -> dict[str, Any]:
    """An issued version as it was."""
    row = queries.report_version(request.actor, report_id)
    return {"version": row.version, "issued_at": row.issued_at, **row.figures}


@router.get("/tracing-quality", response=dict[str, Any], summary="Shares and delays of tracing by week of the report")
def tracing_quality(request: ApiRequest, weeks: int = 12, disease: str = "") -> Any:
    """Numbers within reach of report.view. Null: not known; `left_out`: about one to four, or beside such a one."""
    if not request.actor.holds("report.view"):
        raise NotFound
    return queries.quality_json(queries.tracing_quality(request.actor, weeks=weeks, disease=disease, at=clock.now()))


@router.post("/notice", response=NoticeOut, summary="Read a notice from its text")
def read_text(request: ApiRequest, body: NoticeIn) -> Any:
    """What it orders, with the words that say so. Nothing is stored; `/directives/import` keeps one."""
    _may_read(request)
    return read_notice(body.text).found


@router.post("/notice/file", response=NoticeOut, summary="Read a notice from a file")
def read_file(request: ApiRequest, file: File[UploadedFile]) -> Any:
    """As above, from .docx, .pdf or .txt of 20 MB at most."""
    _may_read(request)
    return read_notice(file.read()).found


def _may_read(request: ApiRequest) -> None:
    if not request.actor.holds("report.view"):
        raise NotFound
