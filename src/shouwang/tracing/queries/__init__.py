"""The only reads of tracing, a question a file. Permission is asked at the fetch."""

from shouwang.tracing.queries.answer import answer_json
from shouwang.tracing.queries.contacts import (
    ContactFilter,
    DeskCase,
    case_to_trace,
    cases_to_trace,
    contact_for,
    contact_page,
    contacts_of,
    desk,
    next_of,
)
from shouwang.tracing.queries.numbers import day_figures
from shouwang.tracing.queries.presence import presence_batches, presence_days, sees_days
from shouwang.tracing.queries.trace import TraceAnswer, trace_person

__all__ = [
    "ContactFilter",
    "DeskCase",
    "TraceAnswer",
    "answer_json",
    "case_to_trace",
    "cases_to_trace",
    "contact_for",
    "contact_page",
    "contacts_of",
    "day_figures",
    "desk",
    "next_of",
    "presence_batches",
    "presence_days",
    "sees_days",
    "trace_person",
]
