"""Lessons that are cancelled, moved or held in another room: one by one, or as a file. Built days go stale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

from django.conf import settings
from django.db import transaction

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.files.columns import map_columns
from shouwang.core.files.errors import refuse
from shouwang.core.files.problems import RowProblem
from shouwang.core.files.tables import read_table
from shouwang.core.scope import Actor
from shouwang.tracing.actions import days as day_actions
from shouwang.tracing.actions.presence import ImportOptions, with_owner
from shouwang.tracing.actions.timetable import MOST_ROWS, TimetableResult
from shouwang.tracing.models import Course
from shouwang.tracing.models_lessons import LessonChange
from shouwang.tracing.presence.reading import LISTED_PER_REASON
from shouwang.tracing.presence.resolving import places_by_text
from shouwang.tracing.rules import timetable as sentences
from shouwang.tracing.rules import timetable_changes as rules
from shouwang.tracing.rules.expansion import Lesson, held_on

COLUMNS = ("code", "place_id", "weekday", "starts", "ends", "first_day", "last_day", "weeks")


@transaction.atomic
def change_lesson(asked: rules.Asked, *, by: Actor, at: datetime) -> LessonChange:
    """Enter one change; the same course, day and slot again replaces it. Needs presence.import. BadInput names the
    field: no such lesson on that day, an unknown room, hours that do not fit."""
    by.require(day_actions.IMPORT)
    places = places_by_text([asked.to_place], with_owner(ImportOptions(), by).places) if asked.to_place else {}
    wrong = rules.flaw(asked) or _unknown(asked, _slots({asked.code}), places)
    if wrong is not None:
        raise BadInput(sentences.sentence(wrong[0]), code=wrong[0], field=wrong[1])
    row, _changed = _write(asked, places.get(asked.to_place), by=by, at=at)
    new = {"course": row.course_code, "day": str(row.day), "what": row.what, "to": str(row.to_day or "")}
    audit.record("lesson.changed", "lesson_change", row.pk, by=by, at=at, new=new)
    return row


@transaction.atomic
def restore_lesson(change_id: int, *, by: Actor, at: datetime) -> None:
    """The lesson is held as the timetable says after all. Needs presence.import."""
    by.require(day_actions.IMPORT)
    row = LessonChange.objects.select_for_update().filter(pk=change_id).first()
    if row is None:
        raise NotFound
    day_actions.mark_stale({row.day, row.to_day or row.day}, at=at)
    old = {"course": row.course_code, "day": str(row.day), "what": row.what, "to": str(row.to_day or "")}
    audit.record("lesson.restored", "lesson_change", row.pk, by=by, at=at, old=old)
    row.delete()


def import_changes(path: Path, *, options: ImportOptions | None = None, by: Actor, at: datetime) -> TimetableResult:
    """Read a table of changes, all in one transaction; needs presence.import. Importing again updates; nothing is
    deleted. Raises `FileError`, `ColumnError`."""
    by.require(day_actions.IMPORT)
    options = with_owner(options or ImportOptions(), by)
    name = options.name or path.name
    if path.stat().st_size > settings.IMPORT_MAX_BYTES:
        raise refuse("file_too_large", name, what=f"> {settings.IMPORT_MAX_BYTES >> 20} MiB")
    today = clock.local_day(at)
    with read_table(path, name=name, sheet=options.sheet, max_rows=MOST_ROWS) as table:
        found = map_columns(table.header, rules.COLUMNS, options.columns)
        labels = {key: found.label(key) for key in found.indices}
        read = [(row.number, rules.check_row(row.number, found.values(row), labels, today=today)) for row in table.rows]
        remarks = {remark.code: remark.count for remark in table.remarks}
    asked = [item for _number, item in read if isinstance(item, rules.Asked)]
    places = places_by_text({item.to_place for item in asked if item.to_place}, options.places)
    slots = _slots({item.code for item in asked})
    refused: dict[str, int] = {}
    problems: list[RowProblem] = []
    written = accepted = 0
    with transaction.atomic():
        for number, item in read:
            problem = item if isinstance(item, RowProblem) else _problem(number, item, slots, places, labels)
            if problem is not None:
                refused[problem.code] = refused.get(problem.code, 0) + 1
                if refused[problem.code] <= LISTED_PER_REASON:
                    problems.append(problem)
                continue
            assert isinstance(item, rules.Asked)
            _row, changed = _write(item, places.get(item.to_place), by=by, at=at)
            accepted, written = accepted + 1, written + changed
        if written:
            audit.record("lesson.imported", "lesson_change", name[:40], by=by, at=at, new={"changes": written})
    return TimetableResult(
        read=len(read), accepted=written, updated=accepted - written, refused=refused, remarks=remarks,
        problems=tuple(problems),
    )  # fmt: skip


def _problem(
    number: int,
    asked: rules.Asked,
    slots: Mapping[str, list[Lesson]],
    places: Mapping[str, int],
    labels: Mapping[str, str],
) -> RowProblem | None:
    wrong = _unknown(asked, slots, places)
    if wrong is None:
        return None
    value = asked.to_place if wrong[1] == "to_place" else asked.code
    return sentences.problem_of(number, wrong[0], wrong[1], value, labels)


def _slots(codes: set[str]) -> Mapping[str, list[Lesson]]:
    found: dict[str, list[Lesson]] = {}
    for values in Course.objects.filter(code__in=codes).order_by("pk").values_list(*COLUMNS):
        found.setdefault(values[0], []).append(Lesson(*values))
    return found


def _unknown(
    asked: rules.Asked, slots: Mapping[str, list[Lesson]], places: Mapping[str, int]
) -> tuple[str, str] | None:
    """What nothing answers to: the course, its lesson on that day, its end after new hours, the room."""
    if asked.code not in slots:
        return "course_unknown", "code"
    lessons = [lesson for lesson in slots[asked.code] if held_on(lesson, asked.day)]
    if asked.starts is not None:
        lessons = [lesson for lesson in lessons if lesson.starts == asked.starts]
    if not lessons:
        return "lesson_unknown", "day" if asked.starts is None else "starts"
    if asked.to_place and places.get(asked.to_place, -1) < 0:
        return ("place_unknown" if places.get(asked.to_place, -1) == -1 else "place_ambiguous"), "to_place"
    return None


def _write(asked: rules.Asked, place: int | None, *, by: Actor, at: datetime) -> tuple[LessonChange, bool]:
    """The row, and whether anything changed; then the days it touches, before and after, are stale."""
    asked = replace(asked, to_day=None if asked.to_day == asked.day else asked.to_day)
    values: dict[str, str | date | time | int | None] = {
        "what": asked.what,
        "to_day": asked.to_day,
        "to_starts": asked.to_starts,
        "to_ends": asked.to_ends,
        "to_place_id": place,
    }
    row = LessonChange.objects.filter(course_code=asked.code, day=asked.day, starts=asked.starts).first()
    if row is not None and all(getattr(row, name) == value for name, value in values.items()):
        return row, False
    touched = {asked.day, asked.to_day or asked.day}
    if row is None:
        row = LessonChange(course_code=asked.code, day=asked.day, starts=asked.starts)
    else:
        touched.add(row.to_day or row.day)
    for name, value in values.items():
        setattr(row, name, value)
    row.entered_at, row.entered_by_id = at, by.account_id
    row.save()
    day_actions.mark_stale(touched, at=at)
    return row, True
