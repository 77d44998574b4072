"""What is known of a room beyond its beds: its zone, whether it is ready, whether it is reached without steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.scope import Actor
from shouwang.isolation.models import RoomSheet, Stay
from shouwang.isolation.queries.orders import MANAGE
from shouwang.org.models import Place
from shouwang.org.queries import owned


@transaction.atomic
def set_room(
    room: Place, *, zone: str, state: str, step_free: bool | None, by: Actor, at: datetime, version: int | None = None
) -> RoomSheet:
    """Write the sheet of a room. Needs isolation.manage where the room belongs.

    BadInput for a place that is no isolation room, an unknown word, or a staff or buffer room with guests in it;
    Conflict when it was changed since `version`. The same again changes nothing.
    """
    locked = _locked(room, by)
    if zone not in RoomSheet.Zone.values:
        raise BadInput(_("Choose a zone of the list."), field="zone")
    if state not in RoomSheet.State.values:
        raise BadInput(_("Choose a state of the list."), field="state")
    if zone != RoomSheet.Zone.GUESTS and Stay.objects.filter(room=locked, ends_at__isnull=True).exists():
        raise BadInput(_("Somebody stays in %(room)s. Move them first."), field="zone", room=locked.title)
    sheet, _made = RoomSheet.objects.select_for_update(of=("self",)).get_or_create(
        room=locked, defaults={"changed_at": at}
    )
    if version is not None and version != sheet.version:
        raise Conflict(_("The room was changed since you looked. Look again, then decide."), code="version_conflict")
    _write(sheet, {"zone": zone, "state": state, "step_free": step_free}, by=by, at=at)
    return sheet


@transaction.atomic
def clean_rooms(rooms: Sequence[Place], *, by: Actor, at: datetime) -> int:
    """Say that rooms were cleaned; how many became ready. Those that were not to be cleaned stay as they are."""
    done = 0
    for room in rooms:
        locked = _locked(room, by)
        sheet = RoomSheet.objects.select_for_update(of=("self",)).filter(room=locked).first()
        if sheet is not None and sheet.state == RoomSheet.State.DIRTY:
            _write(sheet, {"state": RoomSheet.State.READY}, by=by, at=at)
            done += 1
    return done


def _locked(room: Place, by: Actor) -> Place:
    if not by.holds(MANAGE):
        raise Forbidden(data_right=MANAGE)
    found = Place.objects.select_for_update(of=("self",)).filter(owned(by.ranges(MANAGE)), pk=room.pk).first()
    if found is None:
        raise Forbidden(data_right=MANAGE)
    if found.kind != Place.Kind.ISOLATION_ROOM:
        raise BadInput(_("%(room)s is not an isolation room. Choose one of the list."), field="room", room=found.title)
    return found


def _write(sheet: RoomSheet, values: dict[str, object], *, by: Actor, at: datetime) -> None:
    old = {name: getattr(sheet, name) for name in values}
    if old == values:
        return
    for name, value in values.items():
        setattr(sheet, name, value)
    sheet.version += 1
    sheet.changed_at, sheet.changed_by_id = at, by.account_id
    sheet.save()
    audit.record("room.changed", "room", sheet.room_id, by=by, at=at, old=old, new=values)
