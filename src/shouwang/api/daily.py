"""`/api/v1/command/daily`: daily reports of units, who owes them, what was taken in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import File, Router, Schema, UploadedFile

from shouwang.api.http import ApiRequest
from shouwang.command import actions, consolidating
from shouwang.command.queries import daily as reads
from shouwang.command.queries.consolidated import Consolidated, consolidated, consolidated_json, keys_for, line_json
from shouwang.command.rules import daily as rules
from shouwang.core import clock
from shouwang.core.errors import Conflict, NotFound
from shouwang.core.http import XLSX
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_for

router = Router(tags=["daily reports"])


class HandInIn(Schema):
    """`version`: of the report one saw, 0 for none; `reason` for a correction; `zero`: there is nothing to report."""

    day: date | None = None
    zero: bool = False
    problems: str = ""
    needs: str = ""
    done: str = ""
    version: int = 0
    reason: str = ""


class TakeInIn(Schema):
    """`stamp`: of the round one saw; `reason` for not waiting for what is missing."""

    stamp: str
    day: date | None = None
    reason: str = ""


class PlanIn(Schema):
    """`deadlines`: kind of unit → local time, as {"class": "10:00", "college": "16:00"}."""

    deadlines: dict[str, str]
    until: date
    reason: str


class EndIn(Schema):
    reason: str


class PlanOut(Schema):
    organisation: str
    deadlines: dict[str, str]
    starts: date
    until: date
    reason: str


class TakenOut(Schema):
    number: int
    expected: int
    taken: int
    missing: list[int]
    at: datetime


def _id(code: str) -> int:
    found = Organisation.objects.filter(code=code).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    return found


def _unit(request: ApiRequest, code: str) -> Organisation:
    return reads.unit_for(request.actor, _id(code), on=clock.today())


def _found(request: ApiRequest, code: str, day: date | None) -> Consolidated:
    return consolidated(request.actor, _id(code), day or clock.today(), clock.now())


@router.get("/{code}", response=dict[str, Any], summary="The reports of the units below one unit")
def below(request: ApiRequest, code: str, day: date | None = None) -> dict[str, Any]:
    """Expected, received, in time; sums with how many know the number; who is missing; the `stamp` to take them in."""
    return consolidated_json(_found(request, code, day))


@router.post("/{code}/template", response=None, summary="The superior's .xlsx with marks, filled in")
def template(request: ApiRequest, code: str, file: File[UploadedFile], day: date | None = None) -> HttpResponse:
    filled = consolidating.daily_filled(file.read(), _found(request, code, day), name=file.name or "")
    return HttpResponse(filled.content, content_type=XLSX)


@router.post("/{code}/take-in", response=TakenOut, summary="Take in and lock what has come")
def take_in(request: ApiRequest, code: str, body: TakeInIn) -> Any:
    """409 `changed_meanwhile`: something came or was taken in since. 400 `reports_missing`: without a reason."""
    return actions.take_in(
        unit=_unit(request, code), day=body.day or clock.today(), stamp=body.stamp, reason=body.reason,
        by=request.actor, at=clock.now(),
    )  # fmt: skip


class SendBackIn(Schema):
    """`version`: of the report one saw."""

    reason: str
    version: int
    day: date | None = None


@router.post("/{code}/send-back", response=dict[str, Any], summary="Send one unit's report back to it")
def send_back(request: ApiRequest, code: str, body: SendBackIn) -> dict[str, Any]:
    """For whoever takes it in, not for who handed it in. It counts as not come until it is corrected."""
    day = body.day or clock.today()
    unit, line = reads.report_seen(request.actor, _id(code), day)
    if line is None or line.report is None:
        raise NotFound
    if line.report.version != body.version:
        sentence = _("Somebody else has handed in or corrected this report. Look at it again.")
        raise Conflict(sentence, code="edited_meanwhile")
    actions.send_back_report(line.report, reason=body.reason, by=request.actor, at=clock.now())
    return _line(request, unit, reads.line_of(unit, day) or line)


@router.get("/{code}/report", response=dict[str, Any] | None, summary="One unit's report, or null where none is asked")
def own(request: ApiRequest, code: str, day: date | None = None) -> dict[str, Any] | None:
    """As handed in, or that it is missing. Figures about health are for who holds report.view."""
    unit, line = reads.report_seen(request.actor, _id(code), day or clock.today())
    return _line(request, unit, line) if line else None


def _line(request: ApiRequest, unit: Organisation, line: reads.Line) -> dict[str, Any]:
    keys = keys_for(request.actor, unit)
    said = line.report.figures["values"] if line.report else {}
    return line_json(line, {key: said.get(key) for key in keys})


@router.post("/{code}/report", response=dict[str, Any], summary="Hand in or correct one unit's report")
def hand_in(request: ApiRequest, code: str, body: HandInIn) -> dict[str, Any]:
    """Numbers are counted at this moment. For whoever answers for the unit."""
    unit, day = _unit(request, code), body.day or clock.today()
    words = rules.Words(body.problems, body.needs, body.done)
    actions.hand_in(
        unit=unit, day=day, words=words, zero=body.zero, version=body.version, reason=body.reason, by=request.actor,
        at=clock.now(),
    )  # fmt: skip
    line = reads.line_of(unit, day)
    if line is None:
        raise NotFound
    return _line(request, unit, line)


@router.put("/{code}/plan", response=PlanOut, summary="Say which units report until when")
def plan(request: ApiRequest, code: str, body: PlanIn) -> PlanOut:
    """Needs report.issue there. Replaces the plan of this organisation."""
    organisation = organisation_for(request.actor, _id(code), reads.ISSUE)
    row = actions.set_report_plan(
        organisation=organisation, deadlines=body.deadlines, until=body.until, reason=body.reason, by=request.actor,
        at=clock.now(),
    )  # fmt: skip
    return PlanOut(
        organisation=organisation.code, deadlines=row.deadlines, starts=row.starts, until=row.until, reason=row.reason
    )


@router.post("/{code}/plan/end", response={204: None}, summary="Ask for no daily reports any more")
def end_plan(request: ApiRequest, code: str, body: EndIn) -> tuple[int, None]:
    organisation = organisation_for(request.actor, _id(code), reads.ISSUE)
    actions.end_report_plan(organisation=organisation, reason=body.reason, by=request.actor, at=clock.now())
    return 204, None
