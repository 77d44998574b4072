"""Orders: whose, who may see them, and what stands around one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.nexts import Next
from shouwang.core.packs import Pack, Text, get_pack
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors
from shouwang.isolation import rules
from shouwang.isolation.models import IN_FORCE, Ground, Objection, Order, Stay
from shouwang.isolation.rules.next_steps import next_of_order
from shouwang.org.models import Person, Place, Responsibility
from shouwang.org.queries import current, reachable
from shouwang.org.queries.helping import Helper, clinic_helpers, each_once, unit_helper
from shouwang.tracing.queries.judging import contact_rule

MANAGE = "isolation.manage"
# Either right opens an order with its health content; only `isolation.manage` changes it.
SEE = (MANAGE, "case.view")


def within(by: Actor, person: Person, right: str) -> bool:
    """Whether `right` reaches this person: by home organisation, else by another membership."""
    return by.holds(right, person.home_path) or (
        by.holds(right) and Person.objects.filter(reachable(by, right), pk=person.pk).exists()
    )


def orders_of(person_id: int) -> QuerySet[Order]:
    """All orders of one person, newest first. Ask before whether the asker may see them."""
    return Order.objects.filter(person_id=person_id).select_related("person")


def visible_orders(by: Actor) -> QuerySet[Order]:
    """Orders with their health content: isolation.manage or case.view over the person."""
    return Order.objects.filter(reachable(by, SEE[0], "person__") | reachable(by, SEE[1], "person__")).select_related(
        "person__home", "case"
    )


def order_for(by: Actor, order_id: int) -> Order:
    """One visible order. NotFound otherwise; one's own is read with `own_order`."""
    order = visible_orders(by).filter(pk=order_id).first()
    if order is None:
        raise NotFound
    return order


def own_order(by: Actor, order_id: int) -> Order:
    """One's own order. NotFound otherwise."""
    order = orders_of(by.person_id).filter(pk=order_id).first() if by.person_id is not None else None
    if order is None:
        raise NotFound
    return order


def my_order(by: Actor) -> Order | None:
    """The order in force that lasts longest for the person who asks; None when there is none."""
    if by.person_id is None:
        return None
    return orders_of(by.person_id).filter(state__in=IN_FORCE).order_by("-ends_on", "id").first()


@dataclass(frozen=True, slots=True)
class Detail:
    """One order with its history, read in a fixed number of queries."""

    order: Order
    grounds: list[Ground]
    stays: list[Stay]
    objections: list[Objection]

    @property
    def room(self) -> Place | None:
        return next((stay.room for stay in self.stays if stay.ends_at is None), None)

    @property
    def open_objection(self) -> Objection | None:
        return next((item for item in self.objections if item.answered_at is None), None)


def detail(order: Order) -> Detail:
    """Grounds (longest first), stays (newest first), objections (newest first). The caller has fetched the order."""
    return Detail(
        order,
        list(order.grounds.select_related("case")),
        list(order.stays.select_related("room__parent").order_by("-starts_at", "-id")),
        list(order.objections.all()),
    )


def next_of(order: Order, found: Detail, *, at: datetime) -> Next:
    """The next step of an order and whose it is. No query beside those of `detail`."""
    return next_of_order(
        order.state, order.where, ends_on=order.ends_on, today=clock.local_day(at),
        objection=found.open_objection is not None,
    )  # fmt: skip


def helpers(order: Order, room: Place | None, *, on: date) -> list[Helper]:
    """Whom the person may call, from the responsibility grid: their unit, their facility, the clinic. None twice."""
    found = unit_helper(order.person, on=on)
    rows = Responsibility.objects.filter(current(on), rank=Responsibility.Rank.FIRST).select_related("person", "place")
    if room is not None:
        keeper = rows.filter(place__path__in=ancestors(room.path)).order_by("-place__path").first()
        if keeper is not None and keeper.place is not None:
            found.append(Helper(_("answers for the place you stay in"), keeper.person, keeper.place.title))
    return each_once([*found, *clinic_helpers(order.person, on=on)])


@dataclass(frozen=True, slots=True)
class PackWords:
    """What the pack says to the person: its name and its advice for this kind of order."""

    name: Text
    advice: Text | None


def pack_words(order: Order) -> PackWords:
    protocol = rules.protocol(get_pack(order.pack, order.pack_sha256))
    if order.kind == Order.Kind.ISOLATION:
        return PackWords(protocol.name, protocol.isolation.advice if protocol.isolation else None)
    return PackWords(protocol.name, protocol.advice.quarantine if protocol.advice else None)


def grade_name(pack: Pack, code: str) -> Text:
    """The name of a contact grade; the code itself for a grade that this version of the pack no longer has."""
    rule = contact_rule(pack)
    return next((grade.name for grade in rule.grades if grade.code == code), Text(zh=code, en=code))
