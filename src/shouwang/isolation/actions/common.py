"""What every write of isolation shares: locks, rights, versions, numbers, the end of a stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.actions import end_monitoring
from shouwang.checkins.actions.monitoring import RIGHTS as WATCH_RIGHTS
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.events import publish
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor, system_actor
from shouwang.isolation.models import Order, OrderSeries, RoomSheet, Stay
from shouwang.isolation.queries import MANAGE, within
from shouwang.org.models import Person
from shouwang.org.queries import reached_by_any

PREFIX = {Order.Kind.QUARANTINE: "Q", Order.Kind.ISOLATION: "I"}
REASON_LENGTH = 300
RULE = system_actor("isolation orders")


def require(by: Actor, person: Person, right: str = MANAGE) -> None:
    """Forbidden unless `right` reaches the person."""
    if not within(by, person, right):
        raise Forbidden(data_right=right)


def watchers(by: Actor, people: Sequence[Person]) -> dict[int, Actor]:
    """Who starts and ends the watch over each of them. A tracer may confirm a contact whose unit they do not reach; the
    watch then follows from the order, not from them."""
    able = reached_by_any(by, WATCH_RIGHTS, people)
    return {person.pk: by if person.pk in able else RULE for person in people}


def lock(order: Order) -> None:
    """Refresh `order` in place and hold its row until the transaction ends."""
    rows = Order.objects.select_for_update(of=("self",)).select_related("person", "case")
    order.refresh_from_db(from_queryset=rows)


def lock_person(person_id: int) -> Person:
    """Hold the person's row: two confirmations at the same instant make one order, not two."""
    return lock_people([person_id])[person_id]


def lock_people(ids: Iterable[int]) -> dict[int, Person]:
    """`lock_person` for each, in the order of their ids, so that two who lock several never wait for each other."""
    rows = Person.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk")
    return {person.pk: person for person in rows}


def check_version(order: Order, version: int | None) -> None:
    if version is not None and version != order.version:
        raise Conflict(
            _("Order %(number)s has been changed since you opened it. Look again, then decide."),
            code="version_conflict", number=order.number,
        )  # fmt: skip


def check_in_force(order: Order) -> None:
    if not order.in_force:
        raise Conflict(
            _("Order %(number)s is no longer in force; nothing needs to be done."),
            code="order_not_in_force", number=order.number,
        )  # fmt: skip


def save(order: Order, *fields: str) -> None:
    order.version += 1
    order.save(update_fields=[*fields, "version"])


def note(verb: str, order: Order, *, by: Actor, at: datetime, old: Any = None, new: Any = None) -> None:
    """Inside the caller's transaction."""
    audit.record(verb, "order", order.pk, by=by, at=at, subject=order.person_id, old=old, new=new)


def words(value: str, field: str, *, limit: int = REASON_LENGTH) -> str:
    """Free text, stripped. BadInput when it is too long."""
    text = value.strip()
    if len(text) > limit:
        raise BadInput(_("The text is longer than %(limit)s characters. Shorten it."), field=field, limit=limit)
    return text


def next_numbers(kind: str, year: int, number: int) -> list[str]:
    """``Q-2026-0001`` and so on: counted within the transaction, one at a time, so there are no gaps and no doubles."""
    prefix = f"{PREFIX[Order.Kind(kind)]}-{year}"
    OrderSeries.objects.get_or_create(prefix=prefix)
    OrderSeries.objects.filter(prefix=prefix).update(last=F("last") + number)
    last = OrderSeries.objects.values_list("last", flat=True).get(prefix=prefix)
    return [f"{prefix}-{one:04d}" for one in range(last - number + 1, last + 1)]


def purge_on(ends_on: date) -> date:
    return ends_on + timedelta(days=keep_days("order"))


def finish(order: Order, state: str, code: str, *, reason: str = "", by: Actor, at: datetime) -> None:
    """Take a locked order out of force, inside the caller's transaction: its stay, its monitoring and its open
    questions end with it."""
    old = {"state": order.state, "ends_on": order.ends_on.isoformat(), "where": order.where}
    order.state, order.ended_at, order.ended_by_id = state, at, by.account_id
    order.end_code, order.end_reason = code, reason
    order.purge_on = purge_on(max(order.ends_on, clock.local_day(at)))
    save(order, "state", "ended_at", "ended_by", "end_code", "end_reason", "purge_on")
    leave_room(order, at=at)
    end_monitoring(order.number, on=clock.local_day(at), by=watchers(by, [order.person])[order.person_id], at=at)
    verb = "order.withdrawn" if state == Order.State.WITHDRAWN else "order.ended"
    note(verb, order, by=by, at=at, old=old, new={"state": state, "why": code, "reason": reason})
    publish(verb, order=order, by=by, at=at)


def leave_room(order: Order, *, at: datetime) -> int | None:
    """End the open stay, if there is one; the id of the room that was left. Its last guest leaves it to be cleaned."""
    stay = order.stays.filter(ends_at__isnull=True).first()
    if stay is None:
        return None
    stay.ends_at = max(at, stay.starts_at)
    stay.save(update_fields=["ends_at"])
    if not Stay.objects.filter(room=stay.room_id, ends_at__isnull=True).exists():
        sheet, _made = RoomSheet.objects.get_or_create(room_id=stay.room_id, defaults={"changed_at": at})
        if sheet.state == RoomSheet.State.READY:
            sheet.state, sheet.changed_at, sheet.changed_by = RoomSheet.State.DIRTY, at, None
            sheet.version += 1
            sheet.save()
    return stay.room_id
