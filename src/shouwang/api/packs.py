"""`/api/v1/command/packs`: disease packs, what they say, how they judge, which are in force."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from ninja import Field, Query, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.command import queries
from shouwang.command.packs import check_bytes, check_pack
from shouwang.core import clock
from shouwang.core.actions import activate_pack, deactivate_pack
from shouwang.core.errors import NotFound
from shouwang.core.packs import get_pack, pack_files

router = Router(tags=["packs"])


class PackRowOut(Schema):
    code: str
    name: str | None
    disease: str | None
    edition: str | None
    in_force_from: date | None = Field(description="Days of the document itself")
    in_force_to: date | None
    sources: int
    assumptions: int = Field(description="Sources whose kind is an assumption")
    shipped: bool
    active: bool = Field(description="In force here today")
    changed: bool = Field(description="The file has changed since the pack was put in force")
    sha256: str | None
    fault: str | None = Field(description="Why it cannot be used")


class PackLine(Schema):
    label: str
    text: str
    source: str | None


class PackPart(Schema):
    code: str
    title: str
    lines: list[PackLine]


class PackCriterion(Schema):
    code: str
    kind: str
    name: str
    source: str


class PackDefinition(Schema):
    classification: str
    name: str
    rule: Any = Field(description="A criterion by its name, or {head, of: [...]}")


class PackSource(Schema):
    id: str
    kind: str
    text: str
    url: str


class PackSpell(Schema):
    active_from: date
    active_to: date | None
    sha256: str


class PackOut(Schema):
    code: str
    name: str
    disease: str
    edition: str
    in_force_from: date
    in_force_to: date | None
    sha256: str
    parts: list[PackPart]
    criteria: list[PackCriterion]
    definitions: list[PackDefinition]
    sources: list[PackSource]
    versions: list[PackSpell] = Field(description="When it was in force here, and in which version")


class PackFinding(Schema):
    classification: str
    met: bool | None = Field(description="Null: still open")
    open: list[str]


class PackJudged(Schema):
    classification: str | None
    name: str | None
    could_be: list[str]
    findings: list[PackFinding]


class PackAnswers(Schema):
    yes: list[str] = Field([], description="Criteria that are met", max_length=100)
    no: list[str] = Field([], description="Criteria that are not met", max_length=100)


class PackText(Schema):
    file: str = Field(description="Its name, e.g. measles-school.toml", max_length=80)
    text: str


class PackFault(Schema):
    file: str
    line: int | None
    path: str
    what: str
    remedy: str


class PackChecked(Schema):
    sound: bool
    code: str | None
    faults: list[PackFault]


class PackForce(Schema):
    since: date | None = Field(None, description="Default: today")
    until: date | None = Field(None, description="Last day, included; default: until it is ended")


class PackEnd(Schema):
    on: date | None = Field(None, description="Last day, included; default: today")


@router.get("/packs", response=list[PackRowOut], summary="Disease packs at hand")
def packs(request: ApiRequest) -> Any:
    """For whoever is signed in."""
    return [queries.row_json(row) for row in queries.pack_rows(clock.today())]


@router.post("/packs/check", response=PackChecked, summary="Every fault of a pack text; nothing is written")
def check(request: ApiRequest, body: PackText) -> Any:
    """Needs report.view."""
    request.actor.require("report.view")
    found, faults = check_bytes(body.text.encode(), Path(body.file).name)
    return {"sound": not faults, "code": found.code if found else None, "faults": [fault.as_dict() for fault in faults]}


@router.get("/packs/{code}", response=PackOut, summary="What a pack says, every figure with its source")
def pack(request: ApiRequest, code: str, version: str = "") -> Any:
    """`version`: hash of one that was kept; default the file now. For whoever is signed in."""
    return queries.sheet_json(queries.pack_sheet(code, version))


@router.get("/packs/{code}/judge", response=PackJudged, summary="How its case definitions judge these answers")
def judge(request: ApiRequest, code: str, said: Query[PackAnswers]) -> Any:
    """Criteria named in neither list are unknown. It decides nothing. For whoever is signed in."""
    return queries.judged_json(queries.judge(code, yes=said.yes, no=said.no))


@router.post("/packs/{code}/activate", response=PackOut, summary="Put a pack in force, as its file is now")
def activate(request: ApiRequest, code: str, body: PackForce) -> Any:
    """Needs level.declare."""
    request.actor.require("level.declare")
    if code not in pack_files():
        raise NotFound
    check_pack(get_pack(code))
    since = body.since or clock.today()
    activate_pack(code, since=since, until=body.until, by=request.actor, at=clock.now())
    return queries.sheet_json(queries.pack_sheet(code))


@router.post("/packs/{code}/deactivate", response=PackOut, summary="End a pack")
def deactivate(request: ApiRequest, code: str, body: PackEnd) -> Any:
    """Needs level.declare."""
    request.actor.require("level.declare")
    sheet = queries.pack_sheet(code)
    deactivate_pack(sheet.pack.code, on=body.on or clock.today(), by=request.actor, at=clock.now())
    return queries.sheet_json(queries.pack_sheet(code))
