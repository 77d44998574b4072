"""A case's contacts by encounter, and deciding all of one encounter at once."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import cleaned
from shouwang.core.http import Request, signed_in
from shouwang.tracing import actions
from shouwang.tracing.forms import EncounterForm
from shouwang.tracing.queries import encounters as queries
from shouwang.tracing.queries.contacts import case_to_trace
from shouwang.tracing.views.desk import ticked_of


@require_GET
@signed_in
def listing(request: Request, pk: int) -> HttpResponse:
    """Lessons, rooms, meals at which the case met somebody, with how many wait for a decision."""
    found = case_to_trace(request.actor, pk)
    lines = queries.encounters(request.actor, found)
    audit.saw("contact.place", "contact", [found.person_id], by=request.actor, at=clock.now(), object_id=found.pk)
    return render(request, "tracing/encounters.html", {"case": found, "lines": lines})


@require_http_methods(["GET", "POST"])
@signed_in
def encounter(request: Request, pk: int, key: str) -> HttpResponse:
    """Everybody at one encounter; who was elsewhere by leave or record is not ticked."""
    found = case_to_trace(request.actor, pk)
    if request.method == "POST":
        return _decide(request, found, key)
    sheet, now = queries.encounter(request.actor, found, key), clock.now()
    people = [found.person_id, *(row.contact.person_id for row in sheet.rows)]
    audit.saw("contact.place", "contact", people, by=request.actor, at=now, object_id=found.pk)
    tick = "absent" if request.GET.get("tick") == "absent" else "present"
    return render(request, "tracing/encounter.html", {"case": found, "sheet": sheet, "tick": tick})


def _decide(request: Request, found: Case, key: str) -> HttpResponse:
    given, ticked = cleaned(EncounterForm(request.POST)), ticked_of(request)
    if not ticked:
        raise BadInput(_("Tick the contacts first."), code="nothing_ticked", field="contact")
    what, reason = given["what"], given["reason"]
    decided = actions.decide_encounter(
        found, key, what=what, only=ticked, reason=reason, by=request.actor, at=clock.now()
    )
    count = len(decided.done)
    if what == "confirm":
        says = ngettext("%(count)s contact confirmed.", "%(count)s contacts confirmed.", count)
    else:
        says = ngettext("%(count)s contact dismissed.", "%(count)s contacts dismissed.", count)
    messages.success(request, says % {"count": count})
    if decided.left:
        left = ngettext(
            "%(count)s was not dismissed: they met the case elsewhere too. Decide about them by themselves.",
            "%(count)s were not dismissed: they met the case elsewhere too. Decide about them by themselves.",
            len(decided.left),
        )
        messages.warning(request, left % {"count": len(decided.left)})
    return redirect("tracing:encounter", found.pk, key)
