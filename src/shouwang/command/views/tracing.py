"""The quality of tracing in numbers."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from shouwang.cases.queries import disease_names
from shouwang.command import queries
from shouwang.command.forms import QualityForm
from shouwang.command.rules.tracing_quality import DELAYS, SHARES, Week
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.http import Request, signed_in

RIGHT = "report.view"
LATER = "*"  # beside a week whose numbers may still change


@require_GET
@signed_in
def tracing_quality(request: Request) -> HttpResponse:
    """Shares and delays week by week, with cases, what waits and what is missing."""
    if not request.actor.holds(RIGHT):
        raise NotFound
    at, given = clock.now(), "weeks" in request.GET
    form = QualityForm(request.GET if given else QualityForm.DEFAULT, diseases=disease_names())
    context: dict[str, Any] = {"form": form, "at": at}
    if form.is_valid():
        asked = form.cleaned_data
        found = queries.tracing_quality(request.actor, weeks=asked["weeks"], disease=asked["disease"], at=at)
        context |= {
            "found": found,
            "shares": [(str(name), [week.shares[key] for week in _columns(found)]) for key, name in SHARES.items()],
            "delays": [
                (str(name), [week.delays[key] for week in _columns(found)]) for key, (_f, _l, name) in DELAYS.items()
            ],
            "columns": _columns(found),
            "share_chart": _share_chart(found),
            "median_chart": _delay_chart(found, "median_hours"),
            "p90_chart": _delay_chart(found, "p90_hours"),
            "delays_drawn": any(item.median_hours is not None for week in found.weeks for item in week.delays.values()),
        }
    return render(request, "command/tracing_quality.html", context, status=200 if form.is_valid() else 422)


def _columns(found: queries.Quality) -> list[Week]:
    """All together first, then the newest week: what is looked for stands at the left, on a phone too."""
    return [found.together, *reversed(found.weeks)]


def _weeks(found: queries.Quality) -> list[str]:
    return [f"{week.monday:%m-%d}{LATER if week.incomplete else ''}" for week in found.weeks]


TONES = {"known": "primary", "traced": "info", "told": "warn", "seen": "special"}


def _share_chart(found: queries.Quality) -> dict[str, Any]:
    series = []
    for key, name in SHARES.items():
        values = [week.shares[key].share for week in found.weeks]
        percent = [None if value is None else round(100 * value, 1) for value in values]
        series.append({"name": key, "label": str(name), "tone": TONES[key], "values": percent})
    return {"x": _weeks(found), "series": series}


def _delay_chart(found: queries.Quality, which: str) -> dict[str, Any]:
    series = []
    for key, (_first, _last, name) in DELAYS.items():
        values = [getattr(week.delays[key], which) for week in found.weeks]
        rounded = [None if value is None else round(value, 1) for value in values]
        series.append({"name": key, "label": str(name), "values": rounded, "dashed": key == "onset_ordered"})
    return {"x": _weeks(found), "series": series}
