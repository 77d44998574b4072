"""What one row of a timetable file says: a weekly slot with its audience, an audience alone, or what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from django.utils.translation import gettext_lazy as _

from shouwang.core.dates import DateError, parse_date
from shouwang.core.errors import Message
from shouwang.core.files.columns import Column
from shouwang.core.files.problems import RowProblem
from shouwang.tracing.rules.intake import describe

COLUMNS = (
    Column("code", ("课程编号", "课程代码", "课程号", "教学班号", "course code", "course", "course id", "code"), True),
    Column("title", ("课程名称", "课程", "课程名", "title", "course title", "course name")),
    Column("place", ("教室", "上课地点", "地点", "场所", "room", "place", "classroom", "location")),
    Column("weekday", ("星期", "周几", "上课星期", "weekday", "day of week", "day")),
    Column("starts", ("开始时间", "上课时间", "开始", "start", "start time", "starts", "from")),
    Column("ends", ("结束时间", "下课时间", "结束", "end", "end time", "ends", "to", "until")),
    Column("first_day", ("开始日期", "起始日期", "开课日期", "first day", "start date", "from date")),
    Column("last_day", ("结束日期", "终止日期", "结课日期", "last day", "end date", "until date")),
    Column("weeks", ("周次", "单双周", "weeks", "week")),
    Column("units", ("班级", "班级编号", "上课班级", "行政班", "class", "class code", "classes")),
    Column("people", ("学号", "工号", "学工号", "人员编号", "person number", "student number", "student id", "number")),
)  # fmt: skip
SLOT = ("place", "weekday", "starts", "ends", "first_day", "last_day")

_SEVERAL = re.compile(r"[,，、;；/\n]+")
_TIME = re.compile(r"(\d{1,2})[:：点时](\d{2})(?:[:：分]?(\d{2}))?分?")
_WEEKDAYS = {
    **{str(number): number for number in range(1, 8)},
    **{f"{prefix}{sign}": n for prefix in ("周", "星期", "礼拜", "") for n, sign in enumerate("一二三四五六日", 1)},
    **{f"{prefix}天": 7 for prefix in ("周", "星期", "礼拜")},
    **{
        name: number
        for number, names in enumerate(
            ("monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thur thurs", "friday fri",
             "saturday sat", "sunday sun"), 1,
        )
        for name in names.split()
    },
}  # fmt: skip
_WEEKS = {
    **dict.fromkeys(("", "all", "every", "每周", "全周", "全部", "单双周"), "all"),
    **dict.fromkeys(("odd", "单", "单周"), "odd"),
    **dict.fromkeys(("even", "双", "双周"), "even"),
}
_SENTENCES: dict[str, tuple[Message, Message]] = {
    "code_missing": (_("The row has no course code."), _("Enter the code that all rows of the course share.")),
    "slot_incomplete": (
        _("The row has a part of a slot, but not all of it."),
        _("A slot needs place, weekday, start, end, first day and last day."),
    ),
    "row_without_content": (
        _("The row names neither a slot nor anybody who attends."),
        _("Enter place and hours, or a class, or a person number."),
    ),
    "weekday_invalid": (_("The weekday cannot be read."), _("Write 1 to 7, or 周一 to 周日.")),
    "time_invalid": (_("The time of day cannot be read."), _("Write it like 08:00.")),
    "date_invalid": (_("The date cannot be read."), _("Write it like 2020-02-01.")),
    "weeks_invalid": (_("The weeks cannot be read."), _("Write 全周, 单周 or 双周 (all, odd, even).")),
    "end_before_start": (_("The lesson ends before it starts."), _("Check both times.")),
    "last_before_first": (_("The last day lies before the first."), _("Check both dates.")),
    "text_too_long": (_("The text is longer than can be kept."), _("Shorten it.")),
    "place_unknown": (_("No place has this code or name."), _("Add the place first, or allow places to be created.")),
    "place_ambiguous": (_("Several places have this name."), _("Use the code of the place instead of its name.")),
    "class_unknown": (_("No organisation has this code or name."), _("Import the roster first, or correct the name.")),
    "class_ambiguous": (_("Several organisations have this name."), _("Use the code instead of the name.")),
    "person_unknown": (_("Nobody in the roster has this number."), _("Import the roster first.")),
    "number_missing": (_("The row names no person."), _("Enter the student or staff number.")),
    "seat_invalid": (_("Row and seat cannot be read."), _("Write numbers from 1, letters, or 3排5座.")),
    "seat_taken": (_("Somebody else has this seat."), _("Correct one of the two rows.")),
    "person_twice": (_("This person has a seat already."), _("Leave one of the two rows out.")),
    "what_invalid": (_("What changes cannot be read."), _("Write 停课, 调课 or 换教室 (cancelled, moved, room).")),
    "cancelled_to": (_("A cancelled lesson goes nowhere."), _("Leave new date, hours and room empty.")),
    "room_missing": (_("The new room is missing."), _("Enter code or name of the room.")),
    "room_only": (_("Another room changes neither date nor hours."), _("Write 调课 (moved) instead.")),
    "moved_nowhere": (_("The new date or the new hours are missing."), _("Enter where the lesson is moved to.")),
    "hours_incomplete": (_("Of the new hours one is missing."), _("Enter start and end, or neither.")),
    "course_unknown": (_("No course has this code."), _("Import the timetable first.")),
    "lesson_unknown": (_("The course has no lesson then."), _("Check date, start and weeks in the timetable.")),
}
CODE_LENGTH, TITLE_LENGTH = 60, 120


@dataclass(frozen=True, slots=True)
class Audience:
    """Who attends the course `code`: organisations and people as the file names them."""

    code: str
    units: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """One weekly slot; `place` as the file names it."""

    audience: Audience
    title: str
    place: str
    weekday: int
    starts: time
    ends: time
    first_day: date
    last_day: date
    weeks: str


def sentence(code: str) -> str:
    """What is wrong and how to mend it, in one line."""
    return " ".join(str(part) for part in _SENTENCES[code])


class Refusal(Exception):
    """A row that cannot be used: the reason's code and the column."""

    def __init__(self, code: str, key: str) -> None:
        super().__init__(code)
        self.code, self.key = code, key


def check_row(
    number: int, values: Mapping[str, str], labels: Mapping[str, str], *, today: date
) -> Slot | Audience | RowProblem:
    """What the row says. `values` has a text for each column the file has; `labels` the headers, for problems."""
    try:
        return _read_row({column.key: values.get(column.key, "") for column in COLUMNS}, today)
    except Refusal as refusal:
        return problem_of(number, refusal.code, refusal.key, values.get(refusal.key, ""), labels)


def problem_of(number: int, code: str, key: str, value: str, labels: Mapping[str, str]) -> RowProblem:
    message, remedy = _SENTENCES[code]
    return RowProblem(number, labels.get(key, ""), code, str(message), describe(value), str(remedy))


def _read_row(values: Mapping[str, str], today: date) -> Slot | Audience:
    code = values["code"]
    if not code:
        raise Refusal("code_missing", "code")
    if len(code) > CODE_LENGTH:
        raise Refusal("text_too_long", "code")
    audience = Audience(code, _several(values["units"]), _several(values["people"]))
    given = [key for key in SLOT if values[key]]
    if not given:
        if not (audience.units or audience.people):
            raise Refusal("row_without_content", "code")
        return audience
    if len(given) < len(SLOT):
        raise Refusal("slot_incomplete", next(key for key in SLOT if not values[key]))
    starts, ends = time_of(values, "starts"), time_of(values, "ends")
    if ends <= starts:
        raise Refusal("end_before_start", "ends")
    first, last = date_of(values, "first_day", today), date_of(values, "last_day", today)
    if last < first:
        raise Refusal("last_before_first", "last_day")
    title = values["title"] or code
    if len(title) > TITLE_LENGTH:
        raise Refusal("text_too_long", "title")
    weekday = _WEEKDAYS.get(values["weekday"].casefold())
    if weekday is None:
        raise Refusal("weekday_invalid", "weekday")
    weeks = _WEEKS.get(values["weeks"].casefold())
    if weeks is None:
        raise Refusal("weeks_invalid", "weeks")
    return Slot(audience, title, values["place"], weekday, starts, ends, first, last, weeks)


def _several(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in _SEVERAL.split(text) if part.strip()))


def time_of(values: Mapping[str, str], key: str) -> time:
    found = _TIME.fullmatch(values[key])
    try:
        if found is None:
            raise ValueError
        return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError as error:
        raise Refusal("time_invalid", key) from error


def date_of(values: Mapping[str, str], key: str, today: date) -> date:
    try:
        return parse_date(values[key], today=today)
    except DateError as error:
        raise Refusal("date_invalid", key) from error


def unknown(
    number: int,
    item: Slot | Audience,
    labels: Mapping[str, str],
    places: Mapping[str, int],
    people: Mapping[str, int],
    units: Mapping[str, int],
) -> RowProblem | None:
    """The first name of the row that nothing, or more than one thing, answers to. Ids below 0 mean just that."""
    if isinstance(item, Slot):
        place = places.get(item.place, -1)
        if place < 0:
            code = "place_unknown" if place == -1 else "place_ambiguous"
            return problem_of(number, code, "place", item.place, labels)
        item = item.audience
    for unit in item.units:
        if units.get(unit, -1) < 0:
            code = "class_ambiguous" if unit in units else "class_unknown"
            return problem_of(number, code, "units", unit, labels)
    for person in item.people:
        if person not in people:
            return problem_of(number, "person_unknown", "people", person, labels)
    return None
