"""Posters of places, and one's own scans. Who scanned where is read by the person and by traces alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Place
from shouwang.org.queries import owned
from shouwang.tracing.models import PresenceDay
from shouwang.tracing.models_scans import PlaceCode, PlaceScan
from shouwang.tracing.queries.presence import RIGHTS
from shouwang.tracing.rules import place_codes

IMPORT = RIGHTS[0]


@dataclass(frozen=True, slots=True)
class Poster:
    """A place and its code; `row` and `code` None and "" while none was issued."""

    place: Place
    row: PlaceCode | None
    code: str

    def expired(self, at: datetime) -> bool:
        return self.row is not None and self.row.expires_at is not None and self.row.expires_at <= at


def places(by: Actor, text: str = "") -> QuerySet[Place]:
    """Places for which one may print posters, by tree order. Needs presence.import."""
    by.require(IMPORT)
    rows = Place.objects.filter(owned(by.ranges(IMPORT))).exclude(kind=Place.Kind.SEAT)
    if words := text.strip():
        rows = rows.filter(Q(code__iexact=words) | Q(name__icontains=words) | Q(name_en__icontains=words))
    return rows.order_by("path")


def place_for(by: Actor, code: str) -> Place:
    row = places(by).filter(code=code).first()
    if row is None:
        raise NotFound
    return row


def posters(found: list[Place]) -> list[Poster]:
    """The posters of these places: one query."""
    rows = {row.place_id: row for row in PlaceCode.objects.filter(place__in=found)}
    return [_poster(place, rows.get(place.pk)) for place in found]


def poster_for(by: Actor, code: str) -> Poster:
    """The poster of the place with this code, NotFound out of scope."""
    place = place_for(by, code)
    return _poster(place, PlaceCode.objects.filter(place=place).first())


def _poster(place: Place, row: PlaceCode | None) -> Poster:
    if row is None:
        return Poster(place, None, "")
    expires = int(row.expires_at.timestamp()) if row.expires_at else 0
    ticket = place_codes.PlaceTicket(place.pk, row.serial, expires)
    return Poster(place, row, place_codes.issue(settings.SECRET_KEY, ticket))


def place_of(code: str, *, at: datetime) -> Place:
    """The place whose poster this is. BadInput when the code is forged, has run out or was replaced."""
    ticket = place_codes.read(settings.SECRET_KEY, code, now=at.timestamp())
    row = PlaceCode.objects.select_related("place").filter(place_id=ticket.place, serial=ticket.serial).first()
    if row is None:
        raise place_codes.expired()
    return row.place


def own(by: Actor) -> QuerySet[PlaceScan]:
    """One's own scans, latest first, struck-out ones too. NotFound for accounts of no person."""
    if by.person_id is None:
        raise NotFound
    return PlaceScan.objects.filter(person_id=by.person_id).select_related("place").order_by("-at", "-pk")


def unbuilt_days(received_until: datetime) -> set[date]:
    """Days with scans that no segment was ever built of."""
    rows = PlaceScan.objects.filter(received_at__lte=received_until)
    days = rows.exclude(day__in=PresenceDay.objects.values("day")).order_by().values_list("day", flat=True)
    return set(days.distinct())


def poster_json(poster: Poster) -> Mapping[str, Any]:
    row = poster.row
    return {
        "place": poster.place.code,
        "name": poster.place.name,
        "code": poster.code,
        "serial": row.serial if row else None,
        "issued_at": row.issued_at if row else None,
        "expires_at": row.expires_at if row else None,
    }


def scan_json(row: PlaceScan) -> Mapping[str, Any]:
    plain = ("id", "at", "way", "received_at", "removed_at", "purge_on")
    return {"place": row.place.code, "name": row.place.name, **{name: getattr(row, name) for name in plain}}
