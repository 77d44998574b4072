"""Contacts whom nobody knows yet: noting, identifying, giving up."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.org.models import Person
from shouwang.org.queries import person_by_number
from shouwang.tracing.actions import unknowns as actions
from shouwang.tracing.forms import GiveUpForm, IdentifyForm, UnknownForm
from shouwang.tracing.models_told import UnknownContact
from shouwang.tracing.queries import contacts as contact_queries
from shouwang.tracing.queries import unknowns as queries
from shouwang.tracing.rules.unknowns import Sketch


@require_http_methods(["GET", "POST"])
@signed_in
def note(request: Request, pk: int) -> HttpResponse:
    """Somebody the case met whom nobody knows."""
    case = contact_queries.case_to_trace(request.actor, pk)
    form = UnknownForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.note(case, Sketch(**form.cleaned_data), by=request.actor, at=clock.now())
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Noted. It stands with the case until somebody finds out who it is."))
            return redirect("tracing:case", case.pk)
    return render(
        request, "tracing/note_unknown.html", {"case": case, "form": form}, status=422 if form.errors else 200
    )


@require_GET
@signed_in
def sheet(request: Request, pk: int) -> HttpResponse:
    found = queries.unknown_for(request.actor, pk)
    form = IdentifyForm(initial={"person": request.GET.get("person", "")[:40]})
    return _sheet(request, found, form, GiveUpForm())


def _sheet(
    request: Request, row: UnknownContact, identify_form: IdentifyForm, give_up_form: GiveUpForm, status: int = 200
) -> HttpResponse:
    audit.saw("unknown.read", "unknown_contact", [row.case.person_id], by=request.actor, at=clock.now(),
              object_id=row.pk)  # fmt: skip
    context = {"case": row.case, "row": row, "identify_form": identify_form, "give_up_form": give_up_form}
    return render(request, "tracing/unknown.html", context, status=status)


@require_POST
@signed_in
def identify(request: Request, pk: int) -> HttpResponse:
    """The unknown is this person; the case is traced again."""
    row = queries.unknown_for(request.actor, pk)
    form = IdentifyForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            done = actions.identify(
                row, _person(request, given["person"]), ends_at=given["ends_at"], version=given["version"],
                by=request.actor, at=clock.now(),
            )  # fmt: skip
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Identified. The case was traced again; the person waits for your decision."))
            return redirect("tracing:evidence", done.contact_id)
    return _sheet(request, row, form, GiveUpForm(), status=422)


def _person(request: Request, number: str) -> Person:
    try:
        return person_by_number(request.actor, number.strip(), contact_queries.WORK)
    except NotFound as error:
        sentence = _("Nobody within your reach has the number %(number)s. Write who it was in words instead.")
        raise BadInput(sentence % {"number": number}, field="person") from error


@require_POST
@signed_in
def give_up(request: Request, pk: int) -> HttpResponse:
    row = queries.unknown_for(request.actor, pk)
    given = cleaned(GiveUpForm(request.POST))
    actions.give_up(row, reason=given["reason"], version=given["version"], by=request.actor, at=clock.now())
    messages.success(request, _("Kept as not found, with the reason."))
    return redirect("tracing:case", row.case_id)
