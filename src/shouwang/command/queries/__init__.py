"""The only reads of command."""

from shouwang.command.queries.answering import MANAGE, SIGN, WORK, answered_by, who_answers
from shouwang.command.queries.board import Board, board, board_json
from shouwang.command.queries.directives import directive_for, directives_page, managed_directive
from shouwang.command.queries.figures import figures, report_dict, roots_for
from shouwang.command.queries.gaps import open_gaps
from shouwang.command.queries.levels import current_level, level_history, level_of
from shouwang.command.queries.pack_json import flattened, judged_json, row_json, sheet_json
from shouwang.command.queries.packs import Judged, PackRow, PackSheet, judge, pack_rows, pack_sheet
from shouwang.command.queries.places import PlaceRow, place_rows
from shouwang.command.queries.reports import report_version, report_versions
from shouwang.command.queries.tasks import TaskFilter, task_for, task_numbers, tasks_page
from shouwang.command.queries.tracing_quality import Quality, quality_json, tracing_quality
from shouwang.command.queries.work import Work, work_of

__all__ = [
    "MANAGE",
    "SIGN",
    "WORK",
    "Board",
    "Judged",
    "PackRow",
    "PackSheet",
    "PlaceRow",
    "Quality",
    "TaskFilter",
    "Work",
    "answered_by",
    "board",
    "board_json",
    "current_level",
    "directive_for",
    "directives_page",
    "figures",
    "flattened",
    "judge",
    "judged_json",
    "level_history",
    "level_of",
    "managed_directive",
    "open_gaps",
    "pack_rows",
    "pack_sheet",
    "place_rows",
    "quality_json",
    "report_dict",
    "report_version",
    "report_versions",
    "roots_for",
    "row_json",
    "sheet_json",
    "task_for",
    "task_numbers",
    "tasks_page",
    "tracing_quality",
    "who_answers",
    "work_of",
]
