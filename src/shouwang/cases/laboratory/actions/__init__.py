"""The only writes of the laboratory."""

from shouwang.cases.laboratory.actions.clocks import sync_test_clocks
from shouwang.cases.laboratory.actions.common import ORDER, RESULT
from shouwang.cases.laboratory.actions.days import (
    SEES_REASONS,
    close_day,
    make_day,
    note_reason,
    sync_day,
    sync_open_days,
    take_on_day,
)
from shouwang.cases.laboratory.actions.ordering import cancel_test, order_test, settle_positive
from shouwang.cases.laboratory.actions.resulting import Finding, record_result, write_results
from shouwang.cases.laboratory.actions.reviewing import set_aside, take_over
from shouwang.cases.laboratory.actions.running import (
    confirm_results,
    import_results,
    recheck_results,
    take_up_results,
    upload_results,
)
from shouwang.cases.laboratory.actions.taking import hand_over, receive_sample, take_sample

__all__ = [
    "ORDER",
    "RESULT",
    "SEES_REASONS",
    "Finding",
    "cancel_test",
    "close_day",
    "confirm_results",
    "hand_over",
    "import_results",
    "make_day",
    "note_reason",
    "order_test",
    "receive_sample",
    "recheck_results",
    "record_result",
    "set_aside",
    "settle_positive",
    "sync_day",
    "sync_open_days",
    "sync_test_clocks",
    "take_on_day",
    "take_over",
    "take_sample",
    "take_up_results",
    "upload_results",
    "write_results",
]
