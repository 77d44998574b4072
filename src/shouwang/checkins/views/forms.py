"""The office's page of the check-in form: what is asked in a unit, how often at which level, and the next version."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shouwang.checkins import actions, queries, rules
from shouwang.checkins.actions.forms import RIGHT
from shouwang.checkins.forms import PublishForm, UnitForm
from shouwang.checkins.models import FormVersion
from shouwang.checkins.words import CADENCES
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation


@require_http_methods(["GET", "POST"])
@signed_in
def forms(request: Request) -> HttpResponse:
    """What is asked in one's own unit, or in `?unit=<code>`; versions, and publishing another one for that unit."""
    by, at = request.actor, clock.now()
    versions = queries.form_versions(by)
    unit = queries.form_unit(by, request.GET.get("unit", "").strip())
    may_publish = by.holds(RIGHT, unit.path if unit else "")
    sent = request.method == "POST"
    if sent and not may_publish:
        raise NotFound
    form = PublishForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and form.is_valid():
        try:
            row = actions.publish_form(form.document(), unit=unit, by=by, at=at)
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            said = _("Version %(version)s is asked from %(day)s.") % {"version": row.version, "day": row.starts}
            messages.success(request, said)
            return _back(row)
    return render(
        request,
        "checkins/forms.html",
        _context(by, unit, at)
        | {
            "form": form,
            "may_publish": may_publish,
            "versions": [(row, by.holds(RIGHT, row.path)) for row in versions],
        },
        status=422 if sent else 200,
    )


def _context(by: Actor, unit: Organisation | None, at: datetime) -> dict[str, Any]:
    """What is asked at `unit`, and by whose form."""
    today, path = clock.local_day(at), unit.path if unit else ""
    now, level = queries.form_on(today, path), queries.level_on(path, today)
    asking = now.asking(level)
    return {
        "unit": unit,
        "choose": UnitForm(initial={"unit": unit.code if unit else ""}),
        "today": today,
        "now": now,
        "built_in": now is rules.built_in_form(),
        "whose": queries.form_owner(today, path),
        "level": level,
        "cadence": CADENCES[asking.cadence],
        "asking": asking,
        "cadences": [(name, CADENCES[now.cadence.by_level[name]], name == level) for name in reversed(rules.LEVELS)],
    }


@require_POST
@signed_in
def withdraw_form(request: Request, version_id: int) -> HttpResponse:
    """Today is the last day of a version."""
    row = queries.form_version_for(request.actor, version_id)
    if not request.actor.holds(RIGHT, row.path):
        raise NotFound
    actions.withdraw_form(row, by=request.actor, at=clock.now())
    messages.success(request, _("Version %(version)s is withdrawn.") % {"version": row.version})
    return _back(row)


def _back(row: FormVersion) -> HttpResponse:
    query = "?" + urlencode({"unit": row.organisation.code}) if row.organisation else ""
    return redirect(reverse("checkins:forms") + query)
