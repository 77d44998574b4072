"""The only reads of tracing, a question a file. Permission is asked at the fetch."""

from shouwang.tracing.queries.answer import answer_json
from shouwang.tracing.queries.numbers import day_figures
from shouwang.tracing.queries.presence import presence_batches, presence_days
from shouwang.tracing.queries.trace import TraceAnswer, trace_person

__all__ = ["TraceAnswer", "answer_json", "day_figures", "presence_batches", "presence_days", "trace_person"]
