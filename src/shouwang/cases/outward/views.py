"""The line list on the page and as a file."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from shouwang.cases.outward import queries
from shouwang.cases.outward.files import file_response
from shouwang.cases.outward.forms import LineForm
from shouwang.cases.queries import VIEW, disease_names
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.http import Request, partial, signed_in


def _form(request: Request) -> LineForm:
    request.actor.require(VIEW)
    return LineForm(request.GET, by=request.actor, diseases=disease_names())


@require_GET
@signed_in
def lines(request: Request) -> HttpResponse:
    """Cases one a line, newest opened first; each reading is recorded."""
    by, at = request.actor, clock.now()
    form, full = _form(request), request.GET.get("full") == "1"
    context: dict[str, object] = {"form": form, "full": full, "may_name": queries.may_name(by), "at": at}
    if form.is_valid():
        page = queries.lines(by, form.wanted, full=full, cursor=request.GET.get("page", ""), on=clock.local_day(at))
        audit.saw("case.listed", "case", (line.person_id for line in page.rows), by=by, at=at)
        total = queries.lines_of(by, form.wanted).count()
        context |= {"page": page, "total": total, "header": queries.HEADER}
    name = "cases/outward/_lines.html" if partial(request) else "cases/outward/lines.html"
    return render(request, name, context, status=200 if form.is_valid() else 422)


@require_GET
@signed_in
def lines_file(request: Request) -> HttpResponse:
    """The same list as CSV or Excel."""
    form = _form(request)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise BadInput(str(errors[0]), code="filter_invalid", field=field)
    kind = request.GET.get("form", "xlsx")
    return file_response(request.actor, form.wanted, form=kind, full=request.GET.get("full") == "1")
