"""Published versions of check-in forms, for whoever decides on measures."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from shouwang.checkins.models import FormVersion
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import EVERYTHING, ancestors, in_ranges, merge, nodes_of
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_named, tops

RIGHTS = ("level.declare", "report.view")  # who sees the level in force sees what is asked by it


def form_versions(by: Actor) -> QuerySet[FormVersion]:
    """Every version that is or was asked of people within reach, newest first: of organisations within reach, of
    those above, and of the whole installation. NotFound without a right of `RIGHTS`."""
    ranges = merge(one for right in RIGHTS for one in by.ranges(right))
    if not ranges:
        raise NotFound
    rows = FormVersion.objects.select_related("published_by", "organisation").order_by("-published_at", "-pk")
    if EVERYTHING in ranges:
        return rows
    above = {path for node in nodes_of(ranges) for path in ancestors(node)}
    inside = in_ranges("organisation__path", ranges)
    return rows.filter(inside | Q(organisation__path__in=above) | Q(organisation__isnull=True))


def form_version_for(by: Actor, version_id: int) -> FormVersion:
    row = form_versions(by).filter(pk=version_id).first()
    if row is None:
        raise NotFound
    return row


def form_unit(by: Actor, wanted: str = "") -> Organisation | None:
    """The organisation named by code (or name), else the topmost that one looks after; None for the whole
    installation: whoever reaches all of it and names nothing. NotFound for one out of reach of `RIGHTS`."""
    right = next((right for right in RIGHTS if by.holds(right)), RIGHTS[0])
    if wanted:
        return organisation_named(by, wanted, right)
    found = [] if EVERYTHING in by.ranges(right) else tops(by, right)
    return found[0] if found else None
