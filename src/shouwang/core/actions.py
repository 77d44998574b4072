"""The only writes of core beside audit: which packs are in force."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit
from shouwang.core.errors import Conflict
from shouwang.core.models import ActivePack
from shouwang.core.packs import get_pack
from shouwang.core.scope import Actor


@transaction.atomic
def activate_pack(code: str, *, since: date, by: Actor, at: datetime) -> ActivePack:
    """The pack is in force from `since`. Needs level.declare. Activating an active pack changes nothing.

    Conflict when another pack of the same disease is in force: end that one first.
    """
    by.require("level.declare")
    pack = get_pack(code)
    for row in ActivePack.objects.filter(active_to__isnull=True):
        if row.code == code:
            return row
        if get_pack(row.code).head.disease == pack.head.disease:
            raise Conflict(_("%(other)s is in force for the same disease. End it first."), field="code", other=row.code)
    row = ActivePack.objects.create(code=code, sha256=pack.sha256, active_from=since)
    audit.record("pack.activated", "pack", code, by=by, at=at, new={"from": str(since), "sha256": pack.sha256})
    return row


@transaction.atomic
def deactivate_pack(code: str, *, on: date, by: Actor, at: datetime) -> None:
    """`on` is the last day of the pack. Nothing happens when it is not active."""
    by.require("level.declare")
    for row in ActivePack.objects.filter(code=code, active_to__isnull=True):
        row.active_to = max(on, row.active_from)
        row.save(update_fields=["active_to"])
        audit.record("pack.ended", "pack", code, by=by, at=at, new={"to": str(row.active_to)})
