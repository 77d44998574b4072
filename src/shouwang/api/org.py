"""/api/v1/org/: oneself, people, organisations, places, responsibility, roster imports, who saw my data."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, File, Form, Query, Router, Schema, Status, UploadedFile
from pydantic import field_validator

from shouwang.api.http import ApiRequest
from shouwang.core import audit, clock
from shouwang.core.errors import NotFound
from shouwang.core.models import ImportRun
from shouwang.org import actions, queries
from shouwang.org.models import Organisation, Person, Place, Responsibility
from shouwang.org.queries import PeopleFilter
from shouwang.org.queries.trees import Branch, Spot

router = Router(tags=["org"])
Kind = Literal["student", "staff", "worker", "visitor", "other"]
Situation = Literal["on_campus", "day", "off_campus", "abroad", "intern"]


class UnitOut(Schema):
    id: int
    code: str
    kind: str
    name: str
    name_en: str


class PersonOut(Schema):
    id: int
    number: str
    name: str
    kind: Kind
    situation: Situation
    unit: UnitOut | None = Field(None, description="The home organisation")


class PeoplePage(Schema):
    items: list[PersonOut]
    next: str | None = Field(None, description="Cursor of the next page")
    previous: str | None = None


class SpellOut(Schema):
    what: str
    starts: date
    ends: date | None = Field(None, description="Null: still so")


class MembershipOut(SpellOut):
    primary: bool


class PersonDetail(PersonOut):
    sex: str
    left_on: date | None
    phone: str | None = Field(None, description="Null for readers who may not see how to reach the person")
    card: str | None = None
    born: date | None = None
    memberships: list[MembershipOut]
    situations: list[SpellOut]
    residences: list[SpellOut]
    responsible: str | None = Field(None, description="Name of who answers for this person; null: nobody yet")


class MeOut(Schema):
    account: str
    roles: list[str]
    rights: list[str]
    person: PersonDetail | None = Field(None, description="Null for an account of no person")


class BranchOut(UnitOut):
    people: int = Field(description="People who have not left, in this unit and everything below it")
    children: int
    responsible: str | None
    deputy: str | None


class Tree(Schema):
    at: datetime
    items: list[BranchOut]


class SpotOut(Schema):
    id: int
    code: str
    kind: str
    name: str
    name_en: str
    capacity: int | None
    children: int
    residents: int | None = Field(None, description="Null: not for this reader")
    responsible: str | None
    deputy: str | None


class Places(Schema):
    at: datetime
    items: list[SpotOut]


class AnswerOut(Schema):
    id: int
    organisation: str | None = Field(None, description="Code of the organisation, or null when it is a place")
    place: str | None = None
    title: str
    rank: Literal["first", "deputy"]
    person: str = Field(description="Number")
    name: str
    starts: date


class AnswerPage(Schema):
    items: list[AnswerOut]
    next: str | None = None
    previous: str | None = None


class Uncovered(Schema):
    at: datetime
    organisations: list[UnitOut] = Field(description="The first ones, larger units first")
    organisations_total: int
    organisations_all: int = Field(description="Organisations within reach: the denominator")
    places: list[UnitOut]
    places_total: int
    places_all: int = Field(description="Places that need somebody: the denominator")


class SeenOut(Schema):
    at: datetime
    who: str
    unit: str
    verb: str
    words: str
    kind: str
    is_read: bool


class SeenPage(Schema):
    items: list[SeenOut]
    next: str | None = None
    previous: str | None = None


class RunOut(Schema):
    id: int
    kind: str
    state: Literal["waiting", "checking", "checked", "committing", "done", "failed"]
    file_name: str
    sha256: str
    created_at: datetime
    finished_at: datetime | None
    rows_done: int
    rows_total: int | None
    counts: dict[str, Any] = Field(description="read, accepted, new, updated, unchanged, refused {code: rows}")
    report: dict[str, Any] = Field(description="Remarks, columns found, what is created")
    problems: list[dict[str, Any]] = Field(description="The first hundred: row, column, code, message, value, remedy")
    problem_count: int
    error: dict[str, Any] | None = None


class Narrow(Schema):
    cursor: str = ""
    q: str = Field("", max_length=120)

    @field_validator("*", mode="after")
    @classmethod
    def storable(cls, value: Any) -> Any:
        """No database holds a NUL character or half of a surrogate pair."""
        if isinstance(value, str) and ("\x00" in value or not value.isprintable()):
            raise ValueError("contains characters that cannot be stored")
        return value


class PeopleQuery(Narrow):
    unit: str = Field("", max_length=120, description="Code or name of an organisation; its whole subtree is meant")
    kind: Kind | Literal[""] = ""
    situation: Situation | Literal[""] = ""
    size: int = Field(50, ge=1, le=200)


class RosterIn(Schema):
    organisation: str = Field("", description="Code of the organisation the roster belongs below; empty: the only root")
    kind: Kind = "student"
    since: date | None = Field(None, description="From when the file is valid; today when left out")
    map_name: str = Field("", max_length=80)
    create_organisations: bool = True
    create_places: bool = True


class ColumnsIn(Schema):
    columns: dict[str, str] = Field(description="Field -> header in the file")


@router.get("/me", response=MeOut, summary="The account, its roles and rights, and one's own data")
def me(request: ApiRequest) -> Any:
    by = request.actor
    person = queries.person_for(by, by.person_id) if by.person_id is not None else None
    return {
        "account": by.label,
        "roles": list(by.roles),
        "rights": sorted(by.reach),
        "person": _detail(request, person) if person is not None else None,
    }


@router.get("/me/seen", response=SeenPage, summary="Who read or changed data about oneself")
def seen(request: ApiRequest, cursor: str = "") -> Any:
    page, lines = queries.seen_page(request.actor, cursor=cursor)
    return {"items": lines, "next": page.next, "previous": page.previous}


@router.get("/people", response=PeoplePage, summary="People within reach, by unit and number")
def people(request: ApiRequest, query: Query[PeopleQuery]) -> Any:
    by = request.actor
    by.require("people.view")
    unit = queries.organisation_named(by, query.unit).pk if query.unit else None
    chosen = PeopleFilter(query.q, unit, query.kind, query.situation)
    page = queries.people_page(by, chosen, cursor=query.cursor, size=query.size)
    return {"items": [_person(person) for person in page.rows], "next": page.next, "previous": page.previous}


@router.get("/people/{int:person_id}", response=PersonDetail, summary="One person; looking is recorded")
def person(request: ApiRequest, person_id: int) -> Any:
    found = queries.person_for(request.actor, person_id)
    audit.saw("person.seen", "person", [found.pk], by=request.actor, at=clock.now(), object_id=found.pk)
    return _detail(request, found)


@router.get("/organisations", response=Tree, summary="The organisations where one's reach begins, or those below one")
def organisations(request: ApiRequest, below: int | None = None) -> Any:
    by, today = request.actor, clock.today()
    by.require("people.view")
    if below is None:
        branches = queries.top_organisations(by, on=today)
    else:
        branches = queries.child_organisations(queries.organisation_for(by, below), on=today)
    return {"at": clock.now(), "items": [_branch(branch) for branch in branches]}


@router.get("/places", response=Places, summary="The campuses, or the places directly inside one")
def places(request: ApiRequest, inside: int | None = None) -> Any:
    parent = queries.place_for(request.actor, inside) if inside is not None else None
    spots = queries.child_places(request.actor, parent, on=clock.today())
    return {"at": clock.now(), "items": [_spot(spot) for spot in spots]}


@router.get("/responsibilities", response=AnswerPage, summary="Who answers for what")
def responsibilities(request: ApiRequest, query: Query[Narrow]) -> Any:
    page = queries.answers_page(request.actor, on=clock.today(), text=query.q, cursor=query.cursor)
    return {"items": [_answer(row) for row in page.rows], "next": page.next, "previous": page.previous}


@router.get("/uncovered", response=Uncovered, summary="What nobody answers for")
def uncovered(request: ApiRequest) -> Any:
    request.actor.require("people.view")
    found = queries.gaps(request.actor, on=clock.today())
    return {
        "at": clock.now(),
        "organisations": [_unit(node) for node in found.organisations],
        "organisations_total": found.organisations_total,
        "organisations_all": found.organisations_all,
        "places": [_unit(node) for node in found.places],
        "places_total": found.places_total,
        "places_all": found.places_all,
    }


@router.post("/imports", response={202: RunOut}, summary="Upload a roster; its check begins at once")
def upload(request: ApiRequest, body: Form[RosterIn], file: File[UploadedFile]) -> Any:
    by = request.actor
    by.require("people.manage")
    root = queries.organisation_named(by, body.organisation, "people.manage") if body.organisation else None
    run = actions.upload_roster(
        file.name or "",
        file.chunks(),
        root=root,
        kind=body.kind,
        since=body.since or clock.today(),
        map_name=body.map_name,
        create_organisations=body.create_organisations,
        create_places=body.create_places,
        by=by,
        at=clock.now(),
    )
    return Status(202, _run(run))


@router.get("/imports/{int:run_id}", response=RunOut, summary="One import run: progress, findings, result")
def import_run(request: ApiRequest, run_id: int) -> Any:
    return _run(queries.run_for(request.actor, run_id))


@router.post("/imports/{int:run_id}/commit", response={202: RunOut}, summary="Import what was checked")
def commit(request: ApiRequest, run_id: int) -> Any:
    run = queries.run_for(request.actor, run_id)
    return Status(202, _run(actions.confirm_import(run, by=request.actor, at=clock.now())))


@router.post("/imports/{int:run_id}/columns", response={202: RunOut}, summary="Choose columns by hand and check again")
def columns(request: ApiRequest, run_id: int, body: ColumnsIn) -> Any:
    run = queries.run_for(request.actor, run_id)
    return Status(202, _run(actions.recheck_import(run, mapping=body.columns, by=request.actor, at=clock.now())))


def _unit(node: Organisation | Place) -> dict[str, Any]:
    return {"id": node.pk, "code": node.code, "kind": node.kind, "name": node.name, "name_en": node.name_en}


def _person(person: Person) -> dict[str, Any]:
    plain = {name: getattr(person, name) for name in ("number", "name", "kind", "situation")}
    return {"id": person.pk, **plain, "unit": _unit(person.home) if person.home is not None else None}


def _detail(request: ApiRequest, person: Person) -> dict[str, Any]:
    today = clock.today()
    history = queries.history_of(person, on=today)
    reaches = queries.sees_contact_details(request.actor, person)
    answers = queries.responsible_for(person, on=today)
    return {
        **_person(person),
        "sex": person.sex,
        "left_on": person.left_on,
        **({"phone": person.phone, "card": person.card, "born": person.born} if reaches else {}),
        "memberships": [
            {"what": row.organisation.title, "primary": row.primary, "starts": row.starts, "ends": row.ends}
            for row in history.memberships
        ],
        "situations": [{"what": s.situation, "starts": s.starts, "ends": s.ends} for s in history.situations],
        "residences": [{"what": r.place.title, "starts": r.starts, "ends": r.ends} for r in history.residences],
        "responsible": answers.name if answers is not None else None,
    }


def _who(line: Branch | Spot) -> dict[str, str | None]:
    return {
        "responsible": line.first.name if line.first is not None else None,
        "deputy": line.deputy.name if line.deputy is not None else None,
    }


def _branch(branch: Branch) -> dict[str, Any]:
    return {**_unit(branch.node), "people": branch.people, "children": branch.children, **_who(branch)}


def _spot(spot: Spot) -> dict[str, Any]:
    node = spot.node
    counted = {"capacity": node.capacity, "children": spot.children, "residents": spot.residents}
    return {**_unit(node), **counted, **_who(spot)}


def _answer(row: Responsibility) -> dict[str, Any]:
    node = row.organisation or row.place
    if node is None:
        raise NotFound
    return {
        "id": row.pk,
        "organisation": row.organisation.code if row.organisation is not None else None,
        "place": row.place.code if row.place is not None else None,
        "title": node.title,
        "rank": row.rank,
        "person": row.person.number,
        "name": row.person.name,
        "starts": row.starts,
    }


def _run(run: ImportRun) -> dict[str, Any]:
    names = (
        "id", "kind", "state", "file_name", "sha256", "created_at", "finished_at", "rows_done", "rows_total", "counts",
        "report", "problems", "problem_count", "error",
    )  # fmt: skip
    return {name: getattr(run, name) for name in names}
