"""Mass-testing days in numbers and lists: who was taken, who not yet, who is excused; by class; never a result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from shouwang.cases.laboratory.models import DayMember, TestDay
from shouwang.core.errors import NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import EVERYTHING, ancestors, in_ranges
from shouwang.org.models import Organisation

STATUS = "checkin.status"  # attendance, without any result or reason
REASONS = "checkin.view"
ORDER = "test.order"
State = DayMember.State


def visible_days(by: Actor) -> QuerySet[TestDay]:
    """Days of units within reach, and of units above them: of those one sees one's own part."""
    ranges = by.ranges(STATUS)
    if EVERYTHING in ranges:
        return TestDay.objects.select_related("organisation")
    above = {path for low, _high in ranges for path in ancestors(low)}
    return TestDay.objects.filter(in_ranges("path", ranges) | Q(path__in=above)).select_related("organisation")


def days_page(by: Actor, cursor: str = "") -> Page[TestDay]:
    by.require(STATUS)
    return keyset_page(visible_days(by), ("-day", "-id"), cursor or None, size=30)


def day_for(by: Actor, day_id: int) -> TestDay:
    by.require(STATUS)
    day = visible_days(by).filter(pk=day_id).first()
    if day is None:
        raise NotFound
    return day


def members_of(by: Actor, day: TestDay, right: str = STATUS) -> QuerySet[DayMember]:
    return DayMember.objects.filter(in_ranges("home_path", by.ranges(right)), day=day)


def member_for(by: Actor, day: TestDay, member_id: int) -> DayMember:
    member = members_of(by, day, REASONS).select_related("person", "home", "day").filter(pk=member_id).first()
    if member is None:
        raise NotFound
    return member


@dataclass(frozen=True, slots=True)
class Line:
    """One class (or unit) of a day. `expected` = taken + waiting + excused: each person is in exactly one of them.

    `reasons`: of those waiting, how many have a reason noted.
    """

    unit: Organisation | None
    taken: int
    waiting: int
    excused: int
    reasons: int

    @property
    def expected(self) -> int:
        return self.taken + self.waiting + self.excused

    @property
    def due(self) -> int:
        """Who should come: the denominator of who came."""
        return self.taken + self.waiting


def lines(by: Actor, day: TestDay) -> list[Line]:
    """By class, those with most people missing first: two queries."""
    counts: dict[int | None, dict[str, int]] = {}
    rows = (
        members_of(by, day)
        .order_by()
        .values_list("home_id", "state")
        .annotate(n=Count("pk"), noted=Count("pk", filter=~Q(why="")))
    )
    for home, state, number, noted in rows:
        found = counts.setdefault(home, {})
        found[state] = number
        if state == State.WAITING:
            found["reasons"] = noted
    units = Organisation.objects.select_related("parent").in_bulk([pk for pk in counts if pk is not None])
    made = [
        Line(
            units.get(pk or 0), found.get(State.TAKEN, 0), found.get(State.WAITING, 0), found.get(State.EXCUSED, 0),
            found.get("reasons", 0),
        )
        for pk, found in counts.items()
    ]  # fmt: skip
    return sorted(made, key=lambda line: (-line.waiting, line.unit.path if line.unit else ""))


def total(found: Iterable[Line]) -> Line:
    rows = list(found)
    return Line(
        None, sum(r.taken for r in rows), sum(r.waiting for r in rows), sum(r.excused for r in rows),
        sum(r.reasons for r in rows),
    )  # fmt: skip


def not_taken(
    by: Actor, day: TestDay, *, state: str = State.WAITING, unit: int | None = None, cursor: str = "", size: int = 50
) -> Page[DayMember]:
    """The names of who is not taken yet (once the day is closed: absent), or excused; in the order of classes."""
    rows = members_of(by, day).filter(state=state).select_related("person", "home")
    if unit is not None:
        rows = rows.filter(home_id=unit)
    return keyset_page(rows, ("home_path", "id"), cursor or None, size=size)
