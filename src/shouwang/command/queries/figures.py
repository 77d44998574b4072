"""The figures of a day: each room counts its own, command puts them side by side."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, F, Func, Q, QuerySet, Value
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from shouwang.cases import queries as cases
from shouwang.checkins import queries as checkins
from shouwang.checkins.models import LatestCheckIn, Severity
from shouwang.command import rules
from shouwang.command.queries.gaps import open_gaps
from shouwang.command.queries.levels import current_level
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import STEP, in_ranges, merge, subtree
from shouwang.isolation import queries as isolation
from shouwang.isolation.models import Order
from shouwang.org.models import Organisation, Person
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
    ranges = (subtree(organisation.path),)
    moment = min(at, clock.day_bounds(day)[1] - timedelta(seconds=1))
    return rules.Figures(
        organisation_id=organisation.pk,
        organisation=organisation.title,
        day=day,
        as_of=moment,
        values=_all_rooms(ranges, day, moment, standing=day == clock.local_day(at)),
        before=_all_rooms(ranges, day - timedelta(days=1), moment - timedelta(days=1), standing=False),
        units=_units(organisation, day),
    )


def _all_rooms(
    ranges: tuple[tuple[str, str], ...], day: date, at: datetime, *, standing: bool
) -> dict[str, int | None]:
    values: dict[str, int | None] = {}
    for room in (checkins, cases, tracing):
        values |= room.day_figures(ranges, day, at)
    # Beds, and where people under an order are, are known only as they stand: yesterday's are not kept.
    values |= isolation.day_figures(ranges, day, at, standing=standing)
    now = isolation.free_beds(at) if standing else None
    values["beds_free"] = now.free if now else None
    values["beds"] = now.beds if now else None
    return rules.completed(values)


def _units(organisation: Organisation, day: date) -> list[dict[str, Any]]:
    """A row for each organisation directly below that has people: two queries, whatever their number."""
    children = list(Organisation.objects.filter(parent=organisation, ends__isnull=True).order_by("path"))
    if not children:
        return []
    width = len(organisation.path) + STEP
    inside = subtree(organisation.path)

    def grouped(what: str, rows: QuerySet[Any], field: str) -> QuerySet[Any]:
        child: Func = Substr(F(field), Value(1), Value(width))
        label = Value(what, output_field=CharField())
        labelled: QuerySet[Any] = rows.order_by().annotate(what=label, unit=child).values("what", "unit")
        counted: QuerySet[Any] = labelled.annotate(n=Count("pk")).values_list("what", "unit", "n")
        return counted

    latest = LatestCheckIn.objects.filter(
        in_ranges("person__home_path", [inside]), person__left_on__isnull=True, day=day
    )
    people = Person.objects.filter(in_ranges("home_path", [inside]), left_on__isnull=True)
    under_order = Order.objects.filter(in_ranges("person__home_path", [inside]), _in_force())
    found: dict[str, dict[str, int]] = {"people": {}, "heard": {}, "unwell": {}, "orders": {}}
    for what, unit, count in grouped("people", people, "home_path").union(
        grouped("heard", latest, "person__home_path"),
        grouped("unwell", latest.exclude(severity=Severity.NONE), "person__home_path"),
        grouped("orders", under_order, "person__home_path"),
        all=True,
    ):
        found[what][unit] = count
    roster, heard, unwell, orders = found["people"], found["heard"], found["unwell"], found["orders"]
    today = day == clock.today()
    return [
        {
            "id": child.pk,
            "title": child.title,
            "roster": roster[child.path],
            # The latest state of each person is kept for today only; earlier days by unit are not known.
            "checked_in": heard.get(child.path, 0) if today else None,
            "symptomatic": rules.hidden_if_small(unwell.get(child.path, 0), roster[child.path]) if today else None,
            "apart": rules.hidden_if_small(orders.get(child.path, 0), roster[child.path]) if today else None,
        }
        for child in children
        if roster.get(child.path)
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
