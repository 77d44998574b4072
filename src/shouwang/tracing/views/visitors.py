"""The gate: register a visitor, note that they left."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shouwang.checkins.forms import new_key
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.core.paging import keyset_page
from shouwang.core.retention import keep_days
from shouwang.tracing.actions import visitors as actions
from shouwang.tracing.forms import VisitorForm, WithdrawForm
from shouwang.tracing.queries import visitors as queries


@require_http_methods(["GET", "POST"])
@signed_in
def listing(request: Request) -> HttpResponse:
    """Who is here, a form for the next one, and who was here while it is kept."""
    request.actor.require(actions.REGISTER)
    now = clock.now()
    form = VisitorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        until = _until(given["until"], now)
        coming = actions.Coming(given["name"], given["phone"], given["where"], now, until, given["host"])
        try:
            row = actions.register(coming, key=given["key"], by=request.actor, at=now)
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("Registered: %(name)s, until %(until)s.") % {
                "name": row.person.name, "until": f"{until.astimezone(clock.zone()):%H:%M}",
            })  # fmt: skip
            return redirect("tracing:visitors")
    here = list(queries.here(request.actor, now)[:200])
    page = keyset_page(queries.visits(request.actor), ("-starts_at", "-pk"), request.GET.get("page"))
    context = {
        "form": form, "here": here, "page": page, "now": now, "key": request.POST.get("key") or new_key(),
        "keep_days": keep_days("presence"),
    }  # fmt: skip
    return render(request, "tracing/visitors.html", context, status=422 if form.errors else 200)


def _until(hour: time, now: datetime) -> datetime:
    """The next moment at which it is that hour, local time."""
    local = now.astimezone(clock.zone())
    found = datetime.combine(local.date(), hour, tzinfo=clock.zone())
    return found if found > local else found + timedelta(days=1)


@require_POST
@signed_in
def leave(request: Request, pk: int) -> HttpResponse:
    row = actions.leave(pk, by=request.actor, at=clock.now())
    messages.success(request, _("%(name)s has left.") % {"name": row.person.name})
    return redirect("tracing:visitors")


@require_POST
@signed_in
def withdraw(request: Request, pk: int) -> HttpResponse:
    given = cleaned(WithdrawForm(request.POST), _("Give a reason."))
    actions.withdraw(pk, reason=given["reason"], by=request.actor, at=clock.now())
    messages.success(request, _("Withdrawn. Nobody was there by it any more."))
    return redirect("tracing:visitors")
