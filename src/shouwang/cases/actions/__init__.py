"""The only writes of cases. Each verb locks the case, checks, writes, leaves an audit row and tells the wiring.

Every write raises `version`; a caller who passes the version it read gets Conflict when somebody wrote in between.
The instance given is refreshed in place, so it is current afterwards.
"""

from shouwang.cases.actions.checks import may_manage
from shouwang.cases.actions.clocks import escalate_clocks, sweep_clocks
from shouwang.cases.actions.dates import DATE_FIELDS, markable, set_dates
from shouwang.cases.actions.deciding import classify, close_case, reopen_case
from shouwang.cases.actions.delays import export_delays
from shouwang.cases.actions.duplicates import merge_cases, plan_of, unmerge_cases
from shouwang.cases.actions.opening import open_case

__all__ = [
    "DATE_FIELDS",
    "classify",
    "close_case",
    "escalate_clocks",
    "export_delays",
    "markable",
    "may_manage",
    "merge_cases",
    "open_case",
    "plan_of",
    "reopen_case",
    "set_dates",
    "sweep_clocks",
    "unmerge_cases",
]
