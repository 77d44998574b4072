"""How long the steps of cases took: page and file."""

from __future__ import annotations

import io
from typing import Any, cast

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shouwang.cases import actions, forms, queries
from shouwang.cases.rules.delays import LEGS, Group
from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.http import XLSX, Request, signed_in

LATER = "*"  # beside a week whose numbers may still change
TONES = {
    "detect": "primary",
    "report": "info",
    "isolate": "warn",
    "treat": "special",
    "test": "good",
    "trace": "danger",
}


def _form(request: Request) -> forms.DelayForm:
    request.actor.require("report.view")
    given = request.GET if "first" in request.GET else forms.DelayForm.default(clock.today())
    return forms.DelayForm(given, by=request.actor, diseases=queries.disease_names())


@require_GET
@signed_in
def delays(request: Request) -> HttpResponse:
    """Medians and 90th percentiles of each leg by week and unit with what they are of, and 7-1-7. Never a name."""
    form, at = _form(request), clock.now()
    context: dict[str, Any] = {"form": form, "at": at}
    if form.is_valid():
        found = form.found(at)
        names = queries.disease_names()
        columns = [found.whole, *reversed(found.weeks)]
        context |= {
            "found": found,
            "query": request.GET.urlencode(),
            "columns": [(group, _title(group)) for group in columns],
            "legs": [(str(name), [group.delays[leg] for group in columns]) for leg, (_a, _b, name) in LEGS.items()],
            "leg_names": [str(name) for _a, _b, name in LEGS.values()],
            "units": [
                (row.unit, row.group, list(row.group.delays.values()) if row.group else []) for row in found.units
            ],
            "outbreaks": [
                (
                    row,
                    names.get(row.disease, row.disease),
                    found.told(row),
                    queries.bottleneck_words(row, found.facts(row)),
                    queries.interval_words(row),
                )
                for row in found.outbreaks
            ],
            "median_chart": _chart(found, "median_hours"),
            "p90_chart": _chart(found, "p90_hours"),
            "drawn": any(item.median_hours is not None for week in found.weeks for item in week.delays.values()),
            "percent": found.open_share * 100,
        }
    return render(request, "cases/delays.html", context, status=200 if form.is_valid() else 422)


@require_GET
@signed_in
def delays_file(request: Request) -> HttpResponse:
    """The same numbers as Excel."""
    form, at = _form(request), clock.now()
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise BadInput(str(errors[0]), code="filter_invalid", field=field)
    target = io.BytesIO()
    actions.export_delays(target, form.found(at), by=request.actor, at=at)
    target.seek(0)
    name = f"{_('Delays')}-{clock.local_day(at)}.xlsx"
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response = FileResponse(target, content_type=XLSX, headers={"Content-Disposition": disposition})
    return cast(HttpResponse, response)


def _title(group: Group) -> str:
    return f"{group.key:%m-%d}" if group.key is not None else _("all weeks")


def _chart(found: queries.Delays, which: str) -> dict[str, Any]:
    series = []
    for leg, (_first, _last, name) in LEGS.items():
        values = [getattr(week.delays[leg], which) for week in found.weeks]
        rounded = [None if value is None else round(value, 1) for value in values]
        series.append({"name": leg, "label": str(name), "tone": TONES[leg], "values": rounded})
    weeks = [f"{_title(week)}{LATER if week.incomplete else ''}" for week in found.weeks]
    return {"x": weeks, "series": series}
