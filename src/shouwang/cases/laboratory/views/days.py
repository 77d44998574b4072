"""Mass-testing days: making one, the station, who is not tested yet and why."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.laboratory import actions, forms, queries
from shouwang.cases.laboratory.models import DayMember, TestDay
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, signed_in
from shouwang.org.queries import organisation_named


@require_GET
@signed_in
def day_list(request: Request) -> HttpResponse:
    page = queries.days_page(request.actor, request.GET.get("page", ""))
    context = {"page": page, "may_make": request.actor.holds(actions.ORDER)}
    return render(request, "cases/lab/days.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def day_new(request: Request) -> HttpResponse:
    by, at = request.actor, clock.now()
    by.require(actions.ORDER)
    initial = {"day": clock.local_day(at)}
    form = forms.DayForm(request.POST or None, initial=initial, diseases=queries.diseases(at))
    if form.is_bound and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            unit = organisation_named(by, values.pop("organisation").strip(), actions.ORDER)
            made = actions.make_day(unit, by=by, at=at, **values)
        except (BadInput, Conflict, NotFound) as error:
            put_error(form, error)
        else:
            messages.success(request, _("The list is made from the roster."))
            return redirect("cases:test_day", made.pk)
    return render(request, "cases/lab/day_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_GET
@signed_in
def day(request: Request, day_id: int) -> HttpResponse:
    return _day_page(request, queries.day_for(request.actor, day_id))


def _day_page(request: Request, found: TestDay, form: forms.StationForm | None = None) -> HttpResponse:
    """Numbers by class, and the names of who is not tested yet (`?show=excused`: who need not come)."""
    by, at = request.actor, clock.now()
    state = DayMember.State.EXCUSED if request.GET.get("show") == "excused" else DayMember.State.WAITING
    chosen = request.GET.get("unit", "")
    unit = int(chosen) if chosen.isdecimal() and len(chosen) < 19 else None
    page = queries.not_taken(by, found, state=state, unit=unit, cursor=request.GET.get("page", ""))
    sees = by.holds(actions.SEES_REASONS)
    if sees:
        audit.saw("test_day.listed", "test_day", (m.person_id for m in page.rows), by=by, at=at, object_id=found.pk)
    context: dict[str, Any] = {"day": found, "page": page, "state": state, "unit": unit, "sees_reasons": sees, "at": at}
    if partial(request):
        return render(request, "cases/lab/_members.html", context)
    lines = queries.lines(by, found)
    may_order = by.holds(actions.ORDER)
    context |= {
        "lines": lines,
        "total": queries.total(lines),
        "may_close": found.is_open and by.holds(actions.ORDER, found.path) and clock.local_day(at) >= found.day,
        "form": form or (forms.StationForm() if may_order and found.is_open else None),
    }
    return render(request, "cases/lab/day.html", context, status=422 if form is not None else 200)


@require_POST
@signed_in
def day_take(request: Request, day_id: int) -> HttpResponse:
    """At the station: numbers and the barcode of the tube they go into."""
    by = request.actor
    found = queries.day_for(by, day_id)
    by.require(actions.ORDER)
    form = forms.StationForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            sample = actions.take_on_day(
                found, barcode=values["barcode"], numbers=form.people(), taken_at=values["taken_at"],
                where=values["where"], by=by, at=clock.now(),
            )  # fmt: skip
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("Taken: %(barcode)s.") % {"barcode": sample.barcode})
            return redirect("cases:test_day", found.pk)
    return _day_page(request, found, form)


@require_POST
@signed_in
def day_close(request: Request, day_id: int) -> HttpResponse:
    found = queries.day_for(request.actor, day_id)
    actions.close_day(found, by=request.actor, at=clock.now())
    messages.success(request, _("The day is closed. Who was not tested is absent."))
    return redirect("cases:test_day", found.pk)


@require_http_methods(["GET", "POST"])
@signed_in
def day_member(request: Request, day_id: int, member_id: int) -> HttpResponse:
    """Why somebody was not tested, or need not come."""
    by, at = request.actor, clock.now()
    found = queries.day_for(by, day_id)
    if not by.holds(actions.SEES_REASONS):
        raise Forbidden
    member = queries.member_for(by, found, member_id)
    initial = {"why": member.why, "note": member.note, "excuse": member.state == DayMember.State.EXCUSED}
    form = forms.MemberForm(initial=initial)
    if request.method == "POST":
        form = forms.MemberForm(request.POST)
        if form.is_valid():
            try:
                actions.note_reason(member, by=by, at=at, **form.cleaned_data)
            except (BadInput, Conflict) as error:
                put_error(form, error)
            else:
                messages.success(request, _("Noted."))
                return redirect("cases:test_day", found.pk)
    audit.saw("test_day.listed", "test_day", [member.person_id], by=by, at=at, object_id=found.pk)
    context = {"day": found, "member": member, "form": form}
    return render(request, "cases/lab/day_member.html", context, status=422 if form.is_bound else 200)
