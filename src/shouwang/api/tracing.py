"""/api/v1/tracing/: cases to trace, contacts, decisions with reasons, evidence, presence days, a trace at will."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Query, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.cases.queries import pack_of
from shouwang.core import audit, clock
from shouwang.org.models import Person
from shouwang.tracing import actions, queries
from shouwang.tracing.models import Contact, PresenceDay, Trace
from shouwang.tracing.queries import explaining

router = Router(tags=["tracing"])
State = Literal["candidate", "confirmed", "dismissed"]
LARGEST_ID = 2**63 - 1
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class PersonOut(Schema):
    id: int
    number: str
    name: str
    unit: str | None = Field(None, description="Title of the home organisation")


class TraceOut(Schema):
    id: int
    at: datetime
    window_start: datetime
    window_end: datetime
    rule: str
    pack: str
    visits_searched: int
    elapsed_us: int
    found: int
    days_missing: list[date] = Field(description="Days of the window without presence data: nobody was searched there")


class CaseRow(Schema):
    id: int
    number: str
    person: PersonOut
    classification: str
    onset_at: datetime | None
    last_trace: TraceOut | None = Field(None, description="Null: not traced yet; the numbers below say nothing then")
    close: int | None
    waiting: int | None
    total: int | None
    unknown: int = Field(description="Contacts nobody knows yet")


class ContactOut(Schema):
    id: int
    case_id: int
    person: PersonOut
    grade: str
    why: str = Field(description="The rule's reason, in the reader's language")
    state: State
    seconds: int = Field(description="Union of all overlaps")
    encounters: int
    first_at: datetime
    last_at: datetime
    found_at: datetime
    decided_at: datetime | None
    decision_reason: str
    certain_seconds: int | None = Field(description="Of `seconds`, what is certain; null: all of it")
    possible_seconds: int | None = Field(description="The most that uncertain statements allow; null: `seconds`")
    possible_grade: str = Field(description="The rule's grade if the most is true; empty: no other than `grade`")
    tracer: str | None = Field(description="Number of whoever is asked to decide")
    version: int = Field(description="Send it with a decision: 409 when a colleague has decided meanwhile")


class ContactPage(Schema):
    items: list[ContactOut]
    next: str | None = Field(None, description="Cursor of the next page")
    previous: str | None = None


class EncounterOut(Schema):
    place: str
    place_id: int | None
    start: datetime
    end: datetime
    seconds: int
    sources: list[str]


class NextOut(Schema):
    """The next step and whose it is; `final`: nothing is asked any more."""

    code: str
    role: str
    text: str
    final: bool


class Explained(ContactOut):
    next: NextOut
    window: tuple[datetime, datetime] = Field(description="Of the trace that last found this contact")
    rule: str
    rule_source: str
    counted_seconds: int = Field(description="Union of the encounters listed; equals `seconds` when none is left out")
    left_out: int = Field(description="Encounters found but not kept with the contact")
    evidence: list[EncounterOut]
    days: dict[str, int] = Field(description="Seconds together by day")


class DecideIn(Schema):
    version: Id | None = None
    reason: str = ""


class ConfirmManyIn(Schema):
    contacts: Annotated[list[Id], Field(min_length=1, max_length=2000)]
    reason: str = ""


class DayOut(Schema):
    day: date
    version: int
    visits: int
    pairs: int
    by_source: dict[str, int]
    remarks: dict[str, Any]
    built_at: datetime
    stale_since: datetime | None
    purge_on: date


class TraceIn(Schema):
    person: str = Field(description="Student or staff number")
    onset: datetime = Field(description="End of the window")
    lookback_days: int = Field(description="The window begins so many days earlier")
    rule: str | None = Field(None, description="A pack or its contact rule; default: the pack in force")
    min_seconds: Annotated[int, Field(ge=0)] | None = None


class ListQuery(Schema):
    state: State | Literal[""] = ""
    grade: str = ""
    q: str = ""
    page: str | None = None


@router.get("/cases", response=list[CaseRow], summary="Open cases in reach, untraced first")
def cases(request: ApiRequest) -> Any:
    by = request.actor
    by.require("trace.work")
    rows = queries.desk(by)
    audit.saw("case.listed", "case", (row.case.person_id for row in rows), by=by, at=clock.now())
    return [_case_row(row) for row in rows]


@router.post("/cases/{int:case_id}/trace", response=TraceOut, summary="Find and grade everyone who was with the case")
def trace(request: ApiRequest, case_id: int) -> Any:
    case = queries.case_to_trace(request.actor, case_id)
    return _trace(actions.trace_case(case, by=request.actor, at=clock.now()))


@router.get("/cases/{int:case_id}/contacts", response=ContactPage, summary="Contacts, close first, longest first")
def contacts(request: ApiRequest, case_id: int, wanted: Query[ListQuery]) -> Any:
    by = request.actor
    case = queries.case_to_trace(by, case_id)
    chosen = queries.ContactFilter(wanted.state, wanted.grade, wanted.q.strip())
    page = queries.contact_page(by, case, chosen, wanted.page)
    people = [case.person_id, *(row.person_id for row in page.rows)]
    audit.saw("contact.listed", "contact", people, by=by, at=clock.now(), object_id=case.pk)
    return {"items": [contact_json(row) for row in page.rows], "next": page.next, "previous": page.previous}


@router.post("/cases/{int:case_id}/confirm", response=list[ContactOut], summary="Confirm several, all or none")
def confirm_many(request: ApiRequest, case_id: int, body: ConfirmManyIn) -> Any:
    case = queries.case_to_trace(request.actor, case_id)
    done = actions.confirm_many(case, body.contacts, reason=body.reason, by=request.actor, at=clock.now())
    return [contact_json(row) for row in done]


@router.get("/contacts/{int:contact_id}", response=Explained, summary="Why: evidence, rule and arithmetic")
def explain(request: ApiRequest, contact_id: int) -> Any:
    by = request.actor
    contact = queries.contact_for(by, contact_id)
    audit.saw("contact.evidence", "contact", [contact.person_id], by=by, at=clock.now(), object_id=contact.pk)
    return _explained(contact)


@router.post("/contacts/{int:contact_id}/confirm", response=ContactOut, summary="The person is a contact")
def confirm(request: ApiRequest, contact_id: int, body: DecideIn) -> Any:
    contact = queries.contact_for(request.actor, contact_id)
    done = actions.confirm(contact, version=body.version, reason=body.reason, by=request.actor, at=clock.now())
    return contact_json(done)


@router.post("/contacts/{int:contact_id}/dismiss", response=ContactOut, summary="The person is no contact, and why")
def dismiss(request: ApiRequest, contact_id: int, body: DecideIn) -> Any:
    contact = queries.contact_for(request.actor, contact_id)
    done = actions.dismiss(contact, version=body.version, reason=body.reason, by=request.actor, at=clock.now())
    return contact_json(done)


@router.post("/contacts/{int:contact_id}/reconsider", response=ContactOut, summary="Take a decision back, and why")
def reconsider(request: ApiRequest, contact_id: int, body: DecideIn) -> Any:
    contact = queries.contact_for(request.actor, contact_id)
    done = actions.reconsider(contact, version=body.version, reason=body.reason, by=request.actor, at=clock.now())
    return contact_json(done)


@router.get("/days", response=list[DayOut], summary="What presence there is, by day, with what was remarked")
def days(request: ApiRequest, first: date | None = None, last: date | None = None) -> Any:
    return [_day(row) for row in queries.presence_days(request.actor, first, last)[:366]]


@router.post("/trace", summary="Everyone who was with a person in a window; the same answer as `shouwang trace`")
def trace_at_will(request: ApiRequest, body: TraceIn) -> Any:
    by, at = request.actor, clock.now()
    onset = clock.aware(body.onset)
    answer = queries.answer_json(
        by,
        number=body.person,
        onset=onset,
        lookback_days=body.lookback_days,
        rule=body.rule,
        min_seconds=body.min_seconds,
        at=at,
    )
    numbers = [body.person, *(row["person"] for row in answer["contacts"])]
    people = Person.objects.filter(number__in=numbers).values_list("pk", flat=True)
    audit.saw("presence.read", "person", people, by=by, at=at)
    return answer


def _person(person: Person) -> dict[str, Any]:
    unit = person.home.title if person.home else None
    return {"id": person.pk, "number": person.number, "name": person.name, "unit": unit}


def _trace(row: Trace) -> dict[str, Any]:
    return {name: getattr(row, name) for name in TraceOut.model_fields}


def _case_row(row: queries.DeskCase) -> dict[str, Any]:
    traced = row.last_trace is not None
    return {
        "id": row.case.pk,
        "number": row.case.number,
        "person": _person(row.case.person),
        "classification": row.case.classification,
        "onset_at": row.case.onset_at,
        "last_trace": _trace(row.last_trace) if row.last_trace else None,
        "close": row.close if traced else None,
        "waiting": row.waiting if traced else None,
        "total": row.total if traced else None,
        "unknown": row.unknown,
    }


def contact_json(row: Contact) -> dict[str, Any]:
    plain = (
        "id", "case_id", "grade", "state", "seconds", "encounters", "first_at", "last_at", "found_at", "decided_at",
        "decision_reason", "certain_seconds", "possible_seconds", "possible_grade", "version",
    )  # fmt: skip
    tracer = row.tracer.number if row.tracer else None
    values = {name: getattr(row, name) for name in plain}
    return {"person": _person(row.person), "why": explaining.why(row), "tracer": tracer, **values}


def _explained(row: Contact) -> dict[str, Any]:
    said = explaining.explain(row)
    pack = pack_of(row.case)
    return {
        **contact_json(row),
        "next": queries.next_of(row).as_json(),
        "window": said.window,
        "rule": said.rule,
        "rule_source": pack.sources[said.rule_source].text if said.rule_source in pack.sources else said.rule_source,
        "counted_seconds": said.counted_seconds,
        "left_out": said.left_out,
        "days": row.days,
        "evidence": [
            {
                "place": item.place,
                "place_id": item.place_id,
                "start": item.start,
                "end": item.end,
                "seconds": round(item.minutes * 60),
                "sources": list(item.sources),
            }
            for item in said.encounters
        ],
    }


def _day(row: PresenceDay) -> dict[str, Any]:
    return {name: getattr(row, name) for name in DayOut.model_fields}
