"""Channels: for administrators and the office. The secret address is typed in and never comes back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.core.sealing import SealError
from shouwang.org.queries import organisation_named
from shouwang.outreach import actions, queries, sealed
from shouwang.outreach.forms import ChannelForm, TestForm
from shouwang.outreach.queries.channels import MANAGE
from shouwang.outreach.rules import Outcome


@require_http_methods(["GET", "POST"])
@signed_in
def channels(request: Request) -> HttpResponse:
    """What leads out of the house, and a form for one more."""
    page = queries.channels_page(request.actor, request.GET.get("page"))
    form = ChannelForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        try:
            unit = organisation_named(request.actor, values.pop("organisation"), right=MANAGE)
            row = actions.add_channel(**values, organisation=unit, by=request.actor, at=clock.now())
        except (BadInput, NotFound, SealError) as error:
            put_error(form, error)
        else:
            messages.success(request, _("The channel is there. Send a test through it."))
            return redirect("outreach:channel", pk=row.pk)
    counts = queries.delivery_counts([row.pk for row in page.rows])
    rows = [(row, counts[row.pk], sealed.fault_of(row)) for row in page.rows]
    context = {"page": page, "rows": rows, "form": form}
    return render(request, "outreach/channels.html", context, status=422 if form.is_bound else 200)


@require_GET
@signed_in
def channel(request: Request, pk: int) -> HttpResponse:
    return _channel(request, pk, TestForm())


def _channel(request: Request, pk: int, form: TestForm, status: int = 200) -> HttpResponse:
    row = queries.channel_for(request.actor, pk)
    context = {
        "channel": row,
        "fault": sealed.fault_of(row),
        "limits": queries.limits_of(row.kind),
        "counts": queries.delivery_counts([row.pk])[row.pk],
        "attempts": row.attempts.all()[:20],
        "form": form,
        "at": clock.now(),
    }
    return render(request, "outreach/channel.html", context, status=status)


@require_POST
@signed_in
def test_channel(request: Request, pk: int) -> HttpResponse:
    """One line that says it is a test."""
    row, form = queries.channel_for(request.actor, pk), TestForm(request.POST)
    if form.is_valid():
        try:
            attempt = actions.test_channel(row, address=form.cleaned_data["address"], by=request.actor, at=clock.now())
        except (BadInput, SealError) as error:
            put_error(form, error)
        else:
            if attempt.outcome == Outcome.SENT:
                messages.success(request, _("The service took it. Look whether it has arrived."))
            else:
                messages.error(request, _("It did not go: %(answer)s") % {"answer": attempt.answer or attempt.outcome})
            return redirect("outreach:channel", pk=pk)
    return _channel(request, pk, form, status=422)


@require_POST
@signed_in
def close_channel(request: Request, pk: int) -> HttpResponse:
    """Nothing goes through it any more."""
    actions.close_channel(queries.channel_for(request.actor, pk), by=request.actor, at=clock.now())
    messages.success(request, _("Closed. Its address has been forgotten."))
    return redirect("outreach:channels")


test_channel.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for its own
