"""Gatherings with their lists of participants."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.tracing import actions
from shouwang.tracing.forms import GatheringForm, WithdrawForm
from shouwang.tracing.queries import presence as queries

SHOWN = 100
_SEVERAL = re.compile(r"[\s,，、;；]+")


@require_http_methods(["GET", "POST"])
@signed_in
def listing(request: Request) -> HttpResponse:
    """Gatherings, latest first, by title and number of people; and the form for one more."""
    request.actor.require(actions.IMPORT)
    form = GatheringForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            row = actions.gatherings.register(
                given["title"], where=given["where"], starts_at=given["starts_at"], ends_at=given["ends_at"],
                numbers=_SEVERAL.split(given["numbers"]), by=request.actor, at=clock.now(),
            )  # fmt: skip
        except BadInput as error:
            put_error(form, error)
        else:
            says = _("Entered with %(count)s people. It counts with the next trace.")
            messages.success(request, says % {"count": row.participants.count()})
            return redirect("tracing:gatherings")
    rows = queries.gatherings(request.actor)[:SHOWN]
    context = {"form": form, "rows": rows}
    return render(request, "tracing/gatherings.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def withdraw(request: Request, pk: int) -> HttpResponse:
    row = queries.gathering_for(request.actor, pk)
    given = cleaned(WithdrawForm(request.POST), _("Give a reason."))
    actions.gatherings.withdraw(row, reason=given["reason"], by=request.actor, at=clock.now())
    messages.success(request, _("Withdrawn. Nobody was there by it any more."))
    return redirect("tracing:gatherings")
