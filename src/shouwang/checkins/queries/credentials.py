"""Check-in tickets: who may have one, and whose one is."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from shouwang.checkins.models import Credential
from shouwang.checkins.rules import credentials
from shouwang.core.errors import NotFound, Unauthorized
from shouwang.core.scope import Actor
from shouwang.org.models import Account, Person


def ticket_for(by: Actor, *, mouth: int, at: datetime) -> str:
    """A ticket of whoever asks, good for 30 days or until they take it back. NotFound for accounts of no person."""
    if by.person_id is None:
        raise NotFound
    return issued(by.person_id, by.account_id, mouth=mouth, at=at)


def issued(person_id: int, account_id: int | None, *, mouth: int, at: datetime) -> str:
    """A ticket of this person. Asks no permission: callers have."""
    serial = Credential.objects.filter(person_id=person_id).values_list("serial", flat=True).first() or 0
    key = credentials.derived_key(settings.SECRET_KEY)
    return credentials.issue(key, person=person_id, account=account_id, serial=serial, mouth=mouth, at=at)


def bearer_of(text: str, *, at: datetime) -> tuple[credentials.Ticket, Actor, Person]:
    """The ticket, who speaks with it, and for whom. It carries no right but to check in for this one person.

    Unauthorized when it is forged, expired or taken back, or its account is closed.
    """
    ticket = credentials.verify(credentials.derived_key(settings.SECRET_KEY), text, now=at.timestamp())
    person = Person.objects.select_related("home", "own_zone").filter(pk=ticket.person).first()
    serial = Credential.objects.filter(person_id=ticket.person).values_list("serial", flat=True).first() or 0
    closed = ticket.account and not Account.objects.filter(pk=ticket.account, is_active=True).exists()
    if person is None or serial != ticket.serial or closed:
        raise Unauthorized(code="credential_revoked")
    mouth = credentials.MOUTHS[ticket.mouth]
    return ticket, Actor(ticket.account or None, person.pk, person.number, mouth=mouth), person
