"""Serving orders: one ground after another, the order following the ground that lasts longest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions import set_dates
from shouwang.cases.models import Case, Classification
from shouwang.cases.queries import pack_of
from shouwang.checkins.actions import start_monitoring
from shouwang.core import audit, clock
from shouwang.core.errors import Conflict, Forbidden
from shouwang.core.events import publish
from shouwang.core.packs import Text, get_pack
from shouwang.core.scope import Actor
from shouwang.isolation import rules
from shouwang.isolation.actions.common import (
    finish,
    leave_room,
    lock,
    lock_person,
    next_number,
    note,
    purge_on,
    save,
    watcher,
)
from shouwang.isolation.models import IN_FORCE, Ground, Order, Stay
from shouwang.isolation.queries import MANAGE, grade_name, within
from shouwang.org.models import Person
from shouwang.tracing.models import Contact
from shouwang.tracing.rules.following import last_exposure

Kind, EndCode = Order.Kind, Order.EndCode


@transaction.atomic
def order_for_contact(contact: Contact, *, by: Actor, at: datetime) -> Order | None:
    """The quarantine order of a confirmed contact: a new one, or the one in force with this ground added.

    None, with the reason in the audit log, when nothing is asked of this person: the pack does not ask it of this
    grade, the term is over already, the person is a case of the same disease, or was released from this very term.
    Doing it twice changes nothing; a later exposure moves the end. Needs trace.work over the case or
    isolation.manage over the contact. Publishes order.served or order.changed.
    """
    if not (within(by, contact.case.person, "trace.work") or within(by, contact.person, MANAGE)):
        raise Forbidden(data_right="trace.work")
    if contact.state != Contact.State.CONFIRMED:
        raise Conflict(
            _("This contact has not been confirmed. Confirm it first; then the order follows."),
            code="contact_not_confirmed",
        )
    return _quarantine(contact, lock_person(contact.person_id), by=by, at=at)


def orders_for_contacts(case: Case, *, by: Actor, at: datetime) -> list[Order]:
    """`order_for_contact` for every confirmed contact of a case: after a new trace, or when it is taken up again."""
    contacts = Contact.objects.filter(case=case, state=Contact.State.CONFIRMED).select_related("case__person", "person")
    with transaction.atomic():
        found = [order_for_contact(contact, by=by, at=at) for contact in contacts]
    return [order for order in found if order is not None]


def _quarantine(contact: Contact, person: Person, *, by: Actor, at: datetime) -> Order | None:
    pack = pack_of(contact.case)
    protocol = rules.protocol(pack)
    term = rules.quarantine_term(
        protocol,
        grade=contact.grade,
        grade_name=grade_name(pack, contact.grade),
        why=Text(zh=contact.why_zh, en=contact.why_en),
        exposed_on=last_exposure(contact.first_at, contact.last_at, clock.zone()),
    )
    order = _in_force(person, Kind.QUARANTINE)
    if term is None:
        _not_needed(contact, "grade", by=by, at=at)
        return None
    known = order is not None and order.grounds.filter(case=contact.case, dropped_at__isnull=True).exists()
    why = _why_not(contact, person, term, known=known, today=clock.local_day(at))
    if why:
        _not_needed(contact, why, by=by, at=at)
        return None
    return _put(order, person, Kind.QUARANTINE, contact.case, contact, term, protocol, by=by, at=at)


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
    order = _in_force(person, Kind.ISOLATION)
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
    if ground is None and (term.ends_on < today or _released(person, case, term)):
        return None
    order = _put(order, person, Kind.ISOLATION, case, None, term, protocol, by=by, at=at)
    _replace_quarantine(order, case, by=by, at=at)
    return order


@transaction.atomic
def withdraw_for_contact(contact: Contact, *, by: Actor, at: datetime) -> None:
    """A dismissed contact asks nothing of anybody: its ground is dropped; without another the order is withdrawn."""
    if not (within(by, contact.case.person, "trace.work") or within(by, contact.person, MANAGE)):
        raise Forbidden(data_right="trace.work")
    lock_person(contact.person_id)
    _drop(_live(contact=contact), EndCode.DISMISSED, by=by, at=at)


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
        _quarantine(contact, person, by=by, at=at)


# --- parts ---------------------------------------------------------------------------------------------------------


def _in_force(person: Person, kind: str) -> Order | None:
    rows = Order.objects.select_for_update(of=("self",)).select_related("person", "case")
    return rows.filter(person=person, kind=kind, state__in=IN_FORCE).first()


def _live(**of: Any) -> list[Ground]:
    rows = Ground.objects.filter(dropped_at__isnull=True, order__state__in=IN_FORCE, **of)
    return list(rows.select_related("order").order_by("order_id"))


def _is_case(person: Person, disease: str) -> bool:
    grounds = Ground.objects.filter(
        order__person=person, order__kind=Kind.ISOLATION, order__state__in=IN_FORCE, case__disease=disease
    )
    return grounds.filter(dropped_at__isnull=True).exists()


def _released(person: Person, case: Case, term: rules.Term) -> bool:
    """Whether a person decided already that this very term, or a longer one of the same case, is over."""
    grounds = Ground.objects.filter(
        order__person=person, order__state=Order.State.ENDED, case=case, dropped_at__isnull=True
    )
    return grounds.filter(ends_on__gte=term.ends_on).exists()


def _why_not(contact: Contact, person: Person, term: rules.Term, *, known: bool, today: date) -> str:
    """Why a contact whose grade asks for quarantine needs no order now; "" when it does. `known`: it stands already."""
    if contact.case.classification == Classification.DISCARDED:
        return "case_discarded"
    if _is_case(person, contact.case.disease):
        return "is_case"
    if not known and term.ends_on < today:
        return "term_over"
    if not known and _released(person, contact.case, term):
        return "released"
    return ""


def _not_needed(contact: Contact, why: str, *, by: Actor, at: datetime) -> None:
    audit.record(
        "order.not_needed", "contact", contact.pk, by=by, at=at, subject=contact.person_id,
        new={"why": why, "grade": contact.grade, "pack": contact.case.pack},
    )  # fmt: skip


def _put(
    order: Order | None,
    person: Person,
    kind: str,
    case: Case,
    contact: Contact | None,
    term: rules.Term,
    protocol: rules.Protocol,
    *,
    by: Actor,
    at: datetime,
) -> Order:
    """Add the ground, or bring it up to date, and let the order follow."""
    values: dict[str, Any] = {
        "contact_id": contact.pk if contact else None,
        "counted_from": term.counted_from,
        "days": term.days,
        "ends_on": term.ends_on,
        "rule": term.rule,
        "pack": protocol.code,
        "pack_sha256": protocol.sha256,
        "because_zh": term.because_zh,
        "because_en": term.because_en,
        "dropped_at": None,
        "drop_code": "",
    }
    if order is None:
        order = _serve(person, kind, case, term, values, by=by, at=at)
        Ground.objects.create(order=order, case=case, added_at=at, **values)
        _monitor(order, [protocol], by=by, at=at)
        publish("order.served", order=order, by=by, at=at)
        return order
    ground = order.grounds.filter(case=case).first() or Ground(order=order, case=case, added_at=at)
    if ground.pk is not None and all(getattr(ground, name) == value for name, value in values.items()):
        return order
    for name, value in values.items():
        setattr(ground, name, value)
    ground.save()
    _follow(order, by=by, at=at)
    return order


def _serve(
    person: Person, kind: str, case: Case, term: rules.Term, values: dict[str, Any], *, by: Actor, at: datetime
) -> Order:
    today = clock.local_day(at)
    ends_on = max(term.ends_on, today)
    copied = {name: values[name] for name in ("contact_id", "rule", "pack", "pack_sha256", "because_zh", "because_en")}
    order = Order.objects.create(
        number=next_number(kind, today.year), kind=kind, person=person, case=case, starts_on=today, ends_on=ends_on,
        served_at=at, served_by_id=by.account_id, purge_on=purge_on(ends_on), **copied,
    )  # fmt: skip
    new = {"number": order.number, "kind": kind, "ends_on": ends_on.isoformat(), "rule": term.rule, "case": case.pk}
    note("order.served", order, by=by, at=at, new=new)
    return order


def _follow(order: Order, *, by: Actor, at: datetime) -> None:
    """Take end, explanation and monitoring from the grounds that stand. A moved end must be read anew."""
    grounds = {ground.pk: ground for ground in order.grounds.filter(dropped_at__isnull=True)}
    longest = grounds[rules.governing((ground.ends_on, pk) for pk, ground in grounds.items())]
    old = {"ends_on": order.ends_on.isoformat(), "rule": order.rule, "case": order.case_id, "state": order.state}
    ends_on = max(longest.ends_on, order.starts_on)
    if ends_on != order.ends_on:
        order.state, order.acknowledged_at = Order.State.SERVED, None
    order.ends_on, order.purge_on = ends_on, purge_on(ends_on)
    names = ("case_id", "contact_id", "rule", "pack", "pack_sha256", "because_zh", "because_en")
    for name in names:
        setattr(order, name, getattr(longest, name))
    save(order, "state", "acknowledged_at", "ends_on", "purge_on", *(name.removesuffix("_id") for name in names))
    _monitor(order, _protocols(grounds.values()), by=by, at=at)
    new = {"ends_on": ends_on.isoformat(), "rule": order.rule, "case": order.case_id, "state": order.state}
    note("order.changed", order, by=by, at=at, old=old, new=new | {"grounds": len(grounds)})
    publish("order.changed", order=order, by=by, at=at)


def _protocols(grounds: Iterable[Ground]) -> list[rules.Protocol]:
    versions = dict.fromkeys((ground.pack, ground.pack_sha256) for ground in grounds)
    return [rules.protocol(get_pack(code, sha256)) for code, sha256 in versions]


def _monitor(order: Order, protocols: list[rules.Protocol], *, by: Actor, at: datetime) -> None:
    """Ask the check-in for what the strictest of the packs asks."""
    specs = [p.isolation if order.kind == Kind.ISOLATION else p.quarantine for p in protocols]
    asked = [spec for spec in specs if spec is not None]
    start_monitoring(
        person=order.person,
        starts=order.starts_on,
        ends=order.ends_on,
        checks_per_day=max(spec.checks_per_day for spec in asked),
        temperature_required=any(spec.temperature_required for spec in asked),
        reason=order.kind,
        reference=order.number,
        by=watcher(by, order.person),
        at=at,
    )


def _drop(grounds: Iterable[Ground], code: str, *, by: Actor, at: datetime) -> None:
    """Take grounds away; an order that keeps others follows them, one that keeps none ends or is withdrawn."""
    found = list(grounds)
    Ground.objects.filter(pk__in=[ground.pk for ground in found]).update(dropped_at=at, drop_code=code)
    for order in {ground.order_id: ground.order for ground in found}.values():
        lock(order)
        if order.grounds.filter(dropped_at__isnull=True).exists():
            _follow(order, by=by, at=at)
        else:
            ended = code in (EndCode.REPLACED, EndCode.NOT_ASKED)
            state = Order.State.ENDED if ended else Order.State.WITHDRAWN
            finish(order, state, code, by=by, at=at)


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
