"""Taking back check-in tickets."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from shouwang.checkins.models import Credential
from shouwang.checkins.queries.credentials import issued, ticket_for
from shouwang.core import audit
from shouwang.core.scope import Actor
from shouwang.org.models import Person


@transaction.atomic
def hand_out_ticket(person: Person, *, mouth: int, by: Actor, at: datetime) -> str:
    """A ticket for a link or a print: one's own, or, for whoever manages accounts there, of a person without a phone of
    their own; they may set passwords anyway. The person reads in the audit log that it was made."""
    if by.person_id == person.pk:
        return ticket_for(by, mouth=mouth, at=at)
    by.require("account.manage", person.home_path)
    audit.record("ticket.issued", "person", person.pk, by=by, at=at, subject=person.pk)
    return issued(person.pk, None, mouth=mouth, at=at)


@transaction.atomic
def revoke_tickets(person: Person, *, by: Actor, at: datetime) -> int:
    """No ticket given out before is good any more; the new serial. By the person, or whoever manages accounts there."""
    if by.person_id != person.pk:
        by.require("account.manage", person.home_path)
    return end_tickets(person, by=by, at=at)


@transaction.atomic
def end_tickets(person: Person, *, by: Actor, at: datetime) -> int:
    """As `revoke_tickets`, for an act that has asked for its own right: a password changed, an account closed."""
    _row, made = Credential.objects.get_or_create(person=person, defaults={"serial": 1})
    if not made:
        Credential.objects.filter(person=person).update(serial=F("serial") + 1)
    serial = Credential.objects.values_list("serial", flat=True).get(person=person)
    audit.record("ticket.revoked", "person", person.pk, by=by, at=at, subject=person.pk, new={"serial": serial})
    return serial
