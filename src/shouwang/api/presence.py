"""/api/v1/presence/: bringing in door swipes, visits, sensor pairs and timetables; what came in; building days."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from ninja import Field, File, Form, Query, Router, Schema, UploadedFile

from shouwang.api.http import ApiRequest
from shouwang.core import clock
from shouwang.core.files.errors import refuse
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_named
from shouwang.tracing import actions, queries
from shouwang.tracing.models import PresenceBatch, PresenceDay, PresenceSource
from shouwang.tracing.queries import presence
from shouwang.tracing.rules.timetable_changes import Asked

router = Router(tags=["presence"])
MOST_DAYS = 31


class ProblemOut(Schema):
    row: int
    column: str
    code: str
    message: str
    value: str
    remedy: str


class PresenceIn(Schema):
    format: Literal["gate", "visits", "proximity", "wifi"]
    step: int | None = Field(None, description="proximity: seconds a record covers, (t − step, t]")
    create_people: bool = Field(False, description="Needs people.manage")
    create_places: bool = Field(False, description="Needs org.manage")
    organisation: str = Field("", description="Code of the institution the file belongs to; default: the account's own")


class ImportOut(Schema):
    read: int = Field(description="accepted + updated + every refusal")
    accepted: int
    updated: int = Field(description="Rows that were there already")
    refused: dict[str, int]
    remarks: dict[str, int] = Field(description="Oddities of rows that were used all the same")
    problems: list[ProblemOut] = Field(description="The first refused rows of each kind")
    already_imported: bool
    batch: int | None
    first: datetime | None
    last: datetime | None
    days: list[date] = Field(description="Days that were built anew")
    people_created: int
    places_created: int


class TimetableIn(Schema):
    create_places: bool = Field(False, description="Needs org.manage")
    organisation: str = Field("", description="Code of the institution the file belongs to; default: the account's own")


class TimetableOut(Schema):
    read: int
    accepted: int
    updated: int
    refused: dict[str, int]
    remarks: dict[str, int]
    problems: list[ProblemOut]
    courses: int
    enrolments: int
    places_created: int


class BatchOut(Schema):
    id: int
    source: str
    file_name: str
    sha256: str
    first_at: datetime | None
    last_at: datetime | None
    read: int
    accepted: int
    refused: dict[str, int]
    remarks: dict[str, int]
    created_at: datetime
    purge_on: date


class BuildIn(Schema):
    first: date
    last: date


class BuiltOut(Schema):
    day: date
    version: int
    visits: int
    pairs: int
    by_source: dict[str, int]
    remarks: dict[str, Any]


class BatchQuery(Schema):
    limit: int = Field(50, ge=1, le=200)


@router.post("/import", response=ImportOut, summary="Import a presence file; the days it speaks of are built at once")
def bring(request: ApiRequest, body: Form[PresenceIn], file: File[UploadedFile]) -> Any:
    by = request.actor
    by.require(actions.IMPORT)
    options = actions.ImportOptions(
        step=body.step,
        create_people=body.create_people,
        create_places=body.create_places,
        name=file.name,
        owner=_owner(by, body.organisation),
    )
    with kept(file) as path:
        result = actions.import_presence(path, source_format=body.format, options=options, by=by, at=clock.now())
    return result.as_dict()


@router.post("/timetable", response=TimetableOut, summary="Import a timetable")
def bring_timetable(request: ApiRequest, body: Form[TimetableIn], file: File[UploadedFile]) -> Any:
    by = request.actor
    by.require(actions.IMPORT)
    owner = _owner(by, body.organisation)
    options = actions.ImportOptions(create_places=body.create_places, name=file.name, owner=owner)
    with kept(file) as path:
        return actions.import_timetable(path, options=options, by=by, at=clock.now()).as_dict()


class LessonIn(Schema):
    course: str
    day: date = Field(description="Day in the timetable")
    what: Literal["cancelled", "moved", "room"]
    starts: time | None = Field(None, description="Start in the timetable; null: all lessons of the course on that day")
    to_day: date | None = None
    to_starts: time | None = None
    to_ends: time | None = None
    to_place: str = Field("", description="Code or name of the room")


class LessonOut(LessonIn):
    id: int
    entered_at: datetime


@router.get("/lessons", response=list[LessonOut], summary="Lessons cancelled, moved or elsewhere, latest first")
def lessons(request: ApiRequest) -> Any:
    return [presence.lesson_json(row) for row in presence.lesson_changes(request.actor)[:1000]]


@router.post("/lessons", response=LessonOut, summary="A lesson is not held as the timetable says")
def change_lesson(request: ApiRequest, body: LessonIn) -> Any:
    asked = Asked(
        body.course, body.day, body.what, body.starts, body.to_day, body.to_starts, body.to_ends, body.to_place
    )
    return presence.lesson_json(actions.lessons.change_lesson(asked, by=request.actor, at=clock.now()))


@router.post("/lessons/file", response=TimetableOut, summary="Import changed lessons as a table")
def bring_lessons(request: ApiRequest, file: File[UploadedFile]) -> Any:
    by = request.actor
    by.require(actions.IMPORT)
    with kept(file) as path:
        options = actions.ImportOptions(name=file.name)
        return actions.lessons.import_changes(path, options=options, by=by, at=clock.now()).as_dict()


@router.post("/lessons/{int:change_id}/restore", response={204: None}, summary="Held as the timetable says after all")
def restore_lesson(request: ApiRequest, change_id: int) -> Any:
    actions.lessons.restore_lesson(change_id, by=request.actor, at=clock.now())
    return 204, None


class GatheringIn(Schema):
    title: str
    where: str = Field(description="Code or name of a place")
    starts_at: datetime
    ends_at: datetime
    participants: list[str] = Field(description="Student or staff numbers; all or none are kept")


class GatheringOut(Schema):
    id: int
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    people: int
    entered_at: datetime
    withdrawn_at: datetime | None
    reason: str


class GatheringGone(Schema):
    reason: str


@router.get("/gatherings", response=list[GatheringOut], summary="Gatherings with the number of their people")
def gatherings(request: ApiRequest) -> Any:
    return [presence.gathering_json(row) for row in presence.gatherings(request.actor)[:200]]


@router.post("/gatherings", response=GatheringOut, summary="What was held and who took part")
def register_gathering(request: ApiRequest, body: GatheringIn) -> Any:
    row = actions.gatherings.register(
        body.title, where=body.where, starts_at=clock.aware(body.starts_at), ends_at=clock.aware(body.ends_at),
        numbers=body.participants, by=request.actor, at=clock.now(),
    )  # fmt: skip
    return presence.gathering_json(row)


@router.post("/gatherings/{int:gathering_id}/withdraw", response=GatheringOut, summary="Entered by mistake, and why")
def withdraw_gathering(request: ApiRequest, gathering_id: int, body: GatheringGone) -> Any:
    by = request.actor
    row = presence.gathering_for(by, gathering_id)
    return presence.gathering_json(actions.gatherings.withdraw(row, reason=body.reason, by=by, at=clock.now()))


@router.post("/build", response=list[BuiltOut], summary="Build days anew from everything known about them")
def build(request: ApiRequest, body: BuildIn) -> Any:
    rows = actions.build_days(body.first, body.last, by=request.actor, at=clock.now(), most=MOST_DAYS)
    return [_built(row) for row in rows]


@router.get("/batches", response=list[BatchOut], summary="Imported files, newest first, with their counts")
def batches(request: ApiRequest, wanted: Query[BatchQuery]) -> Any:
    return [_batch(row) for row in queries.presence_batches(request.actor)[: wanted.limit]]


def _owner(by: Actor, code: str) -> Organisation | None:
    return organisation_named(by, code, actions.IMPORT) if code else None


@contextmanager
def kept(file: UploadedFile) -> Iterator[Path]:
    """The upload as a file for as long as it is read. `FileError` file_too_large before anything is copied."""
    name = file.name or ""
    if (file.size or 0) > settings.IMPORT_MAX_BYTES:
        raise refuse("file_too_large", name, what=f"> {settings.IMPORT_MAX_BYTES >> 20} MiB")
    with tempfile.NamedTemporaryFile(prefix="presence-") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        yield Path(kept.name)


def _built(row: PresenceDay) -> dict[str, Any]:
    return {name: getattr(row, name) for name in BuiltOut.model_fields}


def _batch(row: PresenceBatch) -> dict[str, Any]:
    plain = ("id", "file_name", "sha256", "first_at", "last_at", "created_at", "purge_on")
    counted = {name: row.counts[name] for name in ("read", "accepted", "refused", "remarks")}
    return {
        **{name: getattr(row, name) for name in plain},
        **counted,
        "source": PresenceSource(row.source).name.lower(),
    }
