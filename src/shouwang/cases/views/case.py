"""One case: looking at it, deciding on it, dating it, closing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases import actions, forms, panels, queries, rules
from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.forms import offers, put_error
from shouwang.core.http import Request, partial, signed_in


@require_GET
@signed_in
def case(request: Request, case_id: int) -> HttpResponse:
    """Everything about one case that its reader may see."""
    return case_page(request, queries.case_for(request.actor, case_id))


def case_page(request: Request, found: Case, form: forms.ClassifyForm | None = None) -> HttpResponse:
    """The page of one case; with a refused form it says so and answers 422."""
    by, at = request.actor, clock.now()
    audit.saw("case.viewed", "case", [found.person_id], by=by, at=at, object_id=found.pk)
    may_manage = actions.may_manage(by, found.person)
    classify = form or forms.ClassifyForm(case=found, initial={"version": found.version})
    faces = queries.clock_faces(found, at)
    context = {
        "case": found,
        "protocol": queries.protocol_of(found),
        "class_tone": queries.CLASS_TONES[found.classification],
        "faces": faces,
        "next": queries.next_of(found, faces),
        "told": queries.clock_events(found),
        "window": queries.infectious_window(found, at),
        "trail": queries.trail(found),
        "dates": queries.date_rows(found),
        "may_manage": may_manage,
        "may_mark": actions.markable(by, found) if found.is_open else (),
        "opened_by": queries.writer(found.opened_by),
        "form": classify if may_manage and (form or offers(classify, "classification")) else None,
        "close_form": forms.CloseForm(initial={"version": found.version}) if may_manage else None,
        "may_close": found.is_open and found.classification != rules.SUSPECTED,
        "may_reopen": not found.is_open and found.classification != rules.DISCARDED,
        "siblings": queries.siblings(found),
        "panels": panels.rendered(request, by, found),
    }
    return render(request, "cases/case.html", context, status=422 if form is not None else 200)


@require_POST
@signed_in
def classify(request: Request, case_id: int) -> HttpResponse:
    found = queries.case_for(request.actor, case_id)
    form = forms.ClassifyForm(request.POST, case=found)
    if not form.is_valid():
        return case_page(request, found, form)
    values = form.cleaned_data
    try:
        actions.classify(
            found,
            new=values["classification"],
            reason=values["reason"],
            version=values["version"],
            by=request.actor,
            at=clock.now(),
        )
    except BadInput as error:
        put_error(form, error)
        return case_page(request, queries.case_for(request.actor, case_id), form)
    messages.success(request, _("The case is now: %(name)s.") % {"name": found.get_classification_display()})
    return redirect("cases:case", case_id)


@require_http_methods(["GET", "POST"])
@signed_in
def dates(request: Request, case_id: int) -> HttpResponse:
    """The form of all dates: inside the case page by HTMX, as a page of its own without."""
    found = queries.case_for(request.actor, case_id)
    if not actions.may_manage(request.actor, found.person):
        raise Forbidden
    form = forms.DatesForm(request.POST or None, case=found)
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        try:
            actions.set_dates(
                found,
                by=request.actor,
                at=clock.now(),
                version=values["version"],
                reason=values["reason"],
                **form.changes(),
            )
        except BadInput as error:
            put_error(form, forms.at_field(error))
        else:
            messages.success(request, _("The dates are saved; due times have moved with them."))
            if partial(request):
                return HttpResponse(status=204, headers={"HX-Redirect": reverse("cases:case", args=[found.pk])})
            return redirect("cases:case", found.pk)
    status = 422 if form.is_bound else 200
    template = "cases/_fragments/dates_form.html" if partial(request) else "cases/dates.html"
    return render(request, template, {"case": found, "form": form}, status=status)


@require_POST
@signed_in
def mark(request: Request, case_id: int, field: str) -> HttpResponse:
    """One tap on a clock: this has just been done."""
    found = queries.case_for(request.actor, case_id)
    if field not in actions.DATE_FIELDS or field == "onset_at":
        raise NotFound
    form = forms.VersionForm(request.POST)
    if not form.is_valid():
        raise BadInput(_("This page is out of date. Open the case again."), field="version")
    at = clock.now()
    just_now: dict[str, Any] = {field: at}
    actions.set_dates(found, by=request.actor, at=at, version=form.cleaned_data["version"], **just_now)
    messages.success(request, _("Noted: done just now. Correct the time under “Dates” if it was earlier."))
    return redirect("cases:case", case_id)


@require_POST
@signed_in
def close(request: Request, case_id: int) -> HttpResponse:
    return _end(request, case_id, reopen=False)


@require_POST
@signed_in
def reopen(request: Request, case_id: int) -> HttpResponse:
    return _end(request, case_id, reopen=True)


def _end(request: Request, case_id: int, *, reopen: bool) -> HttpResponse:
    found = queries.case_for(request.actor, case_id)
    form = forms.CloseForm(request.POST)
    if not form.is_valid():
        raise BadInput(_("Say why, in a few words."), code="reason_missing", field="reason")
    act = actions.reopen_case if reopen else actions.close_case
    values = form.cleaned_data
    act(found, reason=values["reason"], version=values["version"], by=request.actor, at=clock.now())
    messages.success(request, _("The case is open again.") if reopen else _("The case is closed."))
    return redirect("cases:case", case_id)
