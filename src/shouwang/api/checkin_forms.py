"""/api/v1/checkins/forms: the published check-in form, its versions, and publishing another."""

from __future__ import annotations

from datetime import date
from typing import Any

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.checkins import actions, queries
from shouwang.core import clock

router = Router(tags=["checkins"])


class FormOut(Schema):
    id: int
    code: str
    version: int
    sha256: str
    starts: date
    ends: date


class FormsOut(Schema):
    versions: list[FormOut]
    asked_sha256: str = Field(description="Hash of the form in force; stored with each answer together with the packs'")
    level: str = Field(description="none, IV, III, II or I")
    cadence: str = Field(description="daily, twice_daily, weekly or unwell_only")
    due: str = Field(description="Local time by which the day's check-in is expected")


class PublishIn(Schema):
    document: str = Field(description="The form as TOML", max_length=200_000)


@router.get("/forms", response=FormsOut, operation_id="checkin_forms", summary="What is asked, and every version")
def forms(request: ApiRequest) -> dict[str, Any]:
    """Needs report.view."""
    versions = list(queries.form_versions(request.actor))
    today = clock.today()
    now, level = queries.form_in_force(today), queries.level_on(None, today)
    asking = now.asking(level)
    return {
        "versions": versions,
        "asked_sha256": now.sha256,
        "level": level,
        "cadence": asking.cadence.value,
        "due": f"{asking.due:%H:%M}",
    }


@router.post("/forms", response=FormOut, operation_id="publish_checkin_form", summary="Publish a version")
def publish(request: ApiRequest, body: PublishIn) -> Any:
    """Needs level.declare."""
    return actions.publish_form(body.document.encode(), by=request.actor, at=clock.now())


@router.post("/forms/{version_id}/withdraw", response=FormOut, operation_id="withdraw_checkin_form")
def withdraw(request: ApiRequest, version_id: int) -> Any:
    """Make today the last day of a version. Needs level.declare."""
    row = queries.form_version_for(request.actor, version_id)
    found = FormOut.from_orm(row)
    actions.withdraw_form(row, by=request.actor, at=clock.now())
    found.ends = row.ends
    return found
