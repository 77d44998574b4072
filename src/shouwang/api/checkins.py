"""/api/v1/checkins/: check in, for oneself or another; own history; receipts; a unit's state; the clinic's alerts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.checkins import actions, queries, words
from shouwang.checkins.models import CheckIn, SymptomAlert
from shouwang.checkins.queries.alerts import HANDLED_ORDER, ORDER
from shouwang.checkins.rules import Answers, Protocols, Question, credentials, is_asked
from shouwang.checkins.rules.questions import Scalar
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.paging import keyset_page
from shouwang.org.queries import person_by_number

router = Router(tags=["checkins"])
Severity = Literal["none", "low", "medium", "high", "urgent"]
Source = Literal["self", "proxy", "clinic"]


class AnswersIn(Schema):
    """Null means not asked. Symptom codes are those of GET questions/."""

    unchanged: bool = Field(False, description="Repeat the last healthy answers; refused after an ill day")
    temperature_c: Decimal | None = Field(None, description="°C, kept to one decimal")
    symptoms: list[str] = []
    exposure: bool | None = None
    place_changed: bool = False
    place_note: str = ""
    note: str = ""
    situation: str = Field("", description="on_campus, day, off_campus, abroad, intern; only for oneself")
    zone: str = Field("", description="Time zone in which one lives from now on, by its tz name; only for oneself")
    extra: dict[str, Scalar] = Field({}, description="Answers to further questions, by their codes in GET questions/")

    def plain(self) -> Answers:
        return Answers(**{**self.dict(), "symptoms": tuple(self.symptoms)})


class KeyedIn(Schema):
    client_key: str = Field(description="Chosen once by the sender; a retry with it returns the same receipt")
    answers: AnswersIn


class OwnIn(KeyedIn):
    corrects: str = Field("", description="Receipt of the own entry that this one puts right; it is then of its moment")
    form: str = Field("", description="`sha256` of the questions that were shown; refused when others are asked now")


class ProxyIn(KeyedIn):
    person: str = Field(description="Student or staff number")
    reason: str = Field(description="Why somebody else enters it; the person can read it")
    source: Literal["proxy", "clinic"] = "proxy"


class CheckInOut(Schema):
    receipt: str
    person: str = Field(description="Student or staff number")
    day: date
    at: datetime
    source: Source
    unchanged: bool
    temperature_c: Decimal | None
    symptoms: list[str]
    exposure: bool | None
    place_changed: bool
    place_note: str
    note: str
    extra: dict[str, Scalar]
    corrects: str | None = Field(description="Receipt of the entry that this one puts right")
    proxy_reason: str
    symptomatic: bool
    severity: Severity
    rule: str
    because: str | None = Field(description="Why triage judged so, in the language of the request")
    advice: str | None


class TakenOut(Schema):
    """What the person who entered for another may know: that it was taken."""

    receipt: str
    person: str
    day: date
    at: datetime
    source: Source


class SymptomOut(Schema):
    code: str
    name: str


class ChoiceOut(Schema):
    code: str
    name: str


class QuestionOut(Schema):
    """A further question. `symptoms_any`: asked only of whoever reports one of them."""

    code: str
    kind: Literal["yes_no", "number", "choice", "text"]
    text: str
    help: str | None
    choices: list[ChoiceOut]
    low: float | None
    high: float | None
    required: bool
    symptoms_any: list[str]
    new: bool = Field(description="Not answered by the last entry: the only ones to be highlighted")


class QuestionsOut(Schema):
    day: date = Field(description="The person's own day, by the clock of `zone`")
    zone: str
    cadence: Literal["daily", "twice_daily", "weekly", "unwell_only"]
    due: time = Field(description="By when the check-in that is asked is expected, by the person's clock")
    slot: int = Field(description="Which check-in of the day is asked, 0 the first; always 0 unless twice daily")
    again: bool = Field(description="An earlier check-in of the day is in, and another one is asked")
    questions: list[QuestionOut]
    sha256: str = Field(description="Hash of what is asked; stored with each check-in")
    symptoms: list[SymptomOut]
    temperature_low_c: float
    temperature_high_c: float
    fever_c: float
    needs_temperature: bool
    may_repeat: bool = Field(description="Whether `unchanged` would be taken now")


class TicketOut(Schema):
    """A pass for POST /intake/checkins and for the page of the link; it opens nothing else."""

    ticket: str
    expires: datetime


class CountsOut(Schema):
    day: date
    as_of: datetime
    roster: int
    by_self: int
    by_proxy: int
    by_clinic: int
    unknown: int


class PersonOut(Schema):
    number: str
    name: str
    unit: str | None
    situation: str
    last_heard: date | None
    state: str = Field(description="The list the person stands in, as far as one may know")
    why: str = Field(description="Why, in a sentence")


class UnitQuery(Schema):
    unit: int | None = Field(None, ge=1, le=2**63 - 1, description="Organisation id; without it all within reach")
    state: str = Field(
        "", description="symptomatic, conflicting, silent, not_yet, in, excused; without it the first one is offered"
    )
    q: str = Field("", max_length=60, description="Beginning of a name or number; looks through every list")
    cursor: str = ""


class UnitOut(Schema):
    counts: CountsOut
    states: dict[str, int] = Field(description="Sizes of the lists; they add up to counts.roster")
    state: str
    items: list[PersonOut]
    next: str | None = Field(description="Cursor of the next page")
    previous: str | None


class AlertOut(Schema):
    id: int
    person: str
    name: str
    unit: str | None
    disease: str
    pack: str
    rule: str
    severity: Severity
    because: str
    raised_at: datetime
    state: Literal["open", "case", "closed"]
    handled_at: datetime | None
    close_reason: str
    checkin: CheckInOut | None = Field(description="Null once the answers have been purged")


class AlertsOut(Schema):
    items: list[AlertOut]
    open_by_severity: dict[str, int]
    next: str | None = Field(description="Cursor of the next page")
    previous: str | None


class CloseIn(Schema):
    reason: str = Field(description="The person can read it")


def checkin_out(row: CheckIn, protocols: Protocols) -> dict[str, Any]:
    told = words.told(row, protocols)
    advice = protocols.advice(row.rule) if row.rule else None
    return {
        **{name: getattr(row, name) for name in CheckInOut.model_fields if hasattr(row, name)},
        "person": row.person.number,
        "corrects": row.corrects.receipt if row.corrects else None,
        "because": str(told.because) if told.because else None,
        "advice": str(advice) if advice else None,
    }


def alert_out(alert: SymptomAlert, protocols: Protocols) -> dict[str, Any]:
    person, row = alert.person, alert.checkin
    return {
        **{name: getattr(alert, name) for name in AlertOut.model_fields if hasattr(alert, name)},
        "person": person.number,
        "name": person.name,
        "unit": person.home.title if person.home else None,
        "checkin": checkin_out(row, protocols) if row else None,
    }


@router.post("/", response={201: CheckInOut}, summary="Check in for oneself")
def check_in(request: ApiRequest, body: OwnIn) -> Any:
    by, at = request.actor, clock.now()
    own = queries.own_day(by, at=at)
    wrong = queries.own_checkin(by, body.corrects, at=at) if body.corrects else None
    row = actions.submit(
        person=own.person,
        answers=body.answers.plain(),
        client_key=body.client_key,
        corrects=wrong.receipt if wrong else "",
        said_at=wrong.at if wrong else None,
        form=body.form,
        by=by,
        at=at,
    )
    return 201, checkin_out(row, own.protocols)


@router.post("/ticket", response={201: TicketOut}, summary="A pass with which a phone checks in for oneself")
def ticket(request: ApiRequest) -> Any:
    at = clock.now()
    found = queries.ticket_for(request.actor, mouth=credentials.API, at=at)
    return 201, {"ticket": found, "expires": at + credentials.LIFETIME}


@router.post("/ticket/revoke", response={204: None}, summary="Withdraw every pass and link of oneself, at once")
def revoke(request: ApiRequest) -> Any:
    by, at = request.actor, clock.now()
    actions.revoke_tickets(queries.own_day(by, at=at).person, by=by, at=at)
    return 204, None


@router.post("/proxy", response={201: TakenOut}, summary="Check in for somebody else, with a reason")
def check_in_for(request: ApiRequest, body: ProxyIn) -> Any:
    by = request.actor
    right = "checkin.proxy" if body.source == "proxy" else "alert.handle"
    person = person_by_number(by, body.person, right=right)
    row = actions.submit(
        person=person,
        answers=body.answers.plain(),
        client_key=body.client_key,
        source=body.source,
        proxy_reason=body.reason,
        by=by,
        at=clock.now(),
    )
    return 201, taken_out(row)


def taken_out(row: CheckIn) -> dict[str, Any]:
    return {"receipt": row.receipt, "person": row.person.number, "day": row.day, "at": row.at, "source": row.source}


@router.get("/", response=list[CheckInOut], summary="Own check-ins of the last 14 days, newest first")
def own_history(request: ApiRequest) -> list[dict[str, Any]]:
    by, at = request.actor, clock.now()
    own = queries.own_day(by, at=at)
    rows = queries.history(by, own.person.pk, today=own.day).select_related("person", "corrects")
    return [checkin_out(row, own.protocols) for row in rows]


@router.get("/questions", response=QuestionsOut, summary="What is asked today")
def questions(request: ApiRequest) -> dict[str, Any]:
    own = queries.own_day(request.actor, at=clock.now())
    asked = own.protocols
    low, high = asked.plausible_c
    return {
        "day": own.day,
        "zone": own.zone.key,
        "cadence": own.asking.cadence.value,
        "due": own.due,
        "slot": own.slot,
        "again": own.again,
        "questions": [question_out(question, own) for question in asked_of(own)],
        "sha256": asked.sha256,
        "symptoms": [{"code": code, "name": str(symptom.name)} for code, symptom in asked.symptoms.items()],
        "temperature_low_c": low,
        "temperature_high_c": high,
        "fever_c": asked.fever_c,
        "needs_temperature": own.needs_temperature,
        "may_repeat": own.copies is not None,
    }


def asked_of(own: queries.OwnDay) -> list[Question]:
    """What this person is asked, or would be with a symptom."""
    return [
        question
        for question in own.protocols.questions.values()
        if is_asked(question, replace(own.who, symptoms=question.symptoms_any))
    ]


def question_out(question: Question, own: queries.OwnDay) -> dict[str, Any]:
    plain = ("code", "kind", "low", "high", "required")
    return {
        **{name: getattr(question, name) for name in plain},
        "text": str(question.text),
        "help": str(question.help) if question.help else None,
        "choices": [{"code": choice.code, "name": str(choice.name)} for choice in question.choices],
        "symptoms_any": list(question.symptoms_any),
        "new": question in own.new,
    }


@router.get("/receipts/{receipt}", response=TakenOut, summary="Whether a receipt stands")
def receipt(request: ApiRequest, receipt: str) -> dict[str, Any]:
    return taken_out(queries.receipt_for(request.actor, receipt))


@router.get("/alerts", response=AlertsOut, summary="Symptom alerts, most urgent first")
def alerts(request: ApiRequest, handled: bool = False, cursor: str = "") -> dict[str, Any]:
    by, at = request.actor, clock.now()
    if not by.holds("alert.handle"):
        raise NotFound
    rows, order = (queries.handled_alerts(by), HANDLED_ORDER) if handled else (queries.alert_queue(by), ORDER)
    found = keyset_page(rows.select_related("checkin__person", "checkin__corrects"), order, cursor)
    actions.note_reading("alert", [alert.person_id for alert in found.rows], by=by, at=at)
    asked = queries.protocols_on(clock.local_day(at))
    return {
        "items": [alert_out(alert, asked.of(alert.person.home_path)) for alert in found.rows],
        "open_by_severity": queries.open_by_severity(by),
        "next": found.next,
        "previous": found.previous,
    }


@router.post("/alerts/{alert_id}/close", response=AlertOut, summary="Close an alert with a reason")
def close(request: ApiRequest, alert_id: int, body: CloseIn) -> dict[str, Any]:
    by, at = request.actor, clock.now()
    found = queries.alert_for(by, alert_id)
    actions.close_alert(found, reason=body.reason, by=by, at=at)
    actions.note_reading("alert", [found.person_id], by=by, at=at, object_id=found.pk)
    return alert_out(queries.alert_for(by, alert_id), queries.protocols_of(clock.local_day(at), found.person.home_path))
