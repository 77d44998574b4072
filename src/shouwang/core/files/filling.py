"""A superior's own table, filled in: an .xlsx keeps its formats, merged cells, widths and formulas.

Marks stand in cells between double braces. What a mark means is said by the room that fills the table (`Marks`); a row
with a mark that begins with ``row`` is written once for each of its rows. A mark that is not understood is named with
its cell.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any, Generic, Protocol, TypeVar

import openpyxl
from django.utils.translation import gettext_lazy as _
from openpyxl.cell import Cell
from openpyxl.formula.translate import Translator
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from shouwang.core.errors import BadInput, Message

MAX_BYTES = 5 << 20
MAX_UNPACKED = 20 << 20
MAX_CELLS = 200_000
MARK = re.compile(r"\{\{\s*([^{}]{1,200}?)\s*\}\}")
Value = str | int | float | date | None
T = TypeVar("T")


class BadTemplate(BadInput):
    """The table cannot be filled in; `data.problems` names sheet and cell."""

    code = "template_broken"


class Marks(Protocol[T]):
    """What the marks of one table mean. `rows` None: the asker may not have rows, and `no_rows` says why."""

    rows: Sequence[T] | None
    no_rows: Message

    def value(self, mark: str, row: T | None, number: int) -> Value:
        """What stands instead of `mark`; in a repeated line `row` (None when there is none) is its `number`-th row,
        counted from 1. BadInput (`unknown_mark`) for what is no mark."""
        ...


@dataclass(frozen=True, slots=True)
class Filled:
    content: bytes
    rows: int  # rows written, over all repeated lines
    marks: int


def fill_table(content: bytes, marks: Marks[T], *, name: str = "") -> Filled:
    """The same workbook with its marks replaced. BadTemplate for what is no .xlsx, too large, or has unknown marks."""
    book = _open(content, name)
    filling = _Filling(marks)
    for page in book.worksheets:
        filling.sheet(page)
    if filling.problems:
        raise BadTemplate(
            _("%(count)s marks are not understood. The first: %(first)s"),
            field="file",
            count=len(filling.problems),
            first=filling.problems[0],
            problems=filling.problems[:100],
        )
    out = BytesIO()
    book.save(out)
    return Filled(out.getvalue(), filling.rows, filling.marks)


def unknown_mark(mark: str) -> BadInput:
    sentence: Message = _("“%(mark)s” is no mark that is known")
    return BadInput(sentence, mark=mark[:60])


def _open(content: bytes, name: str) -> openpyxl.Workbook:
    sentence = _("This is no .xlsx file that can be filled in.")
    if len(content) > MAX_BYTES:
        raise BadTemplate(_("This file is larger than %(size)s MB."), field="file", size=MAX_BYTES >> 20)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED:
                raise BadTemplate(_("This file is larger than %(size)s MB."), field="file", size=MAX_UNPACKED >> 20)
        # openpyxl reads XML through defusedxml where that is installed, and it is a part of this house.
        book = openpyxl.load_workbook(BytesIO(content))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, OSError, EOFError) as error:
        raise BadTemplate(sentence, field="file", name=name) from error
    except Exception as error:  # a damaged workbook makes openpyxl raise anything: the file's fault, not ours
        raise BadTemplate(sentence, field="file", name=name) from error
    if sum(page.max_row * page.max_column for page in book.worksheets) > MAX_CELLS:
        raise BadTemplate(_("This table has more than %(limit)s cells."), field="file", limit=MAX_CELLS)
    return book


@dataclass
class _Filling(Generic[T]):
    source: Marks[T]
    problems: list[str] = field(default_factory=list)
    rows: int = 0
    marks: int = 0

    def sheet(self, page: Worksheet) -> None:
        repeated = [
            row for row in range(1, page.max_row + 1)
            if any(_is_row_mark(page.cell(row, column).value) for column in range(1, page.max_column + 1))
        ]  # fmt: skip
        # Single marks first: what is written for a mark is never read for marks again, whatever an answer says.
        apart = set(repeated)
        for line in page.iter_rows():
            for spot in line:
                single = spot.row not in apart and isinstance(spot, Cell)
                if single and isinstance(spot.value, str) and "{{" in spot.value:
                    self._put(page, spot, spot.value, None, 0)
        for row in reversed(repeated):
            self._repeat(page, row)

    def _repeat(self, page: Worksheet, row: int) -> None:
        """Write the row once for each of the rows; what stands below moves down with its formats and merged cells."""
        rows = self.source.rows
        if rows is None:
            self.problems.append(f"{page.title}!{row}: {self.source.no_rows}")
            return
        pattern = [(copy_of(page.cell(row, column)), column) for column in range(1, page.max_column + 1)]
        extra = max(len(rows), 1) - 1
        if extra:
            _move_down(page, row + 1, extra)
        for k in range(max(len(rows), 1)):
            for model, column in pattern:
                spot = page.cell(row + k, column)
                model.onto(spot)
                if isinstance(model.value, str) and "{{" in model.value:
                    self._put(page, spot, model.value, rows[k] if k < len(rows) else None, k + 1)
                elif isinstance(model.value, str) and model.value.startswith("=") and k:
                    spot.value = Translator(model.value, origin=model.at).translate_formula(spot.coordinate)
            if k:
                page.row_dimensions[row + k].height = page.row_dimensions[row].height
        self.rows += len(rows)

    def _put(self, page: Worksheet, spot: Cell, text: str, source: T | None, number: int) -> None:
        """Replace the marks of one cell. A cell that is one mark keeps the kind of its value; text never runs."""

        def value(inner: str) -> Value:
            self.marks += 1
            try:
                return self.source.value(inner, source, number)
            except BadInput as error:
                self.problems.append(f"{page.title}!{spot.coordinate}: {error.sentence}")
                return None

        whole = MARK.fullmatch(text.strip())
        found: Value = value(whole[1]) if whole else MARK.sub(lambda hit: _text(value(hit[1])), text)
        spot.value = found
        if isinstance(found, str):
            spot.data_type = "s"  # also when it begins with "=": an answer is never a formula
            spot.quotePrefix = found[:1] in "=+-@"


def _is_row_mark(value: object) -> bool:
    return isinstance(value, str) and any(mark[1].startswith("row ") for mark in MARK.finditer(value))


def _text(value: Value) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)


@dataclass(frozen=True, slots=True)
class _Model:
    """A cell's value and looks, to be laid onto others."""

    value: Any
    at: str
    style: Any

    def onto(self, spot: Any) -> None:
        if isinstance(spot, Cell):
            spot._style = copy(self.style)
            spot.value = self.value


def copy_of(spot: Any) -> _Model:
    return _Model(spot.value, spot.coordinate, copy(spot._style))


def _move_down(page: Worksheet, first: int, by: int) -> None:
    """Rows from `first` on move down: values, looks, heights, merged cells, and formulas that look at moved rows."""
    merged = [area for area in list(page.merged_cells.ranges) if area.min_row >= first]
    for area in merged:
        page.unmerge_cells(area.coord)
    last = max(page.max_row, first)
    for row in range(last, first - 1, -1):
        for column in range(1, page.max_column + 1):
            old, new = page.cell(row, column), page.cell(row + by, column)
            new._style = copy(old._style)
            if old.data_type == "f":
                new.value = _shifted(old.value, first, by)
            else:
                new.value = old.value
                if old.data_type == "s":  # assigning "=…" would make a formula of a text
                    new.data_type = "s"
            old.value = None
        page.row_dimensions[row + by].height = page.row_dimensions[row].height
    for area in merged:
        page.merge_cells(None, area.min_row + by, area.min_col, area.max_row + by, area.max_col)


REFERENCE = re.compile(r"(\$?[A-Z]{1,3}\$?)(\d+)(?![\d(])")


def _shifted(value: Any, first: int, by: int) -> Any:
    """A moved formula: what it says of rows that moved moves with them; a range that ends at the written row grows."""
    if not isinstance(value, str) or not value.startswith("="):
        return value

    def shift(hit: re.Match[str]) -> str:
        row = int(hit[2])
        return f"{hit[1]}{row + by if row >= first else row}"

    def grow(hit: re.Match[str]) -> str:
        top, bottom = int(hit[2]), int(hit[4])
        low = top + by if top >= first else top
        high = bottom + by if bottom >= first - 1 else bottom
        return f"{hit[1]}{low}:{hit[3]}{high}"

    spans = re.compile(r"(\$?[A-Z]{1,3}\$?)(\d+):(\$?[A-Z]{1,3}\$?)(\d+)")
    parts, at = [], 0
    for hit in spans.finditer(value):
        parts += [REFERENCE.sub(shift, value[at : hit.start()]), grow(hit)]
        at = hit.end()
    return "".join([*parts, REFERENCE.sub(shift, value[at:])])
