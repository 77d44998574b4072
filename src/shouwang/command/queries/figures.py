"""The figures of a day: each room counts its own, command puts them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from shouwang.cases import queries as cases
from shouwang.checkins import queries as checkins
from shouwang.command import rules
from shouwang.command.queries.gaps import open_gaps
from shouwang.command.queries.kept import kept
from shouwang.command.queries.levels import current_level
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import STEP, Range, in_ranges, merge, subtree
from shouwang.isolation import queries as isolation
from shouwang.isolation.models import Order
from shouwang.org.models import Organisation
from shouwang.org.queries import visible_organisations
from shouwang.tracing import queries as tracing


def roots_for(by: Actor) -> QuerySet[Organisation]:
    """The topmost organisations over which `by` may see numbers, largest reach first."""
    tops = [low for low, _high in merge(by.ranges("report.view"))]
    found = visible_organisations(by, "report.view")
    return found.filter(path__in=tops) if "" not in tops else found.filter(parent__isnull=True)


def figures(by: Actor, organisation: Organisation, day: date, at: datetime) -> rules.Figures:
    """The numbers of `day` for the organisation's subtree, those of the day before, and a row for each unit below.

    Needs report.view over the organisation (NotFound otherwise); BadInput for a day that has not begun. Numbers
    of a past day are as they stood at its end; today's as they stand at `at`, yesterday's at the same hour.
    """
    if not by.holds("report.view", organisation.path):
        raise NotFound
    if day > clock.local_day(at):
        raise BadInput(_("This day has not begun yet."), field="day")
    found = counted(organisation, day, at)
    moment = _moment(day, at)
    before = moment - timedelta(days=1)
    asked_before = before if day == clock.local_day(at) else at

    def then() -> dict[str, int | None]:
        return _values(organisation, clock.local_day(before), asked_before)

    return rules.Figures(
        organisation_id=organisation.pk,
        organisation=organisation.title,
        day=day,
        as_of=found.at,
        values=found.values,
        before=kept("before", organisation.path, clock.local_day(before), before, then, past=True),
        units=_units(organisation, found),
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """What all rooms counted at `at`, and by path of the units below: check-ins, and people under an order.

    `units` None: check-ins of the day are not kept any more. `apart` None: orders by unit are known as they stand only.
    """

    at: datetime
    values: dict[str, int | None]
    units: Mapping[str, checkins.Counts] | None
    apart: Mapping[str, int] | None


def _moment(day: date, at: datetime) -> datetime:
    return min(at, clock.day_bounds(day)[1] - timedelta(seconds=1))


def counted(organisation: Organisation, day: date, at: datetime) -> Counted:
    """The numbers of `day` alone, for callers who have asked who may see them. A day that has begun."""
    moment, standing = _moment(day, at), day == clock.local_day(at)
    # A room is told when it is asked about a day gone by: what it has purged since is unknown, not 0.
    asked = moment if standing else at

    def now() -> Counted:
        return _counted(organisation, day, asked, moment, standing)

    return kept("now", organisation.path, day, moment, now, past=not standing)


def _counted(organisation: Organisation, day: date, asked: datetime, moment: datetime, standing: bool) -> Counted:
    ranges, width = (subtree(organisation.path),), len(organisation.path) + STEP
    units = checkins.unit_counts(ranges, day, asked, width=width)
    values = _all_rooms(ranges, day, asked, units, standing=standing)
    return Counted(moment, values, units, _apart(ranges, width) if standing else None)


def _values(organisation: Organisation, day: date, asked: datetime) -> dict[str, int | None]:
    ranges = (subtree(organisation.path),)
    return _all_rooms(ranges, day, asked, None, standing=False)


def _all_rooms(
    ranges: tuple[Range, ...],
    day: date,
    at: datetime,
    units: Mapping[str, checkins.Counts] | None,
    *,
    standing: bool,
) -> dict[str, int | None]:
    values: dict[str, int | None] = dict(checkins.day_figures(ranges, day, at, units=units))
    for room in (cases, tracing):
        values |= room.day_figures(ranges, day, at)
    # Beds, and where people under an order are, are known only as they stand: yesterday's are not kept.
    values |= isolation.day_figures(ranges, day, at, standing=standing)
    now = isolation.free_beds(at, ranges) if standing else None
    values["beds_free"] = now.free if now else None
    values["beds"] = now.beds if now else None
    return rules.completed(values)


def _apart(ranges: tuple[Range, ...], width: int) -> dict[str, int]:
    """Path of a unit -> people under an order in force, as it stands."""
    where: Any = Substr(F("person__home_path"), Value(1), Value(width))
    rows = Order.objects.filter(in_ranges("person__home_path", ranges), _in_force()).order_by()
    counted = rows.annotate(unit=where).values("unit").annotate(n=Count("person", distinct=True))
    return dict(counted.values_list("unit", "n"))


def _units(organisation: Organisation, now: Counted) -> list[dict[str, Any]]:
    """A row for each organisation directly below that has people. Numbers of small groups, and those from which a
    small group's could be computed, are left out (`rules.hidden`)."""
    children = list(Organisation.objects.filter(parent=organisation, ends__isnull=True).order_by("path"))
    if now.units is None:
        return []
    units = {child: now.units[child.path] for child in children if child.path in now.units}
    groups = {child.path: units[child].roster for child in units}
    ill = rules.hidden({child.path: units[child].symptomatic for child in units}, groups)
    apart = rules.hidden({path: now.apart.get(path, 0) for path in groups}, groups) if now.apart is not None else {}
    return [
        {
            "id": child.pk,
            "title": child.title,
            "roster": counts.roster,
            "checked_in": counts.heard,
            "symptomatic": ill[child.path],
            "apart": apart.get(child.path),
        }
        for child, counts in units.items()
    ]


def _in_force() -> Q:
    return Q(state__in=[Order.State.SERVED, Order.State.ACKNOWLEDGED])


def report_dict(by: Actor, organisation: Organisation, day: date, at: datetime) -> dict[str, Any]:
    """The situation report as plain data: every figure with its denominator, time and change; gaps; units."""
    found = figures(by, organisation, day, at)
    level = current_level(organisation.path, found.as_of)
    return {
        "organisation": {"code": organisation.code, "name": found.organisation},
        "day": day.isoformat(),
        "as_of": found.as_of.astimezone(clock.zone()).isoformat(timespec="seconds"),
        "level": {"level": level.level, "basis": level.basis} if level else None,
        "figures": {
            row["key"]: {
                "label": str(row["figure"].label),
                "value": row["value"],
                "of": row["figure"].of,
                "denominator": row["of"],
                "change": row["change"],
            }
            for row in found.rows()
        },
        "changes": [change.sentence for change in rules.changes(found)],
        "gaps": [
            {"code": gap.code, "sentence": gap.sentence, "next_step": gap.next_step}
            for gap in open_gaps(by, organisation, found, at)
        ],
        "units": list(found.units),
    }
