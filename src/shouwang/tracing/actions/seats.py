"""Seat plans from sheets: the same room, title and first day again replaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.files.columns import map_columns
from shouwang.core.files.errors import refuse
from shouwang.core.files.problems import RowProblem
from shouwang.core.files.tables import read_table
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.tracing.actions import days as day_actions
from shouwang.tracing.actions.presence import ImportOptions, with_owner
from shouwang.tracing.actions.timetable import MOST_ROWS, TimetableResult
from shouwang.tracing.models_seats import Seat, SeatPlan
from shouwang.tracing.presence.reading import LISTED_PER_REASON
from shouwang.tracing.presence.resolving import people_by_number, places_by_text
from shouwang.tracing.queries import seating as queries
from shouwang.tracing.rules import seating as rules
from shouwang.tracing.rules.intake import AMBIGUOUS
from shouwang.tracing.rules.timetable import problem_of

LONGEST_TITLE = 120
LONGEST = timedelta(days=370)
"""A plan holds for a school year at most. Assumption of this room."""


@dataclass(frozen=True, slots=True)
class PlanOf:
    """What a sheet is the plan of; see `SeatPlan`."""

    title: str
    where: str
    first_day: date
    last_day: date
    weekday: int | None = None
    starts: time | None = None
    ends: time | None = None


def import_plan(
    path: Path, plan: PlanOf, *, options: ImportOptions | None = None, by: Actor, at: datetime
) -> TimetableResult:
    """Read who sits where; needs presence.import. All in one transaction: the seats of a plan that stands already are
    replaced. Refused rows are listed; whoever they name has no known seat. Raises BadInput, `FileError`, `ColumnError`.
    """
    by.require(day_actions.IMPORT)
    options = with_owner(options or ImportOptions(), by)
    place = _check(plan, options)
    name = options.name or path.name
    if path.stat().st_size > settings.IMPORT_MAX_BYTES:
        raise refuse("file_too_large", name, what=f"> {settings.IMPORT_MAX_BYTES >> 20} MiB")
    with read_table(path, name=name, sheet=options.sheet, max_rows=MOST_ROWS) as table:
        found = map_columns(table.header, rules.COLUMNS, options.columns)
        labels = {key: found.label(key) for key in found.indices}
        read = [(row.number, rules.check_row(row.number, found.values(row), labels)) for row in table.rows]
        remarks = {remark.code: remark.count for remark in table.remarks}
    seats, problems = _seats(read, labels)
    if not seats:
        raise BadInput(
            _("No row of the sheet gives anybody a seat. %(first)s"),
            field="file", first=f"{problems[0].message} {problems[0].remedy}" if problems else "",
        )  # fmt: skip
    new, same = _write(plan, place, seats, options, by=by, at=at)
    refused: dict[str, int] = {}
    for problem in problems:
        refused[problem.code] = refused.get(problem.code, 0) + 1
    listed = [p for n, p in enumerate(problems) if sum(q.code == p.code for q in problems[:n]) < LISTED_PER_REASON]
    return TimetableResult(
        read=len(read), accepted=new, updated=same, refused=refused, remarks=remarks, problems=tuple(listed)
    )


def remove(plan_id: int, *, by: Actor, at: datetime) -> None:
    """The plan was wrong: nobody's seat is known by it any more. Needs presence.import."""
    plan = queries.plan_for(by, plan_id)
    with transaction.atomic():
        old = {"place": plan.place.code, "title": plan.title, "first": str(plan.first_day)}
        audit.record("seats.removed", "seat_plan", plan.pk, by=by, at=at, old=old)
        SeatPlan.objects.filter(pk=plan.pk).delete()


def _check(plan: PlanOf, options: ImportOptions) -> int:
    """The place's id. BadInput names the field."""
    if not plan.title.strip() or len(plan.title.strip()) > LONGEST_TITLE:
        raise BadInput(_("Name the plan, in at most %(limit)s characters."), field="title", limit=LONGEST_TITLE)
    place = places_by_text([plan.where], options.places)[plan.where] if plan.where.strip() else -1
    if place < 0:
        says = (
            _("Several places have this name. Use the code of the place instead of its name.")
            if place == AMBIGUOUS
            else _("No place has this code or name.")
        )
        raise BadInput(says, field="where")
    if plan.last_day < plan.first_day:
        raise BadInput(_("The last day lies before the first."), field="last_day")
    if plan.last_day - plan.first_day > LONGEST:
        raise BadInput(_("A plan holds for %(days)s days at most."), field="last_day", days=LONGEST.days)
    if plan.weekday is not None and not 1 <= plan.weekday <= 7:
        raise BadInput(_("Write 1 to 7."), field="weekday")
    if (plan.starts is None) != (plan.ends is None):
        raise BadInput(_("Enter both hours, or neither."), field="ends")
    if plan.starts is not None and plan.ends is not None and plan.ends <= plan.starts:
        raise BadInput(_("The end must lie after the beginning."), field="ends")
    return place


def _seats(
    read: list[tuple[int, rules.Asked | RowProblem]], labels: Mapping[str, str]
) -> tuple[dict[int, rules.Sits], list[RowProblem]]:
    """Person id -> seat, the first row that names either; and what is wrong with the others."""
    people = people_by_number({item.number for _row, item in read if isinstance(item, rules.Asked)})
    seats: dict[int, rules.Sits] = {}
    taken: set[rules.Sits] = set()
    problems: list[RowProblem] = []
    for number, item in read:
        if isinstance(item, RowProblem):
            problems.append(item)
            continue
        person = people.get(item.number)
        seat = f"{item.sits.row}-{item.sits.column}"
        if person is None:
            problems.append(problem_of(number, "person_unknown", "number", item.number, labels))
        elif person in seats:
            problems.append(problem_of(number, "person_twice", "number", item.number, labels))
        elif item.sits in taken:
            problems.append(problem_of(number, "seat_taken", "seat", seat, labels))
        else:
            seats[person] = item.sits
            taken.add(item.sits)
    return seats, problems


def _write(
    plan: PlanOf, place: int, seats: dict[int, rules.Sits], options: ImportOptions, *, by: Actor, at: datetime
) -> tuple[int, int]:
    """(seats that are new or changed, seats there already)."""
    title = plan.title.strip()
    with transaction.atomic():
        row = SeatPlan.objects.select_for_update().filter(place=place, title=title, first_day=plan.first_day).first()
        if row is not None and row.owner_id != (options.owner.pk if options.owner else None):
            raise Forbidden(_("Another institution has a plan of this name for this room."))
        row = row or SeatPlan(place_id=place, title=title, first_day=plan.first_day, owner=options.owner)
        row.starts, row.ends, row.entered_at, row.entered_by_id = plan.starts, plan.ends, at, by.account_id
        row.last_day, row.weekday = plan.last_day, plan.weekday
        row.purge_on = plan.last_day + timedelta(days=keep_days("presence"))
        row.save()
        before = {who: rules.Sits(r, c) for who, r, c in row.seats.values_list("person", "row", "column")}
        same = sum(before.get(who) == sits for who, sits in seats.items())
        row.seats.all().delete()
        Seat.objects.bulk_create(
            [Seat(plan=row, person_id=who, row=sits.row, column=sits.column) for who, sits in seats.items()],
            batch_size=1000,
        )
        new = {"title": title, "first": str(plan.first_day), "seats": len(seats)}
        audit.record("seats.imported", "seat_plan", row.pk, by=by, at=at, new=new)
    return len(seats) - same, same
