"""Who may have walked with a case."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from shouwang.core import audit, clock
from shouwang.core.http import Request, signed_in
from shouwang.tracing.queries.contacts import case_to_trace
from shouwang.tracing.queries.transit import companions, people_in


@require_GET
@signed_in
def listing(request: Request, pk: int) -> HttpResponse:
    """People who left one place and entered another when the case did, most often first."""
    found, now = case_to_trace(request.actor, pk), clock.now()
    told = companions(found, at=now)
    people = [found.person_id, *people_in(told)]
    audit.saw("contact.transit", "contact", people, by=request.actor, at=now, object_id=found.pk)
    return render(request, "tracing/transit.html", {"case": found, "told": told})
