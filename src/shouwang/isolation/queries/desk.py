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


def with_checks(orders: QuerySet[Order], day: date) -> QuerySet[Order]:
    """Each order with `checks_made` on `day`, `checks_asked` and `unanswered`, whether an objection waits.

    `checks_asked` is None where the order did not hold for the whole of `day`: on its first day nobody is late.
    """
    made = CheckIn.objects.filter(person=OuterRef("person"), day=day).order_by().values("person")
    asked = Monitoring.objects.filter(reference=OuterRef("number"), starts__lt=day, ends__gte=day).values(
        "checks_per_day"
    )[:1]
    return orders.annotate(
        checks_made=Coalesce(Subquery(made.annotate(made=Count("pk")).values("made")), Value(0)),
        checks_asked=Subquery(asked, output_field=IntegerField()),
        unanswered=Exists(Objection.objects.filter(order=OuterRef("pk"), answered_at__isnull=True)),
    )


def _shown(day: date) -> dict[str, Q]:
    """The condition of each key of `SHOW`, for orders annotated by `with_checks`."""
    force = Q(state__in=IN_FORCE)
    return {
        "in_force": force,
        "unplaced": force & Q(where=Order.Where.UNASSIGNED),
        "due": force & Q(ends_on__lt=day),
        "ends_today": force & Q(ends_on=day),
        "missed": force & Q(checks_made__lt=F("checks_asked")),
        "objections": force & Q(unanswered=True),
        "unread": Q(state=Order.State.SERVED),
        "past": ~force,
    }


def desk(by: Actor, wanted: DeskFilter, *, at: datetime) -> QuerySet[Order]:
    """Visible orders that fit the filter, with the checks of yesterday. An unknown `show` is "in_force"."""
    day = clock.local_day(at)
    rows = with_checks(visible_orders(by), day - timedelta(days=1))
    shown = _shown(day)
    rows = rows.filter(shown.get(wanted.show, shown["in_force"]))
    if wanted.kind in Order.Kind.values:
        rows = rows.filter(kind=wanted.kind)
    if text := wanted.q.strip():
        people = Person.objects.filter(Q(name__contains=text) | Q(number=text)).values("pk")
        rows = rows.filter(Q(number__iexact=text) | Q(person__in=people))
    return rows


def desk_counts(by: Actor, *, at: datetime) -> Desk:
    """Every tab of the desk counted in one query."""
    day = clock.local_day(at)
    shown = _shown(day)
    rows = with_checks(visible_orders(by).filter(state__in=IN_FORCE), day - timedelta(days=1)).select_related(None)
    names = ("in_force", "unplaced", "due", "ends_today", "missed", "objections", "unread")
    counts = rows.aggregate(**{f"n_{name}": Count("pk", filter=shown[name]) for name in names})
    return Desk(at=at, **{name: counts[f"n_{name}"] for name in names})


def due_for_review(by: Actor, day: date) -> QuerySet[Order]:
    """Orders in force whose last day lies before `day`, longest overdue first."""
    return visible_orders(by).filter(_shown(day)["due"]).order_by("ends_on", "id")
