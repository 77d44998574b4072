"""Publishing the check-in form of an institution or a part of it, and hearing which response level is in force."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouwang.checkins import rules
from shouwang.checkins.models import AskedLevel, FormVersion
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation

RIGHT = "level.declare"  # who decides on measures decides how often everybody is asked


@transaction.atomic
def publish_form(document: bytes, *, unit: Organisation | None, by: Actor, at: datetime) -> FormVersion:
    """Put a form into force at and below `unit` from the day it starts; None: wherever no form is nearer. Publishing
    the same document there again changes nothing.

    BadInput names what is wrong with it; Conflict when its version is not above every one published for `unit`, or
    when it would begin before today: what was asked on a day that is over does not change.
    """
    by.require(RIGHT, unit.path if unit else "")
    form = rules.read_form(document)
    earlier = FormVersion.objects.filter(organisation=unit)
    if same := earlier.filter(sha256=form.sha256).first():
        return same
    today = clock.local_day(at)
    if form.starts < today:
        sentence = _("The form would be in force from %(day)s, which is over. Let it start today or later.")
        raise Conflict(sentence, code="form_starts_past", field="starts", day=str(form.starts))
    latest = earlier.order_by("-version").first()
    if latest is not None and form.version <= latest.version:
        sentence = _("Version %(version)s is published already; give the new one a higher number.")
        raise Conflict(sentence, code="form_version_used", field="version", version=latest.version)
    row = FormVersion.objects.create(
        code=form.code,
        version=form.version,
        sha256=form.sha256,
        document=document.decode("utf-8"),
        organisation=unit,
        starts=form.starts,
        ends=form.ends,
        published_at=at,
        published_by_id=by.account_id,
    )
    new = {"code": form.code, "version": form.version, "starts": str(form.starts), "ends": str(form.ends)}
    audit.record("form.published", "form", row.pk, by=by, at=at, new=new | _where(row))
    return row


@transaction.atomic
def withdraw_form(row: FormVersion, *, by: Actor, at: datetime) -> FormVersion:
    """Today is the last day on which this version is asked; the one before it, or the next one up, follows."""
    by.require(RIGHT, row.path)
    today = clock.local_day(at)
    if row.ends <= today:
        return row
    if row.starts > today:
        audit.record("form.withdrawn", "form", row.pk, by=by, at=at, old={"version": row.version} | _where(row))
        row.delete()
        return row
    old, row.ends = {"ends": str(row.ends)}, today
    row.save(update_fields=["ends"])
    audit.record("form.withdrawn", "form", row.pk, by=by, at=at, old=old, new={"ends": str(today)} | _where(row))
    return row


def _where(row: FormVersion) -> dict[str, str]:
    return {"unit": row.organisation.code} if row.organisation else {}


@transaction.atomic
def clear_level(path: str, *, on: date) -> None:
    """From `on` nothing is asked under `path` by a level of its own; one declared further up holds again."""
    AskedLevel.objects.filter(organisation_path=path, starts__gte=on).delete()
    standing = AskedLevel.objects.filter(organisation_path=path)
    standing.filter(Q(ends__isnull=True) | Q(ends__gte=on)).update(ends=on - timedelta(days=1))


def set_level(path: str, level: str, *, on: date) -> None:
    """From `on` the cadence under `path` is that of `level`, one of `rules.LEVELS`; "none" ends asking by level.

    Called by the room that declares levels, which has checked the right and keeps the record.
    """
    if level not in rules.LEVELS:
        raise BadInput(_("There is no level %(level)s."), field="level", level=level)
    clear_level(path, on=on)
    AskedLevel.objects.create(organisation_path=path, level=level, starts=on)
