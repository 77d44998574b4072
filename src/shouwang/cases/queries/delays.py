"""How long the steps of cases took, by week of detection and by unit, and the 7-1-7 summary: numbers, never names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.cases.laboratory.models import Test
from shouwang.cases.models import Case
from shouwang.cases.queries.naming import unit_written
from shouwang.cases.queries.numbers import CURVE_CLASSES, numbers_reach_in
from shouwang.cases.queries.telling import settings_now
from shouwang.cases.rules import delays as rules
from shouwang.core import clock
from shouwang.core.counting import SMALL_GROUP, is_small
from shouwang.core.errors import BadInput
from shouwang.core.scope import Actor
from shouwang.core.tree import Range, in_ranges, nodes_of, subtree
from shouwang.org.models import Organisation, Person

LONGEST = 371  # days: a year of whole weeks
WEEKS = 12


INTERVAL_WORDS: Mapping[str, str | Promise] = {
    "detect": _("emergence to detection"),
    "notify": _("detection to notification"),
    "respond": _("notification to the end of the early response"),
}
STATE_WORDS: Mapping[str, str | Promise] = {
    rules.MET: pgettext_lazy("7-1-7", "met"),
    rules.MISSED: pgettext_lazy("7-1-7", "missed"),
    rules.RUNNING: pgettext_lazy("7-1-7", "running"),
    rules.UNKNOWN: pgettext_lazy("7-1-7", "unknown"),
}
STATE_TONES: Mapping[str, str] = {
    rules.MET: "good",
    rules.MISSED: "danger",
    rules.RUNNING: "info",
    rules.UNKNOWN: "neutral",
}
FACTS: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "isolated": (
        _("%(part)s of %(whole)s cases have no date of isolation."),
        _("The last of %(whole)s cases was isolated %(days)s days after notification."),
    ),
    "treated": (
        _("%(part)s of %(whole)s cases have no date of first treatment."),
        _("The last of %(whole)s cases was first treated %(days)s days after notification."),
    ),
    "traced": (
        _("%(part)s of %(whole)s cases have no date of tracing."),
        _("The contacts of the last of %(whole)s cases were traced %(days)s days after notification."),
    ),
}


def bottleneck_words(row: rules.Outbreak, facts: Sequence[rules.Bottleneck]) -> list[str]:
    """What held the response up, as facts, the worst first: dates that nobody knows, then actions that came latest.
    `facts` are those of its bottlenecks that the reader is told."""
    unknown = sorted((fact for fact in facts if fact.part), key=lambda fact: -fact.part)
    late = sorted((fact for fact in facts if not fact.part and fact.days), key=lambda fact: -(fact.days or 0))
    found = [str(FACTS[fact.action][0]) % {"part": fact.part, "whole": fact.whole} for fact in unknown]
    found += [str(FACTS[fact.action][1]) % {"whole": fact.whole, "days": f"{fact.days:.1f}"} for fact in late]
    if row.onset_unknown:
        found.append(
            str(_("%(part)s of %(whole)s cases have no date of onset: the emergence may lie earlier."))
            % {"part": row.onset_unknown, "whole": row.cases}
        )
    return found


def interval_words(row: rules.Outbreak) -> list[tuple[rules.Interval, str, str, str]]:
    """The three intervals of an outbreak, each with its name, its state in a word and its tone."""
    return [
        (item, str(INTERVAL_WORDS[item.name]), str(STATE_WORDS[item.state]), STATE_TONES[item.state])
        for item in row.intervals
    ]


@dataclass(frozen=True, slots=True)
class UnitRow:
    """The delays of one unit. `group` None: about fewer than five people, or left out beside such a unit."""

    unit: Organisation
    group: rules.Group | None


@dataclass(frozen=True, slots=True)
class Delays:
    """Of cases detected from `first` to `last`, discarded ones left out. `weeks` oldest first, weeks without a case
    among them; `units` in the order of the tree, those without a case left out. `open_share` is what marks a week
    incomplete, `share_source` and `aims_source` say where the numbers come from."""

    at: datetime
    first: date
    last: date
    disease: str
    unit: Organisation | None
    whole: rules.Group
    weeks: tuple[rules.Group, ...]
    units: tuple[UnitRow, ...]
    outbreaks: tuple[rules.Outbreak, ...]
    open_share: float
    share_source: str
    aims_source: str
    gap_days: int
    sees_cases: bool

    def facts(self, row: rules.Outbreak) -> tuple[rules.Bottleneck, ...]:
        """What held its response up; facts about one to four cases only for whoever sees the cases themselves."""
        return tuple(fact for fact in row.bottlenecks if self.sees_cases or not is_small(fact.whole))

    def told(self, row: rules.Outbreak) -> bool:
        """Whether this outbreak is told: one of fewer than five cases only to whoever sees the cases themselves."""
        return self.sees_cases or not row.small


def check_days(first: date, last: date) -> None:
    """BadInput for days in the wrong order or more than a year apart."""
    if not 0 <= (last - first).days < LONGEST or not 1900 <= first.year <= 2200:
        raise BadInput(
            _("Choose a first day before the last, at most a year apart."), code="days_invalid", field="last"
        )


def delays_of(by: Actor, *, first: date, last: date, disease: str = "", unit: str = "", at: datetime) -> Delays:
    """Needs report.view, and is refused as the epidemic curve is where each case would point at somebody. BadInput for
    days in the wrong order or more than a year apart, or an unknown unit. Eight queries at most."""
    where = unit_written(by, unit, "report.view")
    check_days(first, last)
    ranges = numbers_reach_in(by, where.path if where else None)
    found = _cases(ranges, first, last, disease)
    using = settings_now()
    share, today = using.reading.open_share, clock.local_day(at)
    mondays = [rules.monday(first) + timedelta(weeks=k) for k in range(LONGEST // 7 + 2)]
    weeks: dict[date, list[rules.Dated]] = {day: [] for day in mondays if day <= last}
    for _path, _disease, case in found:
        if case.detected is not None:
            weeks[rules.monday(clock.local_day(case.detected))].append(case)
    aims = using.seven_one_seven
    by_disease: dict[str, list[rules.Dated]] = {}
    for _path, name, case in found:
        by_disease.setdefault(name, []).append(case)
    outbreaks = [
        row
        for name, cases in by_disease.items()
        for row in rules.outbreaks(
            name, cases, gap_days=using.outbreak.gap_days, least=using.outbreak.least_cases,
            days=(aims.detect_days, aims.notify_days, aims.respond_days), now=at,
        )
    ]  # fmt: skip
    return Delays(
        at, first, last, disease, where,
        rules.group(None, [case for _path, _name, case in found], over=last < today, open_share=share),
        tuple(
            rules.group(day, cases, over=day + timedelta(days=6) < today, open_share=share)
            for day, cases in weeks.items()
        ),
        tuple(_by_unit(by, where, ranges, found, over=last < today, share=share)),
        tuple(sorted(outbreaks, key=lambda row: row.last, reverse=True)),
        share, using.source_of(using.reading.source), using.source_of(aims.source), using.outbreak.gap_days,
        by.holds("case.view"),
    )  # fmt: skip


Found = tuple[str, str, rules.Dated]  # home path, disease, moments


def _cases(ranges: Sequence[Range], first: date, last: date, disease: str) -> list[Found]:
    """The cases detected in these days. Two queries."""
    rows = Case.objects.filter(
        in_ranges("home_path", ranges), classification__in=CURVE_CLASSES, detected_at__gte=clock.day_start(first),
        detected_at__lt=clock.day_start(last + timedelta(days=1)),
    ).order_by()  # fmt: skip
    if disease:
        rows = rows.filter(disease=disease)
    tests = Test.objects.filter(case__in=rows.values("pk")).exclude(state=Test.State.CANCELLED).order_by()
    tested = {
        case: (ordered, resulted)
        for case, ordered, resulted in tests.values_list("case").annotate(a=Min("ordered_at"), b=Min("resulted_at"))
    }
    columns = (
        "pk", "home_path", "disease", "closed_at", "onset_at", "detected_at", "reported_at", "isolated_at",
        "treated_at", "traced_at",
    )  # fmt: skip
    found = []
    for row in rows.values_list(*columns).iterator(chunk_size=5000):
        pk, path, name, closed, onset, detected, reported, isolated, treated, traced = row
        ordered, resulted = tested.get(pk, (None, None))
        case = rules.Dated(closed is None, onset, detected, reported, isolated, treated, traced, ordered, resulted)
        found.append((path, name, case))
    return found


def _by_unit(
    by: Actor, where: Organisation | None, ranges: Sequence[Range], found: Sequence[Found], *, over: bool, share: float
) -> list[UnitRow]:
    """One row for each unit next below the one asked for. Three queries."""
    nodes = [where.path] if where else nodes_of(ranges)
    roots = list(Organisation.objects.filter(parent=None).values_list("path", flat=True)) if nodes == [""] else nodes
    units = list(Organisation.objects.filter(parent__path__in=roots).order_by("path"))
    if not units:
        units = list(Organisation.objects.filter(path__in=roots).order_by("path"))
    held: dict[str, list[rules.Dated]] = {row.path: [] for row in units}
    for path, _name, case in found:
        key = next((path[:size] for size in {len(unit) for unit in held} if path[:size] in held), None)
        if key is not None:
            held[key].append(case)
    left_out = set() if by.holds("case.view") else _left_out(held)
    return [
        UnitRow(
            row,
            None if row.path in left_out else rules.group(row.path, held[row.path], over=over, open_share=share),
        )
        for row in units
        if held[row.path]
    ]


def _left_out(held: Mapping[str, Sequence[rules.Dated]]) -> set[str]:
    """Units of one to four people; and where those have fewer than five people together, the next smallest too: the
    whole less the units shown would give them away. One query."""
    people: dict[str, int] = dict.fromkeys(held, 0)
    rows = Person.objects.filter(in_ranges("home_path", [subtree(path) for path in held]), left_on__isnull=True)
    sizes = {len(path) for path in held}
    for path, count in rows.order_by().values_list("home_path").annotate(n=Count("pk")):
        for size in sizes:
            if path[:size] in people:
                people[path[:size]] += count
    shown = sorted((path for path in held if held[path]), key=lambda path: people[path])
    out = [path for path in shown if is_small(people[path])]
    for path in shown[len(out) :]:
        if not out or (len(out) > 1 and sum(people[one] for one in out) >= SMALL_GROUP):
            break
        out.append(path)
    return set(out)


# --- as plain values -----------------------------------------------------------------------------------------------


def delays_json(found: Delays) -> dict[str, Any]:
    """The answer of API and terminal."""
    return {
        "at": found.at, "first": found.first, "last": found.last, "disease": found.disease or None,
        "unit": found.unit.code if found.unit else None,
        "together": _group_json(found.whole),
        "weeks": [{"week": group.key, **_group_json(group)} for group in found.weeks],
        "units": [
            {
                "unit": row.unit.code, "name": row.unit.title, "left_out": row.group is None,
                **(_group_json(row.group) if row.group else {"cases": None, "incomplete": None, "delays": {}}),
            }
            for row in found.units
        ],
        "seven_one_seven": [_outbreak_json(row, found.facts(row), told=found.told(row)) for row in found.outbreaks],
        "incomplete_above": found.open_share, "incomplete_source": found.share_source, "source": found.aims_source,
    }  # fmt: skip


def _group_json(group: rules.Group) -> dict[str, Any]:
    return {
        "cases": group.cases, "incomplete": group.incomplete,
        "delays": {
            leg: {
                "known": item.known, "total": item.total, "waiting": item.waiting, "missing": item.missing,
                "early": item.early, "median_hours": item.median_hours, "p90_hours": item.p90_hours,
                "left_out": item.small,
            }
            for leg, item in group.delays.items()
        },
    }  # fmt: skip


def _outbreak_json(row: rules.Outbreak, facts: Sequence[rules.Bottleneck], *, told: bool) -> dict[str, Any]:
    base: dict[str, Any] = {
        "disease": row.disease, "first": clock.local_day(row.first), "last": clock.local_day(row.last),
        "cases": row.cases if told else None, "left_out": not told, "intervals": {}, "bottlenecks": [],
    }  # fmt: skip
    if not told:
        return base
    return base | {
        "onset_unknown": row.onset_unknown,
        "intervals": {
            item.name: {
                "target_days": item.days, "start": item.start, "end": item.end, "days": item.taken_days,
                "state": item.state,
            }
            for item in row.intervals
        },
        "bottlenecks": [
            {"action": fact.action, "without_date": fact.part, "of": fact.whole, "days_after_report": fact.days}
            for fact in facts
        ],
    }  # fmt: skip
