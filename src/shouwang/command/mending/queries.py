"""Findings, corrections and weak points within reach. Permission is asked at the fetch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.conf import settings
from django.db.models import CharField, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from shouwang.command.mending import rules
from shouwang.command.mending.models import Correction, CorrectionEvent, GapFinding, WeakPoint
from shouwang.command.queries.answering import MANAGE, WORK, Answered, answered_by, who_answers
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors, in_ranges
from shouwang.org.models import Organisation, Person, Responsibility
from shouwang.org.queries import current

VIEW = "report.view"
RELATED = ("organisation", "finding", "weak_point")
SHOWS = ("open", "late", "done", "over", "all")


def rules_now() -> rules.Rules:
    return rules.gap_rules(settings.HOME)


# --- findings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gap:
    """A finding with its words as they stand, and its correction where one is under way."""

    finding: GapFinding
    rule: rules.Rule | None
    correction: Correction | None
    seen_before: int

    @property
    def sentence(self) -> str:
        return self.rule.sentence.said(self.finding.count, self.finding.of) if self.rule else self.finding.code

    @property
    def proposal(self) -> str:
        return self.rule.correction.said() if self.rule else ""


def visible_findings(by: Actor) -> QuerySet[GapFinding]:
    return GapFinding.objects.filter(in_ranges("organisation__path", by.ranges(VIEW))).select_related("organisation")


def open_gaps(by: Actor, *, limit: int = 200) -> list[Gap]:
    """Gaps that are there now, the gravest first, then in the order of the tree. Three queries."""
    return gaps_of(list(visible_findings(by).filter(ended_at__isnull=True).order_by("organisation__path")[:limit]))


def gaps_of(rows: Sequence[GapFinding]) -> list[Gap]:
    known = rules_now().by_code
    going = {
        row.finding_id: row
        for row in Correction.objects.filter(finding__in=[row.pk for row in rows]).exclude(state__in=rules.FINAL)
    }
    before = _before(rows)
    found = [
        Gap(row, known.get(row.code), going.get(row.pk), before.get((row.organisation_id, row.code), 0)) for row in rows
    ]
    return sorted(found, key=lambda gap: (rules.SEVERITY.index(gap.finding.severity), gap.finding.organisation.path))


def _before(rows: Sequence[GapFinding]) -> dict[tuple[int, str], int]:
    """How often each of these was there before, as long as findings are kept."""
    units = {row.organisation_id for row in rows}
    ended = GapFinding.objects.filter(organisation__in=units, ended_at__isnull=False).order_by()
    counted = ended.values("organisation", "code").annotate(n=Count("pk")).values_list("organisation", "code", "n")
    return {(unit, code): number for unit, code, number in counted}


def finding_for(by: Actor, finding_id: int) -> GapFinding:
    row = visible_findings(by).filter(pk=finding_id).first()
    if row is None:
        raise NotFound
    return row


def history_of(finding: GapFinding) -> list[GapFinding]:
    """Earlier findings of the same rule in the same unit, newest first."""
    rows = GapFinding.objects.filter(organisation=finding.organisation_id, code=finding.code).exclude(pk=finding.pk)
    return list(rows.order_by("-first_seen")[:20])


# --- corrections -----------------------------------------------------------------------------------------------------


def visible_corrections(by: Actor, answered: Answered) -> QuerySet[Correction]:
    """Of units whose numbers one may see, and of those one answers for."""
    within = in_ranges("organisation__path", by.ranges(VIEW)) | in_ranges("organisation__path", answered.ranges)
    return Correction.objects.filter(within).select_related(*RELATED)


def corrections_page(by: Actor, show: str, cursor: str | None, *, at: datetime, size: int = 50) -> Page[Correction]:
    rows = visible_corrections(by, answered_by(by, on=clock.local_day(at)))
    return keyset_page(_shown(rows, show, at), ("due_at", "id"), cursor, size=size)


def _shown(rows: QuerySet[Correction], show: str, at: datetime) -> QuerySet[Correction]:
    if show == "open":
        return rows.exclude(state__in=rules.FINAL)
    if show == "late":
        return rows.filter(state=rules.OPEN, due_at__lt=at)
    if show == "done":
        return rows.filter(state=rules.DONE)
    return rows.filter(state__in=rules.FINAL) if show == "over" else rows


def correction_for(by: Actor, correction_id: int, *, at: datetime) -> Correction:
    row = visible_corrections(by, answered_by(by, on=clock.local_day(at))).filter(pk=correction_id).first()
    if row is None:
        raise NotFound
    return row


def sides(by: Actor, row: Correction, *, at: datetime) -> frozenset[str]:
    """Unit: whoever answers for it or works for it. Office: the leading-group office, and who answers above it."""
    answered = answered_by(by, on=clock.local_day(at))
    found = set()
    path = row.organisation.path
    if row.organisation_id in answered or by.holds(WORK, path):
        found.add(rules.UNIT)
    above = set(ancestors(path)[:-1])
    if by.holds(MANAGE, path) and not who_answers([row.organisation], on=clock.local_day(at)):
        found.add(rules.UNIT)  # nobody answers for it, up to the top: then the office does
    if by.holds(MANAGE, path) or any(own in above for own in answered.first.values()):
        found.add(rules.OFFICE)
    return frozenset(found)


def own_work(by: Actor, row: Correction, *, at: datetime) -> bool:
    """Whether the asker said that it was mended, or answers for the unit: then somebody else verifies."""
    if by.account_id is not None and row.done_by_id == by.account_id:
        return True
    if by.person_id is None:
        return False
    answers = Responsibility.objects.filter(
        current(clock.local_day(at)), organisation=row.organisation_id, person=by.person_id
    )
    return row.done_by_person_id == by.person_id or answers.exists()


def events_of(row: Correction) -> list[CorrectionEvent]:
    return list(row.events.select_related("by__person"))


def to_mend(by: Actor, answered: Answered, *, at: datetime) -> QuerySet[Correction]:
    """Open ones of units one answers for, late ones of the units below, and for the office those that nobody answers
    for up to the top."""
    mine = Q(organisation__in=list(answered.first))
    mine |= in_ranges("organisation__path", answered.ranges) & Q(due_at__lt=at)
    first = Responsibility.objects.filter(current(clock.local_day(at)), rank=Responsibility.Rank.FIRST)
    path = ExpressionWrapper(OuterRef("organisation__path"), output_field=CharField())
    above = first.annotate(unit=path).filter(unit__startswith=F("organisation__path"))
    mine |= in_ranges("organisation__path", by.ranges(MANAGE)) & Q(~Exists(above))
    return (
        Correction.objects.filter(mine, state=rules.OPEN)
        .select_related("organisation", "finding")
        .order_by("due_at", "id")
    )


def to_verify(by: Actor, answered: Answered) -> QuerySet[Correction]:
    """Mended ones that the asker may verify: never what they did or answer for themselves."""
    rows = Correction.objects.filter(in_ranges("organisation__path", by.ranges(MANAGE)), state=rules.DONE)
    rows = rows.exclude(organisation__in=[*answered.first, *answered.deputy])
    if by.account_id is not None:
        rows = rows.exclude(done_by=by.account_id)
    if by.person_id is not None:
        rows = rows.exclude(done_by_person=by.person_id)
    return rows.select_related("organisation", "finding").order_by("due_at", "id")


# --- weak points -----------------------------------------------------------------------------------------------------


def managed_points(by: Actor) -> QuerySet[WeakPoint]:
    return WeakPoint.objects.filter(in_ranges("organisation__path", by.ranges(MANAGE))).select_related(
        "organisation", "account__person", "correction"
    )


def points_page(by: Actor, cursor: str | None = None, *, waiting: bool = False, size: int = 50) -> Page[WeakPoint]:
    """What people told, newest first; `waiting`: only what nobody has answered. NotFound for who manages none."""
    if not by.holds(MANAGE):
        raise NotFound
    rows = managed_points(by).filter(state=WeakPoint.State.NEW) if waiting else managed_points(by)
    return keyset_page(rows, ("-day", "-id"), cursor, size=size)


def point_for(by: Actor, point_id: int) -> WeakPoint:
    row = managed_points(by).filter(pk=point_id).first()
    if row is None:
        raise NotFound
    return row


def hash_of(code: str) -> str:
    return hashlib.sha256(f"shouwang.weak.{code.strip().upper()}".encode()).hexdigest()


def point_by_code(code: str) -> WeakPoint | None:
    """What became of it, for whoever holds its code; 50 bits, so that none is guessed."""
    if not 8 <= len(code.strip()) <= 24:
        return None
    return WeakPoint.objects.filter(code_hash=hash_of(code)).select_related("correction").first()


def own_points(by: Actor) -> list[WeakPoint]:
    """What the asker told with their name."""
    if by.account_id is None:
        return []
    return list(WeakPoint.objects.filter(account=by.account_id).select_related("correction")[:50])


def units_to_tell(by: Actor) -> QuerySet[Organisation]:
    """Institutions and units one belongs to: whom a weak point can be told about."""
    person = Person.objects.filter(pk=by.person_id).first() if by.person_id else None
    if person is None:
        return Organisation.objects.filter(in_ranges("path", by.ranges(VIEW)), ends__isnull=True).order_by("path")[:200]
    return Organisation.objects.filter(path__in=ancestors(person.home_path)).order_by("path")


# --- what we learnt --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Learnt:
    """One rule (code "" for what people told): how often it was found and mended, how long that took, how often it
    came back. `median_hours` None while nothing was verified."""

    code: str
    title: str
    found: int
    verified: int
    median_hours: float | None
    came_back: int
    said: list[Correction]


def learnt(by: Actor) -> list[Learnt]:
    """By rule, the most frequent first; as long as findings are kept. Three queries."""
    known = rules_now().by_code
    findings = list(visible_findings(by))
    over = list(
        Correction.objects.filter(in_ranges("organisation__path", by.ranges(VIEW)), state=rules.VERIFIED)
        .select_related(*RELATED)
        .order_by("-closed_at")
    )
    found = []
    for code in {row.code for row in findings}:
        rows = [row for row in findings if row.code == code]
        mended = [row for row in over if row.finding is not None and row.finding.code == code]
        rule = known.get(code)
        title = rule.correction.said() if rule else code
        found.append(_learnt(code, title, len(rows), mended, sum(row.recurrence_of_id is not None for row in rows)))
    told = [row for row in over if row.weak_point_id is not None]
    points = WeakPoint.objects.filter(in_ranges("organisation__path", by.ranges(VIEW))).count()
    if points:
        found.append(_learnt("", "", points, told, 0))
    return sorted(found, key=lambda item: (-item.found, item.code))


def _learnt(code: str, title: str, found: int, mended: list[Correction], came_back: int) -> Learnt:
    hours = [_hours(row) for row in mended]
    return Learnt(code, title, found, len(mended), round(median(hours), 1) if hours else None, came_back, mended[:10])


def _hours(row: Correction) -> float:
    """From the first sight of the gap (or its telling) to somebody else's seeing it mended."""
    began = row.finding.first_seen if row.finding else row.opened_at
    assert row.closed_at is not None
    return (row.closed_at - began).total_seconds() / 3600


# --- as data ---------------------------------------------------------------------------------------------------------


def gap_json(gap: Gap) -> dict[str, Any]:
    row = gap.finding
    return {
        "id": row.pk, "unit": row.organisation.code, "unit_name": row.organisation.title, "code": row.code,
        "severity": row.severity, "count": row.count, "of": row.of, "most": row.most, "sentence": gap.sentence,
        "proposal": gap.proposal, "first_seen": row.first_seen, "last_seen": row.last_seen, "ended_at": row.ended_at,
        "seen_before": gap.seen_before, "recurrence_of": row.recurrence_of_id,
        "correction": gap.correction.pk if gap.correction else None,
    }  # fmt: skip


def correction_json(row: Correction, *, at: datetime) -> dict[str, Any]:
    standing = rules.STANDING.get(row.state)
    return {
        "id": row.pk, "unit": row.organisation.code, "unit_name": row.organisation.title, "text": row.title,
        "state": row.state, "side": standing.side if standing else None,
        "next_step": str(standing.next_step) if standing else None, "due_at": row.due_at,
        "late": row.state == rules.OPEN and row.due_at < at, "done": row.done_text, "closed_at": row.closed_at,
        "gap": row.finding_id, "weak_point": row.weak_point_id,
    }  # fmt: skip


def learnt_json(item: Learnt) -> dict[str, Any]:
    return {
        "code": item.code or "told", "found": item.found, "verified": item.verified,
        "median_hours": item.median_hours, "came_back": item.came_back,
        "what_was_done": [row.done_text for row in item.said],
    }  # fmt: skip
