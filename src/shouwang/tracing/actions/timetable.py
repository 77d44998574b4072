"""Importing a timetable: courses with their weekly slots, and who attends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from shouwang.core import audit, clock
from shouwang.core.files.columns import map_columns
from shouwang.core.files.errors import refuse
from shouwang.core.files.problems import RowProblem
from shouwang.core.files.tables import read_table
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation
from shouwang.tracing.actions import days as day_actions
from shouwang.tracing.actions.presence import ImportOptions, with_owner
from shouwang.tracing.actions.strangers import welcome_places
from shouwang.tracing.models import Course, Enrolment, PresenceDay
from shouwang.tracing.presence.reading import LISTED_PER_REASON, no_progress
from shouwang.tracing.presence.resolving import people_by_number, places_by_text, plain
from shouwang.tracing.rules import timetable as rules
from shouwang.tracing.rules.intake import AMBIGUOUS

Progress = Callable[[int, int | None], None]

MOST_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class TimetableResult:
    """read = accepted (rows with anything new or changed) + updated (all there already) + every refusal."""

    read: int
    accepted: int
    updated: int
    refused: Mapping[str, int]
    remarks: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[RowProblem, ...] = ()
    courses: int = 0
    enrolments: int = 0
    places_created: int = 0

    def as_dict(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        found["problems"] = [problem.as_dict() for problem in self.problems]
        return {**found, "refused": dict(self.refused), "remarks": dict(self.remarks)}


Slot = tuple[str, int, Any, int]
"""(code, weekday, start, place id): what makes two rows speak of the same slot."""
Seat = tuple[str, int | None, int | None]
"""(code, organisation id, person id): one audience of a course."""


@dataclass
class _Plan:
    """What the rows ask for; `slot_rows` and `seat_rows` say which rows asked for it."""

    slots: dict[Slot, rules.Slot] = field(default_factory=dict)
    seats: dict[Seat, None] = field(default_factory=dict)
    rows: list[tuple[Slot | None, list[Seat]]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)

    def refuse(self, problem: RowProblem) -> None:
        self.refused[problem.code] = self.refused.get(problem.code, 0) + 1
        if self.refused[problem.code] <= LISTED_PER_REASON:
            self.problems.append(problem)


def import_timetable(
    path: Path,
    *,
    options: ImportOptions | None = None,
    by: Actor,
    at: datetime,
    progress: Progress = no_progress,
) -> TimetableResult:
    """Read a timetable and write courses and enrolments, all in one transaction; needs presence.import.

    A row holds a slot (place, weekday, hours, dates, weeks), an audience (class codes or person numbers), or both.
    Importing again updates titles, ends, dates and weeks and adds what is new; nothing is deleted, for the past of a
    course is evidence too: a slot that moved is ended by its last day. Days already built that the changed slots
    touch become stale. Raises `FileError`, `ColumnError`.
    """
    by.require(day_actions.IMPORT)
    options = with_owner(options or ImportOptions(), by)
    name = options.name or path.name
    if path.stat().st_size > settings.IMPORT_MAX_BYTES:
        raise refuse("file_too_large", name, what=f"> {settings.IMPORT_MAX_BYTES >> 20} MiB")
    rows, table_problems, remarks = _read(path, name, options, progress)
    today = clock.local_day(at)
    checked = [(row, rules.check_row(row.number, row.values, row.labels, today=today)) for row in rows]
    with transaction.atomic():
        places_made = _welcome_places(checked, options, by=by, at=at)
        plan = _plan(checked, table_problems, options.places)
        new_slots = _write_courses(plan)
        new_seats = _write_enrolments(plan)
        if new_slots or new_seats:
            _mark_stale(plan, new_slots, new_seats, at=at)
            counts = {"file": name[:255], "slots": len(new_slots), "enrolments": len(new_seats)}
            audit.record("timetable.imported", "course", name[:40], by=by, at=at, new=counts)
    changed = sum(1 for slot, seats in plan.rows if slot in new_slots or any(seat in new_seats for seat in seats))
    return TimetableResult(
        read=len(rows),
        accepted=changed,
        updated=len(plan.rows) - changed,
        refused=plan.refused,
        remarks=remarks,
        problems=tuple(plan.problems),
        courses=len(new_slots),
        enrolments=len(new_seats),
        places_created=places_made,
    )


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    values: dict[str, str]
    labels: Mapping[str, str]


Checked = tuple[_Row, rules.Slot | rules.Audience | RowProblem]


def _read(
    path: Path, name: str, options: ImportOptions, progress: Progress
) -> tuple[list[_Row], dict[int, RowProblem], dict[str, int]]:
    """(rows, the first problem of every damaged row, remarks)."""
    with read_table(path, name=name, sheet=options.sheet, max_rows=MOST_ROWS) as table:
        found = map_columns(table.header, rules.COLUMNS, options.columns)
        labels = {key: found.label(key) for key in found.indices}
        used = {*labels.values(), ""}
        rows: list[_Row] = []
        damaged: dict[int, RowProblem] = {}
        for row in table.rows:
            rows.append(_Row(row.number, found.values(row), labels))
            felt = [problem for problem in row.problems if problem.column in used]
            if felt:
                damaged[row.number] = felt[0]
            if len(rows) % 5000 == 0:
                progress(len(rows), None)
        return rows, damaged, {remark.code: remark.count for remark in table.remarks}


def _welcome_places(checked: list[Checked], options: ImportOptions, *, by: Actor, at: datetime) -> int:
    if not options.create_places:
        return 0
    wanted = dict.fromkeys(item.place for _row, item in checked if isinstance(item, rules.Slot))
    found = places_by_text(wanted, options.places)
    unknown = [text for text in wanted if found[text] == -1]
    return welcome_places(unknown, owner=options.owner, source_format="timetable", by=by, at=at)


def _plan(checked: list[Checked], damaged: dict[int, RowProblem], scope: Q) -> _Plan:
    """Look up places, classes and people once for all rows, and judge every row."""
    plan = _Plan()
    audiences = [item.audience if isinstance(item, rules.Slot) else item for _row, item in checked
                 if not isinstance(item, RowProblem)]  # fmt: skip
    places = places_by_text({item.place for _row, item in checked if isinstance(item, rules.Slot)}, scope)
    people = people_by_number({number for audience in audiences for number in audience.people})
    units = _units({code for audience in audiences for code in audience.units})
    for row, item in checked:
        if row.number in damaged:
            plan.refuse(damaged[row.number])
        elif isinstance(item, RowProblem):
            plan.refuse(item)
        else:
            _plan_row(plan, row, item, places, people, units)
    return plan


def _plan_row(
    plan: _Plan,
    row: _Row,
    item: rules.Slot | rules.Audience,
    places: Mapping[str, int],
    people: Mapping[str, int],
    units: Mapping[str, int],
) -> None:
    audience = item.audience if isinstance(item, rules.Slot) else item
    problem = rules.unknown(row.number, item, row.labels, places, people, units)
    if problem is not None:
        plan.refuse(problem)
        return
    slot: Slot | None = None
    if isinstance(item, rules.Slot):
        slot = (audience.code, item.weekday, item.starts, places[item.place])
        plan.slots[slot] = item
    seats: list[Seat] = [(audience.code, units[code], None) for code in audience.units]
    seats += [(audience.code, None, people[number]) for number in audience.people]
    plan.seats.update(dict.fromkeys(seats))
    plan.rows.append((slot, seats))


def _units(wanted: set[str]) -> dict[str, int]:
    """Organisation ids by code, else by name; AMBIGUOUS for a name that several have."""
    if not wanted:
        return {}
    by_code: dict[str, int] = {}
    by_name: dict[str, int] = {}
    for pk, code, name, name_en in Organisation.objects.order_by().values_list("pk", "code", "name", "name_en"):
        by_code[plain(code)] = pk
        for title in {plain(name), plain(name_en)} - {""}:
            by_name[title] = AMBIGUOUS if title in by_name else pk
    found = {text: by_code.get(plain(text), by_name.get(plain(text))) for text in wanted}
    return {text: pk for text, pk in found.items() if pk is not None}


def _write_courses(plan: _Plan) -> set[Slot]:
    """Insert or update the slots; the ones that are new or changed."""
    codes = {slot[0] for slot in plan.slots}
    columns = ("title", "ends", "first_day", "last_day", "weeks")
    rows = Course.objects.order_by().values_list("code", "weekday", "starts", "place_id", *columns)
    stored = {row[:4]: row[4:] for row in rows if row[0] in codes}
    changed = {
        slot for slot, item in plan.slots.items() if stored.get(slot) != tuple(getattr(item, name) for name in columns)
    }
    Course.objects.bulk_create(
        [
            Course(
                code=slot[0],
                weekday=slot[1],
                starts=slot[2],
                place_id=slot[3],
                **{name: getattr(plan.slots[slot], name) for name in columns},
            )
            for slot in sorted(changed, key=str)
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["code", "weekday", "starts", "place"],
        update_fields=columns,
    )
    return changed


def _write_enrolments(plan: _Plan) -> set[Seat]:
    """Insert the enrolments that are new."""
    codes = {seat[0] for seat in plan.seats}
    rows = Enrolment.objects.order_by().values_list("course_code", "organisation_id", "person_id")
    new = set(plan.seats) - {row for row in rows if row[0] in codes}
    Enrolment.objects.bulk_create(
        [Enrolment(course_code=code, organisation_id=unit, person_id=person)
         for code, unit, person in sorted(new, key=lambda seat: (seat[0], seat[1] or 0, seat[2] or 0))],
        batch_size=1000,
    )  # fmt: skip
    return new


def _mark_stale(plan: _Plan, slots: set[Slot], seats: set[Seat], *, at: datetime) -> None:
    """Built days in the span of any course that changed."""
    codes = {slot[0] for slot in slots} | {seat[0] for seat in seats}
    rows = Course.objects.order_by().values_list("code", "first_day", "last_day")
    spans = [(first, last) for code, first, last in rows if code in codes]
    if not spans:
        return
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    days = PresenceDay.objects.filter(day__gte=first, day__lte=last).values_list("day", flat=True)
    day_actions.mark_stale(list(days), at=at)
