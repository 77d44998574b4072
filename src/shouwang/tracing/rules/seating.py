"""What a seat plan says of how near two people sat; and what one row of its sheet says.

A seat that nobody entered is unknown: two people in one room, of whom one has no seat, are in the same room and nothing
more is said of them. Only two known seats can be apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from shouwang.core.files.columns import Column
from shouwang.core.files.problems import RowProblem
from shouwang.tracing.rules.closeness import SeatGroup
from shouwang.tracing.rules.timetable import Refusal, problem_of

COLUMNS = (
    Column("number", ("学号", "工号", "学工号", "人员编号", "考生号", "number", "student number", "student id"), True),
    Column("row", ("排", "行", "排号", "row")),
    Column("seat", ("座位", "座位号", "座", "列", "座号", "seat", "column", "seat number"), True),
)  # fmt: skip
MOST_ROWS = MOST_SEATS = 500
_BOTH = re.compile(r"第?(\d{1,3})\s*[排行\-,，/]\s*第?(\d{1,3})\s*[座号列位]?")

SEAT, ROW, APART = "seat", "row", "apart"
"""Classes of distance that only a plan tells."""


@dataclass(frozen=True, slots=True)
class Sits:
    """A seat, counted from 1."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Hours:
    """When a plan holds: local days, on `weekday` (ISO; None: every day), from `starts` to `ends` (None: all day)."""

    first_day: date
    last_day: date
    weekday: int | None
    starts: time | None
    ends: time | None

    def hold(self, day: date, start: time, end: time | None) -> bool:
        """Whether the plan speaks of the whole of [start, end) of this day; `end` None is midnight."""
        if not self.first_day <= day <= self.last_day or self.weekday not in (None, day.isoweekday()):
            return False
        return (
            self.starts is None or self.ends is None or (self.starts <= start and end is not None and end <= self.ends)
        )


def apart(one: Sits, other: Sits, group: SeatGroup) -> str:
    """The class of two known seats: SEAT within the group of neighbours, ROW in one row, else APART."""
    rows, columns = abs(one.row - other.row), abs(one.column - other.column)
    if rows <= group.rows and columns <= group.columns:
        return SEAT
    return ROW if rows == 0 else APART


@dataclass(frozen=True, slots=True)
class Asked:
    """A row of the sheet."""

    number: str
    sits: Sits


def check_row(number: int, values: Mapping[str, str], labels: Mapping[str, str]) -> Asked | RowProblem:
    """What the row says: row and seat in two cells, or both in one ("3排5座", "3-5")."""
    full = {column.key: values.get(column.key, "").strip() for column in COLUMNS}
    try:
        return _read(full)
    except Refusal as refusal:
        return problem_of(number, refusal.code, refusal.key, full[refusal.key], labels)


def _read(values: Mapping[str, str]) -> Asked:
    if not values["number"]:
        raise Refusal("number_missing", "number")
    row, seat = values["row"], values["seat"]
    both = _BOTH.fullmatch(seat)
    if not row and both is not None:
        row, seat = both[1], both[2]
    return Asked(values["number"], Sits(_count(row, "row", MOST_ROWS), _count(seat, "seat", MOST_SEATS)))


def _count(text: str, key: str, most: int) -> int:
    """A number from 1, or one letter (A is 1)."""
    plain = text.removeprefix("第").rstrip("排行座号列位").strip()
    if len(plain) == 1 and plain.isascii() and plain.isalpha():
        return ord(plain.upper()) - ord("A") + 1
    if plain.isascii() and plain.isdecimal() and 1 <= int(plain) <= most:
        return int(plain)
    raise Refusal("seat_invalid", key)
