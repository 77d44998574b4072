"""The only writes of tracing, a noun a file. Every verb is atomic, says who (`by`) and when (`at`), and is audited."""

from shouwang.tracing.actions import (
    encounters,
    gatherings,
    interview,
    lessons,
    outside,
    readers,
    scans,
    seats,
    sheet,
    unknowns,
    visitors,
)
from shouwang.tracing.actions.chains import accept_link, add_link, propose_all, reject_link, reopen_link
from shouwang.tracing.actions.contacts import confirm, confirm_many, dismiss, dismiss_many, reconsider
from shouwang.tracing.actions.days import IMPORT, build_days, build_stale, sweep_leftovers
from shouwang.tracing.actions.encounters import decide_encounter
from shouwang.tracing.actions.following import (
    end_follow_up,
    hand_over,
    record_call,
    share_out,
    sweep_follow_ups,
    sync_all,
    sync_case,
    sync_follow_up,
    sync_follow_ups,
)
from shouwang.tracing.actions.network import NetworkWritten, write_network
from shouwang.tracing.actions.presence import ImportOptions, ImportResult, import_presence
from shouwang.tracing.actions.rule import apply_rule, regrade
from shouwang.tracing.actions.sharing import share_contacts, take_back
from shouwang.tracing.actions.timetable import TimetableResult, import_timetable
from shouwang.tracing.actions.traces import trace_case

__all__ = [
    "IMPORT",
    "ImportOptions",
    "ImportResult",
    "NetworkWritten",
    "TimetableResult",
    "accept_link",
    "add_link",
    "apply_rule",
    "build_days",
    "build_stale",
    "confirm",
    "confirm_many",
    "decide_encounter",
    "dismiss",
    "dismiss_many",
    "encounters",
    "end_follow_up",
    "gatherings",
    "hand_over",
    "import_presence",
    "import_timetable",
    "interview",
    "lessons",
    "outside",
    "propose_all",
    "readers",
    "reconsider",
    "record_call",
    "regrade",
    "reject_link",
    "reopen_link",
    "scans",
    "seats",
    "share_contacts",
    "share_out",
    "sheet",
    "sweep_follow_ups",
    "sweep_leftovers",
    "sync_all",
    "sync_case",
    "sync_follow_up",
    "sync_follow_ups",
    "take_back",
    "trace_case",
    "unknowns",
    "visitors",
    "write_network",
]
