"""Cards of the home page that come from this room, and the chart data they share with its pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shouwang.cases import queries
from shouwang.cases.models import Classification
from shouwang.cases.queries import EpiCurve
from shouwang.core import clock
from shouwang.core.errors import Forbidden
from shouwang.core.scope import Actor

CURVE_DAYS = 30


def desk_card(actor: Actor) -> Mapping[str, Any]:
    """Clinic and tracers: open cases, and the clocks to look at first. No names."""
    return {"summary": queries.desk_summary(actor, clock.now())}


def curve_card(actor: Actor) -> Mapping[str, Any] | None:
    """Leader and office: the epi curve of the last 30 days. Numbers only; no card where it would point at somebody."""
    at = clock.now()
    today = clock.local_day(at)
    try:
        curve = queries.curve_for(actor, today - timedelta(days=CURVE_DAYS - 1), today)
    except Forbidden:
        return None
    return {"curve": curve, "chart": chart_data(curve), "at": at}


def chart_data(curve: EpiCurve) -> dict[str, Any]:
    """The JSON of the `epicurve` chart."""
    names = dict(Classification.choices)
    return {
        "days": [day.isoformat() for day in curve.days],
        "series": [
            {"name": code, "label": str(names[code]), "values": list(values)} for code, values in curve.series.items()
        ],
    }
