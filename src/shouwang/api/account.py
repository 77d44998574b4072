"""`/api/v1/command/matters`: accountability, for parties alone. No route lists people; the counts are by unit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Field, Router, Schema

from shouwang.api.http import ApiRequest
from shouwang.cases.queries.naming import unit_written
from shouwang.command.account import actions, facts, queries, rules, statistics
from shouwang.command.account.models import Matter
from shouwang.command.queries import MANAGE
from shouwang.core import audit, clock
from shouwang.core.errors import NotFound

router = Router(tags=["accountability"])
Show = Literal["open", "mine", "decide", "over", "all"]


class ToldFact(Schema):
    words: str
    source: str


class ProposeIn(Schema):
    unit: str = Field(description="Code of the unit")
    person: str | None = Field(None, description="Number of who answers for it; default: the unit")
    step: Literal["reminder", "talk", "notice"] = "reminder"
    asked: str
    facts: list[str] = Field([], description="`task:1`, `report:1`, `missing:1`, `gap:1`, `correction:1`, `receipt:1`")
    told: list[ToldFact] = Field([], description="Facts in own words, each with its source")
    previous: int | None = Field(None, description="The step before, whose facts are carried over")
    urgent: str = ""


class ActIn(Schema):
    text: str = ""
    fact: int | None = Field(None, description='For "contest"')
    verdict: Literal["", "upheld", "withdrawn"] = Field("", description='For "decide" and "decide_appeal"')
    answers: dict[int, str] = Field({}, description="What the decider says to each contested fact, by its id")
    struck: list[int] = Field([], description="Facts that do not count")


@router.get("/matters", response=dict[str, Any], summary="Matters one is a party to, the latest first")
def matters(
    request: ApiRequest, show: Show = "open", cursor: str = "", size: Annotated[int, Field(ge=1, le=200)] = 50
) -> Any:
    page = queries.matters_page(request.actor, show, cursor, at=clock.now(), size=size)
    return {"items": [queries.matter_json(row) for row in page.rows], "next": page.next, "previous": page.previous}


@router.get("/matters/offers", response=list[dict[str, Any]], summary="Units that facts point to; nothing follows")
def offers(request: ApiRequest) -> Any:
    by = request.actor
    if not by.holds(MANAGE):
        raise NotFound
    return [facts.offer_json(offer) for offer in facts.offers(by, queries.numbers(), at=clock.now())]


@router.get("/matters/statistics", response=dict[str, Any], summary="How many matters there were, by unit")
def counted(request: ApiRequest) -> Any:
    return statistics.counts_json(statistics.counts(request.actor, at=clock.now()))


@router.get("/matters/{int:matter_id}", response=dict[str, Any], summary="One matter with its facts and what happened")
def matter(request: ApiRequest, matter_id: int) -> Any:
    return _sheet(request, matter_id)


def _sheet(request: ApiRequest, matter_id: int) -> Any:
    by, at = request.actor, clock.now()
    row = queries.matter_for(by, matter_id, on=clock.local_day(at))
    found = queries.sheet(by, row, at=at)
    if row.person_id is not None and row.served_at and rules.SUBJECT not in found.sides:
        audit.saw("matter.seen", "matter", [row.person_id], by=by, at=at, object_id=row.pk)
    return queries.sheet_json(found)


@router.post("/matters", response={201: dict[str, Any]}, summary="Propose a matter; nobody is told before it is served")
def propose(request: ApiRequest, body: ProposeIn) -> Any:
    by, at = request.actor, clock.now()
    if not by.holds(MANAGE):
        raise NotFound
    on = clock.local_day(at)
    unit = unit_written(by, body.unit, MANAGE)
    if unit is None:
        raise NotFound
    made = actions.propose(
        unit, step=body.step, asked=body.asked, facts=body.facts,
        told=[facts.told(one.words, one.source) for one in body.told],
        person=queries.person_named(unit, body.person, on=on) if body.person else None,
        previous=queries.matter_for(by, body.previous, on=on) if body.previous else None, urgent=body.urgent, by=by,
        at=at,
    )  # fmt: skip
    return 201, queries.matter_json(made)


@router.post("/matters/{int:matter_id}/{str:act}", response=dict[str, Any], summary="One step of a matter")
def step(request: ApiRequest, matter_id: int, act: str, body: ActIn) -> Any:
    """`act`: serve, talk, take_back (office); reply, contest, appeal (whom it concerns); decide, decide_appeal."""
    by, at = request.actor, clock.now()
    row = queries.matter_for(by, matter_id, on=clock.local_day(at))
    actions.act(
        row, act, text=body.text, fact=body.fact, verdict=body.verdict, answers=body.answers, struck=body.struck, by=by,
        at=at,
    )  # fmt: skip
    return queries.matter_json(Matter.objects.select_related(*queries.RELATED).get(pk=matter_id))
