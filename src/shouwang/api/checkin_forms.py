"""/api/v1/checkins/forms: the published check-in form and its versions; /quality: how units collect."""

from __future__ import annotations

from datetime import date
from typing import Any

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.checkins import actions, queries
from shouwang.checkins.models import FormVersion
from shouwang.core import clock

router = Router(tags=["checkins"])


class FormOut(Schema):
    id: int
    unit: str = Field(description="Code of the organisation at and below which it is asked; empty: everywhere else")
    code: str
    version: int
    sha256: str
    starts: date
    ends: date

    @staticmethod
    def resolve_unit(row: FormVersion) -> str:
        return row.organisation.code if row.organisation else ""


class FormsOut(Schema):
    versions: list[FormOut]
    unit: str = Field(description="Where the following holds: the code asked for, else one's own topmost unit")
    asked_sha256: str = Field(description="Hash of the form in force; stored with each answer together with the packs'")
    asked_of: str = Field(description="Code of the organisation whose form it is; empty for none")
    level: str = Field(description="none, IV, III, II or I")
    cadence: str = Field(description="daily, twice_daily, weekly or unwell_only")
    due: str = Field(description="Local time by which the day's check-in is expected")
    slots: list[SlotOut] = Field(description="The parts of the day that have a check-in of their own, when twice daily")


class QualityOut(Schema):
    id: int
    unit: str = Field(alias="organisation.code")
    day: date
    kind: str = Field(description="same_reading, one_device or in_bulk")
    count: int
    of: int
    detail: str
    answer: str


class AnswerIn(Schema):
    answer: str = Field(description="How the unit collects, or what will be different", max_length=2000)


class SlotOut(Schema):
    starts: str
    due: str


class PublishIn(Schema):
    document: str = Field(description="The form as TOML", max_length=200_000)
    unit: str = Field("", description="Code of the organisation whose form it is; one's own topmost", max_length=120)


@router.get("/forms", response=FormsOut, operation_id="checkin_forms", summary="What is asked, and every version")
def forms(request: ApiRequest, unit: str = "") -> dict[str, Any]:
    """Needs report.view or level.declare; `unit` is the code of an organisation within reach."""
    by, today = request.actor, clock.today()
    versions = list(queries.form_versions(by))
    chosen = queries.form_unit(by, unit)
    path = chosen.path if chosen else ""
    now, level, owner = queries.form_on(today, path), queries.level_on(path, today), queries.form_owner(today, path)
    asking = now.asking(level)
    slots = [{"starts": f"{slot.starts:%H:%M}", "due": f"{slot.due:%H:%M}"} for slot in asking.slots]
    return {
        "versions": versions,
        "unit": chosen.code if chosen else "",
        "asked_sha256": now.sha256,
        "asked_of": owner.code if owner else "",
        "level": level,
        "cadence": asking.cadence.value,
        "due": f"{asking.due_of(0):%H:%M}",
        "slots": slots if asking.by_slot else [],
    }


@router.post("/forms", response=FormOut, operation_id="publish_checkin_form", summary="Publish a version")
def publish(request: ApiRequest, body: PublishIn) -> Any:
    """Needs level.declare over the organisation."""
    by = request.actor
    unit = queries.form_unit(by, body.unit)
    return actions.publish_form(body.document.encode(), unit=unit, by=by, at=clock.now())


@router.post("/forms/{version_id}/withdraw", response=FormOut, operation_id="withdraw_checkin_form")
def withdraw(request: ApiRequest, version_id: int) -> Any:
    """Make today the last day of a version. Needs level.declare."""
    row = queries.form_version_for(request.actor, version_id)
    found = FormOut.from_orm(row)
    actions.withdraw_form(row, by=request.actor, at=clock.now())
    found.ends = row.ends
    return found


@router.get("/quality", response=list[QualityOut], operation_id="checkin_quality", summary="How units collect")
def quality(request: ApiRequest) -> Any:
    """Notes without names about units within reach of checkin.view, the newest 200."""
    return list(queries.quality_notes(request.actor)[:200])


@router.post("/quality/{note_id}/answer", response=QualityOut, operation_id="answer_checkin_quality")
def answer_quality(request: ApiRequest, note_id: int, body: AnswerIn) -> Any:
    """What the unit says to a note. Needs checkin.view over it."""
    note = queries.quality_note_for(request.actor, note_id)
    return actions.answer_quality(note, text=body.answer, by=request.actor, at=clock.now())
