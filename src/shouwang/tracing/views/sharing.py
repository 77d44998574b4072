"""Sharing a case's undecided contacts among tracers, one's own queue, taking back from whoever is absent."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.queries import pack_of
from shouwang.core import audit, clock
from shouwang.core.errors import NotFound
from shouwang.core.forms import cleaned
from shouwang.core.http import Request, signed_in
from shouwang.tracing import actions
from shouwang.tracing.forms import TakeBackForm
from shouwang.tracing.queries import judging
from shouwang.tracing.queries import sharing as queries
from shouwang.tracing.queries.contacts import case_to_trace
from shouwang.tracing.views.desk import ids_of, ticked_of


@require_http_methods(["GET", "POST"])
@signed_in
def share(request: Request, pk: int) -> HttpResponse:
    """Proposes who decides which contacts of the case, shows it, applies it."""
    by, now = request.actor, clock.now()
    found = case_to_trace(by, pk)
    if request.method == "POST":
        shared = actions.share_contacts(found, ticked_of(request, "among"), by=by, at=now)
        says = ngettext("%(count)s contact shared out.", "%(count)s contacts shared out.", shared.moving)
        messages.success(request, says % {"count": shared.moving})
        return redirect("tracing:share_contacts", found.pk)
    among = ids_of(request.GET.getlist("among")) if "among" in request.GET else None
    shared = queries.proposal(by, found, among, on=clock.local_day(now))
    chosen = set(shared.able) if among is None else set(among)
    tracers = [(person, person.pk in chosen) for person in shared.able.values()]
    context = {"case": found, "shared": shared, "tracers": tracers, "as_of": now}
    return render(request, "tracing/share_contacts.html", context)


@require_GET
@signed_in
def queue(request: Request) -> HttpResponse:
    """What I am asked to decide, over all cases; beside it how much everybody carries."""
    by, now = request.actor, clock.now()
    by.require("trace.work")
    page = queries.queue_page(by, request.GET.get("page"))
    people = [pk for row in page.rows for pk in (row.person_id, row.case.person_id)]
    audit.saw("contact.listed", "contact", people, by=by, at=now)
    names: dict[str, dict[str, str]] = {}
    for row in page.rows:
        if row.case.pack not in names:
            names[row.case.pack] = judging.grade_words(pack_of(row.case))
        row.grade_name = names[row.case.pack].get(row.grade, row.grade)
    carried = queries.carried(by)
    return render(request, "tracing/queue.html", {"page": page, "carried": carried, "as_of": now})


@require_POST
@signed_in
def take_back(request: Request) -> HttpResponse:
    """Somebody is absent: nobody is asked for what they had."""
    by = request.actor
    by.require("trace.work")
    given = cleaned(TakeBackForm(request.POST))
    tracer = next((person for person, _n in queries.carried(by) if person.pk == given["tracer"]), None)
    if tracer is None:
        raise NotFound
    count = actions.take_back(tracer, reason=given["reason"], by=by, at=clock.now())
    says = ngettext(
        "%(count)s contact taken back. Share the case out again.",
        "%(count)s contacts taken back. Share the cases out again.",
        count,
    )
    messages.success(request, says % {"count": count})
    return redirect("tracing:queue")
