"""Lists and numbers: the desk, the clocks, the epi curve."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from shouwang.cases import forms, queries
from shouwang.cases.home import chart_data
from shouwang.cases.models import Classification
from shouwang.core import audit, clock
from shouwang.core.http import Request, partial, signed_in
from shouwang.core.paging import keyset_page

MANAGE = "case.manage"
SOON_SHOWN = 100


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
    """Clocks that are late, page by page, and those due within the next hours; each with who answers for it."""
    by, at = request.actor, clock.now()
    by.require(queries.VIEW)
    late = keyset_page(queries.late_clocks(by, at), queries.CLOCK_ORDER, request.GET.get("page"))
    soon = list(queries.due_soon(by, at)[:SOON_SHOWN])
    people = (row.case.person_id for row in (*late.rows, *soon))
    audit.saw("clock.listed", "case", people, by=by, at=at)
    rows, split = queries.clock_rows([*late.rows, *soon]), len(late.rows)
    hours = int(queries.DUE_SOON.total_seconds() // 3600)
    context = {"page": late, "late": rows[:split], "soon": rows[split:], "at": at, "hours": hours}
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
