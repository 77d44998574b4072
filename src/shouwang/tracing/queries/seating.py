"""Seat plans: the list, one plan, and how near two people sat by them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet

from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.queries import owned
from shouwang.tracing.models_seats import Seat, SeatPlan
from shouwang.tracing.queries.presence import RIGHTS
from shouwang.tracing.rules.closeness import SeatGroup
from shouwang.tracing.rules.seating import Hours, Sits, apart

IMPORT = RIGHTS[0]


@dataclass(frozen=True, slots=True)
class PlanSeats:
    """When a plan holds, and the seat of everybody in it by person id."""

    hours: Hours
    seats: dict[int, Sits]


@dataclass(frozen=True, slots=True)
class Seating:
    """The plans of some rooms, with everybody's seat."""

    plans: Mapping[int, list[PlanSeats]] = field(default_factory=dict)

    def between(self, one: int, other: int, place: int, start: int, end: int, group: SeatGroup) -> str:
        """The class of distance of two people at a place in [start, end), unix seconds; "" where no plan holds for all
        of it or one of them has no seat in it: unknown."""
        low, high = (datetime.fromtimestamp(t, tz=clock.zone()) for t in (start, end))
        day = low.date()
        same_day = high.date() == day
        midnight = not same_day and high.date() == day + timedelta(days=1) and high.time() == datetime.min.time()
        if not same_day and not midnight:
            return ""
        for plan in self.plans.get(place, ()):
            if plan.hours.hold(day, low.time(), high.time() if same_day else None):
                here, there = plan.seats.get(one), plan.seats.get(other)
                if here is not None and there is not None:
                    return apart(here, there, group)
        return ""


def seating(people: Collection[int], places: Iterable[int], first: date, last: date) -> Seating:
    """The plans at these places between two local days in which one of these people has a seat. One query."""
    here = {int(pk) for pk in places if pk >= 0}
    if not here:
        return Seating()
    rows = Seat.objects.filter(plan__place__in=here, plan__first_day__lte=last, plan__last_day__gte=first)
    rows = rows.filter(plan__in=Seat.objects.filter(person__in=list(people)).values("plan")).order_by("plan")
    hours = [f"plan__{name}" for name in ("first_day", "last_day", "weekday", "starts", "ends")]
    plans: dict[int, PlanSeats] = {}
    found: dict[int, list[PlanSeats]] = {}
    for plan, place, person, number, column, *when in rows.values_list(
        "plan", "plan__place", "person", "row", "column", *hours
    ):
        if plan not in plans:
            plans[plan] = PlanSeats(Hours(*when), {})
            found.setdefault(place, []).append(plans[plan])
        plans[plan].seats[person] = Sits(number, column)
    return Seating(found)


def plans(by: Actor) -> QuerySet[SeatPlan]:
    """Plans of one's institution with the number of their seats, latest first. Needs presence.import."""
    by.require(IMPORT)
    rows = SeatPlan.objects.filter(owned(by.ranges(IMPORT))).select_related("place")
    return rows.annotate(taken=Count("seats")).order_by("-first_day", "-pk")


def plan_for(by: Actor, plan_id: int) -> SeatPlan:
    row = plans(by).filter(pk=plan_id).first()
    if row is None:
        raise NotFound
    return row


def grid(plan: SeatPlan) -> list[tuple[int, list[Seat | None]]]:
    """Row by row from the front, a cell a seat; None where nobody is entered."""
    seats = list(plan.seats.select_related("person").order_by("row", "column"))
    width = max((seat.column for seat in seats), default=0)
    lines: dict[int, list[Seat | None]] = {
        number: [None] * width for number in range(1, max((seat.row for seat in seats), default=0) + 1)
    }
    for seat in seats:
        lines[seat.row][seat.column - 1] = seat
    return list(lines.items())


def plans_json(rows: QuerySet[SeatPlan]) -> list[Mapping[str, Any]]:
    """These plans with the number of their seats: one query more."""
    found = list(rows)
    counted = Seat.objects.filter(plan__in=found).order_by().values_list("plan").annotate(Count("pk"))
    taken: dict[int, int] = dict(counted)
    return [_plan_json(row, taken.get(row.pk, 0)) for row in found]


def _plan_json(row: SeatPlan, seats: int) -> Mapping[str, Any]:
    plain = ("id", "title", "first_day", "last_day", "weekday", "starts", "ends", "entered_at", "purge_on")
    return {"place": row.place.code, "seats": seats, **{name: getattr(row, name) for name in plain}}


def seats_json(row: SeatPlan) -> list[Mapping[str, Any]]:
    columns = ("person__number", "row", "column")
    return [{"number": n, "row": r, "seat": c} for n, r, c in row.seats.order_by("row", "column").values_list(*columns)]
