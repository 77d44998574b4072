"""What one page needs, read at once: the person's own order, and an order on the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.checkins.models import CheckIn, Monitoring
from shouwang.core import clock
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.isolation import rules
from shouwang.isolation.models import IN_FORCE, Ground, Order
from shouwang.isolation.queries.desk import due_for_review
from shouwang.isolation.queries.orders import (
    MANAGE,
    Detail,
    PackWords,
    detail,
    helpers,
    order_for,
    orders_of,
    pack_words,
    visible_orders,
    within,
)
from shouwang.isolation.queries.release import review
from shouwang.isolation.queries.rooms import RoomChoice, proposals, room_choices
from shouwang.org.models import Place
from shouwang.org.queries.helping import Helper


@dataclass(frozen=True, slots=True)
class Mine:
    """What a person is shown about their own order in force. `checks_asked` is None when nothing is asked today."""

    detail: Detail
    words: PackWords
    helpers: list[Helper]
    checks_made: int
    checks_asked: int | None
    at: datetime

    @property
    def order(self) -> Order:
        return self.detail.order

    @property
    def days_left(self) -> int:
        """Whole days from today to the last day; 0 on the last day, negative while the review is awaited."""
        return (self.order.ends_on - clock.local_day(self.at)).days


def mine(by: Actor, *, at: datetime) -> tuple[list[Mine], list[Order]]:
    """One's own orders in force, the longest first, and those that have ended, newest first."""
    if by.person_id is None:
        return [], []
    orders = list(orders_of(by.person_id))
    current = sorted(
        (order for order in orders if order.in_force), key=lambda order: (-order.ends_on.toordinal(), order.pk)
    )
    return [own(order, at=at) for order in current], [order for order in orders if not order.in_force]


def own(order: Order, *, at: datetime) -> Mine:
    today = clock.local_day(at)
    found = detail(order)
    asked = Monitoring.objects.filter(reference=order.number, starts__lte=today, ends__gte=today)
    return Mine(
        detail=found,
        words=pack_words(order),
        helpers=helpers(order, found.room, on=today),
        checks_made=CheckIn.objects.filter(person_id=order.person_id, day=today).count(),
        checks_asked=asked.values_list("checks_per_day", flat=True).first(),
        at=at,
    )


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One act of the audit log about an order, in words."""

    at: datetime
    label: str
    act: str | Promise


@dataclass(frozen=True, slots=True)
class OrderPage:
    """An order on the desk. `decision`, `proposal` and `choices` only for who may act, while it is in force."""

    detail: Detail
    words: PackWords
    may_manage: bool
    decision: rules.Decision | None
    proposal: Place | None
    choices: list[RoomChoice]
    history: list[HistoryLine]

    @property
    def order(self) -> Order:
        return self.detail.order


def order_page(by: Actor, order_id: int, *, at: datetime) -> OrderPage:
    """One visible order with everything around it. NotFound otherwise."""
    order = order_for(by, order_id)
    may_manage = within(by, order.person, MANAGE)
    acting = may_manage and order.in_force
    proposal, choices = room_choices(order, at=at) if acting else (None, [])
    return OrderPage(
        detail=detail(order),
        words=pack_words(order),
        may_manage=may_manage,
        decision=review(order, at) if acting else None,
        proposal=proposal,
        choices=choices,
        history=_history(order),
    )


ACTS: Mapping[str, Promise] = {
    "order.served": _("Order served"),
    "order.changed": _("End date or ground changed"),
    "order.placed": _("Place given"),
    "order.moved": _("Moved to another place"),
    "order.need_set": _("What they need of a room was written"),
    "order.acknowledged": _("Read by the person"),
    "order.objected": _("Objection received"),
    "order.objection_reworded": _("Objection reworded"),
    "order.objection_answered": _("Objection answered"),
    "order.ended": _("Order ended"),
    "order.withdrawn": _("Order withdrawn"),
}


def _history(order: Order) -> list[HistoryLine]:
    """Writes about the order, newest first; the reads are in the person's own list of who saw their data."""
    rows = AuditEntry.objects.filter(kind="order", object=str(order.pk), is_read=False).order_by("-id")[:100]
    return [HistoryLine(row.at, row.label, ACTS.get(row.verb, row.verb)) for row in rows]


def waiting_for_place(by: Actor, *, at: datetime, limit: int = 30) -> list[tuple[Order, Place | None]]:
    """Orders without a place that `by` may manage, the oldest first, each with a proposed room."""
    waiting = visible_orders(by).filter(state__in=IN_FORCE, where=Order.Where.UNASSIGNED).order_by("served_at", "id")
    return proposals([order for order in waiting[:limit] if within(by, order.person, MANAGE)], at=at)


@dataclass(frozen=True, slots=True)
class CaseOrders:
    """What isolation shows on a case: the person's own orders of it, and how its contacts stand."""

    own: list[Order]
    contacts_in_force: int
    contacts_past: int


def case_orders(by: Actor, case: Case) -> CaseOrders | None:
    """Orders that stand or stood on this case, within what `by` may see; None when there is none."""
    seen = visible_orders(by)
    own_orders = list(seen.filter(person_id=case.person_id, grounds__case=case).distinct())
    grounds = Ground.objects.filter(case=case, order__kind=Order.Kind.QUARANTINE, order__in=seen.values("pk"))
    standing = grounds.filter(order__state__in=IN_FORCE, dropped_at__isnull=True).count()
    past = grounds.count() - standing
    return CaseOrders(own_orders, standing, past) if own_orders or standing or past else None


def oldest_due(by: Actor, *, at: datetime, limit: int = 5) -> list[Order]:
    """The orders that have waited longest for their review."""
    return list(due_for_review(by, clock.local_day(at))[:limit])
