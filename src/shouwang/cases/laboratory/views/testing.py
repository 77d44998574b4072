"""Tests and tubes: the desk, ordering, taking, handing on, results; one's own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.laboratory import actions, forms, queries
from shouwang.cases.laboratory.data import laboratory
from shouwang.cases.laboratory.models import Sample, Test
from shouwang.cases.queries import case_for
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, partial, signed_in
from shouwang.core.paging import keyset_page
from shouwang.org.queries import person_by_number


@require_GET
@signed_in
def tests(request: Request) -> HttpResponse:
    """The desk: what waits for its sample, its laboratory or its result."""
    by, at = request.actor, clock.now()
    by.require(queries.VIEW)
    wanted = queries.TestFilter(
        request.GET.get("show") or "open", request.GET.get("method", ""), request.GET.get("q", "")
    )
    page = queries.desk(by, wanted, at=at, cursor=request.GET.get("page", ""))
    audit.saw("test.listed", "test", (test.person_id for test in page.rows), by=by, at=at)
    context: dict[str, Any] = {"page": page, "wanted": wanted, "at": at}
    if partial(request):
        return render(request, "cases/lab/_rows.html", context)
    context |= {"numbers": queries.desk_numbers(by, at), "methods": laboratory().methods}
    context["may_result"] = by.holds(actions.RESULT)
    return render(request, "cases/lab/tests.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def order(request: Request) -> HttpResponse:
    """A test for a person by number, or for the person of a case (`?case=`)."""
    by, at = request.actor, clock.now()
    by.require(actions.ORDER)
    chosen = request.GET.get("case", "")
    case = case_for(by, int(chosen)) if chosen.isdecimal() and len(chosen) < 19 else None
    initial = {"number": request.GET.get("person", "")}
    form = forms.OrderForm(
        request.POST or None, initial=initial, diseases=queries.diseases(at), of_case=case is not None
    )
    if form.is_bound and form.is_valid():
        values = dict(form.cleaned_data)
        number = values.pop("number", "").strip()
        try:
            person = case.person if case is not None else person_by_number(by, number, right=actions.ORDER)
            test = actions.order_test(person, case=case, by=by, at=at, **values)
        except NotFound:
            form.add_error("number", _("No person of this number is within your reach. Check the number."))
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("The test is ordered. Enter its sample when it is taken."))
            return redirect("cases:test", test.pk)
    context = {"form": form, "case": case}
    return render(request, "cases/lab/order.html", context, status=422 if form.is_bound else 200)


@require_GET
@signed_in
def test(request: Request, test_id: int) -> HttpResponse:
    return _test_page(request, queries.test_for(request.actor, test_id))


def _test_page(request: Request, found: Test, form: forms.TakeForm | None = None) -> HttpResponse:
    by = request.actor
    audit.saw("test.viewed", "test", [found.person_id], by=by, at=clock.now(), object_id=found.pk)
    context = {
        "test": found,
        "take_form": form or (forms.TakeForm() if found.state == Test.State.ORDERED else None),
        "cancel_form": forms.ReasonForm() if found.state == Test.State.ORDERED else None,
        "settle_form": forms.ReasonForm() if found.outcome == "positive" and found.settled_at is None else None,
        "unmatched": queries.unmatched(by).filter(pk=found.pk).exists() if found.outcome == "positive" else False,
        "again": getattr(found, "again", None),
    }
    return render(request, "cases/lab/test.html", context, status=422 if form is not None else 200)


@require_POST
@signed_in
def take(request: Request, test_id: int) -> HttpResponse:
    found = queries.test_for(request.actor, test_id)
    form = forms.TakeForm(request.POST)
    if not form.is_valid():
        return _test_page(request, found, form)
    try:
        sample = actions.take_sample([found], by=request.actor, at=clock.now(), **form.cleaned_data)
    except (BadInput, Conflict) as error:
        put_error(form, error)
        return _test_page(request, found, form)
    messages.success(request, _("Taken: %(barcode)s.") % {"barcode": sample.barcode})
    return redirect("cases:sample", sample.pk)


@require_POST
@signed_in
def cancel(request: Request, test_id: int) -> HttpResponse:
    found = queries.test_for(request.actor, test_id)
    reason = cleaned(forms.ReasonForm(request.POST))["reason"]
    actions.cancel_test(found, reason=reason, by=request.actor, at=clock.now())
    messages.success(request, _("The test is cancelled."))
    return redirect("cases:test", found.pk)


@require_POST
@signed_in
def settle(request: Request, test_id: int) -> HttpResponse:
    found = queries.test_for(request.actor, test_id)
    reason = cleaned(forms.ReasonForm(request.POST))["reason"]
    actions.settle_positive(found, reason=reason, by=request.actor, at=clock.now())
    messages.success(request, _("Noted with its reason."))
    return redirect("cases:tests_unmatched")


@require_GET
@signed_in
def unmatched(request: Request) -> HttpResponse:
    """Positive results of people without a case of that disease: each is opened, or settled with a reason."""
    by, at = request.actor, clock.now()
    by.require(queries.VIEW)
    page = keyset_page(queries.unmatched(by), ("told_at", "id"), request.GET.get("page"))
    audit.saw("test.listed", "test", (row.person_id for row in page.rows), by=by, at=at)
    return render(request, "cases/lab/unmatched.html", {"page": page})


@require_GET
@signed_in
def turnaround(request: Request) -> HttpResponse:
    """Medians and 90th percentiles of every step, each with its denominator. Numbers only."""
    by, at = request.actor, clock.now()
    by.require(queries.VIEW)
    form = forms.SpanForm(request.GET if "first" in request.GET else forms.SpanForm.default())
    context: dict[str, Any] = {"form": form, "at": at, "methods": laboratory().methods}
    if form.is_valid():
        values = form.cleaned_data
        context["found"] = queries.turnaround(by, values["first"], values["last"], at=at, method=values["method"])
    return render(request, "cases/lab/turnaround.html", context, status=200 if form.is_valid() else 422)


@require_GET
@signed_in
def mine(request: Request) -> HttpResponse:
    """One's own tests: what was taken, what is awaited, what came out."""
    return render(request, "cases/lab/mine.html", {"tests": queries.own_tests(request.actor)})


# --- tubes ---------------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def sample(request: Request, sample_id: int) -> HttpResponse:
    return _sample_page(request, queries.sample_for(request.actor, sample_id))


def _sample_page(
    request: Request,
    found: Sample,
    *,
    hand: forms.HandForm | None = None,
    result: forms.ResultForm | None = None,
) -> HttpResponse:
    by = request.actor
    inside, others = queries.inside(by, found)
    audit.saw("sample.viewed", "sample", (t.person_id for t in inside), by=by, at=clock.now(), object_id=found.pk)
    known = found.result_version > 0
    may_result = by.holds(actions.RESULT) and not others
    context = {
        "sample": found,
        "inside": inside,
        "others": others,
        "hand_form": hand or (forms.HandForm() if found.received_at is None else None),
        "result_form": (result or forms.ResultForm(correction=known, initial=_last(found))) if may_result else None,
    }
    return render(request, "cases/lab/sample.html", context, status=422 if hand or result else 200)


def _last(found: Sample) -> dict[str, Any]:
    return {"version": found.result_version, "laboratory": found.laboratory}


@require_POST
@signed_in
def hand_over(request: Request, sample_id: int) -> HttpResponse:
    """One more link of the chain; the last one when a laboratory is named."""
    found = queries.sample_for(request.actor, sample_id)
    form = forms.HandForm(request.POST)
    if form.is_valid():
        values = dict(form.cleaned_data)
        name, when = values.pop("laboratory"), values.pop("handed_at")
        try:
            if name:
                actions.receive_sample(
                    found, laboratory=name, received_at=when, by=request.actor, at=clock.now(), **values
                )
            else:
                actions.hand_over(found, handed_at=when, by=request.actor, at=clock.now(), **values)
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("The hand-over is written down."))
            return redirect("cases:sample", found.pk)
    return _sample_page(request, found, hand=form)


@require_POST
@signed_in
def result(request: Request, sample_id: int) -> HttpResponse:
    found = queries.sample_for(request.actor, sample_id)
    form = forms.ResultForm(request.POST, correction=found.result_version > 0)
    if form.is_valid():
        try:
            actions.record_result(found, by=request.actor, at=clock.now(), **form.cleaned_data)
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("The result is entered."))
            return redirect("cases:sample", found.pk)
    return _sample_page(request, found, result=form)
