"""Naming who answers for what."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit
from shouwang.core.errors import BadInput
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation, Person, Place, Responsibility


@transaction.atomic
def assign_responsibility(
    *,
    organisation: Organisation | None = None,
    place: Place | None = None,
    person: Person,
    rank: str = Responsibility.Rank.FIRST,
    on: date,
    by: Actor,
    at: datetime,
) -> Responsibility:
    """From `on` this person (or deputy) answers for exactly one organisation or place; whoever did before ends then."""
    if (organisation is None) == (place is None):
        raise BadInput(_("Name either an organisation or a place."), field="organisation")
    by.require("org.manage", organisation.path if organisation else None)
    rows = Responsibility.objects.filter(organisation=organisation, place=place, rank=rank, ends__isnull=True)
    present = rows.select_for_update().first()
    if present is not None and present.person_id == person.pk:
        return present
    if present is not None and present.starts >= on:
        present.delete()
    elif present is not None:
        present.ends = on - timedelta(days=1)
        present.save(update_fields=["ends"])
    row = Responsibility.objects.create(organisation=organisation, place=place, person=person, rank=rank, starts=on)
    where = organisation.code if organisation else place.code if place else ""
    audit.record(
        "responsibility.assigned",
        "responsibility",
        row.pk,
        by=by,
        at=at,
        subject=person.pk,
        old={"person": present.person_id} if present else None,
        new={"where": where, "rank": rank, "on": str(on)},
    )
    return row


@transaction.atomic
def end_responsibility(row: Responsibility, *, on: date, by: Actor, at: datetime) -> Responsibility:
    """Nobody answers from the day after `on`; the gap shows in the uncovered list at once."""
    by.require("org.manage", row.organisation.path if row.organisation else None)
    if on < row.starts:
        raise BadInput(_("The end lies before the beginning."), field="on")
    row.ends = on
    row.save(update_fields=["ends"])
    audit.record(
        "responsibility.ended", "responsibility", row.pk, by=by, at=at, subject=row.person_id, new={"ends": str(on)}
    )
    return row
