"""Timetables: rows read, courses and audiences written, lessons expanded, importing again."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.files.problems import RowProblem
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.org import actions as org
from shouwang.org.models import Person, Place
from shouwang.org.tests.cast import NOON, SINCE, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.actions import ImportOptions
from shouwang.tracing.models import Course, Enrolment, PresenceDay
from shouwang.tracing.rules.timetable import COLUMNS, Audience, Slot, check_row
from shouwang.tracing.tests.conftest import Write, unix

HEAD = "课程编号,课程名称,教室,星期,开始时间,结束时间,开始日期,结束日期,周次,班级,学号\n"
TODAY = date(2026, 3, 2)
LIN, ZHAO, OU = "2023010101", "2023010201", "2023020101"
GOOD = {
    "code": "A1", "title": "高数", "place": "T1-201", "weekday": "1", "starts": "08:00", "ends": "09:40",
    "first_day": "2026-02-16", "last_day": "2026-06-30", "weeks": "全周", "units": "CS2301", "people": "",
}  # fmt: skip
LABELS = {column.key: column.names[0] for column in COLUMNS}


def _check(**changed: str) -> Slot | Audience | RowProblem:
    return check_row(7, GOOD | changed, LABELS, today=TODAY)


@pytest.mark.parametrize(
    ("text", "weekday"),
    [
        ("1", 1),
        ("7", 7),
        ("周三", 3),
        ("星期日", 7),
        ("星期天", 7),
        ("礼拜五", 5),
        ("Mon", 1),
        ("thursday", 4),
    ],
)
def test_weekdays(text: str, weekday: int) -> None:
    slot = _check(weekday=text)
    assert isinstance(slot, Slot)
    assert slot.weekday == weekday


@pytest.mark.parametrize(
    ("text", "weeks"), [("", "all"), ("每周", "all"), ("单周", "odd"), ("双", "even"), ("ODD", "odd")]
)
def test_weeks(text: str, weeks: str) -> None:
    slot = _check(weeks=text)
    assert isinstance(slot, Slot)
    assert slot.weeks == weeks


@pytest.mark.parametrize(
    ("changed", "code", "column"),
    [
        ({"code": ""}, "code_missing", "课程编号"),
        ({"weekday": "8"}, "weekday_invalid", "星期"),
        ({"starts": "8am"}, "time_invalid", "开始时间"),
        ({"starts": "24:00"}, "time_invalid", "开始时间"),
        ({"ends": "08:00"}, "end_before_start", "结束时间"),
        ({"first_day": "01/02/2026"}, "date_invalid", "开始日期"),
        ({"last_day": "2026-02-15"}, "last_before_first", "结束日期"),
        ({"weeks": "有时"}, "weeks_invalid", "周次"),
        ({"place": ""}, "slot_incomplete", "教室"),
        ({"title": "长" * 121}, "text_too_long", "课程名称"),
        (dict.fromkeys(["place", "weekday", "starts", "ends", "first_day", "last_day", "units"], ""),
         "row_without_content", "课程编号"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_used(changed: dict[str, str], code: str, column: str) -> None:
    problem = _check(**changed)
    assert isinstance(problem, RowProblem)
    assert (problem.row, problem.code, problem.column) == (7, code, column)
    assert problem.message and problem.remedy


def test_several_classes_and_people_in_a_cell() -> None:
    slot = _check(units="CS2301、CS2302；CS2301", people="1, 2/3")
    assert isinstance(slot, Slot)
    assert slot.audience == Audience("A1", ("CS2301", "CS2302"), ("1", "2", "3"))


def _row(**changed: str) -> str:
    return ",".join((GOOD | changed).values()) + "\n"


def test_rows_become_courses_and_lessons(cast: Cast, operator: Actor, write: Write) -> None:
    text = (
        HEAD
        + _row()
        + _row(units="", people=OU)
        + _row(code="B1", weekday="周一", starts="10:00", ends="11:40", units="IE")
    )
    text += "A1,,,,,,,,,计科2302班,\n"  # a class more for the first course, by name
    result = actions.import_timetable(write("t.csv", text), by=operator, at=NOON)
    assert (result.read, result.accepted, result.refused) == (4, 4, {})
    assert (result.courses, result.enrolments) == (2, 4)
    actions.build_days(TODAY, TODAY, by=operator, at=NOON)
    assert PresenceDay.objects.get().by_source["timetable"] == 3 + 1 + 1 + 5  # A1: two classes and Ou; B1: IE with Fang
    answer = queries.answer_json(operator, number=OU, onset=NOON, lookback_days=0, at=NOON)
    assert answer["contacts"] == []  # an empty window
    person = Person.objects.get(number=OU)
    found = queries.trace_person(person.pk, window_start=unix("2026-03-02 07:00"), window_end=unix("2026-03-02 12:00"))
    numbers = dict(Person.objects.values_list("pk", "number"))
    seen = dict(zip(found.contacts.person.tolist(), found.contacts.seconds.tolist(), strict=True))
    assert {numbers[pk]: s for pk, s in seen.items()} == dict.fromkeys([LIN, "2023010102", "2023010103", ZHAO], 6000)


def test_importing_again_updates_and_then_changes_nothing(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("t.csv", HEAD + _row())
    actions.import_timetable(path, by=operator, at=NOON)
    again = actions.import_timetable(path, by=operator, at=NOON)
    assert (again.read, again.accepted, again.updated, again.courses, again.enrolments) == (1, 0, 1, 0, 0)
    assert AuditEntry.objects.filter(verb="timetable.imported").count() == 1
    changed = actions.import_timetable(write("u.csv", HEAD + _row(ends="10:00", weeks="单周")), by=operator, at=NOON)
    assert (changed.accepted, changed.courses, changed.enrolments) == (1, 1, 0)
    course = Course.objects.get()
    assert (course.ends, course.weeks) == (time(10), "odd")
    assert Enrolment.objects.count() == 1


def test_unknown_names_are_refused_and_the_rest_is_taken(cast: Cast, operator: Actor, write: Write) -> None:
    text = HEAD + _row() + _row(place="T9") + _row(units="CS9") + _row(units="", people="9") + _row(code="")
    text += _row().replace("\n", ",more\n")
    result = actions.import_timetable(write("t.csv", text), by=operator, at=NOON)
    assert result.refused == {
        "place_unknown": 1, "class_unknown": 1, "person_unknown": 1, "code_missing": 1, "too_many_cells": 1,
    }  # fmt: skip
    assert result.read == 6 == result.accepted + result.updated + sum(result.refused.values())
    assert {problem.row for problem in result.problems} == {3, 4, 5, 6, 7}
    made = actions.import_timetable(write("t2.csv", HEAD + _row(place="T9")), options=ImportOptions(create_places=True),
                                    by=operator, at=NOON)  # fmt: skip
    assert (made.accepted, made.places_created) == (1, 1)
    assert Place.objects.filter(code="T9").exists()


def test_built_days_in_the_span_become_stale(cast: Cast, operator: Actor, write: Write) -> None:
    actions.build_days(date(2026, 2, 14), TODAY, by=operator, at=NOON)
    actions.import_timetable(write("t.csv", HEAD + _row()), by=operator, at=NOON)
    stale = PresenceDay.objects.filter(stale_since__isnull=False).order_by("day")
    assert stale.first().day == date(2026, 2, 16)  # type: ignore[union-attr]
    assert stale.count() == 15


def test_rights_and_headers(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("t.csv", HEAD + _row())
    with pytest.raises(Forbidden):
        actions.import_timetable(path, by=cast.by("fang"), at=NOON)
    assert actions.import_timetable(path, by=cast.by("su"), at=NOON).accepted == 1
    with pytest.raises(BadInput) as refusal:
        actions.import_timetable(write("x.csv", "教室,星期\nT1-201,1\n"), by=operator, at=NOON)
    assert refusal.value.error_code == "column_missing"


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@pytest.mark.slow
@pytest.mark.realdata
def test_a_university_of_320_courses(db: None, operator: Actor, real_data: Callable[[str], Path], write: Write) -> None:
    """Courses and enrolments of an artificial university: every lesson of a week holds exactly its students."""
    with real_data("campus-timetable/course_info.csv").open(newline="") as stream:
        info = {row["courseID"]: [row[name] == "TRUE" for name in WEEKDAYS] for row in csv.DictReader(stream)}
    students: dict[str, set[str]] = defaultdict(set)
    with real_data("campus-timetable/student_courses.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            students[row["courseID"]].add(row["studentID"])
    assert (len(info), sum(map(len, students.values()))) == (320, 13_722)
    home = org.add_organisation(parent=None, kind="college", code="C", name="C", starts=SINCE, by=operator, at=NOON)
    people = set().union(*students.values())
    Person.objects.bulk_create(Person(number=n, name=n, home=home, home_path=home.path) for n in sorted(people))
    text = HEAD
    for index, (code, days) in enumerate(info.items()):
        start = 8 + index % 9
        for weekday, held in enumerate(days, start=1):
            if held:
                text += f"{code},,R-{code},{weekday},{start}:00,{start}:50,2026-02-16,2026-06-30,,,\n"
        text += "".join(f"{code},,,,,,,,,,{number}\n" for number in sorted(students[code]))
    result = actions.import_timetable(
        write("week.csv", text), options=ImportOptions(create_places=True), by=operator, at=NOON
    )
    slots = sum(sum(days) for days in info.values())
    assert (result.courses, result.enrolments, result.refused) == (slots, 13_722, {})
    built = actions.build_days(date(2026, 2, 16), date(2026, 2, 22), by=operator, at=NOON)
    for weekday, day in enumerate(built):
        expected = sum(len(students[code]) for code, days in info.items() if days[weekday])
        assert day.by_source.get("timetable", 0) == expected
    assert sum(day.visits for day in built) == sum(len(students[code]) * sum(days) for code, days in info.items())
