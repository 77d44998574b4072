"""Which response level is in force, and which were."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from shouwang.command.models import ResponseLevel
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_for


def current_level(path: str | None, at: datetime) -> ResponseLevel | None:
    """The level in force at `at` for the organisation with this path: its own, or the nearest ancestor's.

    With no path, that of the topmost organisation that declared one. One query.
    """
    rows = ResponseLevel.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at).select_related(
        "organisation"
    )
    depth = Length("organisation__path")
    if path is None:
        return rows.order_by(depth.asc(), "-starts_at").first()
    return rows.filter(organisation__path__in=ancestors(path)).order_by(depth.desc(), "-starts_at").first()


def level_history(by: Actor, organisation_id: int) -> tuple[Organisation, QuerySet[ResponseLevel]]:
    """The organisation and all levels it declared, newest first. Needs report.view there."""
    organisation = organisation_for(by, organisation_id, "report.view")
    return organisation, ResponseLevel.objects.filter(organisation=organisation).select_related("declared_by")
