"""Seat plans: the list, bringing one in, one plan as a grid, removing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.core.paging import keyset_page
from shouwang.tracing import actions
from shouwang.tracing.forms import SeatPlanForm
from shouwang.tracing.queries import seating as queries
from shouwang.tracing.views.uploads import kept, tell


@require_http_methods(["GET", "POST"])
@signed_in
def listing(request: Request) -> HttpResponse:
    """Plans, latest first, and the form for one more."""
    rows = queries.plans(request.actor)
    form = SeatPlanForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        upload = given.pop("file")
        try:
            with kept(upload) as path:
                options = actions.ImportOptions(name=upload.name)
                plan = actions.seats.PlanOf(**given)
                result = actions.seats.import_plan(path, plan, options=options, by=request.actor, at=clock.now())
        except BadInput as error:
            put_error(form, error)
        else:
            tell(request, result)
            return redirect("tracing:seat_plans")
    page = keyset_page(rows, ("-first_day", "-pk"), request.GET.get("page"))
    return render(request, "tracing/seat_plans.html", {"form": form, "page": page}, status=422 if form.errors else 200)


@require_GET
@signed_in
def plan(request: Request, pk: int) -> HttpResponse:
    """Who sits where; recorded as read."""
    row = queries.plan_for(request.actor, pk)
    lines = queries.grid(row)
    people = [seat.person_id for _number, cells in lines for seat in cells if seat is not None]
    audit.saw("seats.read", "seat_plan", people, by=request.actor, at=clock.now(), object_id=row.pk)
    columns = range(1, max((len(cells) for _number, cells in lines), default=0) + 1)
    return render(request, "tracing/seat_plan.html", {"plan": row, "lines": lines, "columns": columns})


@require_POST
@signed_in
def remove(request: Request, pk: int) -> HttpResponse:
    actions.seats.remove(pk, by=request.actor, at=clock.now())
    messages.success(request, _("Removed. Nobody's seat is known by it any more."))
    return redirect("tracing:seat_plans")
