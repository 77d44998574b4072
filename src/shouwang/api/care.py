"""/api/v1/care: treatment, referral, discharge, follow-up and return of a case; checking a certificate."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.cases.care import actions, queries
from shouwang.cases.care.models import Care
from shouwang.cases.models import Case
from shouwang.core import audit, clock

router = Router(tags=["care"])
LARGEST_ID = 2**63 - 1
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Version = Annotated[int | None, Field(description="Of the care that was looked at; 0: there was none")]
Sheet = dict[str, Any]


class LeaveIn(Schema):
    absent_from: date
    absent_until: date
    version: Version = None


class MedicalIn(Schema):
    """Empty is unknown, not none."""

    allergies: str = ""
    chronic: str = ""
    version: Version = None


class TreatIn(Schema):
    kind: Literal["symptoms", "antiviral", "antibiotic", "fluids", "oxygen", "traditional", "other"]
    place: Literal["clinic", "isolation", "hospital", "home"]
    text: str
    happened_at: datetime | None = None
    version: Version = None


class ReferIn(Schema):
    hospital: str = Field(description="Code of the institution's list")
    reason: str
    accompanied_by: str = ""
    decided_at: datetime | None = None
    absent_until: date | None = Field(None, description="Needed where no leave stands yet")
    version: Version = None


class StepIn(Schema):
    what: str = Field(description="Of the ambulance: called, arrived, left, handed_over; else the hospital's word")
    happened_at: datetime | None = None
    source: Literal["message", "seen"] = "message"
    told_by: str = ""


class DischargeIn(Schema):
    outcome: Literal["recovered", "improved", "against", "not_ill"]
    instructions: str
    happened_at: datetime | None = None
    version: Version = None


class ComplicationIn(Schema):
    symptoms: str
    happened_at: datetime | None = None
    absent_until: date | None = Field(None, description="With a day the certificate is withdrawn")
    version: Version = None


class VisitIn(Schema):
    finding: Literal["well", "symptoms", "not_reached"]
    note: str = ""
    absent_until: date | None = None


class CorrectIn(Schema):
    reason: str
    happened_at: datetime | None = None
    withdraw: bool = False


class CorrectStepIn(CorrectIn):
    what: str = ""


class CorrectTreatmentIn(CorrectIn):
    text: str = ""


class CorrectDischargeIn(CorrectIn):
    outcome: str = ""
    instructions: str = ""


class ReturnIn(Schema):
    back_on: date
    reason: str = Field("", description="Needed where a condition is not met")
    version: Version = None


class RevokeIn(Schema):
    reason: str
    absent_until: date | None = None


class ObjectIn(Schema):
    text: str


class AnswerIn(Schema):
    answer: str
    same_reason: str = ""


class CareRow(Schema):
    case_id: int
    case: str
    person: str = Field(description="Number")
    name: str
    state: Literal["open", "discharged", "returned", "died"]
    absent_from: date | None
    absent_until: date | None
    back_on: date | None
    next_visit: date | None


class CarePage(Schema):
    items: list[CareRow]
    next: str | None = None
    previous: str | None = None


class LinkOut(Schema):
    link: str = Field(description="Path; takes one answer")
    hours: int


def _sheet(request: ApiRequest, case: Case) -> Sheet:
    """The care as it stands now; the reading is recorded."""
    at = clock.now()
    case = queries.managed_case(request.actor, case.pk)
    care = queries.care_of(case)
    audit.saw("care.viewed", "care", [case.person_id], by=request.actor, at=at, object_id=care.pk if care else "")
    return queries.sheet_json(case, queries.sheet_of(care, at=at) if care else None)


def _row(care: Care) -> dict[str, Any]:
    return {
        "case_id": care.case_id, "case": care.case.number, "person": care.case.person.number,
        "name": care.case.person.name, "state": care.state, "absent_from": care.absent_from,
        "absent_until": care.absent_until, "back_on": care.back_on, "next_visit": vars(care)["next_visit"],
    }  # fmt: skip


@router.get("", response=CarePage, summary="Who is in care, latest entry first")
def desk(
    request: ApiRequest,
    show: Literal["open", "discharged", "returned", "all"] = "open",
    cursor: str = "",
    size: Annotated[int, Field(ge=1, le=200)] = 50,
) -> Any:
    page = queries.desk_page(request.actor, show, cursor, size=size)
    seen = [row.case.person_id for row in page.rows]
    audit.saw("care.listed", "care", seen, by=request.actor, at=clock.now())
    return {"items": [_row(row) for row in page.rows], "next": page.next, "previous": page.previous}


@router.get("/mine", response=list[Sheet], summary="One's own care")
def mine(request: ApiRequest) -> Any:
    return [queries.sheet_json(item.care.case, item.sheet) for item in queries.mine(request.actor, at=clock.now())]


@router.post("/mine/{int:care_id}/object", response=dict[str, Any], summary="Object to what is kept of oneself")
def object_to(request: ApiRequest, care_id: int, body: ObjectIn) -> Any:
    care = queries.own_one(request.actor, care_id)
    row = actions.object_to_care(care, text=body.text, by=request.actor, at=clock.now())
    return {"text": row.text, "at": row.at}


@router.get(
    "/check", response=dict[str, Any], summary="Is a certificate of return valid? No reason; first sign of the name"
)
def check(request: ApiRequest, code: Annotated[str, Field(max_length=120)]) -> Any:
    return queries.verdict_json(queries.verify(code, at=clock.now()))


@router.get("/cases/{int:case_id}", response=Sheet, summary="The care of a case")
def care_of_case(request: ApiRequest, case_id: int) -> Any:
    return _sheet(request, queries.managed_case(request.actor, case_id))


@router.post("/cases/{int:case_id}/leave", response=Sheet, summary="Absent from, until")
def leave(request: ApiRequest, case_id: int, body: LeaveIn) -> Any:
    case = queries.managed_case(request.actor, case_id)
    days = {"first": body.absent_from, "until": body.absent_until}
    actions.set_leave(case, **days, version=body.version, by=request.actor, at=clock.now())
    return _sheet(request, case)


@router.post("/cases/{int:case_id}/medical", response=Sheet, summary="Allergies and chronic illness")
def medical(request: ApiRequest, case_id: int, body: MedicalIn) -> Any:
    case = queries.managed_case(request.actor, case_id)
    actions.set_medical(case, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, case)


@router.post("/cases/{int:case_id}/treatments", response=Sheet, summary="Enter a treatment")
def treat(request: ApiRequest, case_id: int, body: TreatIn) -> Any:
    case = queries.managed_case(request.actor, case_id)
    actions.treat(case, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, case)


@router.post("/cases/{int:case_id}/referrals", response=Sheet, summary="Refer to a hospital")
def refer(request: ApiRequest, case_id: int, body: ReferIn) -> Any:
    case = queries.managed_case(request.actor, case_id)
    actions.refer(case, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, case)


@router.post("/cases/{int:case_id}/discharge", response=Sheet, summary="Enter the discharge; plans the follow-up")
def discharge(request: ApiRequest, case_id: int, body: DischargeIn) -> Any:
    case = queries.managed_case(request.actor, case_id)
    actions.discharge(case, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, case)


@router.post("/cases/{int:case_id}/complications", response=Sheet, summary="A symptom after the discharge")
def complication(request: ApiRequest, case_id: int, body: ComplicationIn) -> Any:
    case = queries.managed_case(request.actor, case_id)
    actions.report_complication(case, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, case)


@router.post("/cases/{int:case_id}/answer", response=Sheet, summary="Answer the person's objection")
def answer(request: ApiRequest, case_id: int, body: AnswerIn) -> Any:
    case = queries.managed_case(request.actor, case_id)
    care = queries.care_of(case) or queries.none_yet(case, at=clock.now())
    words = {"text": body.answer, "same_reason": body.same_reason}
    actions.answer_care_objection(care, **words, by=request.actor, at=clock.now())
    return _sheet(request, case)


@router.get("/cases/{int:case_id}/return", response=dict[str, Any], summary="Conditions of the return, line by line")
def conditions(request: ApiRequest, case_id: int, back_on: date) -> Any:
    case, at = queries.managed_case(request.actor, case_id), clock.now()
    audit.saw("care.viewed", "care", [case.person_id], by=request.actor, at=at)
    care = queries.care_of(case) or queries.none_yet(case, at=at)
    return queries.review_json(queries.review_of(care, back_on=back_on, at=at))


@router.post("/cases/{int:case_id}/return", response=Sheet, summary="Clear for class and dormitory")
def clear(request: ApiRequest, case_id: int, body: ReturnIn) -> Any:
    case = queries.managed_case(request.actor, case_id)
    actions.clear(case, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, case)


@router.post("/referrals/{int:referral_id}/steps", response=Sheet, summary="Add to the log of a referral")
def step(request: ApiRequest, referral_id: int, body: StepIn) -> Any:
    referral = queries.referral_for(request.actor, referral_id)
    actions.add_step(referral, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, referral.care.case)


@router.post("/referrals/{int:referral_id}/link", response=LinkOut, summary="A one-time link for the hospital")
def link(request: ApiRequest, referral_id: int) -> Any:
    referral = queries.referral_for(request.actor, referral_id)
    text = actions.make_link(referral, by=request.actor, at=clock.now())
    return {"link": f"/cases/care/hospital/{text}/", "hours": actions.LINK_HOURS}


@router.get("/referrals/{int:referral_id}/note", response=dict[str, Any], summary="The hand-over note")
def note(request: ApiRequest, referral_id: int) -> Any:
    referral, at = queries.referral_for(request.actor, referral_id), clock.now()
    person = referral.care.case.person_id
    audit.saw("care.noted", "care", [person], by=request.actor, at=at, object_id=referral.care_id)
    return queries.note_json(queries.hand_over(referral, at=at))


@router.post("/steps/{int:step_id}/correct", response=Sheet, summary="Correct an entry of the log")
def correct_step(request: ApiRequest, step_id: int, body: CorrectStepIn) -> Any:
    row = queries.step_for(request.actor, step_id)
    actions.correct_step(row, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, row.referral.care.case)


@router.post("/treatments/{int:treatment_id}/correct", response=Sheet, summary="Correct a treatment")
def correct_treatment(request: ApiRequest, treatment_id: int, body: CorrectTreatmentIn) -> Any:
    row = queries.treatment_for(request.actor, treatment_id)
    actions.correct_treatment(row, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, row.care.case)


@router.post("/discharges/{int:discharge_id}/correct", response=Sheet, summary="Correct a discharge")
def correct_discharge(request: ApiRequest, discharge_id: int, body: CorrectDischargeIn) -> Any:
    row = queries.discharge_for(request.actor, discharge_id)
    actions.correct_discharge(row, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, row.care.case)


@router.post("/visits/{int:visit_id}", response=Sheet, summary="What a visit of the follow-up found")
def visit(request: ApiRequest, visit_id: int, body: VisitIn) -> Any:
    row = queries.visit_for(request.actor, visit_id)
    actions.record_visit(
        row, finding=body.finding, note_text=body.note, absent_until=body.absent_until, by=request.actor, at=clock.now()
    )
    return _sheet(request, row.care.case)


@router.post("/returns/{int:clearance_id}/revoke", response=Sheet, summary="Withdraw a certificate")
def revoke(request: ApiRequest, clearance_id: int, body: RevokeIn) -> Any:
    row = queries.managed_clearance(request.actor, clearance_id)
    actions.revoke(row, by=request.actor, at=clock.now(), **body.model_dump())
    return _sheet(request, row.care.case)
