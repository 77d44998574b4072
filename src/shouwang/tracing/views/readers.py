"""Clocks of readers: what seems wrong, what is corrected, and entering one by hand."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.core.paging import keyset_page
from shouwang.tracing.actions import readers as actions
from shouwang.tracing.forms import ClockAnswerForm, ClockForm
from shouwang.tracing.models_readers import ReaderClock
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.queries import readers as queries

ANSWERS = {"accept": actions.accept, "reject": actions.reject, "withdraw": actions.withdraw}


@require_http_methods(["GET", "POST"])
@signed_in
def clocks(request: Request) -> HttpResponse:
    """Proposals with what they rest on, corrections and history; POST enters one by hand."""
    request.actor.require(actions.IMPORT)
    form = ClockForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            actions.set_by_hand(
                given["where"], seconds=given["way"] * given["seconds"], first=given["first"], last=given["last"],
                reason=given["reason"], by=request.actor, at=clock.now(),
            )  # fmt: skip
        except NotFound:
            form.add_error("where", _("No place of yours has this code or name, or several have this name."))
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("Entered. The days concerned are built anew shortly."))
            return redirect("tracing:reader_clocks")
    rows = queries.clocks(request.actor)
    proposed = list(rows.filter(state=ReaderClock.State.PROPOSED).order_by("-first_day", "-pk")[:50])
    decided = rows.exclude(state=ReaderClock.State.PROPOSED)
    page = keyset_page(decided, ("-first_day", "-pk"), request.GET.get("page"))
    context = {"form": form, "proposed": proposed, "page": page, "rules": assumptions().clocks}
    return render(request, "tracing/reader_clocks.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def look(request: Request) -> HttpResponse:
    """Compare the last days now instead of waiting for the night."""
    now = clock.now()
    found = actions.look_for_clocks(last=clock.local_day(now), by=request.actor, at=now)
    says = ngettext(
        "%(n)s clock seems wrong that was not named before.", "%(n)s clocks seem wrong that were not named before.",
        len(found),
    )  # fmt: skip
    messages.success(request, says % {"n": len(found)})
    return redirect("tracing:reader_clocks")


@require_POST
@signed_in
def decide(request: Request, pk: int) -> HttpResponse:
    given = cleaned(ClockAnswerForm(request.POST), _("Give a reason."))
    ANSWERS[given["answer"]](pk, reason=given["reason"], by=request.actor, at=clock.now())
    messages.success(request, _("Recorded. The days concerned are built anew shortly."))
    return redirect("tracing:reader_clocks")
