"""What one row of a file of changed lessons says, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from shouwang.core.files.columns import Column
from shouwang.core.files.problems import RowProblem
from shouwang.tracing.rules.timetable import Refusal, date_of, problem_of, time_of

COLUMNS = (
    Column("code", ("课程编号", "课程代码", "课程号", "教学班号", "course code", "course", "course id", "code"), True),
    Column("day", ("日期", "原日期", "上课日期", "date", "day", "original date"), True),
    Column("what", ("变动", "变动类型", "类型", "调整", "what", "change", "kind"), True),
    Column("starts", ("原开始时间", "原时间", "开始时间", "start", "original start", "starts")),
    Column("to_day", ("新日期", "调至日期", "to date", "new date")),
    Column("to_starts", ("新开始时间", "to start", "new start")),
    Column("to_ends", ("新结束时间", "to end", "new end")),
    Column("to_place", ("新教室", "新地点", "调至教室", "to place", "to room", "new room")),
)  # fmt: skip
CANCELLED, MOVED, ROOM = "cancelled", "moved", "room"
_WHAT = {
    **dict.fromkeys(("cancelled", "canceled", "cancel", "停课", "取消", "不上课"), CANCELLED),
    **dict.fromkeys(("moved", "move", "调课", "改期", "换时间"), MOVED),
    **dict.fromkeys(("room", "another room", "换教室", "调教室", "代用教室"), ROOM),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A change as a file or form names it; `to_place` by code or name."""

    code: str
    day: date
    what: str
    starts: time | None = None
    to_day: date | None = None
    to_starts: time | None = None
    to_ends: time | None = None
    to_place: str = ""


def check_row(number: int, values: Mapping[str, str], labels: Mapping[str, str], *, today: date) -> Asked | RowProblem:
    """What the row says; `labels` are the headers, for problems."""
    full = {column.key: values.get(column.key, "") for column in COLUMNS}
    try:
        return _read(full, today)
    except Refusal as refusal:
        return problem_of(number, refusal.code, refusal.key, full.get(refusal.key, ""), labels)


def _read(values: Mapping[str, str], today: date) -> Asked:
    if not values["code"]:
        raise Refusal("code_missing", "code")
    what = _WHAT.get(values["what"].casefold())
    if what is None:
        raise Refusal("what_invalid", "what")
    asked = Asked(
        values["code"],
        date_of(values, "day", today),
        what,
        time_of(values, "starts") if values["starts"] else None,
        date_of(values, "to_day", today) if values["to_day"] else None,
        time_of(values, "to_starts") if values["to_starts"] else None,
        time_of(values, "to_ends") if values["to_ends"] else None,
        values["to_place"],
    )
    wrong = flaw(asked)
    if wrong is not None:
        raise Refusal(*wrong)
    return asked


def flaw(asked: Asked) -> tuple[str, str] | None:
    """(code, field) of what is wrong with a change, None when it is whole. What a kind does not use must be empty."""
    hours = asked.to_starts is not None or asked.to_ends is not None
    if asked.what == CANCELLED and (asked.to_day or hours or asked.to_place):
        return "cancelled_to", "to_day"
    if asked.what == ROOM and not asked.to_place:
        return "room_missing", "to_place"
    if asked.what == ROOM and (asked.to_day or hours):
        return "room_only", "to_day"
    if asked.what == MOVED and asked.to_day is None and not hours:
        return "moved_nowhere", "to_day"
    if (asked.to_starts is None) != (asked.to_ends is None):
        return "hours_incomplete", "to_starts" if asked.to_starts is None else "to_ends"
    if asked.to_starts is not None and asked.to_ends is not None and asked.to_ends <= asked.to_starts:
        return "end_before_start", "to_ends"
    return None
