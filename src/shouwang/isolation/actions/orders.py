"""Serving orders: one ground after another, the order following the ground that lasts longest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions import set_dates
from shouwang.cases.models import Case, Classification
from shouwang.cases.queries import pack_of
from shouwang.checkins.actions import Spell, start_monitoring_many
from shouwang.core import audit, clock
from shouwang.core.bulk import batches, create_many, save_many
from shouwang.core.errors import Conflict, Forbidden
from shouwang.core.events import publish
from shouwang.core.packs import Text, get_pack
from shouwang.core.scope import Actor
from shouwang.isolation import rules
from shouwang.isolation.actions.common import (
    RULE,
    finish,
    leave_room,
    lock,
    lock_people,
    lock_person,
    next_numbers,
    note,
    purge_on,
    save,
    watchers,
)
from shouwang.isolation.models import IN_FORCE, Ground, Order, Stay
from shouwang.isolation.queries import MANAGE, grade_name, within
from shouwang.org.models import Person
from shouwang.org.queries import reached
from shouwang.tracing.models import Contact
from shouwang.tracing.rules.following import last_exposure

Kind, EndCode = Order.Kind, Order.EndCode
NEVER = date.min
# What an order takes over from the ground that lasts longest, and every column that a ground is brought up to date in.
COPIED = ("case_id", "contact_id", "rule", "pack", "pack_sha256", "because_zh", "because_en")
GROUND = (
    "contact", "counted_from", "days", "ends_on", "rule", "pack", "pack_sha256", "because_zh", "because_en",
    "dropped_at", "drop_code",
)  # fmt: skip


def order_for_contact(contact: Contact, *, by: Actor, at: datetime) -> Order | None:
    """The quarantine order of a confirmed contact: a new one, or the one in force with this ground added.

    None, with the reason in the audit log, when nothing is asked of this person: the pack does not ask it of this
    grade, the term is over already, the person is a case of the same disease, or was released from this very term.
    Doing it twice changes nothing; a later exposure moves the end. Needs trace.work over the case or
    isolation.manage over the contact. Publishes order.served or order.changed.
    """
    return order_many([contact], by=by, at=at)[0]


@transaction.atomic
def order_many(contacts: Sequence[Contact], *, by: Actor, at: datetime) -> list[Order | None]:
    """`order_for_contact` for each of them, who are different people: in a fixed number of statements, all or none."""
    _require_tracer(by, contacts)
    if any(contact.state != Contact.State.CONFIRMED for contact in contacts):
        raise Conflict(
            _("This contact has not been confirmed. Confirm it first; then the order follows."),
            code="contact_not_confirmed",
        )
    return _quarantine(contacts, lock_people(contact.person_id for contact in contacts), by=by, at=at)


def orders_for_contacts(case: Case, *, by: Actor, at: datetime) -> list[Order]:
    """`order_for_contact` for every confirmed contact of a case: after a new trace, or when it is taken up again."""
    rows = Contact.objects.filter(case=case, state=Contact.State.CONFIRMED).select_related("case__person", "person")
    contacts = list(rows.defer("days", "evidence").order_by("person_id"))
    with transaction.atomic():
        found = [order for some in batches(contacts) for order in order_many(some, by=by, at=at)]
    return [order for order in found if order is not None]


def _require_tracer(by: Actor, contacts: Sequence[Contact]) -> None:
    """trace.work over the case, or isolation.manage over the contact."""
    traced = reached(by, "trace.work", (contact.case.person for contact in contacts))
    others = [contact.person for contact in contacts if contact.case.person_id not in traced]
    if len(reached(by, MANAGE, others)) < len({person.pk for person in others}):
        raise Forbidden(data_right="trace.work")


def _quarantine(
    contacts: Sequence[Contact], people: Mapping[int, Person], *, by: Actor, at: datetime
) -> list[Order | None]:
    """Orders of `contacts`, who are different people, all of them locked in `people`."""
    orders = _in_force(people, Kind.QUARANTINE)
    facts = _Facts(contacts, orders)
    asked: dict[int, _Asked] = {}
    refused: list[tuple[Contact, str]] = []
    for contact in contacts:
        protocol, term = facts.term(contact)
        why = facts.why_not(contact, term, clock.local_day(at)) if term else "grade"
        if why or term is None:
            refused.append((contact, why))
            continue
        person = people[contact.person_id]
        asked[contact.pk] = _Asked(orders.get(person.pk), person, contact.case, contact, term, protocol)
    told = (
        (contact.pk, contact.person_id, {"why": why, "grade": contact.grade, "pack": contact.case.pack})
        for contact, why in refused
    )
    audit.record_many("order.not_needed", "contact", told, by=by, at=at)
    put = _put(list(asked.values()), Kind.QUARANTINE, by=by, at=at)
    served = dict(zip(asked, put, strict=True))
    return [served.get(contact.pk) for contact in contacts]


@transaction.atomic
def order_for_case(case: Case, *, by: Actor, at: datetime) -> Order | None:
    """The isolation order of a case, as its classification and dates ask for; a discarded case withdraws everything.

    None when the pack asks nothing of this classification, the term is over, or the person was released from it. A
    quarantine order for the same disease is replaced, and its room or address carried over until somebody moves the
    person. Needs case.manage or isolation.manage. Publishes order.served, order.changed, order.ended or
    order.withdrawn.
    """
    if not any(within(by, case.person, right) for right in ("case.manage", MANAGE)):
        raise Forbidden(data_right="case.manage")
    if case.classification == Classification.DISCARDED:
        withdraw_for_case(case, by=by, at=at)
        return None
    person = lock_person(case.person_id)
    order = _in_force([person.pk], Kind.ISOLATION).get(person.pk)
    ground = order.grounds.filter(case=case, dropped_at__isnull=True).first() if order else None
    protocol = rules.protocol(pack_of(case))
    today = clock.local_day(at)
    dates = rules.CaseDates(
        detected=clock.local_day(case.detected_at),
        onset=clock.local_day(case.onset_at) if case.onset_at else None,
        isolated=clock.local_day(case.isolated_at) if case.isolated_at else None,
    )
    # A term counted from service keeps the day it was served, however often it is asked again.
    served = order.starts_on if order and ground else today
    term = rules.isolation_term(protocol, classification=case.classification, dates=dates, today=served)
    if term is None:
        if order and ground:
            _drop([ground], EndCode.NOT_ASKED, by=by, at=at)
        return None
    if ground is None and (
        term.ends_on < today or _released_until([person.pk], [case]).get((person.pk, case.pk), NEVER) >= term.ends_on
    ):
        return None
    (order,) = _put([_Asked(order, person, case, None, term, protocol)], Kind.ISOLATION, by=by, at=at)
    _replace_quarantine(order, case, by=by, at=at)
    return order


def withdraw_for_contact(contact: Contact, *, by: Actor, at: datetime) -> None:
    """A dismissed contact asks nothing of anybody: its ground is dropped; without another the order is withdrawn."""
    withdraw_many([contact], by=by, at=at)


@transaction.atomic
def withdraw_many(contacts: Sequence[Contact], *, by: Actor, at: datetime) -> None:
    """`withdraw_for_contact` for each; a contact that had no order costs no statement of its own."""
    _require_tracer(by, contacts)
    lock_people(contact.person_id for contact in contacts)
    _drop(_live(contact__in=[contact.pk for contact in contacts]), EndCode.DISMISSED, by=by, at=at)


@transaction.atomic
def withdraw_for_case(case: Case, *, by: Actor, at: datetime) -> None:
    """A discarded case: the person's isolation and the grounds of all its contacts are dropped.

    Who had been taken out of quarantine because of this case is a contact again where other cases still say so.
    """
    if not any(within(by, case.person, right) for right in ("case.manage", MANAGE)):
        raise Forbidden(data_right="case.manage")
    person = lock_person(case.person_id)
    _drop(_live(case=case), EndCode.DISCARDED, by=by, at=at)
    others = (
        Contact.objects.filter(person=person, state=Contact.State.CONFIRMED, case__disease=case.disease)
        .exclude(case__classification=Classification.DISCARDED)
        .select_related("case__person", "person")
    )
    for contact in others:
        _quarantine([contact], {person.pk: person}, by=by, at=at)


# --- parts ---------------------------------------------------------------------------------------------------------


def _in_force(people: Iterable[int], kind: str) -> dict[int, Order]:
    """Person -> their order of this kind in force, locked."""
    rows = Order.objects.select_for_update(of=("self",)).select_related("person", "case")
    found = rows.filter(person__in=list(people), kind=kind, state__in=IN_FORCE).order_by("pk")
    return {order.person_id: order for order in found}


def _live(**of: Any) -> list[Ground]:
    rows = Ground.objects.filter(dropped_at__isnull=True, order__state__in=IN_FORCE, **of)
    return list(rows.select_related("order").order_by("order_id"))


def _released_until(people: Collection[int], cases: Iterable[Case]) -> dict[tuple[int, int], date]:
    """(person, case) -> the last day of the longest term from which a person was released already."""
    grounds = Ground.objects.filter(
        order__person__in=people, order__state=Order.State.ENDED, case__in=list(cases), dropped_at__isnull=True
    ).order_by()
    found = grounds.values_list("order__person", "case").annotate(latest=Max("ends_on"))
    return {(person, case): latest for person, case, latest in found}


class _Facts:
    """What decides whether contacts are asked to stay apart, read once for all of them."""

    def __init__(self, contacts: Sequence[Contact], orders: Mapping[int, Order]) -> None:
        people = [contact.person_id for contact in contacts]
        self._protocols: dict[tuple[str, str], rules.Protocol] = {}
        self._names: dict[tuple[str, str, str], Text] = {}
        standing = Ground.objects.filter(order__in=[order.pk for order in orders.values()], dropped_at__isnull=True)
        self._known = set(standing.values_list("order__person", "case"))
        ill = Ground.objects.filter(
            order__person__in=people, order__kind=Kind.ISOLATION, order__state__in=IN_FORCE, dropped_at__isnull=True
        )
        self._ill = set(ill.values_list("order__person", "case__disease"))
        self._released = _released_until(people, {contact.case for contact in contacts})

    def term(self, contact: Contact) -> tuple[rules.Protocol, rules.Term | None]:
        """The pack's protocol, and what it asks of a contact of this grade."""
        key = (contact.case.pack, contact.case.pack_sha256)
        if key not in self._protocols:
            self._protocols[key] = rules.protocol(pack_of(contact.case))
        if (*key, contact.grade) not in self._names:
            self._names[*key, contact.grade] = grade_name(pack_of(contact.case), contact.grade)
        protocol = self._protocols[key]
        return protocol, rules.quarantine_term(
            protocol,
            grade=contact.grade,
            grade_name=self._names[*key, contact.grade],
            why=Text(zh=contact.why_zh, en=contact.why_en),
            exposed_on=last_exposure(contact.first_at, contact.last_at, clock.zone()),
        )

    def why_not(self, contact: Contact, term: rules.Term, today: date) -> str:
        """Why a contact whose grade asks for quarantine needs no order now; "" when it does."""
        if contact.case.classification == Classification.DISCARDED:
            return "case_discarded"
        if (contact.person_id, contact.case.disease) in self._ill:
            return "is_case"
        if (contact.person_id, contact.case_id) in self._known:
            return ""
        if term.ends_on < today:
            return "term_over"
        if self._released.get((contact.person_id, contact.case_id), NEVER) >= term.ends_on:
            return "released"
        return ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One ground to be put, on the person's order in force or a new one."""

    order: Order | None
    person: Person
    case: Case
    contact: Contact | None
    term: rules.Term
    protocol: rules.Protocol

    def values(self) -> dict[str, Any]:
        """Columns of the ground."""
        return {
            "contact_id": self.contact.pk if self.contact else None,
            "counted_from": self.term.counted_from,
            "days": self.term.days,
            "ends_on": self.term.ends_on,
            "rule": self.term.rule,
            "pack": self.protocol.code,
            "pack_sha256": self.protocol.sha256,
            "because_zh": self.term.because_zh,
            "because_en": self.term.because_en,
            "dropped_at": None,
            "drop_code": "",
        }


def _put(asked: Sequence[_Asked], kind: str, *, by: Actor, at: datetime) -> list[Order]:
    """Add each ground, or bring it up to date, and let the orders follow. Orders in the order of `asked`."""
    standing = [item.order.pk for item in asked if item.order is not None]
    held = {(ground.order_id, ground.case_id): ground for ground in Ground.objects.filter(order__in=standing)}
    fresh, changed, new = [], [], []
    follow: list[Order] = []
    for item in asked:
        values = item.values()
        if item.order is None:
            fresh.append(item)
            continue
        ground = held.get((item.order.pk, item.case.pk))
        if ground is None:
            new.append(Ground(order=item.order, case=item.case, added_at=at, **values))
        elif any(getattr(ground, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(ground, name, value)
            changed.append(ground)
        else:
            continue
        follow.append(item.order)
    create_many(new)
    save_many(changed, GROUND)
    _follow(follow, by=by, at=at)
    served = iter(_serve(fresh, kind, by=by, at=at))
    return [item.order if item.order is not None else next(served) for item in asked]


def _serve(asked: Sequence[_Asked], kind: str, *, by: Actor, at: datetime) -> list[Order]:
    """New orders, with their first grounds."""
    if not asked:
        return []
    today = clock.local_day(at)
    orders, grounds, lines = [], [], []
    for item, number in zip(asked, next_numbers(kind, today.year, len(asked)), strict=True):
        values, ends_on = item.values(), max(item.term.ends_on, today)
        order = Order(
            number=number, kind=kind, person=item.person, case=item.case, starts_on=today, ends_on=ends_on,
            served_at=at, served_by_id=by.account_id, purge_on=purge_on(ends_on),
            **{name: values[name] for name in COPIED if name != "case_id"},
        )  # fmt: skip
        orders.append(order)
        grounds.append(Ground(order=order, case=item.case, added_at=at, **values))
    create_many(orders)
    for ground in grounds:
        ground.order_id = ground.order.pk
    create_many(grounds)
    for item, order in zip(asked, orders, strict=True):
        new = {"number": order.number, "kind": kind, "ends_on": order.ends_on.isoformat(), "rule": order.rule}
        lines.append((order.pk, order.person_id, new | {"case": item.case.pk}))
    audit.record_many("order.served", "order", lines, by=by, at=at)
    _monitor([(order, [item.protocol]) for item, order in zip(asked, orders, strict=True)], by=by, at=at)
    for order in orders:
        publish("order.served", order=order, by=by, at=at)
    return orders


def _follow(orders: Sequence[Order], *, by: Actor, at: datetime) -> None:
    """Take end, explanation and monitoring from the grounds that stand. A moved end must be read anew."""
    if not orders:
        return
    standing: dict[int, dict[int, Ground]] = {order.pk: {} for order in orders}
    for ground in Ground.objects.filter(order__in=list(standing), dropped_at__isnull=True):
        standing[ground.order_id][ground.pk] = ground
    lines: list[audit.Change] = []
    for order in orders:
        grounds = standing[order.pk]
        longest = grounds[rules.governing((ground.ends_on, pk) for pk, ground in grounds.items())]
        old = _said(order)
        ends_on = max(longest.ends_on, order.starts_on)
        if ends_on != order.ends_on:
            order.state, order.acknowledged_at = Order.State.SERVED, None
        order.ends_on, order.purge_on = ends_on, purge_on(ends_on)
        for name in COPIED:
            setattr(order, name, getattr(longest, name))
        order.version += 1
        lines.append((order.pk, order.person_id, old, _said(order) | {"grounds": len(grounds)}))
    copied = (name.removesuffix("_id") for name in COPIED)
    save_many(orders, ("state", "acknowledged_at", "ends_on", "purge_on", "version", *copied))
    _monitor([(order, _protocols(standing[order.pk].values())) for order in orders], by=by, at=at)
    audit.record_changes("order.changed", "order", lines, by=by, at=at)
    for order in orders:
        publish("order.changed", order=order, by=by, at=at)


def _said(order: Order) -> dict[str, Any]:
    return {
        "ends_on": order.ends_on.isoformat(), "rule": order.rule, "case": order.case_id, "state": order.state
    }  # fmt: skip


def _protocols(grounds: Iterable[Ground]) -> list[rules.Protocol]:
    versions = dict.fromkeys((ground.pack, ground.pack_sha256) for ground in grounds)
    return [rules.protocol(get_pack(code, sha256)) for code, sha256 in versions]


def _monitor(found: Sequence[tuple[Order, list[rules.Protocol]]], *, by: Actor, at: datetime) -> None:
    """Ask the check-in for what the strictest of an order's packs asks."""
    watched = watchers(by, [order.person for order, _protocols in found])
    theirs: list[Spell] = []
    by_rule: list[Spell] = []
    for order, protocols in found:
        specs = [p.isolation if order.kind == Kind.ISOLATION else p.quarantine for p in protocols]
        asked = [spec for spec in specs if spec is not None]
        checks = max(spec.checks_per_day for spec in asked)
        temperature = any(spec.temperature_required for spec in asked)
        spell = Spell(order.person, order.starts_on, order.ends_on, checks, temperature, order.kind, order.number)
        (theirs if watched[order.person_id] is by else by_rule).append(spell)
    for watcher, spells in ((by, theirs), (RULE, by_rule)):
        if spells:
            start_monitoring_many(spells, by=watcher, at=at)


def _drop(grounds: Sequence[Ground], code: str, *, by: Actor, at: datetime) -> None:
    """Take grounds away; an order that keeps others follows them, one that keeps none ends or is withdrawn."""
    if not grounds:
        return
    Ground.objects.filter(pk__in=[ground.pk for ground in grounds]).update(dropped_at=at, drop_code=code)
    rows = Order.objects.select_for_update(of=("self",)).select_related("person", "case")
    orders = list(rows.filter(pk__in={ground.order_id for ground in grounds}).order_by("pk"))
    others = Ground.objects.filter(order__in=orders, dropped_at__isnull=True)
    keep = set(others.values_list("order", flat=True))
    _follow([order for order in orders if order.pk in keep], by=by, at=at)
    ended = code in (EndCode.REPLACED, EndCode.NOT_ASKED)
    for order in orders:
        if order.pk not in keep:
            finish(order, Order.State.ENDED if ended else Order.State.WITHDRAWN, code, by=by, at=at)


def _replace_quarantine(isolation: Order, case: Case, *, by: Actor, at: datetime) -> None:
    """A contact has become a case: quarantine for the same disease ends, and the person stays where they are."""
    grounds = Ground.objects.filter(
        order__person=isolation.person, order__kind=Kind.QUARANTINE, order__state__in=IN_FORCE,
        case__disease=case.disease, dropped_at__isnull=True,
    ).select_related("order")  # fmt: skip
    replaced = list(grounds)
    if not replaced:
        return
    quarantine = replaced[0].order
    lock(quarantine)
    if isolation.where == Order.Where.UNASSIGNED and quarantine.placed_at is not None:
        room = leave_room(quarantine, at=at)
        isolation.where, isolation.address = quarantine.where, quarantine.address
        isolation.placed_at = quarantine.placed_at
        save(isolation, "where", "address", "placed_at")
        if room is not None:
            Stay.objects.create(order=isolation, room_id=room, starts_at=at)
        note("order.placed", isolation, by=by, at=at, new={"where": isolation.where, "from": quarantine.number})
    _drop(replaced, EndCode.REPLACED, by=by, at=at)
    if isolation.placed_at is not None and case.isolated_at is None:
        set_dates(case, isolated_at=isolation.placed_at, by=by, at=at)
        lock(isolation)
