"""Everybody who waits for a bed, the rooms that may take somebody, and the plan that brings them together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Q

from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.isolation.models import IN_FORCE, Ground, Need, Order, RoomSheet, Stay
from shouwang.isolation.queries.orders import MANAGE
from shouwang.isolation.queries.rooms import isolation_rooms, takes_guests
from shouwang.isolation.rules import beds as rules
from shouwang.isolation.rules.bed_settings import BedSettings, bed_settings
from shouwang.org.models import Place
from shouwang.org.queries import owned, reachable

MOST = 1_000  # orders planned at once; the oldest first


@dataclass(frozen=True, slots=True)
class Line:
    """One who waits, the room proposed (None: no room fits), and whether they would share it."""

    order: Order
    room: Place | None
    with_others: int
    need: Need | None


@dataclass(frozen=True, slots=True)
class BedPlan:
    """The plan for all who wait within reach. `left_over`: how many wait beyond `MOST`."""

    lines: tuple[Line, ...]
    aims: tuple[rules.Aim, ...]
    rooms: tuple[Place, ...]
    left_over: int
    at: datetime

    @property
    def proposed(self) -> list[Line]:
        return [line for line in self.lines if line.room is not None]

    @property
    def left(self) -> list[Line]:
        """Whom no room fits."""
        return [line for line in self.lines if line.room is None]

    @property
    def placed(self) -> int:
        return len(self.proposed)

    @property
    def waiting(self) -> int:
        return len(self.left)


def in_force_settings() -> BedSettings:
    return bed_settings(settings.HOME)


def bed_plan(by: Actor, *, at: datetime) -> BedPlan:
    """Who waits within reach of isolation.manage, each with the proposed room. NotFound without the right."""
    if not by.holds(MANAGE):
        raise NotFound
    waiting = Order.objects.filter(
        reachable(by, MANAGE, "person__"), state__in=IN_FORCE, where=Order.Where.UNASSIGNED
    ).distinct()
    orders = list(waiting.select_related("person", "case").order_by("served_at", "id")[:MOST])
    left_over = max(waiting.count() - MOST, 0) if len(orders) == MOST else 0
    places = {room.pk: room for room in isolation_rooms(at, owned(by.ranges(MANAGE)))}
    needs = {need.order_id: need for need in Need.objects.filter(order__in=orders).select_related("together_with")}
    bedrooms = _bedrooms(places, at)
    owners = {room.owner.path if room.owner else "" for room in places.values()}
    plan = rules.plan(_parties(orders, needs, owners, at), bedrooms)
    there = Counter(plan.rooms.values())
    before = {room.id: room.beds - room.free for room in bedrooms}
    lines = tuple(
        Line(
            order,
            places.get(room_id) if (room_id := plan.rooms.get(order.pk)) else None,
            there[room_id] + before[room_id] - 1 if room_id else 0,
            needs.get(order.pk),
        )
        for order in orders
    )
    free = tuple(places[room.id] for room in bedrooms if room.free)
    return BedPlan(tuple(sorted(lines, key=_by_room)), plan.aims, free, left_over, at)


def _by_room(line: Line) -> tuple[bool, str, int]:
    """Those who get no room first: they need somebody's thought."""
    return line.room is not None, line.room.path if line.room else "", line.order.pk


def batches(orders: Sequence[Order]) -> dict[int, str]:
    """Order id -> who may share a room with them: contacts of the same case whose observation is counted from the same
    day; cases of the same disease and a classification that may share. "" is nobody."""
    may_share = in_force_settings().sharing.classifications
    grounds: dict[int, list[str]] = defaultdict(list)
    for ground in Ground.objects.filter(order__in=orders, dropped_at__isnull=True).order_by("case", "id"):
        grounds[ground.order_id].append(f"{ground.case_id}@{ground.counted_from}")
    found = {}
    for order in orders:
        if order.kind == Order.Kind.QUARANTINE:
            found[order.pk] = "q:" + "+".join(grounds[order.pk]) if grounds[order.pk] else ""
        elif order.case is not None and order.case.classification in may_share:
            found[order.pk] = f"i:{order.case.disease}:{order.case.classification}"
        else:
            found[order.pk] = ""
    return found


def _parties(orders: Sequence[Order], needs: Mapping[int, Need], owners: set[str], at: datetime) -> list[rules.Party]:
    """Families together, everybody else alone. Who is to be with somebody placed already is planned alone: the page
    says so, and a person decides."""
    batch = batches(orders)
    here = {order.pk for order in orders}
    head = {
        order.pk: need.together_with_id
        for order in orders
        if (need := needs.get(order.pk)) and need.together_with_id in here
    }
    families: dict[int, list[Order]] = defaultdict(list)
    for order in orders:
        families[_head(order.pk, head)].append(order)
    return [
        rules.Party(
            keys=tuple(order.pk for order in family),
            batch=batch[family[0].pk],
            sex=family[0].person.sex,
            owners=frozenset(o for o in owners if all(order.person.home_path.startswith(o) for order in family)),
            step_free=any(needs[order.pk].step_free for order in family if order.pk in needs),
            first=any(order.kind == Order.Kind.ISOLATION for order in family),
        )
        for family in families.values()
    ]


def _head(key: int, above: Mapping[int, int | None]) -> int:
    """The end of the chain of "together with"; of a ring its smallest member."""
    seen = [key]
    while (nxt := above.get(seen[-1])) is not None:
        if nxt in seen:
            return min(seen[seen.index(nxt) :])
        seen.append(nxt)
    return seen[-1]


def _bedrooms(places: Mapping[int, Place], at: datetime) -> list[rules.Bedroom]:
    """Rooms whose number of beds is known and that may take a guest today: of the guests' zone, and ready, or with
    guests who all belong to one batch and one sex."""
    sheets = {sheet.room_id: sheet for sheet in RoomSheet.objects.filter(room__in=places)}
    stays = Stay.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at, room__in=places)
    lying: dict[int, list[Order]] = defaultdict(list)
    for stay in stays.select_related("order__person", "order__case"):
        lying[stay.room_id].append(stay.order)
    batch = batches([order for orders in lying.values() for order in orders])
    found = []
    for pk, room in places.items():
        sheet, guests = sheets.get(pk), lying.get(pk, [])
        if room.capacity is None or not takes_guests(sheet, occupied=bool(guests)):
            continue
        shared = {(batch[order.pk], order.person.sex) for order in guests}
        one = next(iter(shared)) if len(shared) == 1 else ("", "")
        free = max(room.capacity - len(guests), 0) if not guests or all(one) else 0
        found.append(
            rules.Bedroom(
                id=pk, path=room.path, floor=room.parent.path if room.parent else "", beds=room.capacity, free=free,
                owner=room.owner.path if room.owner else "", step_free=sheet.step_free if sheet else None,
                batch=one[0], sex=one[1],
            )
        )  # fmt: skip
    return found


def need_of(order: Order) -> dict[str, object]:
    """What the person needs of a room, as the form of it begins."""
    need = Need.objects.filter(order=order).select_related("together_with").first()
    if need is None:
        return {}
    return {
        "step_free": need.step_free,
        "together_with": need.together_with.number if need.together_with is not None else "",
    }


@dataclass(frozen=True, slots=True)
class DatedDay:
    on: date
    ahead: rules.DayAhead


@dataclass(frozen=True, slots=True)
class Forecast:
    """Beds of the days ahead. `warn` names the first day within the warning time on which more wait than are free."""

    days: tuple[rules.DayAhead, ...]
    warn: rules.DayAhead | None
    to_clean: int
    settings: BedSettings
    at: datetime

    @property
    def dated(self) -> list[DatedDay]:
        today = clock.local_day(self.at)
        return [DatedDay(today + timedelta(days=day.day), day) for day in self.days]

    @property
    def waiting(self) -> int:
        return self.days[0].waiting

    @property
    def warn_on(self) -> date | None:
        return clock.local_day(self.at) + timedelta(days=self.warn.day) if self.warn else None


def bed_forecast(by: Actor, *, at: datetime) -> Forecast:
    """Free beds day by day within reach: nobody new, and everybody leaves on the day after their last one. NotFound
    without isolation.manage."""
    if not by.holds(MANAGE):
        raise NotFound
    known = in_force_settings()
    today = clock.local_day(at)
    places = {room.pk: room for room in isolation_rooms(at, owned(by.ranges(MANAGE)))}
    bedrooms = _bedrooms(places, at)
    stays = Stay.objects.filter(ends_at__isnull=True, room__in=places)
    last_days = stays.values("room").annotate(last=Max("order__ends_on"), guests=Count("id"))
    freed: Counter[int] = Counter()
    for row in last_days:
        capacity = places[row["room"]].capacity
        if capacity is not None:
            # The whole room is back when its last guest has left and it was cleaned.
            back = max((row["last"] - today).days + 1, 0) + known.cleaning.days
            freed[back] += capacity
    dirty = [
        places[pk].capacity or 0
        for pk in RoomSheet.objects.filter(room__in=places, state=RoomSheet.State.DIRTY).values_list("room", flat=True)
    ]
    freed[known.cleaning.days] += sum(dirty)
    waiting = Order.objects.filter(
        reachable(by, MANAGE, "person__"), state__in=IN_FORCE, where=Order.Where.UNASSIGNED
    ).distinct()
    free = sum(room.free for room in bedrooms if room.empty)
    days = rules.forecast(free=free, waiting=waiting.count(), freed=freed, days=known.forecast.days)
    warn = next((day for day in days[: known.forecast.warn_days + 1] if day.short), None)
    return Forecast(tuple(days), warn, len(dirty), known, at)
