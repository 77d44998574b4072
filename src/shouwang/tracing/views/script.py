"""The script of an interview: asked, answered, printed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.forms import cleaned
from shouwang.core.http import Request, signed_in
from shouwang.org.models import Person
from shouwang.tracing.actions import interview as actions
from shouwang.tracing.forms import SpeakerForm
from shouwang.tracing.queries import contacts as contact_queries
from shouwang.tracing.queries import interviews, scripts

PREFIX = "q-"


@require_GET
@signed_in
def script(request: Request, pk: int) -> HttpResponse:
    """The questions on paper: what was answered stands below each, room for the rest."""
    case, person = _speaker(request, pk)
    audit.saw("interview.read", "case", [person.pk], by=request.actor, at=clock.now(), object_id=case.pk)
    context = {"case": case, "person": person, "asked": scripts.asked(request.actor, case, person)}
    return render(request, "tracing/script.html", context)


@require_POST
@signed_in
def answer(request: Request, pk: int) -> HttpResponse:
    """Keep the answers that changed."""
    case, person = _speaker(request, pk)
    given = {name[len(PREFIX) :]: value for name, value in request.POST.items() if name.startswith(PREFIX)}
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    kept = actions.answer(case, person, texts, by=request.actor, at=clock.now())
    messages.success(request, _("%(count)s answers kept.") % {"count": len(kept)})
    address = reverse("tracing:interview", args=[case.pk])
    number = "" if person.pk == case.person_id else person.number
    return redirect(f"{address}?{urlencode({'person': number})}#script")


def _speaker(request: Request, pk: int) -> tuple[Case, Person]:
    case = contact_queries.case_to_trace(request.actor, pk)
    asked = cleaned(SpeakerForm(request.GET), _("This person is not known."))
    return case, interviews.speaker(case, asked["person"])
