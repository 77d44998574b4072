"""Transmission chains, and where one case was infected."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shouwang.cases.models import Case
from shouwang.cases.queries import disease_names
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import cleaned
from shouwang.core.http import Request, partial, signed_in
from shouwang.core.paging import keyset_page
from shouwang.tracing import actions
from shouwang.tracing.forms import ChainsForm, LinkForm, SourceForm
from shouwang.tracing.models import TransmissionLink
from shouwang.tracing.queries import chain_chart, sources
from shouwang.tracing.queries import chains as queries


@require_GET
@signed_in
def chains(request: Request) -> HttpResponse:
    """The drawing with the table behind it for whoever sees cases; numbers alone for whoever sees numbers."""
    queries.may_look(request.actor)
    by, at, diseases = request.actor, clock.now(), disease_names()
    given = request.GET if "first" in request.GET else None
    form = ChainsForm(
        given or ChainsForm.default(clock.local_day(at), queries.latest_disease(diseases)), diseases=diseases
    )
    context: dict[str, Any] = {"form": form, "at": at, "sees_cases": by.holds(queries.VIEW), "diseases": diseases}
    if not form.is_valid():
        return render(request, "tracing/chains.html", context, status=422 if given else 200)
    asked = form.cleaned_data
    try:
        wanted = queries.Wanted(asked["disease"], asked["first"], asked["last"], asked["links"] == "all")
    except BadInput as error:
        form.add_error("first", error.sentence)
        return render(request, "tracing/chains.html", context, status=422)
    if not context["sees_cases"]:
        return render(request, "tracing/chains.html", context | {"numbers": queries.numbers(by, wanted)})
    cursor = request.GET.get("page")
    if partial(request):
        page, rows = queries.table(by, wanted, cursor)
        audit.saw("chain.listed", "case", (case.person_id for case in page.rows), by=by, at=at)
        return render(request, "tracing/_fragments/chain_rows.html", {"page": page, "rows": rows})
    drawing = queries.drawing(by, wanted)
    page = keyset_page(queries.shown_cases(by, wanted), queries.ORDER, cursor)
    rows = queries.rows_of(by, page.rows, drawing.links)
    seen = dict.fromkeys(case.person_id for case in (*drawing.rows, *page.rows))
    audit.saw("chain.listed", "case", seen, by=by, at=at)
    context |= {
        "drawing": drawing,
        "numbers": drawing.summary,
        "chart": chain_chart.chart(drawing, asked["arrange"]),
        "page": page,
        "rows": rows,
    }
    return render(request, "tracing/chains.html", context)


@require_GET
@signed_in
def source(request: Request, pk: int) -> HttpResponse:
    """Every answer to "who infected this case?", its checks, what was decided; forms for whoever may decide."""
    return _source(request, sources.visible_case(request.actor, pk))


def _source(request: Request, case: Case, form: SourceForm | None = None) -> HttpResponse:
    by, at = request.actor, clock.now()
    found = sources.sources_of(by, case)
    others = [answer.infector.person_id for answer in found.answers if answer.infector]
    audit.saw("chain.viewed", "case", [case.person_id, *others], by=by, at=at, object_id=case.pk)
    context = {
        "case": case,
        "found": found,
        "form": form or SourceForm(),
        "may_decide": sources.may_decide(by, case),
    }
    return render(request, "tracing/source.html", context, status=422 if form is not None else 200)


@require_POST
@signed_in
def add_source(request: Request, pk: int) -> HttpResponse:
    """A source a tracer knows of: another case by its number, imported, or searched for and not found."""
    case, form = sources.case_to_link(request.actor, pk), SourceForm(request.POST)
    if not form.is_valid():
        return _source(request, sources.visible_case(request.actor, pk), form)
    asked = form.cleaned_data
    infector = None
    if asked["origin"] == TransmissionLink.Origin.CASE:
        if not asked["infector"].strip():
            raise BadInput(_("Name the other case by its number."), field="infector")
        infector = sources.visible_by_number(request.actor, asked["infector"])
    actions.add_link(
        case, origin=asked["origin"], infector=infector, reason=asked["reason"], by=request.actor, at=clock.now()
    )
    messages.success(request, _("The source is recorded."))
    return redirect("tracing:source", pk)


@require_POST
@signed_in
def decide_link(request: Request, pk: int) -> HttpResponse:
    """Accept a link, reject it, or take the decision back."""
    link = sources.link_for(request.actor, pk)
    asked = cleaned(LinkForm(request.POST))
    verb = {"accept": actions.accept_link, "reject": actions.reject_link, "reopen": actions.reopen_link}[asked["what"]]
    verb(link, reason=asked["reason"], version=asked["version"], by=request.actor, at=clock.now())
    messages.success(request, _("The decision is recorded."))
    return redirect("tracing:source", link.case_id)
