"""Importing a roster: upload, watch the check, read the findings, say yes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.core import clock, imports
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.http import Request, partial, problems_sheet, signed_in
from shouwang.core.models import ImportRun
from shouwang.core.retention import keep_days
from shouwang.org import actions, forms, queries
from shouwang.org.models import Organisation, Place
from shouwang.org.roster.columns import LABELS
from shouwang.org.roster.direct import KIND
from shouwang.org.views.people import put_form_error

MANAGE = "people.manage"


@require_GET
@signed_in
def import_list(request: Request) -> HttpResponse:
    page = queries.runs_page(request.actor, cursor=request.GET.get("cursor", ""))
    names = queries.names_of({run.account for run in page.rows if run.account})
    rows = [(run, names.get(run.account or 0, "")) for run in page.rows]
    context = {"page": page, "rows": rows, "days": keep_days("import")}
    return render(request, "org/imports.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def new_import(request: Request) -> HttpResponse:
    """Upload a file; its check begins at once."""
    request.actor.require(MANAGE)
    if request.method == "POST":
        form = forms.ImportForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                run = _receive(request, form)
            except (BadInput, NotFound) as error:
                put_form_error(form, error)
            else:
                return redirect("org:import_run", run.pk)
    else:
        form = forms.ImportForm(initial={"since": clock.today()})
    context = {"form": form, "mapping_names": imports.mapping_names(KIND)}
    return render(request, "org/import_new.html", context, status=422 if form.is_bound else 200)


def _receive(request: Request, form: forms.ImportForm) -> ImportRun:
    values = form.cleaned_data
    upload, code, map_name = values.pop("file"), values.pop("organisation"), values.pop("map_name").strip()
    root = queries.organisation_named(request.actor, code, MANAGE) if code else None
    return actions.upload_roster(
        upload.name or "", upload.chunks(), root=root, map_name=map_name, **values, by=request.actor, at=clock.now()
    )


@require_GET
@signed_in
def import_run(request: Request, run_id: int) -> HttpResponse:
    """One run: its progress while it is busy, its findings once it is checked, what it did once it is done."""
    run = queries.run_for(request.actor, run_id)
    template = "org/_fragments/import_run.html" if partial(request) else "org/import_run.html"
    return render(request, template, _run_context(run))


def _run_context(run: ImportRun) -> dict[str, Any]:
    now = clock.now()
    report, counts = run.report, run.counts
    unit_kinds, place_kinds = dict(Organisation.Kind.choices), dict(Place.Kind.choices)
    columns = report.get("columns", {})
    mendable = run.state in {ImportRun.State.CHECKED, ImportRun.State.FAILED}
    header = report.get("header") or (run.error or {}).get("data", {}).get("header", "").split(", ")
    return {
        "run": run,
        **imports.progress_of(run, now),
        "counts": counts,
        "refused": sorted((counts.get("refused") or {}).items(), key=lambda pair: -pair[1]),
        "remarks": report.get("remarks", []),
        "organisations": [{**item, "kind": unit_kinds[item["kind"]]} for item in report.get("organisations", [])],
        "organisations_left": report.get("organisations_count", 0) - len(report.get("organisations", [])),
        "places": [{**item, "kind": place_kinds[item["kind"]]} for item in report.get("places", [])],
        "places_left": report.get("places_count", 0) - len(report.get("places", [])),
        "problems_left": run.problem_count - len(run.problems),
        "columns": [(key, label, columns.get(key, "")) for key, label in LABELS.items()],
        "header": [name for name in header if name],
        "may_map": mendable and bool(header) and header != [""],
        "now": now,
    }


@require_POST
@signed_in
def commit_import(request: Request, run_id: int) -> HttpResponse:
    """The findings are read and the answer is yes."""
    run = queries.run_for(request.actor, run_id)
    actions.confirm_import(run, by=request.actor, at=clock.now())
    return redirect("org:import_run", run.pk)


@require_POST
@signed_in
def map_import(request: Request, run_id: int) -> HttpResponse:
    """Other columns were chosen by hand: check the same file again."""
    run = queries.run_for(request.actor, run_id)
    mapping = {key: request.POST[f"column-{key}"] for key in LABELS if request.POST.get(f"column-{key}")}
    actions.recheck_import(run, mapping=mapping, by=request.actor, at=clock.now())
    return redirect("org:import_run", run.pk)


@require_POST
@signed_in
def take_up_import(request: Request, run_id: int) -> HttpResponse:
    """A run whose worker was killed is handed to the worker again."""
    run = queries.run_for(request.actor, run_id)
    actions.take_up_import(run, by=request.actor, at=clock.now())
    messages.success(request, _("Taken up again."))
    return redirect("org:import_run", run.pk)


@require_GET
@signed_in
def import_problems(request: Request, run_id: int) -> HttpResponse:
    """The error sheet: every problem with row, column, value, what is wrong and how to mend it."""
    run = queries.run_for(request.actor, run_id)
    return problems_sheet(run)
