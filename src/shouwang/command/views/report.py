"""Situation report, response level, buildings."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.home import chart_data
from shouwang.cases.queries import epi_curve
from shouwang.command import actions, queries, rules
from shouwang.command.documents import report_document, report_file_name
from shouwang.command.forms import EndLevelForm, LevelForm, ReportForm
from shouwang.command.models import ResponseLevel
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.core.tree import subtree
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_for, place_for

CURVE_DAYS = 28
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def chosen(request: Request) -> tuple[Organisation, date]:
    """The organisation and day that the address names; the topmost in reach and today when it names none."""
    asked = cleaned(ReportForm(request.GET), _("This address does not name a day and a unit."))
    day = asked["day"] or clock.today()
    if asked["unit"]:
        return organisation_for(request.actor, asked["unit"], "report.view"), day
    first = queries.roots_for(request.actor).select_related("parent").first()
    if first is None:
        raise NotFound
    return first, day


@require_GET
@signed_in
def report(request: Request) -> HttpResponse:
    """The situation report: numbers with denominators, what changed, open gaps, units."""
    organisation, day = chosen(request)
    now = clock.now()
    found = queries.figures(request.actor, organisation, day, now)
    by_group = {
        label: [row for row in found.rows() if row["figure"].group == group] for group, label in rules.GROUPS.items()
    }
    first = day - timedelta(days=CURVE_DAYS - 1)
    curve = None if found.small else epi_curve((subtree(organisation.path),), first, day)
    level = queries.current_level(organisation.path, now)
    declared = level is not None
    context = {
        "organisation": organisation,
        "figures": found,
        "main": [row for row in found.rows() if row["figure"].main],
        "groups": by_group,
        "changes": rules.changes(found),
        "gaps": queries.open_gaps(request.actor, organisation, found, now, level_declared=declared),
        "report_level": level,
        "curve": curve,
        "chart": chart_data(curve) if curve else None,
        "versions": list(queries.report_versions(request.actor, organisation, day)[:5]),
        "parent": organisation.parent if organisation.parent_id else None,
        "units_chart": _units_chart(found),
        "yesterday": day - timedelta(days=1),
        "tomorrow": day + timedelta(days=1) if day < clock.local_day(now) else None,
        "may_issue": request.actor.holds("report.issue", organisation.path),
    }
    return render(request, "command/report.html", context)


@require_GET
@signed_in
def picture(request: Request) -> HttpResponse:
    """The six numbers, what changed, the gaps: a fragment of the home page, asked for by itself."""
    organisation, day = chosen(request)
    now = clock.now()
    found = queries.figures(request.actor, organisation, day, now)
    context = {
        "organisation": organisation,
        "figures": found,
        "main": [row for row in found.rows() if row["figure"].main],
        "changes": rules.changes(found),
        "gaps": queries.open_gaps(request.actor, organisation, found, now),
    }
    return render(request, "command/_fragments/picture.html", context)


def _units_chart(found: rules.Figures) -> dict[str, object]:
    """Checked in and no word yet, by unit, for the bar chart."""
    units = [unit for unit in found.units if unit["checked_in"] is not None]
    return {
        "labels": [unit["title"] for unit in units],
        "stacked": True,
        "horizontal": True,
        "series": [
            {
                "name": "in",
                "label": _("Checked in"),
                "tone": "good",
                "values": [unit["checked_in"] for unit in units],
            },
            {
                "name": "unknown",
                "label": _("no word yet"),
                "tone": "neutral",
                "values": [unit["roster"] - unit["checked_in"] for unit in units],
            },
        ],
    }


@require_GET
@signed_in
def report_docx(request: Request) -> HttpResponse:
    """The same report as a Word file."""
    organisation, day = chosen(request)
    now = clock.now()
    found = queries.figures(request.actor, organisation, day, now)
    gaps = queries.open_gaps(request.actor, organisation, found, now)
    level = queries.current_level(organisation.path, now)
    body = report_document(found, gaps, level, author=request.actor.label, at=now)
    name = quote(report_file_name(found))
    return HttpResponse(
        body, content_type=DOCX, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    )


@require_GET
@signed_in
def report_json(request: Request) -> HttpResponse:
    organisation, day = chosen(request)
    body = queries.report_dict(request.actor, organisation, day, clock.now())
    return JsonResponse(body, json_dumps_params={"ensure_ascii": False})


@require_POST
@signed_in
def issue(request: Request) -> HttpResponse:
    """Keep today's report as a version."""
    organisation, day = chosen(request)
    made = actions.issue_report(organisation=organisation, day=day, by=request.actor, at=clock.now())
    messages.success(request, _("Issued as version %(version)s.") % {"version": made.version})
    return redirect("command:version", made.pk)


@require_GET
@signed_in
def version(request: Request, pk: int) -> HttpResponse:
    """An issued report as it was."""
    return render(request, "command/version.html", {"report": queries.report_version(request.actor, pk)})


@require_http_methods(["GET", "POST"])
@signed_in
def level(request: Request) -> HttpResponse:
    """The level in force, its history, and the form to declare one."""
    organisation, _day = chosen(request)
    _organisation, history = queries.level_history(request.actor, organisation.pk)
    form = LevelForm(request.POST or None)
    may_declare = request.actor.holds("level.declare", organisation.path)
    status = 200
    if request.method == "POST":
        request.actor.require("level.declare", organisation.path)
        status = 422
        if form.is_valid():
            try:
                row = actions.declare_level(
                    organisation=organisation, by=request.actor, at=clock.now(), **form.cleaned_data
                )
            except BadInput as error:
                put_error(form, error)
            else:
                messages.success(request, _("%(level)s is in force.") % {"level": row.get_level_display()})
                return redirect("command:level")
    context = {
        "organisation": organisation,
        "current": queries.current_level(organisation.path, clock.now()),
        "history": history,
        "form": form,
        "end_form": EndLevelForm(),
        "may_declare": may_declare,
        "levels": ResponseLevel.Level.choices,
    }
    return render(request, "command/level.html", context, status=status)


@require_POST
@signed_in
def level_end(request: Request) -> HttpResponse:
    """End the level without declaring another."""
    organisation, _day = chosen(request)
    row = actions.end_level(
        organisation=organisation, reason=request.POST.get("reason", ""), by=request.actor, at=clock.now()
    )
    messages.success(request, _("%(level)s has ended.") % {"level": row.get_level_display()})
    return redirect("command:level")


@require_GET
@signed_in
def places(request: Request, pk: int | None = None) -> HttpResponse:
    """Buildings in numbers."""
    parent = place_for(request.actor, pk) if pk else None
    now = clock.now()
    rows = queries.place_rows(request.actor, parent, clock.local_day(now))
    return render(request, "command/places.html", {"rows": rows, "parent": parent, "as_of": now})
