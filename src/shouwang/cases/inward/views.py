"""Files of other systems, and the rows of them that wait for somebody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.inward import actions, forms, queries, rules
from shouwang.cases.inward.models import OutsideCase
from shouwang.core import audit, clock, imports
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, problems_sheet, signed_in
from shouwang.core.models import ImportRun
from shouwang.core.packs import active_packs
from shouwang.core.retention import keep_days
from shouwang.org.queries import person_by_number


@require_GET
@signed_in
def file_list(request: Request) -> HttpResponse:
    page = queries.runs_page(request.actor, request.GET.get("page", ""))
    context = {"page": page, "days": keep_days("import"), "waiting": queries.waiting(request.actor)}
    return render(request, "cases/inward/files.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def file_new(request: Request) -> HttpResponse:
    """Upload a file; its check begins at once."""
    by, at = request.actor, clock.now()
    by.require(actions.MANAGE)
    packs = active_packs(clock.local_day(at))
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = forms.FileForm(*sent, packs=packs)
    if form.is_bound and form.is_valid():
        upload, values = form.cleaned_data["file"], form.cleaned_data
        try:
            run = actions.upload_cases(
                upload.name or "", upload.chunks(), pack=values["pack"], order=values["order"], by=by, at=at
            )
        except BadInput as error:
            put_error(form, error)
        else:
            return redirect("cases:outside_file", run.pk)
    return render(request, "cases/inward/file_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_GET
@signed_in
def file_run(request: Request, run_id: int) -> HttpResponse:
    """One file: progress while it is busy, findings once it is checked, what it did once it is done."""
    run = queries.run_for(request.actor, run_id)
    template = "cases/inward/_run.html" if partial(request) else "cases/inward/file.html"
    return render(request, template, _context(run))


def _context(run: ImportRun) -> dict[str, Any]:
    review = run.report.get("review", [])
    return {
        "run": run, "counts": run.counts, **imports.progress_of(run, clock.now()),
        "remarks": run.report.get("remarks", []),
        "review": [(rules.REASONS.get(line["code"], line["code"]), line["rows"]) for line in review],
        "left": run.problem_count - len(run.problems),
        "order": forms.OrderForm(initial={"order": run.options.get("order", "")}),
        "may_recheck": run.state in {ImportRun.State.CHECKED, ImportRun.State.FAILED},
    }  # fmt: skip


@require_POST
@signed_in
def file_commit(request: Request, run_id: int) -> HttpResponse:
    actions.confirm_cases(queries.run_for(request.actor, run_id), by=request.actor, at=clock.now())
    return redirect("cases:outside_file", run_id)


@require_POST
@signed_in
def file_recheck(request: Request, run_id: int) -> HttpResponse:
    run = queries.run_for(request.actor, run_id)
    actions.recheck_cases(run, order=request.POST.get("order", ""), by=request.actor, at=clock.now())
    return redirect("cases:outside_file", run_id)


@require_POST
@signed_in
def file_take_up(request: Request, run_id: int) -> HttpResponse:
    actions.take_up_cases(queries.run_for(request.actor, run_id), by=request.actor, at=clock.now())
    messages.success(request, _("Taken up again."))
    return redirect("cases:outside_file", run_id)


@require_GET
@signed_in
def file_problems(request: Request, run_id: int) -> HttpResponse:
    """The error sheet: every refused row with column, value, what is wrong and how to mend it."""
    return problems_sheet(queries.run_for(request.actor, run_id))


@require_GET
@signed_in
def rows(request: Request) -> HttpResponse:
    """Cases of other systems that wait for somebody, or were decided on."""
    settled = request.GET.get("show") == "settled"
    page = queries.rows_page(request.actor, settled=settled, cursor=request.GET.get("page", ""))
    _seen(request, list(page.rows))
    return render(request, "cases/inward/rows.html", {"page": page, "settled": settled})


def _seen(request: Request, found: list[OutsideCase]) -> None:
    by, at = request.actor, clock.now()
    audit.saw("outside_case.listed", "outside_case", queries.people_of(found), by=by, at=at)


@require_http_methods(["GET", "POST"])
@signed_in
def row(request: Request, row_id: int) -> HttpResponse:
    """Whose case it is, or set aside; of a linked one, what differs. With a reason either way."""
    by = request.actor
    found = queries.row_for(by, row_id)
    linked = found.case is not None and found.why == rules.DIFFERS
    initial = {"number": found.person.number if found.person else ""}
    form = forms.KeepForm(request.POST or None) if linked else forms.TakeForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            answer = _decide(request, found, form.cleaned_data, linked=linked)
        except (BadInput, Conflict, Forbidden) as error:
            put_error(form, error)
        else:
            return answer
    people = queries.people_like(by, found)
    _seen(request, [found])
    audit.saw("outside_case.compared", "person", [person.pk for person in people], by=by, at=clock.now())
    context = {"row": found, "form": form, "linked": linked, "people": people,
               "facts": queries.facts(found), "differences": queries.differences(found)}  # fmt: skip
    return render(request, "cases/inward/row.html", context, status=422 if form.is_bound else 200)


def _decide(request: Request, found: OutsideCase, values: dict[str, Any], *, linked: bool) -> HttpResponse:
    by, at, reason = request.actor, clock.now(), values["reason"]
    if linked:
        actions.keep_ours(found, reason=reason, by=by, at=at)
    elif number := values["number"].strip():
        try:
            person = person_by_number(by, number, right=actions.MANAGE)
        except NotFound as error:
            sentence = _("No person of this number is within your reach. Check the number.")
            raise BadInput(sentence, field="number", code="person_unknown") from error
        case = actions.take_over(found, person, classification=values["classification"], reason=reason, by=by, at=at)
        messages.success(request, _("Linked to case %(number)s.") % {"number": case.number})
        return redirect("cases:case", case.pk)
    else:
        actions.set_aside(found, reason=reason, by=by, at=at)
    messages.success(request, _("Decided. The row has left the queue."))
    return redirect("cases:outside_rows")
