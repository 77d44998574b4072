"""Codes on posters at places, and people who scan them. Built days go stale; the next build holds the scan."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Place
from shouwang.org.queries import person_by_number
from shouwang.tracing.actions import days as day_actions
from shouwang.tracing.models_scans import PlaceCode, PlaceScan
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.queries import scans as queries
from shouwang.tracing.rules import place_codes

MOST_DAYS = 366
LONGEST_KEY = 64


def issue_code(place: Place, *, days: int | None, by: Actor, at: datetime) -> PlaceCode:
    """A new edition of the place's poster, good for `days` (None: until the next one); needs presence.import.

    Every poster printed before counts no more from this moment.
    """
    by.require(day_actions.IMPORT)
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise BadInput(_("Enter 1 to %(most)s days, or nothing."), field="days", most=MOST_DAYS)
    queries.place_for(by, place.code)
    expires = at + timedelta(days=days) if days is not None else None
    with transaction.atomic():
        row = PlaceCode.objects.select_for_update().filter(place=place).first()
        row = row or PlaceCode(place=place, serial=0)
        row.serial += 1
        row.expires_at, row.issued_at, row.issued_by_id = expires, at, by.account_id
        row.save()
        new = {"place": place.code, "serial": row.serial, "expires": expires.isoformat() if expires else None}
        audit.record("place_code.issued", "place_code", row.pk, by=by, at=at, new=new)
    return row


def scan(
    code: str, *, way: str, key: str, by: Actor, at: datetime, happened_at: datetime | None = None, number: str = ""
) -> PlaceScan:
    """Somebody scanned this code: themselves, or (`number`, a reader at a door; needs presence.import) somebody else.

    `key` names the scan on the phone: the same key again is the same scan. `happened_at` where it waited for a network.
    BadInput: a forged or expired code, a poster that was replaced, a moment too long ago or ahead.
    """
    person = _scanner(number, by)
    if way not in PlaceScan.Way.values:
        raise BadInput(_("Choose whether you come or leave."), field="way")
    if not key or len(key) > LONGEST_KEY:
        raise BadInput(_("A key of 1 to %(most)s characters names the scan."), field="key", most=LONGEST_KEY)
    moment = _moment(happened_at, at)
    ticket = place_codes.read(settings.SECRET_KEY, code.strip(), now=moment.timestamp())
    if not PlaceCode.objects.filter(place_id=ticket.place, serial=ticket.serial).exists():
        raise place_codes.expired()
    day = clock.local_day(moment)
    values = {"place_id": ticket.place, "at": moment, "day": day, "way": way, "received_at": at}
    purge_on = clock.local_day(at) + timedelta(days=keep_days("presence"))
    try:
        with transaction.atomic():
            row = PlaceScan.objects.create(person_id=person, client_key=key, purge_on=purge_on, **values)
            day_actions.mark_stale(_touched(day), at=at)
            # Who and that; where stands in the row alone, which is gone on its date.
            audit.record("place.scanned", "scan", row.pk, by=by, at=at, new={"way": way})
    except IntegrityError:
        return PlaceScan.objects.get(person_id=person, client_key=key)
    return row


def strike_out(scan_id: int, *, by: Actor, at: datetime) -> PlaceScan:
    """One's own scan was wrong: nobody was there by it any more. The row keeps when it was struck out."""
    with transaction.atomic():
        row = queries.own(by).select_for_update(of=("self",)).filter(pk=scan_id).first()
        if row is None:
            raise NotFound
        if row.removed_at is None:
            row.removed_at = at
            row.save(update_fields=["removed_at"])
            day_actions.mark_stale(_touched(row.day), at=at)
            audit.record("scan.struck_out", "scan", row.pk, by=by, at=at)
    return row


def _scanner(number: str, by: Actor) -> int:
    """Id of the person who scans. Whoever hands in another's scan answers for a reader."""
    if number.strip():
        by.require(day_actions.IMPORT)
        return person_by_number(by, number.strip(), day_actions.IMPORT).pk
    if by.person_id is None:
        raise Forbidden(_("This account belongs to nobody who could be somewhere."))
    return by.person_id


def _moment(happened_at: datetime | None, at: datetime) -> datetime:
    if happened_at is None:
        return at
    rules = assumptions()
    if happened_at > at + timedelta(seconds=rules.intake.clock_skew_seconds):
        raise BadInput(_("The scan lies in the future. Check the clock of the phone."), field="at")
    if at - happened_at > timedelta(hours=rules.scans.late_hours):
        raise BadInput(
            _("The scan is more than %(hours)s hours old and cannot be taken any more."),
            field="at", hours=f"{rules.scans.late_hours:g}",
        )  # fmt: skip
    return min(happened_at, at)


def _touched(day: date) -> list[date]:
    """The days a scan may change: what was open the day before may end by it, and its stay may reach into the next."""
    return [day + timedelta(days=k) for k in (-1, 0, 1)]
