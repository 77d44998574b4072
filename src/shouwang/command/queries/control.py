"""Which control measures hold where, and what a change of level would change for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from shouwang.checkins.queries.asking import Askings, askings
from shouwang.command.models import ControlMeasure
from shouwang.command.queries.daily import plans_on
from shouwang.command.rules import control as rules
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors, in_ranges, subtree
from shouwang.org.models import Organisation, Person
from shouwang.org.queries import current

NUMERALS = {1: "I", 2: "II", 3: "III", 4: "IV", None: "none"}


def level_file() -> rules.LevelFile:
    return rules.level_file(settings.HOME)


def standing(at: datetime) -> QuerySet[ControlMeasure]:
    rows = ControlMeasure.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at)
    return rows.select_related("organisation", "level")


def measures_at(path: str, at: datetime) -> list[ControlMeasure]:
    """What holds for people at home under `path`: of each kind the strictest declared there or above, in the order of
    the kinds; every "other" one. One query."""
    rows = list(standing(at).filter(organisation__path__in=ancestors(path)))
    best = rules.strictest(rules.InForce(row.kind, row.value, row.organisation.path) for row in rows)
    chosen = {(row.kind, row.value, row.path) for row in best.values()}
    held = [
        row for row in rows if row.kind == rules.OTHER or (row.kind, row.value, row.organisation.path) in chosen
    ]  # fmt: skip
    return sorted(held, key=lambda row: (list(rules.KINDS).index(row.kind), row.pk))


def above(organisation: Organisation, at: datetime) -> dict[str, rules.InForce]:
    """What holds from further up."""
    rows = standing(at).filter(organisation__path__in=ancestors(organisation.path)[:-1])
    return rules.strictest(rules.InForce(row.kind, row.value, row.organisation.path) for row in rows)


def measure_for(by: Actor, measure_id: int) -> ControlMeasure:
    """One that the asker may change. NotFound for any other."""
    rows = ControlMeasure.objects.filter(in_ranges("organisation__path", by.ranges("level.declare")))
    row = rows.select_related("organisation").filter(pk=measure_id).first()
    if row is None:
        raise NotFound
    return row


def measure_history(organisation: Organisation) -> list[ControlMeasure]:
    """Those that ended, newest first; the latest hundred."""
    rows = ControlMeasure.objects.filter(organisation=organisation, ends_at__isnull=False)
    return list(rows.select_related("declared_by__person").order_by("-ends_at", "-pk")[:100])


def home_of(by: Actor) -> Organisation | None:
    """Where the asker belongs: the nearest unit; for a stranger, or an account of no person, the topmost one."""
    if by.person_id is not None:
        return Organisation.objects.filter(people__pk=by.person_id).first()
    return topmost()


def topmost() -> Organisation | None:
    """What holds here is no secret: this much a stranger may read."""
    return Organisation.objects.filter(parent__isnull=True, ends__isnull=True).order_by("path").first()


# --- what a level would change ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """`people` under the organisation and `units` with it, as of `at`. `refused`: kinds for which something stricter
    holds from above, and what. `cadence`: how often people are asked, now and then, by the form in force there."""

    organisation: Organisation
    level: int
    at: datetime
    people: int
    units: int
    planned: Sequence[rules.Planned]
    refused: Mapping[str, str]
    changes: Sequence[rules.Change]
    cadence: tuple[str, str]

    @property
    def proposals(self) -> list[tuple[rules.Planned, rules.Change, str]]:
        """Each planned measure with its change, and why it cannot be declared here ("" where it can)."""
        by_kind = {change.kind: change for change in self.changes}
        return [(row, by_kind[row.kind], self.refused.get(row.kind, "")) for row in self.planned]

    @property
    def ending(self) -> list[rules.Change]:
        return [change for change in self.changes if change.what == "ends"]


def own_now(organisation: Organisation, at: datetime) -> dict[str, str]:
    """What this very organisation has declared, kind -> value."""
    rows = standing(at).filter(organisation=organisation).exclude(kind=rules.OTHER)
    return dict(rows.values_list("kind", "value"))


def preview(by: Actor, organisation: Organisation, level: int, at: datetime) -> Preview:
    """What declaring `level` over the organisation changes, for how many. Needs level.declare there."""
    by.require("level.declare", organisation.path)
    planned = level_file().of(level)
    stricter = above(organisation, at)
    refused: dict[str, str] = {}
    for row in planned:
        there = stricter.get(row.kind)
        if there is not None and rules.strictness(row.kind, row.value) < rules.strictness(row.kind, there.value):
            refused[row.kind] = rules.said(row.kind, there.value)
    inside, day = subtree(organisation.path), clock.local_day(at)
    then = {row.kind: row.value for row in planned if row.kind not in refused}
    return Preview(
        organisation, level, at,
        Person.objects.filter(in_ranges("home_path", [inside]), left_on__isnull=True).count(),
        Organisation.objects.filter(in_ranges("path", [inside]), current(day)).count(),
        planned, refused, rules.changes(_with_refused(own_now(organisation, at), refused), {**then, **refused}),
        _cadence(organisation, level, day),
    )  # fmt: skip


def _with_refused(now: Mapping[str, str], refused: Mapping[str, str]) -> dict[str, str]:
    return {kind: value for kind, value in now.items() if kind not in refused}


def _cadence(organisation: Organisation, level: int, day: date) -> tuple[str, str]:
    """How often the form in force there asks: by the level of today, and by the new one."""
    found: Askings = askings(day, day)
    form = found.form(day, organisation.path)
    return str(found.on(day, organisation.path).cadence), str(form.asking(NUMERALS[level]).cadence)


def reports_asked(organisation: Organisation, day: date) -> dict[str, str]:
    """Kind of unit -> time, by the plan of this very organisation."""
    for _ranges, plan in plans_on(day):
        if plan and plan.organisation.pk == organisation.pk:
            return dict(plan.deadlines)
    return {}


def measure_json(row: ControlMeasure) -> dict[str, Any]:
    return {
        "id": row.pk, "organisation": row.organisation.code, "kind": row.kind, "value": row.value,
        "words": f"{row.kind_word}: {row.value_word}", "reason": row.reason, "basis": row.basis,
        "starts_at": row.starts_at, "ends_at": row.ends_at, "review_on": row.review_on,
        "level": row.level.level if row.level else None,
    }  # fmt: skip


def preview_json(found: Preview) -> dict[str, Any]:
    return {
        "organisation": found.organisation.code, "level": found.level, "as_of": found.at, "people": found.people,
        "units": found.units, "cadence": {"before": found.cadence[0], "after": found.cadence[1]},
        "changes": [
            {"kind": row.kind, "what": row.what, "before": row.before, "after": row.after} for row in found.changes
        ],
        "held_from_above": dict(found.refused),
    }  # fmt: skip
