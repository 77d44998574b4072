"""What a person needs of a room, and giving the rooms of a plan to all who wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, NotFound, ShouwangError
from shouwang.core.scope import Actor
from shouwang.isolation.actions.common import check_in_force, lock, note, require
from shouwang.isolation.actions.places import assign_room
from shouwang.isolation.models import IN_FORCE, Need, Order
from shouwang.isolation.queries.orders import order_for
from shouwang.org.queries import place_for


@transaction.atomic
def set_need(order: Order, *, step_free: bool, together_with: str = "", by: Actor, at: datetime) -> Need | None:
    """What the person needs of a room; None when they need nothing special. Needs isolation.manage.

    `together_with`: the number of the order of whoever they must not be parted from. BadInput when there is no such
    order in force within reach, or it is their own.
    """
    lock(order)
    require(by, order.person)
    check_in_force(order)
    other = _companion(order, together_with.strip(), by)
    present = Need.objects.filter(order=order).first()
    old = (present.step_free, present.together_with_id) if present else (False, None)
    new = (step_free, other.pk if other else None)
    if old == new:
        return present
    if new == (False, None):
        Need.objects.filter(order=order).delete()
        found = None
    else:
        found, _made = Need.objects.update_or_create(
            order=order, defaults={"step_free": step_free, "together_with": other}
        )
    names = ("step_free", "together_with")
    note(
        "order.need_set",
        order,
        by=by,
        at=at,
        old=dict(zip(names, old, strict=True)),
        new=dict(zip(names, new, strict=True)),
    )
    return found


def _companion(order: Order, number: str, by: Actor) -> Order | None:
    if not number:
        return None
    refusal = BadInput(
        _("There is no order %(number)s in force that you may see. Enter its number as it is printed on it."),
        field="together_with", number=number,
    )  # fmt: skip
    other = Order.objects.filter(number=number, state__in=IN_FORCE).first()
    if other is None or other.pk == order.pk:
        raise refusal
    try:
        return order_for(by, other.pk)
    except NotFound as hidden:
        raise refusal from hidden


@dataclass(frozen=True, slots=True)
class Placing:
    """What came of one line of a plan: a bed, or the words why not."""

    order_id: int
    room_id: int
    given: bool
    why: str | Promise = ""


def apply_plan(pairs: Iterable[tuple[int, int, int | None]], *, by: Actor, at: datetime) -> list[Placing]:
    """Give beds: (order id, room id, version of the order or None). Each is a transaction of its own, so that one that
    has been overtaken leaves the others; sent again, what was given stays given. What one may not see is refused as not
    found, a line like the others."""
    done = []
    for order_id, room_id, version in pairs:
        try:
            assign_room(order_for(by, order_id), place_for(by, room_id), by=by, at=at, version=version)
        except ShouwangError as refused:
            done.append(Placing(order_id, room_id, False, str(refused)))
        else:
            done.append(Placing(order_id, room_id, True))
    return done
