"""Where somebody stays: a room with a real number of beds, or home."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions import set_dates
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor
from shouwang.isolation.actions.common import (
    check_in_force,
    check_version,
    leave_room,
    lock,
    note,
    require,
    save,
    words,
)
from shouwang.isolation.models import Order, RoomSheet, Stay
from shouwang.isolation.queries import takes_guests
from shouwang.isolation.queries.rooms import open_to
from shouwang.org.models import Place


@transaction.atomic
def assign_room(order: Order, room: Place, *, by: Actor, at: datetime, version: int | None = None) -> Stay:
    """Give the person a bed in an isolation room; an earlier stay ends at the same moment and is kept.

    The room's row is locked while its beds are counted, so two assignments at the same instant never take the same
    bed. Conflict when none is free (`room_full`) or the room is to be cleaned first (`room_not_ready`); BadInput when
    the place is no isolation room for guests, is closed, or nobody has said how many beds it has. The room the person
    is in already: nothing changes. Needs isolation.manage.
    """
    lock(order)
    require(by, order.person)
    check_in_force(order)
    locked = _lock_room(room.pk, at=at)
    if not open_to(locked, order):
        raise BadInput(
            _("Room %(room)s belongs to another institution. Choose one of the list."),
            code="room_of_another", field="room", room=locked.title,
        )  # fmt: skip
    present = order.stays.filter(ends_at__isnull=True).first()
    if present is not None and present.room_id == locked.pk:
        return present
    check_version(order, version)
    taken = Stay.objects.filter(room=locked, ends_at__isnull=True).count()
    _check_takes_guests(locked, occupied=taken > 0)
    assert locked.capacity is not None  # _lock_room refuses a room without one
    if taken >= locked.capacity:
        raise Conflict(
            _("Room %(room)s is full (%(taken)s of %(capacity)s beds). Choose another."),
            code="room_full", field="room", room=locked.title, taken=taken, capacity=locked.capacity,
        )  # fmt: skip
    old = {"where": order.where, "room": leave_room(order, at=at), "address": order.address}
    stay = Stay.objects.create(order=order, room=locked, starts_at=at)
    order.where, order.address = Order.Where.FACILITY, ""
    _placed(order, old, {"where": order.where, "room": locked.pk}, by=by, at=at)
    return stay


@transaction.atomic
def stay_home(order: Order, address: str, *, by: Actor, at: datetime, version: int | None = None) -> Order:
    """The person stays at an address of their own (home, or a dormitory room to themselves); a bed is given back.

    BadInput without an address: meals and doctors must find the door. Needs isolation.manage.
    """
    lock(order)
    require(by, order.person)
    check_in_force(order)
    text = words(address, "address", limit=200)
    if not text:
        raise BadInput(_("Enter the address, so that meals and doctors find the door."), field="address")
    if order.where == Order.Where.HOME and order.address == text:
        return order
    check_version(order, version)
    old = {"where": order.where, "room": leave_room(order, at=at), "address": order.address}
    order.where, order.address = Order.Where.HOME, text
    _placed(order, old, {"where": order.where, "address": text}, by=by, at=at)
    return order


def _lock_room(room_id: int, *, at: datetime) -> Place:
    room = Place.objects.select_for_update(of=("self",)).select_related("owner").get(pk=room_id)
    today = clock.local_day(at)
    if room.kind != Place.Kind.ISOLATION_ROOM:
        raise BadInput(_("%(room)s is not an isolation room. Choose one of the list."), field="room", room=room.title)
    if room.starts > today or (room.ends is not None and room.ends < today):
        raise BadInput(_("Room %(room)s is not in use today. Choose another."), field="room", room=room.title)
    if room.capacity is None:
        raise BadInput(
            _("Nobody has said how many beds room %(room)s has. Have it entered with the places first."),
            code="room_without_capacity", field="room", room=room.title,
        )  # fmt: skip
    return room


def _check_takes_guests(room: Place, *, occupied: bool) -> None:
    sheet = RoomSheet.objects.filter(room=room).first()
    if takes_guests(sheet, occupied=occupied):
        return
    assert sheet is not None  # a room without a sheet takes guests
    if sheet.zone != RoomSheet.Zone.GUESTS:
        raise BadInput(
            _("Room %(room)s lies in the zone of %(zone)s. Choose a room for guests."),
            code="room_of_zone", field="room", room=room.title, zone=sheet.get_zone_display(),
        )  # fmt: skip
    raise Conflict(
        _("Room %(room)s is %(state)s. Choose another, or have it made ready on the page of rooms."),
        code="room_not_ready", field="room", room=room.title, state=sheet.get_state_display(),
    )  # fmt: skip


def _placed(order: Order, old: Mapping[str, object], new: Mapping[str, object], *, by: Actor, at: datetime) -> None:
    """Store the place; for a case, the first place is when isolation began, which stops its clock."""
    first = order.placed_at is None
    order.placed_at = order.placed_at or at
    save(order, "where", "address", "placed_at")
    note("order.placed" if first else "order.moved", order, by=by, at=at, old=dict(old), new=dict(new))
    case = order.case
    if order.kind == Order.Kind.ISOLATION and case is not None and case.isolated_at is None:
        set_dates(case, isolated_at=at, by=by, at=at)
        lock(order)
