"""The office's page of the check-in form: what is asked now, how often at which level, and the next version."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shouwang.checkins import actions, queries, rules
from shouwang.checkins.actions.forms import RIGHT
from shouwang.checkins.forms import PublishForm
from shouwang.checkins.words import CADENCES
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in


@require_http_methods(["GET", "POST"])
@signed_in
def forms(request: Request) -> HttpResponse:
    """Versions, the one in force, and publishing another."""
    by, at = request.actor, clock.now()
    versions = queries.form_versions(by)
    may_publish = by.holds(RIGHT)
    sent = request.method == "POST"
    if sent and not may_publish:
        raise NotFound
    form = PublishForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and form.is_valid():
        try:
            row = actions.publish_form(form.document(), by=by, at=at)
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            said = _("Version %(version)s is asked from %(day)s.") % {"version": row.version, "day": row.starts}
            messages.success(request, said)
            return redirect("checkins:forms")
    today = clock.local_day(at)
    now = queries.form_in_force(today)
    level = queries.level_on(None, today)
    asking = now.asking(level)
    context = {
        "form": form,
        "may_publish": may_publish,
        "versions": versions,
        "today": today,
        "now": now,
        "built_in": now is rules.built_in_form(),
        "level": level,
        "cadence": CADENCES[asking.cadence],
        "asking": asking,
        "cadences": [(name, CADENCES[now.cadence.by_level[name]], name == level) for name in reversed(rules.LEVELS)],
    }
    return render(request, "checkins/forms.html", context, status=422 if sent else 200)


@require_POST
@signed_in
def withdraw_form(request: Request, version_id: int) -> HttpResponse:
    """Today is the last day of a version."""
    row = queries.form_version_for(request.actor, version_id)
    if not request.actor.holds(RIGHT):
        raise NotFound
    actions.withdraw_form(row, by=request.actor, at=clock.now())
    messages.success(request, _("Version %(version)s is withdrawn.") % {"version": row.version})
    return redirect("checkins:forms")
