"""The care of one case: looking at it, and each act on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.care import actions, forms, queries
from shouwang.cases.care.hospitals import hospitals_for
from shouwang.cases.care.models import Care
from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, signed_in

ACTS = ("leave", "medical", "refer", "treat", "discharge", "complication", "answer")


@require_GET
@signed_in
def desk(request: Request) -> HttpResponse:
    """Who is in care, and which visits are due."""
    by, at = request.actor, clock.now()
    show = request.GET.get("show", "") or "open"
    page = queries.desk_page(by, show, request.GET.get("page"))
    due = list(queries.visits_due(by, on=clock.local_day(at))[: queries.MOST_VISITS])
    seen = [row.case.person_id for row in page.rows] + [visit.care.case.person_id for visit in due]
    audit.saw("care.listed", "care", seen, by=by, at=at)
    context = {"page": page, "show": show, "at": at, "today": clock.local_day(at)}
    if partial(request):
        return render(request, "cases/care/_rows.html", context)
    context |= {"due": due, "numbers": queries.desk_numbers(by, at=at)}
    return render(request, "cases/care/desk.html", context)


@require_GET
@signed_in
def care(request: Request, case_id: int) -> HttpResponse:
    """Everything kept of one case."""
    return care_page(request, queries.managed_case(request.actor, case_id))


def care_page(request: Request, case: Case, failed: dict[str, Form] | None = None) -> HttpResponse:
    """The page; with a refused form it says so and answers 422."""
    by, at = request.actor, clock.now()
    found = queries.care_of(case)
    audit.saw("care.viewed", "care", [case.person_id], by=by, at=at, object_id=found.pk if found else "")
    given = failed or {}
    context: dict[str, Any] = {
        "case": case,
        "care": found,
        "sheet": queries.sheet_of(found, at=at) if found else None,
        "forms": {act: given.get(act) or _form(act, case, found) for act in ACTS},
        "failed": next(iter(given), ""),
        "visit_form": forms.VisitForm(auto_id="visit_%s"),
        "at": at,
        "today": clock.local_day(at),
    }
    return render(request, "cases/care/care.html", context, status=422 if failed else 200)


def _form(act: str, case: Case, care: Care | None, data: QueryDict | None = None) -> Form:
    """The form of an act, filled with what stands."""
    kinds: dict[str, type[Form]] = {
        "leave": forms.LeaveForm, "medical": forms.MedicalForm, "treat": forms.TreatForm,
        "discharge": forms.DischargeForm, "complication": forms.ComplicationForm, "answer": forms.AnswerForm,
    }  # fmt: skip
    today = clock.today()
    initial: dict[str, Any] = {"version": care.version if care else 0}
    if act == "leave":
        initial |= {"absent_from": (care and care.absent_from) or today, "absent_until": care and care.absent_until}
    elif act == "medical" and care:
        initial |= {"allergies": care.allergies, "chronic": care.chronic}
    elif act == "refer":
        return forms.ReferForm(data, initial=initial, auto_id="refer_%s", hospitals=hospitals_for(case.person))
    return kinds[act](data, initial=initial, auto_id=f"{act}_%s")


@require_POST
@signed_in
def act(request: Request, case_id: int, act: str) -> HttpResponse:
    """One act on the care of a case; a refusal goes back to the field it names."""
    case = queries.managed_case(request.actor, case_id)
    if act not in ACTS:
        raise NotFound
    form = _form(act, case, queries.care_of(case), request.POST)
    if form.is_valid():
        try:
            said = _do(request, act, case, form.cleaned_data)
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, said)
            return redirect("cases:care", case_id)
    return care_page(request, queries.managed_case(request.actor, case_id), {act: form})


def _do(request: Request, act: str, case: Case, values: dict[str, Any]) -> str:
    by, at = request.actor, clock.now()
    if act == "leave":
        first, until = values["absent_from"], values["absent_until"]
        actions.set_leave(case, first=first, until=until, version=values["version"], by=by, at=at)
        return _("The leave is noted. Teachers and the counsellor see the days and no reason.")
    if act == "answer":
        found = queries.care_of(case)
        if found is None:
            raise NotFound
        actions.answer_care_objection(found, text=values["answer"], same_reason=values["same_reason"], by=by, at=at)
        return _("The answer has been given.")
    done: dict[str, tuple[Callable[..., object], str]] = {
        "medical": (actions.set_medical, _("Noted for whoever treats this person.")),
        "refer": (actions.refer, _("The referral is on record. Print the hand-over note; it goes along.")),
        "treat": (actions.treat, _("The treatment is on record.")),
        "discharge": (actions.discharge, _("The discharge is on record; the follow-up is planned.")),
        "complication": (actions.report_complication, _("Care is open again.")),
    }
    do, said = done[act]
    do(case, by=by, at=at, **values)
    return said


@require_POST
@signed_in
def visit(request: Request, visit_id: int) -> HttpResponse:
    """What a visit of the follow-up found."""
    found = queries.visit_for(request.actor, visit_id)
    form = forms.VisitForm(request.POST)
    if form.is_valid():
        actions.record_visit(found, by=request.actor, at=clock.now(), **form.cleaned_data)
        messages.success(request, _("Entered."))
        return redirect("cases:care", found.care.case_id)
    field, errors = next(iter(form.errors.items()))
    raise BadInput(str(errors[0]), code="visit_invalid", field=field)


@require_http_methods(["GET", "POST"])
@signed_in
def review(request: Request, case_id: int) -> HttpResponse:
    """The conditions of the return line by line, and the certificate."""
    by, at = request.actor, clock.now()
    case = queries.managed_case(by, case_id)
    found = queries.care_of(case)
    today = clock.local_day(at)
    initial = {"version": found.version if found else 0, "back_on": today + timedelta(days=1)}
    form = forms.ReturnForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.clear(case, by=by, at=at, **form.cleaned_data)
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Cleared. The certificate can be printed and checked."))
            return redirect("cases:certificate", row.pk)
    audit.saw("care.viewed", "care", [case.person_id], by=by, at=at, object_id=found.pk if found else "")
    back_on: date = today + timedelta(days=1)
    if form.is_bound and not form.errors.get("back_on"):
        back_on = form.cleaned_data.get("back_on", back_on)
    lines = queries.review_of(found or queries.none_yet(case, at=at), back_on=back_on, at=at)
    context = {"case": case, "care": found, "form": form, "review": lines, "back_on": back_on}
    return render(request, "cases/care/review.html", context, status=422 if form.errors else 200)
