"""The orders desk: what waits for somebody, in lists that restricted users see only their part of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.models import CheckIn, Monitoring
from shouwang.core import clock
from shouwang.core.counting import counts_of
from shouwang.core.paging import PAGE_SIZE, Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.isolation.models import IN_FORCE, Objection, Order
from shouwang.isolation.queries.orders import visible_orders
from shouwang.org.models import Person

# What the desk can show; the order is that of the tabs.
SHOW: Mapping[str, Promise] = {
    "in_force": _("In force"),
    "unplaced": _("Without a place"),
    "due": _("Due for review"),
    "ends_today": _("Last day is today"),
    "missed": _("Checks missed yesterday"),
    "objections": _("Objections to answer"),
    "unread": _("Not yet read"),
    "past": _("Ended"),
}


@dataclass(frozen=True, slots=True)
class DeskFilter:
    """`show` is a key of `SHOW`; `kind` "" is both; `q` a name, a person's number or an order's number."""

    show: str = "in_force"
    kind: str = ""
    q: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """How many orders in force wait for what, at `at`."""

    in_force: int
    unplaced: int
    due: int
    ends_today: int
    missed: int
    objections: int
    unread: int
    at: datetime

    @property
    def waiting(self) -> int:
        """Whether there is anything to do; a count of tasks, not of people."""
        return self.unplaced + self.due + self.missed + self.objections


@dataclass(frozen=True, slots=True)
class DeskRow:
    """An order with its checks of yesterday. `asked` is None where the order did not hold for that whole day."""

    order: Order
    made: int
    asked: int | None


def _made(day: date) -> QuerySet[CheckIn]:
    # By moment, not by day: the index (person, at) then serves both conditions, whatever the planner knows.
    start, end = clock.day_bounds(day)
    return CheckIn.objects.filter(at__gte=start, at__lt=end).order_by()


def _asked(day: date) -> QuerySet[Monitoring]:
    """Monitoring that held for the whole of `day`: on its first day nobody is late."""
    return Monitoring.objects.filter(starts__lt=day, ends__gte=day)


def _shown(rows: QuerySet[Order], show: str, day: date) -> QuerySet[Order]:
    """The rows that `show` names; an unknown word shows what is in force."""
    if show == "past":
        return rows.exclude(state__in=IN_FORCE)
    rows = rows.filter(state__in=IN_FORCE)
    if show == "missed":
        return _missed(rows, day - timedelta(days=1))
    if show == "objections":
        return rows.filter(Exists(Objection.objects.filter(order=OuterRef("pk"), answered_at__isnull=True)))
    conditions = {
        "unplaced": Q(where=Order.Where.UNASSIGNED),
        "due": Q(ends_on__lt=day),
        "ends_today": Q(ends_on=day),
        "unread": Q(state=Order.State.SERVED),
    }
    return rows.filter(conditions.get(show, Q()))


def _missed(rows: QuerySet[Order], day: date) -> QuerySet[Order]:
    """Orders with fewer check-ins on `day` than were asked."""
    made = _made(day).filter(person=OuterRef("person")).values("person").annotate(made=Count("pk")).values("made")
    asked = _asked(day).filter(reference=OuterRef("number")).values("checks_per_day")[:1]
    asked_subquery = Subquery(asked, output_field=IntegerField())
    return rows.alias(checks_made=Coalesce(Subquery(made), Value(0)), checks_asked=asked_subquery).filter(
        checks_made__lt=F("checks_asked")
    )


def desk(by: Actor, wanted: DeskFilter, *, at: datetime) -> QuerySet[Order]:
    """Visible orders that fit the filter."""
    rows = _shown(visible_orders(by), wanted.show, clock.local_day(at))
    if wanted.kind in Order.Kind.values:
        rows = rows.filter(kind=wanted.kind)
    if text := wanted.q.strip():
        people = Person.objects.filter(Q(name__contains=text) | Q(number=text)).values("pk")
        rows = rows.filter(Q(number__iexact=text) | Q(person__in=people))
    return rows


def desk_page(
    by: Actor, wanted: DeskFilter, cursor: str | None, *, at: datetime, size: int = PAGE_SIZE
) -> Page[DeskRow]:
    """One page of the desk, what ends first on top (what has ended: the latest on top). Three queries."""
    order = ("-ends_on", "-id") if wanted.show == "past" else ("ends_on", "id")
    page = keyset_page(desk(by, wanted, at=at), order, cursor, size=size)
    day = clock.local_day(at) - timedelta(days=1)
    people = [row.person_id for row in page.rows]
    made = dict(_made(day).filter(person__in=people).values_list("person").annotate(Count("pk")))
    asked = dict(
        _asked(day).filter(reference__in=[row.number for row in page.rows]).values_list("reference", "checks_per_day")
    )
    rows = [DeskRow(row, made.get(row.person_id, 0), asked.get(row.number)) for row in page.rows]
    return Page(rows, page.next, page.previous)


def desk_counts(by: Actor, *, at: datetime) -> Desk:
    """How many orders in force wait for what. Two queries."""
    day = clock.local_day(at)
    rows = visible_orders(by).filter(state__in=IN_FORCE).select_related(None)
    counts = rows.aggregate(
        in_force=Count("pk"),
        unplaced=Count("pk", filter=Q(where=Order.Where.UNASSIGNED)),
        due=Count("pk", filter=Q(ends_on__lt=day)),
        ends_today=Count("pk", filter=Q(ends_on=day)),
        unread=Count("pk", filter=Q(state=Order.State.SERVED)),
    )
    more = counts_of(missed=_shown(rows, "missed", day), objections=_shown(rows, "objections", day))
    return Desk(at=at, **counts, **more)


def due_for_review(by: Actor, day: date) -> QuerySet[Order]:
    """Orders in force whose last day lies before `day`, longest overdue first."""
    return _shown(visible_orders(by), "due", day).order_by("ends_on", "id")
