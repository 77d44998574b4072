"""Where one case was infected: every answer with its checks in words, and what was decided about it.

Reading needs case.view over the case, deciding trace.work; an answer that names a case outside one's scope is counted
and never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from shouwang.cases.models import Case
from shouwang.cases.queries import visible_cases
from shouwang.core.errors import NotFound
from shouwang.core.packs import PackError, Source, get_pack
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable
from shouwang.tracing.models import LinkStep, TransmissionLink
from shouwang.tracing.queries import judging
from shouwang.tracing.rules import chains

WORK = "trace.work"
VIEW = "case.view"
State = TransmissionLink.State
STATE_RANK = {State.ACCEPTED: 0, State.PROPOSED: 1, State.REJECTED: 2}


def visible_case(by: Actor, case_id: int) -> Case:
    """One case within reach of case.view, open or closed. NotFound otherwise."""
    case = visible_cases(by).filter(pk=case_id).first()
    if case is None:
        raise NotFound
    return case


def visible_by_number(by: Actor, number: str) -> Case:
    """As `visible_case`, by case number."""
    case = visible_cases(by).filter(number=number.strip().upper()).first()
    if case is None:
        raise NotFound
    return case


def may_decide(by: Actor, case: Case) -> bool:
    """Whether `by` may decide where this case was infected."""
    return by.holds(WORK) and Case.objects.filter(reachable(by, WORK, "person__"), pk=case.pk).exists()


def case_to_link(by: Actor, case_id: int) -> Case:
    """One case whose source `by` may decide: trace.work over its person. A chain is often settled after its cases are
    closed, so closed ones are not kept back. NotFound otherwise."""
    case = Case.objects.filter(reachable(by, WORK, "person__"), pk=case_id).select_related("person").first()
    if case is None:
        raise NotFound
    return case


def _links(by: Actor) -> QuerySet[TransmissionLink]:
    """Links whose other case, if there is one, lies within reach of case.view."""
    seen = Case.objects.filter(reachable(by, VIEW, "person__")).values("pk")
    return TransmissionLink.objects.filter(Q(infector__isnull=True) | Q(infector__in=seen))


def link_for(by: Actor, link_id: int) -> TransmissionLink:
    """One link that `by` may decide about. NotFound otherwise."""
    rows = _links(by).filter(reachable(by, WORK, "case__person__"), pk=link_id)
    link = rows.select_related("case", "case__person", "infector").first()
    if link is None:
        raise NotFound
    return link


def ancestors(case_id: int) -> list[int]:
    """A case, whoever infected it by accepted links, and so on up. One query a generation."""
    found = [case_id]
    while True:
        above = TransmissionLink.objects.filter(case=found[-1], state=State.ACCEPTED, infector__isnull=False)
        infector = above.values_list("infector", flat=True).first()
        if infector is None or infector in found:
            return found
        found.append(infector)


@dataclass(frozen=True, slots=True)
class Said:
    """A check in words: which way it speaks, and where its numbers come from."""

    text: str
    verdict: str
    source: Source | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to "who infected this case?" as its reader may see it."""

    link: TransmissionLink
    checks: tuple[Said, ...]
    steps: tuple[LinkStep, ...]

    @property
    def infector(self) -> Case | None:
        return self.link.infector


@dataclass(frozen=True, slots=True)
class CaseSources:
    """Every answer within scope, accepted first, surest first; `outside` more name cases outside it."""

    case: Case
    answers: tuple[Answer, ...]
    outside: int
    outside_accepted: bool

    @property
    def accepted(self) -> Answer | None:
        return next((answer for answer in self.answers if answer.link.state == State.ACCEPTED), None)

    @property
    def waiting(self) -> int:
        return sum(answer.link.state == State.PROPOSED for answer in self.answers)


def sources_of(by: Actor, case: Case) -> CaseSources:
    """The answers of a case that was fetched under scope. Three queries."""
    every = {row.pk: row for row in TransmissionLink.objects.filter(case=case).only("pk", "state", "case")}
    steps = Prefetch("steps", LinkStep.objects.select_related("by__person"))
    rows = _links(by).filter(case=case).select_related("infector", "infector__person", "infector__person__home")
    seen = sorted(rows.prefetch_related(steps), key=_rank)
    hidden = [row for pk, row in every.items() if pk not in {link.pk for link in seen}]
    return CaseSources(
        case,
        tuple(Answer(row, tuple(said(row)), tuple(row.steps.all())) for row in seen),
        len(hidden),
        any(row.state == State.ACCEPTED for row in hidden),
    )


def _rank(row: TransmissionLink) -> tuple[int, int, float, int]:
    sureness = chains.CERTAINTIES.index(row.certainty) if row.certainty else -1
    distance = chains.WIDEST_SD if row.distance_sd is None else row.distance_sd
    return STATE_RANK[State(row.state)], sureness, distance, row.pk


def said(link: TransmissionLink) -> list[Said]:
    """The checks of a link in the reader's language."""
    sources: Mapping[str, Source] = {}
    names: dict[str, str] = {}
    try:
        if link.pack:
            pack = get_pack(link.pack)
            sources, names = pack.sources, {step.code: str(step.name) for step in judging.contact_rule(pack).grades}
    except PackError:  # its file has gone: the arithmetic stands, only names and the source's text are missing
        sources = {}
    found = []
    for check in link.checks:
        values: dict[str, Any] = {key: _number(value) for key, value in check["values"].items()}
        if "grade" in values:
            values["grade"] = names.get(values["grade"], values["grade"])
        text = str(chains.WORDS[check["code"]]) % values
        found.append(Said(text, check["verdict"], sources.get(check["values"].get("source", ""))))
    return found


def _number(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value


def as_json(found: CaseSources) -> dict[str, Any]:
    """The answers about one case for the API and the terminal."""
    return {
        "case": found.case.number,
        "answers": [_answer(answer) for answer in found.answers],
        "outside": found.outside,
        "outside_accepted": found.outside_accepted,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    link = answer.link
    return {
        "id": link.pk,
        "origin": link.origin,
        "infector": answer.infector.number if answer.infector else None,
        "state": link.state,
        "certainty": link.certainty or None,
        "by_rule": link.by_rule,
        "checks": [
            {"text": item.text, "verdict": item.verdict, "source": item.source.text if item.source else None}
            for item in answer.checks
        ],
        "steps": [
            {"old": step.old, "new": step.new, "certainty": step.certainty, "reason": step.reason, "at": step.at}
            for step in answer.steps
        ],
        "judged_at": link.judged_at,
        "version": link.version,
    }
