"""The line list on the page and as a file."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.outward import queries, research, sent
from shouwang.cases.outward.card import Card, card_docx, card_of
from shouwang.cases.outward.files import file_response, research_response
from shouwang.cases.outward.forms import LineForm, ResearchForm, SentForm
from shouwang.cases.queries import VIEW, case_for, disease_names
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import put_error
from shouwang.core.http import DOCX, Request, partial, signed_in


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
    context["may_research"] = by.holds(research.RIGHT)
    if form.is_valid():
        page = queries.lines(by, form.wanted, full=full, cursor=request.GET.get("page", ""), on=clock.local_day(at))
        audit.saw("case.listed", "case", (line.person_id for line in page.rows), by=by, at=at)
        total = queries.lines_of(by, form.wanted).count()
        context |= {"page": page, "total": total, "header": queries.HEADER}
    name = "cases/outward/_lines.html" if partial(request) else "cases/outward/lines.html"
    return render(request, name, context, status=200 if form.is_valid() else 422)


@require_http_methods(["GET", "POST"])
@signed_in
def research_file(request: Request) -> HttpResponse:
    """Cases without names for research: the purpose is asked first, POST hands the file over."""
    by = request.actor
    by.require(VIEW)
    by.require(research.RIGHT)
    form = ResearchForm(request.POST or None, initial={"k": 5, "form": "xlsx"})
    if request.method == "POST" and form.is_valid():
        try:
            return research_response(by, queries.LineFilter(), **form.cleaned_data)
        except BadInput as error:
            put_error(form, error)
    return render(request, "cases/outward/research.html", {"form": form}, status=422 if form.errors else 200)


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


@require_GET
@signed_in
def card(request: Request, case_id: int) -> HttpResponse:
    """The draft of the statutory report card, what was sent of it, and what has changed since; the reading is
    recorded."""
    return _card_page(request, _card(request, case_id))


def _card_page(request: Request, found: Card, form: SentForm | None = None) -> HttpResponse:
    rows = sent.sent_cards(found.case)
    context = {
        "card": found, "sent": rows, "form": form or SentForm(),
        "changes": sent.changes_since(request.actor, found, rows[0] if rows else None),
    }  # fmt: skip
    return render(request, "cases/outward/card.html", context, status=422 if form is not None else 200)


@require_POST
@signed_in
def card_sent(request: Request, case_id: int) -> HttpResponse:
    """Keep what was put into the national system."""
    case = case_for(request.actor, case_id)
    form = SentForm(request.POST)
    if form.is_valid():
        try:
            sent.record_sent(case, by=request.actor, at=clock.now(), **form.cleaned_data)
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Kept as it was reported."))
            return redirect("cases:card", case_id)
    return _card_page(request, _card(request, case_id), form)


@require_GET
@signed_in
def card_file(request: Request, case_id: int) -> HttpResponse:
    """The same as a Word file."""
    found = _card(request, case_id)
    name = f"{_('Report card (draft)')}-{found.case.number}.docx"
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return HttpResponse(
        card_docx(found, by=request.actor), content_type=DOCX, headers={"Content-Disposition": disposition}
    )


def _card(request: Request, case_id: int) -> Card:
    case, at = case_for(request.actor, case_id), clock.now()
    found = card_of(request.actor, case, at=at)
    audit.saw("case.carded", "case", [case.person_id], by=request.actor, at=at, object_id=case.pk)
    return found
