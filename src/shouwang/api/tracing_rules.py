"""/api/v1/tracing/: editions of contact rules, the rule of a case, previews, and why somebody is a contact."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.core import audit, clock
from shouwang.tracing import actions, queries
from shouwang.tracing.queries import preview as previews
from shouwang.tracing.queries import rulebook, saying, transit, why

router = Router(tags=["tracing"])
LARGEST_ID = 2**63 - 1


class ApplyIn(Schema):
    edition: str = Field(description="Code of an edition: GET /tracing/rules")
    reason: str
    last_negative: datetime | None = Field(None, description="Where the edition's window may begin at that test")


class GradeIn(Schema):
    grade: str = Field(description="A grade of the case's rule; empty: as the rule says at the next trace")
    reason: str
    version: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None


class Applied(Schema):
    trace: int
    rule: str
    found: int


class Graded(Schema):
    id: int
    grade: str
    override: str
    version: int


@router.get("/rules", summary="Editions of contact rules at hand, oldest first", response=list[dict[str, Any]])
def rules(request: ApiRequest, disease: str | None = None) -> Any:
    request.actor.require("trace.work")
    return [saying.edition_json(item) for item in rulebook.editions_of(disease)]


@router.get("/cases/{int:case_id}/rule", summary="The rule that judges a case, and why", response=dict[str, Any])
def rule(request: ApiRequest, case_id: int) -> Any:
    case = queries.case_to_trace(request.actor, case_id)
    return saying.ruling_json(rulebook.ruling(case, clock.now()))


@router.get(
    "/cases/{int:case_id}/rule/{edition}",
    summary="Who would be added, dropped or graded otherwise by another edition; writes nothing",
    response=dict[str, Any],
)
def preview(request: ApiRequest, case_id: int, edition: str, last_negative: datetime | None = None) -> Any:
    by, now = request.actor, clock.now()
    case = queries.case_to_trace(by, case_id)
    found = previews.preview(by, case, edition, at=now, last_negative=last_negative)
    people = [case.person_id, *(change.person.pk for change in found.changes)]
    audit.saw("contact.rule_previewed", "contact", people, by=by, at=now, object_id=case.pk)
    return saying.preview_json(found)


@router.post("/cases/{int:case_id}/rule", response=Applied, summary="Judge the case by another edition from now on")
def apply_rule(request: ApiRequest, case_id: int, body: ApplyIn) -> Any:
    by = request.actor
    case = queries.case_to_trace(by, case_id)
    run = actions.apply_rule(
        case, body.edition, reason=body.reason, last_negative=body.last_negative, by=by, at=clock.now()
    )
    return {"trace": run.pk, "rule": run.rule, "found": run.found}


@router.get(
    "/cases/{int:case_id}/why/{number}",
    summary="Why a person is, or is not, a contact: conditions, encounters, arithmetic",
    response=dict[str, Any],
)
def explain(request: ApiRequest, case_id: int, number: str) -> Any:
    by, now = request.actor, clock.now()
    case = queries.case_to_trace(by, case_id)
    person = why.person_to_explain(by, case, number)
    found = why.explain_person(by, case, person, at=now)
    audit.saw("contact.explained", "contact", [case.person_id, person.pk], by=by, at=now, object_id=case.pk)
    return saying.why_json(found)


@router.get(
    "/cases/{int:case_id}/transits",
    summary="Who may have walked with the case: a weaker kind of evidence, without minutes, in no rule",
    response=dict[str, Any],
)
def transits(request: ApiRequest, case_id: int) -> Any:
    by, now = request.actor, clock.now()
    case = queries.case_to_trace(by, case_id)
    found = transit.companions(case, at=now)
    people = [case.person_id, *transit.people_in(found)]
    audit.saw("contact.transit", "contact", people, by=by, at=now, object_id=case.pk)
    return transit.companions_json(found)


@router.post("/contacts/{int:contact_id}/grade", response=Graded, summary="Another grade than the rule's, and why")
def regrade(request: ApiRequest, contact_id: int, body: GradeIn) -> Any:
    contact = queries.contact_for(request.actor, contact_id)
    return actions.regrade(
        contact, body.grade, reason=body.reason, version=body.version, by=request.actor, at=clock.now()
    )
