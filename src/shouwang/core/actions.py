"""The only writes of core beside audit: which packs are in force, in which version."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.models import ActivePack, PackVersion
from shouwang.core.packs import Pack, get_pack
from shouwang.core.scope import Actor


def keep_version(pack: Pack, *, at: datetime) -> None:
    """Keep the text of this version, so that what it judged can be read again after its file has changed."""
    PackVersion.objects.get_or_create(
        sha256=pack.sha256, defaults={"code": pack.code, "content": pack.document.raw, "kept_at": at}
    )


@transaction.atomic
def activate_pack(code: str, *, since: date, until: date | None = None, by: Actor, at: datetime) -> ActivePack:
    """The pack is in force from `since` (to `until`, included), in the version of its file now. Needs level.declare.

    Activating an active pack whose file is unchanged changes nothing. Where the file has changed, the version in force
    ends the day before and the new one begins. BadInput for days in the wrong order; Conflict when another pack of
    the same disease is in force on one of the days: end that one first, or begin after it.
    """
    by.require("level.declare")
    pack = get_pack(code)
    if until is not None and until < since:
        raise BadInput(_("The last day lies before the first. Exchange the two."), field="until")
    keep_version(pack, at=at)
    later = ActivePack.objects.select_for_update().filter(Q(active_to__isnull=True) | Q(active_to__gte=since))
    overlapping = later if until is None else later.filter(active_from__lte=until)
    for row in overlapping.order_by("active_from", "pk"):
        if row.code == code:
            if row.sha256 == pack.sha256 and row.active_from <= since and row.active_to == until:
                return row
            _make_room(row, since, by=by, at=at)
        elif get_pack(row.code, row.sha256).head.disease == pack.head.disease:
            raise Conflict(
                _("%(other)s is in force for the same disease until %(until)s. End it first, or begin after it."),
                field="code", other=row.code, until=row.active_to or _("further notice"),
            )  # fmt: skip
    row = ActivePack.objects.create(code=code, sha256=pack.sha256, active_from=since, active_to=until)
    new = {"from": str(since), "to": str(until) if until else None, "sha256": pack.sha256}
    audit.record("pack.activated", "pack", code, by=by, at=at, new=new)
    return row


def _make_room(row: ActivePack, since: date, *, by: Actor, at: datetime) -> None:
    """An earlier version of the same pack ends the day before; one that would never have been in force goes."""
    old = {"from": str(row.active_from), "to": str(row.active_to) if row.active_to else None, "sha256": row.sha256}
    if row.active_from >= since:
        row.delete()
        audit.record("pack.ended", "pack", row.code, by=by, at=at, old=old, new={"to": None})
        return
    row.active_to = since - timedelta(days=1)
    row.save(update_fields=["active_to"])
    audit.record("pack.ended", "pack", row.code, by=by, at=at, old=old, new={"to": str(row.active_to)})


@transaction.atomic
def deactivate_pack(code: str, *, on: date, by: Actor, at: datetime) -> None:
    """`on` is the last day of the pack. Nothing happens when it is not active."""
    by.require("level.declare")
    for row in ActivePack.objects.select_for_update().filter(
        Q(active_to__isnull=True) | Q(active_to__gt=on), code=code
    ):
        old = {"to": str(row.active_to) if row.active_to else None}
        row.active_to = max(on, row.active_from)
        row.save(update_fields=["active_to"])
        audit.record("pack.ended", "pack", code, by=by, at=at, old=old, new={"to": str(row.active_to)})
