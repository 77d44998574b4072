"""Which response level is in force, and which were."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from shouwang.command.models import ResponseLevel
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors
from shouwang.org.models import Organisation, Person
from shouwang.org.queries import organisation_for

DEPTH = Length("organisation__path")


def current_level(path: str | None, at: datetime) -> ResponseLevel | None:
    """The level in force at `at` for the organisation with this path: its own, or the nearest ancestor's.

    With no path, that of the topmost organisation that declared one. One query.
    """
    rows = _in_force(at)
    if path is None:
        return rows.order_by(DEPTH.asc(), "-starts_at").first()
    return rows.filter(organisation__path__in=ancestors(path)).order_by(DEPTH.desc(), "-starts_at").first()


def level_of(by: Actor, at: datetime) -> ResponseLevel | None:
    """The level in force where the asker belongs: nearest to their home organisation; for an account of no person,
    where its rights begin; None for a stranger. Of two universities under one roof each sees its own. One query."""
    if by.everything:
        return current_level(None, at)
    if by.person_id is None:
        starts = [low for ranges in by.reach.values() for low, _high in ranges]
        return current_level(min(starts), at) if starts else None
    home = Person.objects.filter(pk=by.person_id, home_path__startswith=OuterRef("organisation__path"))
    return _in_force(at).filter(Exists(home)).order_by(DEPTH.desc(), "-starts_at").first()


def _in_force(at: datetime) -> QuerySet[ResponseLevel]:
    rows = ResponseLevel.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at)
    return rows.select_related("organisation")


def level_history(by: Actor, organisation_id: int) -> tuple[Organisation, QuerySet[ResponseLevel]]:
    """The organisation and all levels it declared, newest first. Needs report.view there."""
    organisation = organisation_for(by, organisation_id, "report.view")
    return organisation, ResponseLevel.objects.filter(organisation=organisation).select_related("declared_by")
