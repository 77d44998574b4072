"""Published versions of the check-in form, for whoever decides on measures."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.checkins import rules
from shouwang.checkins.models import FormVersion
from shouwang.checkins.queries.asking import form_on
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor

RIGHTS = ("report.view", "level.declare")  # who sees the level in force sees what is asked by it


def form_versions(by: Actor) -> QuerySet[FormVersion]:
    """Every version, newest first. NotFound without a right of `RIGHTS`."""
    if not any(by.holds(right) for right in RIGHTS):
        raise NotFound
    return FormVersion.objects.select_related("published_by").order_by("-version")


def form_version_for(by: Actor, version_id: int) -> FormVersion:
    row = form_versions(by).filter(pk=version_id).first()
    if row is None:
        raise NotFound
    return row


def form_in_force(day: date) -> rules.Form:
    """What is asked on `day`: the published form, or the built-in one."""
    return form_on(day) or rules.built_in_form()
