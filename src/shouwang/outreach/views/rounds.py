"""For those who look after others: rounds of reminders, why somebody is (not) reminded, and "remind now"."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.http import Request, signed_in
from shouwang.core.paging import keyset_page
from shouwang.org.queries import organisation_for
from shouwang.outreach import actions, queries
from shouwang.outreach.forms import RemindForm
from shouwang.outreach.models import Delivery, Message
from shouwang.outreach.queries.rounds import STATUS


@require_GET
@signed_in
def rounds(request: Request) -> HttpResponse:
    """Deadlines and how far their reminders are."""
    at = clock.now()
    page = keyset_page(queries.rounds(request.actor), ("-due_at", "-id"), request.GET.get("page"))
    return render(request, "outreach/rounds.html", {"page": page, "at": at, "running": queries.running_round(at)})


@require_GET
@signed_in
def round_page(request: Request, pk: int) -> HttpResponse:
    """One deadline: to how many, what waits, what failed, by unit. No names."""
    view = queries.round_view(request.actor, pk)
    context = {
        "view": view,
        "at": clock.now(),
        "deliveries": [(label, view.deliveries.get(state, 0), state) for state, label in Delivery.State.choices],
        "notes": [(label, view.notes.get(name, 0)) for name, label in Message.Purpose.choices if name != "reminder"],
    }
    return render(request, "outreach/round.html", context)


@require_GET
@signed_in
def why(request: Request, person_id: int) -> HttpResponse:
    """Why this person is (not) reminded, deadline by deadline."""
    person, explained = queries.why(request.actor, person_id, at=clock.now())
    own = request.actor.person_id == person.pk
    return render(request, "outreach/why.html", {"person": person, "explained": explained, "own": own})


@require_POST
@signed_in
def remind(request: Request) -> HttpResponse:
    """Remind whoever of a unit still owes something; one message a deadline, however often it is pressed."""
    if not request.actor.holds(STATUS):
        raise NotFound
    form = RemindForm(request.POST)
    if not form.is_valid():
        raise NotFound
    wanted = form.cleaned_data["unit"]
    unit = organisation_for(request.actor, wanted, right=STATUS) if wanted else None
    done = actions.remind_unit(unit, by=request.actor, at=clock.now())
    counted = [
        (done.new, ngettext("%(n)s person is reminded.", "%(n)s people are reminded.", done.new)),
        (done.already, ngettext("%(n)s has a message already.", "%(n)s have a message already.", done.already)),
        (
            done.unreachable,
            ngettext(
                "%(n)s person cannot be reached by us: speak to them.",
                "%(n)s people cannot be reached by us: speak to them.",
                done.unreachable,
            ),
        ),
    ]
    said = [words % {"n": n} for n, words in counted if n or words is counted[0][1]]
    messages.success(request, " ".join(said))
    back = redirect("checkins:unit")
    if unit is not None:
        back["Location"] += f"?unit={unit.pk}"
    return back
