"""The only writes of tracing, a noun a file. Every verb is atomic, says who (`by`) and when (`at`), and is audited."""

from shouwang.tracing.actions.contacts import confirm, confirm_many, dismiss, dismiss_many, reconsider
from shouwang.tracing.actions.days import IMPORT, build_days, build_stale, sweep_leftovers
from shouwang.tracing.actions.presence import ImportOptions, ImportResult, import_presence
from shouwang.tracing.actions.timetable import TimetableResult, import_timetable
from shouwang.tracing.actions.traces import trace_case

__all__ = [
    "IMPORT",
    "ImportOptions",
    "ImportResult",
    "TimetableResult",
    "build_days",
    "build_stale",
    "confirm",
    "confirm_many",
    "dismiss",
    "dismiss_many",
    "import_presence",
    "import_timetable",
    "reconsider",
    "sweep_leftovers",
    "trace_case",
]
