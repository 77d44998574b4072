"""The only reads of cases, a question a file. Permission is asked at the fetch: what one may not see is not found."""

from shouwang.cases.queries.desk import (
    DeskFilter,
    DeskSummary,
    case_by_number,
    case_for,
    dates_of,
    desk,
    desk_summary,
    diseases,
    due_soon,
    infectious_window,
    late_clocks,
    protocol_as_json,
    protocol_of,
    protocols,
    visible_cases,
)
from shouwang.cases.queries.numbers import CURVE_CLASSES, EpiCurve, curve_for, day_figures, epi_curve

__all__ = [
    "CURVE_CLASSES",
    "DeskFilter",
    "DeskSummary",
    "EpiCurve",
    "case_by_number",
    "case_for",
    "curve_for",
    "dates_of",
    "day_figures",
    "desk",
    "desk_summary",
    "diseases",
    "due_soon",
    "epi_curve",
    "infectious_window",
    "late_clocks",
    "protocol_as_json",
    "protocol_of",
    "protocols",
    "visible_cases",
]
