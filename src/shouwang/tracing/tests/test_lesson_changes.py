"""Cancelled, moved and relocated lessons: the rule against a plain oracle, entering, importing, stale days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from io import BytesIO

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.models import Course, Enrolment, PresenceDay
from shouwang.tracing.models_lessons import LessonChange
from shouwang.tracing.rules.expansion import Change, Lesson, lessons_on
from shouwang.tracing.rules.timetable_changes import Asked
from shouwang.tracing.tests.conftest import Write, unix

SignIn = Callable[[str], Client]
SUNDAY, MONDAY = date(2026, 3, 1), date(2026, 3, 2)
FIRST = date(2026, 2, 23)
EIGHT, TEN, NOON_TIME = time(8), time(10), time(12)

slots = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(1, 7), st.sampled_from([EIGHT, TEN])), max_size=5, unique=True
)
days = st.integers(0, 13).map(lambda n: FIRST + timedelta(days=n))
changes = st.lists(
    st.tuples(st.sampled_from("AB"), days, st.sampled_from([None, EIGHT, TEN]), st.booleans(),
              st.one_of(st.none(), days), st.booleans(), st.one_of(st.none(), st.integers(7, 9))),
    max_size=5, unique_by=lambda row: row[:3],
)  # fmt: skip


@given(slots, changes, days)
def test_a_day_holds_its_own_lessons_and_those_moved_to_it(slots: list, changes: list, day: date) -> None:  # type: ignore[type-arg]
    lessons = [
        Lesson(code, place, weekday, starts, time(starts.hour + 1), FIRST, FIRST + timedelta(days=13), "all")
        for place, (code, weekday, starts) in enumerate(slots)
    ]
    asked = [
        Change(code, on, starts, True)
        if cancelled
        else Change(code, on, starts, False, to, NOON_TIME if later else None, time(13) if later else None, place)
        for code, on, starts, cancelled, to, later, place in changes
    ]
    expected: list[tuple[str, int, time, time]] = []
    for origin in (FIRST + timedelta(days=n) for n in range(14)):
        for lesson in lessons:
            if lesson.weekday != origin.isoweekday():
                continue
            exact = [c for c in asked if (c.code, c.day, c.starts) == (lesson.code, origin, lesson.starts)]
            whole = [c for c in asked if (c.code, c.day, c.starts) == (lesson.code, origin, None)]
            rule = next(iter([*exact, *whole]), None)
            if rule is None:
                held, place, hours = origin, lesson.place, (lesson.starts, lesson.ends)
            elif rule.cancelled:
                continue
            else:
                place = lesson.place if rule.to_place is None else rule.to_place
                hours = (rule.to_starts or lesson.starts, rule.to_ends or lesson.ends)
                held = rule.to_day or origin
            if held == day:
                expected.append((lesson.code, place, *hours))
    found = [(lesson.code, lesson.place, lesson.starts, lesson.ends) for lesson in lessons_on(day, lessons, asked)]
    assert sorted(found) == sorted(expected)


@pytest.fixture
def taught(cast: Cast) -> Cast:
    """Class CS2301 has MATH on Sundays from eight to ten."""
    Course.objects.create(code="MATH", title="高等数学", place=cast.place["T1-201"], weekday=7, starts=EIGHT, ends=TEN,
                          first_day=FIRST, last_day=SUNDAY)  # fmt: skip
    Enrolment.objects.create(course_code="MATH", organisation=cast.org["CS2301"])
    return cast


def together(first: str, last: str) -> int:
    lin, wang = (Person.objects.get(number=number).pk for number in ("2023010101", "2023010102"))
    answer = queries.trace_person(lin, window_start=unix(first), window_end=unix(last))
    found = dict(zip(answer.contacts.person.tolist(), answer.contacts.seconds.tolist(), strict=True))
    return int(found.get(wang, 0))


def test_built_days_go_stale_and_are_built_as_changed(taught: Cast, operator: Actor) -> None:
    actions.build_days(SUNDAY, MONDAY, by=operator, at=NOON)
    assert together("2026-03-01 07:00", "2026-03-01 12:00") == 2 * 3600
    asked = Asked("MATH", SUNDAY, "moved", EIGHT, MONDAY, time(9), time(10), "图书馆")
    row = actions.lessons.change_lesson(asked, by=operator, at=NOON)
    stale = set(PresenceDay.objects.filter(stale_since__isnull=False).values_list("day", flat=True))
    assert stale == {SUNDAY, MONDAY}
    actions.build_stale(by=operator, at=NOON)
    assert together("2026-03-01 07:00", "2026-03-01 12:00") == 0
    assert together("2026-03-02 07:00", "2026-03-02 12:00") == 3600
    # Only Monday is built, beyond the last day of the course: what was moved there is still known.
    actions.build_days(MONDAY, MONDAY, by=operator, at=NOON)
    assert together("2026-03-02 07:00", "2026-03-02 12:00") == 3600
    actions.lessons.restore_lesson(row.pk, by=operator, at=NOON)
    actions.build_stale(by=operator, at=NOON)
    assert together("2026-03-01 07:00", "2026-03-01 12:00") == 2 * 3600
    assert together("2026-03-02 07:00", "2026-03-02 12:00") == 0
    verbs = AuditEntry.objects.filter(kind="lesson_change").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["lesson.changed", "lesson.restored"]


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        (Asked("PHYS", SUNDAY, "cancelled"), "course_unknown", "code"),
        (Asked("MATH", MONDAY, "cancelled"), "lesson_unknown", "day"),
        (Asked("MATH", SUNDAY, "cancelled", TEN), "lesson_unknown", "starts"),
        (Asked("MATH", SUNDAY, "cancelled", to_day=MONDAY), "cancelled_to", "to_day"),
        (Asked("MATH", SUNDAY, "room"), "room_missing", "to_place"),
        (Asked("MATH", SUNDAY, "room", to_place="月球"), "place_unknown", "to_place"),
        (Asked("MATH", SUNDAY, "moved"), "moved_nowhere", "to_day"),
        (Asked("MATH", SUNDAY, "moved", to_starts=TEN), "hours_incomplete", "to_ends"),
        (Asked("MATH", SUNDAY, "moved", to_starts=TEN, to_ends=EIGHT), "end_before_start", "to_ends"),
    ],
)
def test_what_is_refused(taught: Cast, operator: Actor, asked: Asked, code: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        actions.lessons.change_lesson(asked, by=operator, at=NOON)
    assert (refused.value.error_code, refused.value.field) == (code, field)
    assert not LessonChange.objects.exists()


def test_who_may_not(taught: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.lessons.change_lesson(Asked("MATH", SUNDAY, "cancelled"), by=taught.by("qiu"), at=NOON)
    with pytest.raises(NotFound):
        actions.lessons.restore_lesson(1, by=taught.by("su"), at=NOON)


def test_a_table_is_read_row_by_row_and_again_changes_nothing(taught: Cast, operator: Actor, write: Write) -> None:
    path = write("changes.csv", "课程编号,日期,变动,原开始时间,新日期,新教室\n"
                                "MATH,2026-03-01,换教室,08:00,,图书馆\n"
                                "MATH,2026-02-23,停课,,,\nPHYS,2026-03-01,停课,,,\n"
                                "MATH,2026-03-01,？,,,\n")  # fmt: skip
    first = actions.lessons.import_changes(path, by=operator, at=NOON)
    assert (first.read, first.accepted, first.updated, dict(first.refused)) == (
        4, 1, 0, {"lesson_unknown": 1, "course_unknown": 1, "what_invalid": 1})  # fmt: skip
    again = actions.lessons.import_changes(path, by=operator, at=NOON)
    assert (again.accepted, again.updated) == (0, 1)
    row = LessonChange.objects.get()
    assert (row.what, row.to_place, row.starts) == ("room", taught.place["LIB"], EIGHT)


def test_pages(taught: Cast, sign_in: SignIn) -> None:
    su, address = sign_in("su"), "/tracing/presence/lessons/"
    body = {"code": "MATH", "day": "2026-03-01", "what": "cancelled"}
    assert su.post(address, {**body, "code": "PHYS"}).status_code == 422
    assert su.post(address, body).status_code == 302
    assert "MATH" in su.get(address).content.decode()
    file = BytesIO("课程编号,日期,变动,新教室\nMATH,2026-03-01,换教室,图书馆\n".encode())
    file.name = "changes.csv"
    assert su.post(f"{address}import/", {"file": file}).status_code == 302
    row = LessonChange.objects.get()
    assert row.what == "room"
    assert su.post(f"{address}{row.pk}/restore/").status_code == 302
    assert not LessonChange.objects.exists()
    assert sign_in("qiu").get(address).status_code == 403
