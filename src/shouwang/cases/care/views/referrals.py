"""A referral: its log, the hand-over note, the hospital's link; corrections of dated entries."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.care import actions, forms, papers, queries, rules
from shouwang.cases.care.models import Referral
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import put_error
from shouwang.core.http import DOCX, Request, signed_in


@require_GET
@signed_in
def referral(request: Request, referral_id: int) -> HttpResponse:
    """The log of one referral."""
    return _page(request, queries.referral_for(request.actor, referral_id))


def _page(request: Request, found: Referral, form: Form | None = None, link: str = "") -> HttpResponse:
    by, at = request.actor, clock.now()
    case = found.care.case
    audit.saw("care.viewed", "care", [case.person_id], by=by, at=at, object_id=found.care_id)
    address = request.build_absolute_uri(reverse("cases:hospital", args=[link])) if link else ""
    context: dict[str, Any] = {
        "face": queries.referral_face(found),
        "case": case,
        "form": form or forms.StepForm(),
        "address": address,
        "qr": qr_of(address) if address else "",
        "hours": actions.LINK_HOURS,
    }
    return render(request, "cases/care/referral.html", context, status=422 if form is not None else 200)


def qr_of(address: str) -> str:
    return segno.make(address, error="m").svg_inline(scale=4, border=2, omitsize=True, svgclass="qr", lineclass=None)


@require_POST
@signed_in
def step(request: Request, referral_id: int) -> HttpResponse:
    """One moment of the ambulance, or what the hospital said."""
    found = queries.referral_for(request.actor, referral_id)
    form = forms.StepForm(request.POST)
    if form.is_valid():
        try:
            actions.add_step(found, by=request.actor, at=clock.now(), **form.cleaned_data)
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Entered."))
            return redirect("cases:referral", referral_id)
    return _page(request, queries.referral_for(request.actor, referral_id), form)


@require_POST
@signed_in
def link(request: Request, referral_id: int) -> HttpResponse:
    """A one-time link for the hospital, shown once."""
    found = queries.referral_for(request.actor, referral_id)
    text = actions.make_link(found, by=request.actor, at=clock.now())
    return _page(request, queries.referral_for(request.actor, referral_id), link=text)


@require_GET
@signed_in
def note(request: Request, referral_id: int) -> HttpResponse:
    """The hand-over note, to be printed."""
    found = _hand_over(request, referral_id)
    words = {"contacts": papers.contacts_words(found), "measured": papers.measured_words(found)}
    return render(request, "cases/care/note.html", {"found": found, "case": found.case, "words": words})


@require_GET
@signed_in
def note_file(request: Request, referral_id: int) -> HttpResponse:
    found = _hand_over(request, referral_id)
    return word(papers.note_docx(found, by=request.actor), f"{_('Hand-over note')}-{found.case.number}.docx")


def _hand_over(request: Request, referral_id: int) -> queries.HandOver:
    found, at = queries.referral_for(request.actor, referral_id), clock.now()
    audit.saw("care.noted", "care", [found.care.case.person_id], by=request.actor, at=at, object_id=found.care_id)
    return queries.hand_over(found, at=at)


def word(content: bytes, name: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return HttpResponse(content, content_type=DOCX, headers={"Content-Disposition": disposition})


# --- corrections -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@signed_in
def correct_step(request: Request, step_id: int) -> HttpResponse:
    row = queries.step_for(request.actor, step_id)
    form = forms.CorrectStepForm(request.POST or None, initial={"what": row.what, "happened_at": row.happened_at})
    return _correct(request, row, form, actions.correct_step, row.referral.care.case_id)


@require_http_methods(["GET", "POST"])
@signed_in
def correct_treatment(request: Request, treatment_id: int) -> HttpResponse:
    row = queries.treatment_for(request.actor, treatment_id)
    form = forms.CorrectTreatmentForm(request.POST or None, initial={"text": row.text, "happened_at": row.happened_at})
    return _correct(request, row, form, actions.correct_treatment, row.care.case_id)


@require_http_methods(["GET", "POST"])
@signed_in
def correct_discharge(request: Request, discharge_id: int) -> HttpResponse:
    row = queries.discharge_for(request.actor, discharge_id)
    initial = {"outcome": row.outcome, "instructions": row.instructions, "happened_at": row.happened_at}
    form = forms.CorrectDischargeForm(request.POST or None, initial=initial)
    return _correct(request, row, form, actions.correct_discharge, row.care.case_id)


def _correct(request: Request, row: Any, form: Form, do: Any, case_id: int) -> HttpResponse:
    """Show what stands and take the correction."""
    case = queries.managed_case(request.actor, case_id)
    if request.method == "POST" and form.is_valid():
        try:
            do(row, by=request.actor, at=clock.now(), **form.cleaned_data)
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Corrected; what stood there before is kept in the history."))
            return redirect("cases:care", case_id)
    audit.saw("care.viewed", "care", [case.person_id], by=request.actor, at=clock.now())
    return render(
        request, "cases/care/correct.html", {"case": case, "row": row, "form": form}, status=422 if form.errors else 200
    )


# --- the hospital ----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def hospital(request: HttpRequest, link: str) -> HttpResponse:
    """Without signing in: the address is the pass, once. Shows no name but its first sign, and no diagnosis."""
    at = clock.now()
    try:
        found = actions.linked(link, at=at)
    except BadInput as error:
        return render(request, "cases/care/hospital.html", {"error": error}, status=error.status)
    form = forms.HospitalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer_link(link, at=at, **form.cleaned_data)
        except BadInput as error:
            put_error(form, error)
        else:
            return render(request, "cases/care/hospital.html", {"done": True})
    name = rules.masked(found.care.case.person.name)
    context = {"form": form, "referral": found, "name": name}
    return render(request, "cases/care/hospital.html", context, status=422 if form.errors else 200)
