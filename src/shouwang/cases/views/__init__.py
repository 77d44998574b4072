"""Pages of cases, a kind a file."""

from shouwang.cases.views.case import case, classify, close, dates, mark, reopen
from shouwang.cases.views.delays import delays, delays_file
from shouwang.cases.views.desk import case_list, clock_list, curve
from shouwang.cases.views.duplicates import merge, unmerge
from shouwang.cases.views.opening import open_case, open_from_alert

__all__ = [
    "case",
    "case_list",
    "classify",
    "clock_list",
    "close",
    "curve",
    "dates",
    "delays",
    "delays_file",
    "mark",
    "merge",
    "open_case",
    "open_from_alert",
    "reopen",
    "unmerge",
]
