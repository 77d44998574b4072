"""How units collect: notes without names, and the unit's answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shouwang.checkins import actions, queries
from shouwang.checkins.queries.quality import QUALITY_ORDER
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.http import Request, signed_in
from shouwang.core.paging import keyset_page


@require_GET
@signed_in
def quality(request: Request) -> HttpResponse:
    """Notes of the units one answers for, newest first."""
    page = keyset_page(queries.quality_notes(request.actor), QUALITY_ORDER, request.GET.get("page", ""))
    return render(request, "checkins/quality.html", {"page": page})


@require_POST
@signed_in
def answer_quality(request: Request, note_id: int) -> HttpResponse:
    """The unit's answer."""
    note = queries.quality_note_for(request.actor, note_id)
    try:
        actions.answer_quality(note, text=request.POST.get("answer", ""), by=request.actor, at=clock.now())
    except (BadInput, Conflict) as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, _("Answered."))
    return redirect("checkins:quality")
