"""One's own messages and how one wants to be reached."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.outreach import actions, queries
from shouwang.outreach.forms import PreferenceForm


@require_GET
@signed_in
def inbox(request: Request) -> HttpResponse:
    """The messages of the last week; what has been done meanwhile stands there as done."""
    at = clock.now()
    received = queries.inbox(request.actor, at=at)
    return render(request, "outreach/inbox.html", {"received": received, "person_id": request.actor.person_id})


@require_http_methods(["GET", "POST"])
@signed_in
def preferences(request: Request) -> HttpResponse:
    """Also by mail, and in which hours."""
    row = queries.own_preference(request.actor)
    fields = ("by_mail", "mail", "wakes", "sleeps", "zone")
    form = PreferenceForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(row, name) for name in fields} if row else {},
    )
    if form.is_bound and form.is_valid():
        try:
            actions.set_preference(**form.cleaned_data, by=request.actor, at=clock.now())
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Kept. It holds from the next message on."))
            return redirect("outreach:preferences")
    context = {"form": form, "zones": queries.zones()}
    return render(request, "outreach/preferences.html", context, status=422 if form.is_bound else 200)
