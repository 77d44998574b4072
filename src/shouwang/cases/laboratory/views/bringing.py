"""Laboratories' files, and the rows of them that wait for somebody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.laboratory import actions, forms, queries
from shouwang.cases.laboratory.files import LABELS
from shouwang.cases.laboratory.models import ReviewItem, Sample
from shouwang.core import audit, clock, imports
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, problems_sheet, signed_in
from shouwang.core.models import ImportRun
from shouwang.core.retention import keep_days


@require_GET
@signed_in
def file_list(request: Request) -> HttpResponse:
    page = queries.runs_page(request.actor, request.GET.get("page", ""))
    context = {"page": page, "days": keep_days("import"), "waiting": queries.waiting(request.actor)}
    return render(request, "cases/lab/files.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def file_new(request: Request) -> HttpResponse:
    """Upload a file; its check begins at once."""
    by = request.actor
    by.require(actions.RESULT)
    form = forms.FileForm(request.POST, request.FILES) if request.method == "POST" else forms.FileForm()
    if form.is_bound and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            run = actions.upload_results(upload.name or "", upload.chunks(), by=by, at=clock.now())
        except BadInput as error:
            put_error(form, error)
        else:
            return redirect("cases:lab_file", run.pk)
    return render(request, "cases/lab/file_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_GET
@signed_in
def file_run(request: Request, run_id: int) -> HttpResponse:
    """One file: progress while it is busy, findings once it is checked, what it did once it is done."""
    run = queries.run_for(request.actor, run_id)
    template = "cases/lab/_run.html" if partial(request) else "cases/lab/file.html"
    return render(request, template, _context(run))


def _context(run: ImportRun) -> dict[str, Any]:
    header = run.report.get("header") or (run.error or {}).get("data", {}).get("header", "").split(", ")
    columns = run.report.get("columns", {})
    words = dict(ReviewItem.Why.choices)
    failed = run.state in {ImportRun.State.CHECKED, ImportRun.State.FAILED}
    return {
        "run": run,
        "counts": run.counts,
        **imports.progress_of(run, clock.now()),
        "remarks": run.report.get("remarks", []),
        "review": [(words.get(line["code"], line["code"]), line["rows"]) for line in run.report.get("review", [])],
        "header": [name for name in header if name],
        "columns": [(key, label, columns.get(key, "")) for key, label in LABELS.items()],
        "may_map": failed and any(header),
        "left": run.problem_count - len(run.problems),
    }


@require_POST
@signed_in
def file_commit(request: Request, run_id: int) -> HttpResponse:
    run = queries.run_for(request.actor, run_id)
    actions.confirm_results(run, by=request.actor, at=clock.now())
    return redirect("cases:lab_file", run.pk)


@require_POST
@signed_in
def file_columns(request: Request, run_id: int) -> HttpResponse:
    run = queries.run_for(request.actor, run_id)
    mapping = {key: request.POST[f"column-{key}"] for key in LABELS if request.POST.get(f"column-{key}")}
    actions.recheck_results(run, mapping=mapping, by=request.actor, at=clock.now())
    return redirect("cases:lab_file", run.pk)


@require_POST
@signed_in
def file_take_up(request: Request, run_id: int) -> HttpResponse:
    run = queries.run_for(request.actor, run_id)
    actions.take_up_results(run, by=request.actor, at=clock.now())
    messages.success(request, _("Taken up again."))
    return redirect("cases:lab_file", run.pk)


@require_GET
@signed_in
def file_problems(request: Request, run_id: int) -> HttpResponse:
    """The error sheet: every refused row with column, value, what is wrong and how to mend it."""
    run = queries.run_for(request.actor, run_id)
    return problems_sheet(run)


# --- the review queue ----------------------------------------------------------------------------------------------


@require_GET
@signed_in
def review(request: Request) -> HttpResponse:
    settled = request.GET.get("show") == "settled"
    page = queries.review_page(request.actor, settled=settled, cursor=request.GET.get("page", ""))
    _seen(request, list(page.rows))
    return render(request, "cases/lab/review.html", {"page": page, "settled": settled})


def _seen(request: Request, items: list[ReviewItem]) -> None:
    """Whoever a row names by number was looked at."""
    by, at = request.actor, clock.now()
    audit.saw("test_review.listed", "test_review", queries.people_named(items), by=by, at=at)


@require_http_methods(["GET", "POST"])
@signed_in
def review_item(request: Request, item_id: int) -> HttpResponse:
    """Whose result it is: the right sample, or set aside; with a reason either way."""
    by, at = request.actor, clock.now()
    item = queries.item_for(by, item_id)
    form = forms.ResolveForm(request.POST or None, initial={"barcode": item.barcode})
    if form.is_bound and form.is_valid():
        barcode, reason = form.cleaned_data["barcode"].strip(), form.cleaned_data["reason"]
        try:
            if barcode:
                actions.take_over(item, _sample(request, barcode), reason=reason, by=by, at=at)
            else:
                actions.set_aside(item, reason=reason, by=by, at=at)
        except (BadInput, Conflict, Forbidden) as error:
            put_error(form, error)
        else:
            messages.success(request, _("Decided. The row has left the queue."))
            return redirect("cases:test_review")
    _seen(request, [item])
    context = {"item": item, "form": form, "near": queries.samples_like(by, item)}
    return render(request, "cases/lab/review_item.html", context, status=422 if form.is_bound else 200)


def _sample(request: Request, barcode: str) -> Sample:
    try:
        return queries.sample_by_barcode(request.actor, barcode)
    except NotFound as error:
        sentence = _("No sample within your reach has the barcode “%(value)s”.")
        raise BadInput(sentence, code="barcode_unknown", field="barcode", value=barcode[:40]) from error
