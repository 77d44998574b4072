"""Who is absent until when: for those who plan lessons, meals and beds. No reason, no place, no diagnosis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery

from shouwang.cases.care.queries import leaves_on
from shouwang.core import audit, clock
from shouwang.core.errors import NotFound
from shouwang.core.paging import PAGE_SIZE, Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.isolation.models import IN_FORCE, Order
from shouwang.org.models import Person
from shouwang.org.queries import reachable

VIEW = "isolation.view"


@dataclass(frozen=True, slots=True)
class Absence:
    """`until`: the last day, included. Passed: the return is not confirmed yet."""

    person: Person
    since: date
    until: date


def absences_page(by: Actor, cursor: str | None, *, at: datetime, size: int = PAGE_SIZE) -> Page[Absence]:
    """One page of `absences` by unit and number, recorded as read. NotFound for who may see nobody's."""
    if not by.holds(VIEW):
        raise NotFound
    page = keyset_page(absences(by, on=clock.local_day(at)), ("home_path", "number"), cursor, size=size)
    audit.saw("absences.listed", "person", [person.pk for person in page.rows], by=by, at=at)
    return Page(_read(page.rows), page.next, page.previous)


def _read(people: Iterable[Person]) -> list[Absence]:
    """What `absences` looked up for each: of an order and a leave the earlier beginning and the later end."""
    found = []
    for one in people:
        known = vars(one)
        since = [day for day in (known["order_since"], known["leave_since"]) if day is not None]
        until = [day for day in (known["order_until"], known["leave_until"]) if day is not None]
        found.append(Absence(one, min(since), max(until)))
    return found


def absences(by: Actor, *, on: date) -> QuerySet[Person]:
    """People within reach of isolation.view who have an order in force or are on sick leave on that day, with the
    beginnings and ends of both (`order_*`, `leave_*`; None: there is none of that kind).

    Neither kind, number nor reason is told; a leave ends with the day before that of a certificate of return. The dates
    are looked up for the rows of the page alone.
    """
    standing = Order.objects.filter(state__in=IN_FORCE).order_by()
    own = standing.filter(person=OuterRef("pk"))
    leaves = leaves_on(on)
    mine = leaves.filter(case__person=OuterRef("pk"))
    away = Q(pk__in=standing.values("person_id")) | Q(pk__in=leaves.values("case__person_id"))
    return (
        Person.objects.filter(away, reachable(by, VIEW))
        .annotate(
            order_since=Subquery(own.order_by("starts_on").values("starts_on")[:1]),
            order_until=Subquery(own.order_by("-ends_on").values("ends_on")[:1]),
            leave_since=Subquery(mine.order_by("absent_from").values("absent_from")[:1]),
            leave_until=Subquery(mine.order_by("-absent_until").values("absent_until")[:1]),
        )
        .select_related("home")
    )


def evenings_apart(first: date, last: date) -> list[tuple[int, date, date | None]]:
    """(person, first evening, last evening or None) spent apart between two days; one query, for presence alone.

    From the day the person was given a place, a room or an address with a room to themselves, to the day before the
    order ended. Whoever was given no place is still in their own bed.
    """
    rows = Order.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=clock.day_start(first)),
        placed_at__lt=clock.day_start(last + timedelta(days=1)),
    ).order_by()
    spells = (
        (person, clock.local_day(placed), clock.local_day(ended) - timedelta(days=1) if ended else None)
        for person, placed, ended in rows.values_list("person_id", "placed_at", "ended_at")
        if placed is not None
    )
    return [(person, since, until) for person, since, until in spells if until is None or until >= since]
