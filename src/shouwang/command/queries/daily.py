"""Daily reports: which units owe one, what came, and the round that one unit takes in.

A unit's report goes to the nearest reporting unit above it, or to the organisation of the plan. Until it is handed in,
that is asked of the tree as it stands; once it is, the report stays with the unit it was handed to (`reports_to`). So a
unit that moves in the middle of the day is missed or counted by exactly one unit, and never by two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from django.db.models import Exists, OuterRef, Q, QuerySet

from shouwang.command.models import ReportPlan, ReportReview, UnitReport
from shouwang.command.queries.answering import WORK, answered_by, who_answers
from shouwang.command.rules import daily as rules
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import Range, Regions, ancestors, covers, in_ranges, subtree
from shouwang.org.models import Organisation, Person, Responsibility
from shouwang.org.queries import current

VIEW, ISSUE = "report.view", "report.issue"
FIRST, DEPUTY = Responsibility.Rank.FIRST, Responsibility.Rank.DEPUTY
Plans = Regions[ReportPlan | None]


def plans_on(day: date) -> Plans:
    """The plans that ask on `day`, by path of their organisation; what is below none asks nothing. One query."""
    rows = ReportPlan.objects.filter(starts__lte=day, until__gte=day).select_related("organisation").order_by("pk")
    nodes: dict[str, ReportPlan | None] = {"": None}
    return Regions(nodes | {row.organisation.path: row for row in rows})


def plan_for(path: str, day: date) -> ReportPlan | None:
    """The plan that asks the units directly below the organisation at `path`: its own, or the nearest above."""
    return plans_on(day).of(path)


def due_at(plan: ReportPlan, kind: str, day: date) -> datetime:
    """When a unit of this kind owes its report of `day`."""
    return datetime.combine(day, rules.time_of(plan.deadlines[kind]), tzinfo=clock.zone())


def asks(plan: ReportPlan, kind: str, day: date) -> bool:
    """Whether units of this kind owe a report of `day`: not where the time had passed when they were first asked."""
    return kind in plan.deadlines and due_at(plan, kind, day) > plan.made_at


@dataclass(frozen=True, slots=True)
class Line:
    """A unit that owes a report of the day, or handed one in: until when, to whom, and what came."""

    unit: Organisation
    due_at: datetime
    receiver: int
    report: UnitReport | None
    # In a round: one that was sent back, no report until it is corrected. The unit itself still sees it as its own.
    returned: UnitReport | None = None

    @property
    def standing(self) -> tuple[int, int, str]:
        row = self.report
        return (self.unit.pk, row.version if row else 0, row.state if row else "")


@dataclass(frozen=True, slots=True)
class Count:
    """How many reports are expected, and of them how many came, in time, as zero reports, and were taken in."""

    expected: int
    received: int
    on_time: int
    zero: int
    locked: int

    @property
    def missing(self) -> int:
        return self.expected - self.received

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Count:
        lines = list(lines)
        came = [line.report for line in lines if line.report is not None]
        return cls(
            len(lines), len(came), sum(row.on_time for row in came), sum(row.zero for row in came),
            sum(row.state == UnitReport.State.LOCKED for row in came),
        )  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """The round of one unit on one day, as of `at`: `direct` hand in to it, `whole` are all below it."""

    unit: Organisation
    day: date
    at: datetime
    direct: Sequence[Line]
    whole: Sequence[Line]
    reviews: Sequence[ReportReview]

    @cached_property
    def count(self) -> Count:
        return Count.of(self.direct)

    @cached_property
    def count_whole(self) -> Count:
        return Count.of(self.whole)

    @cached_property
    def missing(self) -> list[Line]:
        return [line for line in self.direct if line.report is None]

    @cached_property
    def waiting(self) -> list[UnitReport]:
        """Reports that came and are not taken in yet."""
        rows = (line.report for line in self.direct)
        return [row for row in rows if row is not None and row.state == UnitReport.State.SUBMITTED]

    @property
    def closed(self) -> bool:
        """Nothing is expected, or what was expected has been taken in once."""
        return not self.direct or bool(self.reviews)

    @property
    def ready(self) -> bool:
        """Everything has come, and something of it is not taken in."""
        return bool(self.waiting) and not self.missing

    @cached_property
    def stamp(self) -> str:
        return rules.stamp((line.standing for line in self.direct), len(self.reviews))


@dataclass
class Day:
    """Everything that is expected and came in some subtrees on one day. Three queries; two more for each step that
    units handed in their reports before they were moved out."""

    plans: Plans
    day: date
    lines: dict[int, Line] = field(default_factory=dict)

    @classmethod
    def within(cls, ranges: Collection[Range], day: date, plans: Plans) -> Day:
        found = cls(plans, day)
        asked: tuple[Range, ...] = ()
        left = tuple(ranges)
        while left:
            found._load(left)
            asked += left
            out = (line.unit.path for line in found.lines.values())
            left = tuple(subtree(path) for path in out if not covers(asked, path))
        return found

    def _load(self, ranges: Collection[Range]) -> None:
        # What was handed in by units inside, and to units inside by such as have been moved out since.
        came = UnitReport.objects.filter(
            in_ranges("unit__path", ranges) | in_ranges("reports_to__path", ranges), day=self.day
        )
        reports = {row.unit_id: row for row in came.select_related("unit")}
        kinds = {kind for _ranges, plan in self.plans if plan for kind in plan.deadlines}
        units, above = self._units(ranges, kinds)
        asked = {unit.path: (unit, plan) for unit in units if (plan := self._plan(unit)) is not None}
        ids = {path: unit.pk for path, (unit, _plan) in asked.items()}
        tops = {path: (plan.organisation.path, plan.organisation_id) for path, (_unit, plan) in asked.items()}
        to = rules.receivers({**above, **ids}, tops)
        for unit, plan in asked.values():
            if unit.pk not in reports:
                self.lines[unit.pk] = Line(unit, due_at(plan, unit.kind, self.day), to[unit.pk], None)
        for row in reports.values():
            back = row.state == UnitReport.State.RETURNED
            self.lines[row.unit_id] = Line(
                row.unit, row.due_at, row.reports_to_id, None if back else row, row if back else None
            )

    def _plan(self, unit: Organisation) -> ReportPlan | None:
        """The plan that asks this unit: of the nearest organisation above it, never its own."""
        plan = self.plans.of(rules.parent_path(unit.path))
        return plan if plan is not None and asks(plan, unit.kind, self.day) else None

    def _units(self, ranges: Collection[Range], kinds: Collection[str]) -> tuple[list[Organisation], dict[str, int]]:
        """Units of these kinds inside, and path → id of the reporting units above, which may be whom the topmost ones
        report to. One query."""
        steps = {step for low, _high in ranges for step in ancestors(low)[:-1]}
        inside = in_ranges("path", ranges) & Q(kind__in=kinds)
        rows = list(Organisation.objects.filter(inside | Q(path__in=steps), current(self.day))) if kinds else []
        units = [row for row in rows if row.kind in kinds and covers(ranges, row.path)]
        return units, {row.path: row.pk for row in rows if row.path in steps and self._plan(row) is not None}

    def sheet(self, unit: Organisation, reviews: Sequence[ReportReview], at: datetime) -> Sheet:
        """The round of `unit`, whose subtree must be among the ranges."""
        parents = {pk: line.receiver for pk, line in self.lines.items()}
        inside = rules.below(unit.pk, parents)
        whole = sorted((self.lines[pk] for pk in inside), key=lambda line: line.unit.path)
        direct = [line for line in whole if line.receiver == unit.pk]
        return Sheet(unit, self.day, at, direct, whole, reviews)


def sheet_of(unit: Organisation, day: date, at: datetime, plans: Plans | None = None) -> Sheet:
    """What is expected from below `unit` on `day` and what came. The caller has fetched the unit within reach."""
    found = Day.within([subtree(unit.path)], day, plans or plans_on(day))
    return found.sheet(unit, list(ReportReview.objects.filter(unit=unit, day=day).select_related("by")), at)


def line_of(unit: Organisation, day: date, plans: Plans | None = None) -> Line | None:
    """What the unit itself owes on `day`, or handed in; None where nothing is asked of it. Four queries at most."""
    row = UnitReport.objects.select_related("unit", "reports_to", "submitted_by", "locked_by")
    report = row.filter(unit=unit, day=day).first()
    if report is not None:
        return Line(unit, report.due_at, report.reports_to_id, report)
    found = Day(plans or plans_on(day), day)
    plan = found._plan(unit)
    if plan is None or not Organisation.objects.filter(current(day), pk=unit.pk).exists():
        return None
    top = (plan.organisation.path, plan.organisation_id)
    _units, above = found._units([subtree(unit.path)], {unit.kind})
    to = rules.receivers({**above, unit.path: unit.pk}, {unit.path: top})
    return Line(unit, due_at(plan, unit.kind, day), to[unit.pk], None)


# -- who may -------------------------------------------------------------------------------------------------------


def acts_for(by: Actor, unit: Organisation, on: date) -> bool:
    """Whether one may hand in the report of a unit: whoever answers for it, first or deputy, the nearest above where
    nobody does, or who holds task.work there."""
    if by.holds(WORK, unit.path) or unit.pk in answered_by(by, on=on):
        return True
    owner = who_answers([unit], on=on).get(unit.pk) if by.person_id is not None else None
    return owner is not None and owner.person.pk == by.person_id


def reviews_for(by: Actor, unit: Organisation, on: date) -> bool:
    """Whether one may take in what comes to a unit: who acts for it, or holds report.issue there."""
    return by.holds(ISSUE, unit.path) or acts_for(by, unit, on)


def unit_for(by: Actor, unit_id: int, *, on: date) -> Organisation:
    """A unit whose daily reports one may see: in reach of report.view or task.work, or below a unit one answers for.
    NotFound otherwise."""
    unit = Organisation.objects.select_related("parent").filter(pk=unit_id).first()
    if unit is None:
        raise NotFound
    if by.holds(VIEW, unit.path) or by.holds(WORK, unit.path):
        return unit
    if covers(answered_by(by, on=on).ranges, unit.path):
        return unit
    raise NotFound


def sees_health(by: Actor, unit: Organisation) -> bool:
    """Whether one may see the numbers of a unit, or only who was heard from."""
    return by.holds(VIEW, unit.path)


def first_unit(by: Actor, *, on: date) -> Organisation | None:
    """The unit whose round one looks at first: the topmost one answers for, else where the reach begins."""
    mine = answered_by(by, on=on)
    paths = sorted((*mine.first.values(), *mine.deputy.values()), key=lambda path: (len(path), path))
    if not paths or by.holds(ISSUE):
        starts = [low for low, _high in by.ranges(VIEW)] or [low for low, _high in by.ranges(WORK)]
        paths = sorted(starts, key=lambda path: (len(path), path)) + paths
    if not paths:
        return None
    if paths[0] == "":
        return Organisation.objects.filter(parent__isnull=True).order_by("path").first()
    return Organisation.objects.select_related("parent").filter(path=paths[0]).first()


def report_seen(by: Actor, unit_id: int, day: date, plans: Plans | None = None) -> tuple[Organisation, Line | None]:
    """A unit and its report of the day. A report is also seen by whom it was handed in to, wherever the unit is."""
    unit = Organisation.objects.select_related("parent").filter(pk=unit_id).first()
    if unit is None:
        raise NotFound
    line = line_of(unit, day, plans)
    if line is not None and line.report is not None:
        try:
            unit_for(by, line.report.reports_to_id, on=clock.today())
        except NotFound:
            return unit_for(by, unit_id, on=clock.today()), line
        return unit, line
    return unit_for(by, unit_id, on=clock.today()), line


# -- who is to be reminded -----------------------------------------------------------------------------------------


def deadlines_on(day: date) -> list[str]:
    """Every time of day at which some unit's report falls due. One query."""
    plans = [plan for _ranges, plan in plans_on(day) if plan]
    return sorted({text for plan in plans for kind, text in plan.deadlines.items() if asks(plan, kind, day)})


def units_due(day: date, text: str) -> QuerySet[Organisation]:
    """The units whose report of `day` is due at the time `text`, whether or not it came."""
    asked = Q(pk__in=())
    for ranges, plan in plans_on(day):
        kinds = (
            [kind for kind in plan.deadlines if plan.deadlines[kind] == text and asks(plan, kind, day)] if plan else []
        )
        if kinds:
            asked |= in_ranges("parent__path", ranges) & Q(kind__in=kinds)
    return Organisation.objects.filter(asked, current(day))


def owing_report(day: date, text: str, *, until: datetime | None = None) -> QuerySet[Person]:
    """Who is to hand in a report that is due at the time `text` and had not come by `until`: whoever answers for the
    unit, or its deputy where nobody does. Units nobody answers for are told by the gaps, not here."""
    came = UnitReport.objects.filter(unit=OuterRef("pk"), day=day).exclude(state=UnitReport.State.RETURNED)
    if until is not None:
        came = came.filter(first_at__lte=until)
    return answerers(units_due(day, text).filter(~Exists(came)), day)


def answerers(units: QuerySet[Organisation], day: date) -> QuerySet[Person]:
    """First of each unit, or its deputy where there is no first."""
    rows = Responsibility.objects.filter(current(day), organisation__in=units)
    named = Responsibility.objects.filter(current(day), rank=FIRST, organisation=OuterRef("organisation"))
    return Person.objects.filter(pk__in=rows.filter(Q(rank=FIRST) | ~Exists(named)).values("person"))
