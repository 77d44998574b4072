"""Facilities, rooms and beds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import EVERYTHING, Range
from shouwang.isolation import rules
from shouwang.isolation.models import Order, RoomSheet, Stay
from shouwang.isolation.queries.orders import MANAGE, visible_orders
from shouwang.org.models import Place
from shouwang.org.queries import current, owned, usable_by


@dataclass(frozen=True, slots=True)
class Beds:
    """Beds at one moment. `rooms_unknown`: no stated capacity, so not counted."""

    rooms: int
    rooms_unknown: int
    beds: int
    taken: int
    free: int
    at: datetime


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as it stands. `guests` are the orders the asker may see; `taken` counts everybody."""

    room: Place
    facts: rules.RoomFacts
    guests: tuple[Order, ...]
    sheet: RoomSheet | None = None

    @property
    def taken(self) -> int:
        return len(self.facts.guests)

    @property
    def free(self) -> int | None:
        return rules.free_beds(self.facts)

    @property
    def hidden(self) -> int:
        return self.taken - len(self.guests)


@dataclass(frozen=True, slots=True)
class FacilityView:
    """A facility (or another place with isolation rooms). Beds of rooms of unknown capacity are not in the sums."""

    facility: Place | None
    rooms: tuple[RoomView, ...]

    @property
    def beds(self) -> int:
        return sum(view.facts.capacity or 0 for view in self.rooms)

    @property
    def taken(self) -> int:
        return sum(view.taken for view in self.rooms)

    @property
    def free(self) -> int:
        return sum(view.free or 0 for view in self.rooms)

    @property
    def unknown(self) -> int:
        return sum(1 for view in self.rooms if view.free is None)


@dataclass(frozen=True, slots=True)
class RoomChoice:
    """A room with a free bed, and what speaks against sharing it."""

    room: Place
    free: int
    warnings: tuple[str | Promise, ...]


WARNINGS = {
    "sex": _("shared with the other sex, or the sex is not stated"),
    "kind": _("contacts and cases in one room"),
    "disease": _("people under orders for another disease"),
}


def isolation_rooms(at: datetime, scope: Q) -> QuerySet[Place]:
    rooms = Place.objects.filter(scope, current(clock.local_day(at)), kind=Place.Kind.ISOLATION_ROOM)
    return rooms.select_related("parent", "owner").order_by("path")


def takes_guests(sheet: RoomSheet | None, *, occupied: bool) -> bool:
    """Whether a room may take (further) guests: a room in use is not cleaned between two of the same batch."""
    if sheet is None:
        return True
    if sheet.zone != RoomSheet.Zone.GUESTS or sheet.state == RoomSheet.State.OUT:
        return False
    return occupied or sheet.state == RoomSheet.State.READY


def open_to(room: Place, order: Order) -> bool:
    """Whether the room belongs to the person's own institution, to whoever stands above it, or to nobody (shared)."""
    return room.owner is None or order.person.home_path.startswith(room.owner.path)


def _stays(at: datetime) -> dict[int, list[Stay]]:
    """Room id -> stays that hold a bed at `at`."""
    rows = Stay.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at)
    found: dict[int, list[Stay]] = defaultdict(list)
    for stay in rows.select_related("order__person", "order__case"):
        found[stay.room_id].append(stay)
    return found


def guest(order: Order) -> rules.Guest:
    return rules.Guest(order.person.sex, order.kind, order.case.disease if order.case else "")


def _facts(room: Place, stays: list[Stay]) -> rules.RoomFacts:
    return rules.RoomFacts(room.pk, room.path, room.capacity, tuple(guest(stay.order) for stay in stays))


def rooms(by: Actor, *, at: datetime) -> list[FacilityView]:
    """The facilities within reach of isolation.manage, and shared ones, in place order. NotFound without the right;
    guests of others stay nameless."""
    if not by.holds(MANAGE):
        raise NotFound
    stays = _stays(at)
    seen = set(
        visible_orders(by)
        .filter(stays__in=[s.pk for rows in stays.values() for s in rows])
        .values_list("pk", flat=True)
    )
    sheets = {sheet.room_id: sheet for sheet in RoomSheet.objects.filter(room__kind=Place.Kind.ISOLATION_ROOM)}
    groups: dict[int | None, list[RoomView]] = defaultdict(list)
    parents: dict[int | None, Any] = {}
    for room in isolation_rooms(at, owned(by.ranges(MANAGE))):
        here = stays.get(room.pk, [])
        names = tuple(stay.order for stay in here if stay.order_id in seen)
        groups[room.parent_id].append(RoomView(room, _facts(room, here), names, sheets.get(room.pk)))
        parents[room.parent_id] = room.parent
    return [FacilityView(parents[key], tuple(views)) for key, views in groups.items()]


def free_beds(at: datetime, ranges: Iterable[Range] = (EVERYTHING,)) -> Beds:
    """Beds that people of these parts of the tree may use: their own, those above them, shared ones. What is not known
    is counted apart, never as free or as taken."""
    stays = _stays(at)
    facts = [_facts(room, stays.get(room.pk, [])) for room in isolation_rooms(at, owned(ranges))]
    known = [room for room in facts if room.capacity is not None]
    return Beds(
        rooms=len(facts),
        rooms_unknown=len(facts) - len(known),
        beds=sum(room.capacity or 0 for room in known),
        taken=sum(len(room.guests) for room in known),
        free=sum(rules.free_beds(room) or 0 for room in known),
        at=at,
    )


def _offered(places: dict[int, Place], stays: Mapping[int, Sequence[Stay]]) -> dict[int, Place]:
    """Without rooms of other zones, out of order, or to be cleaned before anybody new comes."""
    sheets = {sheet.room_id: sheet for sheet in RoomSheet.objects.filter(room__in=places)}
    return {pk: room for pk, room in places.items() if takes_guests(sheets.get(pk), occupied=bool(stays.get(pk)))}


def room_choices(order: Order, *, at: datetime) -> tuple[Place | None, list[RoomChoice]]:
    """The room to propose (None when none fits) and every room with a free bed, those without a warning first.

    Only rooms of the person's institution or of whoever stands above it.
    """
    stays = _stays(at)
    places = _offered({room.pk: room for room in isolation_rooms(at, usable_by(order.person))}, stays)
    facts = [_facts(room, [s for s in stays.get(pk, []) if s.order_id != order.pk]) for pk, room in places.items()]
    newcomer = guest(order)
    best = rules.choose_room(facts, newcomer)
    choices = [
        RoomChoice(places[room.id], free, tuple(WARNINGS[code] for code in rules.conflicts(room, newcomer)))
        for room in facts
        if (free := rules.free_beds(room))
    ]
    choices.sort(key=lambda choice: (bool(choice.warnings), choice.room.path))
    return (places[best] if best else None), choices


def proposals(orders: Sequence[Order], *, at: datetime) -> list[tuple[Order, Place | None]]:
    """A room for each of these orders that has none yet, earlier orders first; None where none fits any more."""
    stays = _stays(at)
    places = _offered({room.pk: room for room in isolation_rooms(at, Q())}, stays)
    facts = [_facts(room, stays.get(pk, [])) for pk, room in places.items()]
    allowed = {order.pk: {pk for pk, room in places.items() if open_to(room, order)} for order in orders}
    chosen = rules.allot(facts, [(order.pk, guest(order)) for order in orders], allowed)
    return [(order, places[room] if (room := chosen[order.pk]) else None) for order in orders]


def propose_room(order: Order, *, at: datetime) -> Place | None:
    """The first room that fits by the rule of `rules.rooms`; None when none does."""
    return room_choices(order, at=at)[0]
