"""The only writes of command: levels and reports, directives from draft to issue, tasks."""

from shouwang.command.actions.board import keep_board, refresh_board
from shouwang.command.actions.daily import end_report_plan, hand_in, send_back_report, set_report_plan, take_in
from shouwang.command.actions.directives import (
    accept_undecided,
    add_measure,
    edit_directive,
    edit_measure,
    import_notice,
    send_back,
    sign,
    submit,
    write_directive,
)
from shouwang.command.actions.issuing import acknowledge, issue, mark_read, withdraw
from shouwang.command.actions.standing import declare_level, end_level, issue_report
from shouwang.command.actions.tasks import act_on_task, set_deadline, split_task, sweep_tasks

__all__ = [
    "accept_undecided",
    "acknowledge",
    "act_on_task",
    "add_measure",
    "declare_level",
    "edit_directive",
    "edit_measure",
    "end_level",
    "end_report_plan",
    "hand_in",
    "import_notice",
    "issue",
    "issue_report",
    "keep_board",
    "mark_read",
    "refresh_board",
    "send_back",
    "send_back_report",
    "set_deadline",
    "set_report_plan",
    "sign",
    "split_task",
    "submit",
    "sweep_tasks",
    "take_in",
    "withdraw",
    "write_directive",
]
