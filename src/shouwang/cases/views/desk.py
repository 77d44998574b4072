"""Lists and numbers: the desk, the clocks, the epi curve."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from shouwang.cases import forms, queries
from shouwang.cases.home import chart_data
from shouwang.cases.models import Classification
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.http import Request, partial, signed_in

MANAGE = "case.manage"


@require_GET
@signed_in
def case_list(request: Request) -> HttpResponse:
    """The desk: cases newest first with what is due on each."""
    by, at = request.actor, clock.now()
    by.require(queries.VIEW)
    wanted = queries.DeskFilter(
        disease=request.GET.get("disease", ""),
        classification=request.GET.get("classification", ""),
        state=request.GET.get("state", "") or "open",
        text=request.GET.get("q", ""),
    )
    page = queries.desk(by, wanted, cursor=request.GET.get("page", ""))
    audit.saw("case.listed", "case", (case.person_id for case in page.rows), by=by, at=at)
    context = {
        "page": page,
        "rows": queries.desk_rows(page.rows, at),
        "filter": wanted,
        "classes": Classification.choices,
    }
    if partial(request):
        return render(request, "cases/_fragments/rows.html", context)
    context |= {
        "diseases": queries.disease_names(),
        "summary": queries.desk_summary(by, at),
        "may_manage": by.holds(MANAGE),
    }
    return render(request, "cases/list.html", context)


@require_GET
@signed_in
def clock_list(request: Request) -> HttpResponse:
    """Clocks that are late, or with `show` soon those due within the next hours; page by page, each with who answers
    for it and whom it was taken to. Whoever may see no case finds how many were taken to them, by unit."""
    by, at = request.actor, clock.now()
    taken = queries.taken_to(by)
    if not (by.holds(queries.VIEW) or taken):
        raise Forbidden(data_right=queries.VIEW)
    show = request.GET.get("show", "") or "late"
    if show not in ("late", "soon"):
        raise BadInput(_("This filter is not known."), code="filter_invalid", field="show")
    context: dict[str, object] = {
        "at": at, "hours": int(queries.DUE_SOON.total_seconds() // 3600), "taken": taken, "show": show,
        "may_view": by.holds(queries.VIEW),
    }  # fmt: skip
    if by.holds(queries.VIEW):
        near = queries.awaited_in_reach(by)
        found = queries.late_clocks(by, at, near=near) if show == "late" else queries.due_soon(by, at, near=near)
        page = queries.clock_page(found, request.GET.get("page", ""))
        audit.saw("clock.listed", "case", (row.case.person_id for row in page.rows), by=by, at=at)
        context |= {"page": page, "rows": queries.clock_rows(page.rows), "counts": queries.clock_counts(at, near)}
    return render(request, "cases/clocks.html", context)


@require_GET
@signed_in
def curve(request: Request) -> HttpResponse:
    """The epi curve of the people over whom one may see numbers; never a name."""
    by, at = request.actor, clock.now()
    by.require("report.view")
    data = request.GET if "first" in request.GET else forms.CurveForm.default(clock.local_day(at))
    form = forms.CurveForm(data, by=by, diseases=queries.disease_names())
    context: dict[str, object] = {"form": form, "at": at}
    if form.is_valid():
        values = form.cleaned_data
        found = queries.curve_for(by, values["first"], values["last"], values["of"])
        context |= {"curve": found, "chart": chart_data(found)}
    return render(request, "cases/curve.html", context, status=200 if form.is_valid() else 422)
