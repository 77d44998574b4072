"""Any file a school calls "the table" as rows of text, with whatever is wrong attached to the row it is wrong in.

`read_table` is the only way in. See `docs/files.md` for each trap and its treatment.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import Message
from shouwang.core.files import books, kinds, records, text
from shouwang.core.files.books import Flaw, RawRow
from shouwang.core.files.errors import refuse
from shouwang.core.files.notes import Notes, Remark
from shouwang.core.files.problems import RowProblem
from shouwang.core.files.sheets import DANGEROUS, FOOTER_MARK, column_letter

_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff\x1a"
"""Marks that come with copying; stripped from both ends of a cell together with spaces of every width."""

TITLE_ROWS = 10  # filled rows among which the header is looked for
WIDEST = 16_384  # columns; Excel's own limit
SHOWN = 80  # characters of a value quoted in a problem

_FLAWS: dict[str, tuple[Message, Message]] = {
    "digits_lost": (
        _("The number was shortened by the spreadsheet, so its last digits are lost."),
        _("Format the column as text, type or paste the number again, and save."),
    ),
    "cell_error": (
        _("The cell shows a formula error."),
        _("Correct the formula, or replace it by its value."),
    ),
    "formula_uncalculated": (
        _("The cell holds a formula that was never calculated."),
        _("Open the file in Excel or WPS, let it calculate, save it, and choose it again."),
    ),
    "too_many_cells": (
        _("The row has more cells than the header has columns."),
        _("Delete the extra cells; put a text that contains the separator in quotation marks."),
    ),
    "undecodable": (
        _("Some characters of this row cannot be read in any known encoding (shown as �)."),
        _("Type the affected text again, and save the file as .xlsx or as UTF-8."),
    ),
}
_ERROR_TEXTS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})
_CUT_SHORT = re.compile(r"[+-]?\d(\.\d+)?[Ee]\+?(1[1-9]|[2-9]\d)")
"""What a spreadsheet leaves of a long number saved as text: 4.4E+17. Its General format does so from 12 digits on."""


class Row(NamedTuple):
    """One data row. `number` is the row as Excel counts it (1-based); `values` are as many as the header has names."""

    number: int
    values: tuple[str, ...]
    problems: tuple[RowProblem, ...] = ()


class Table:
    """A table being read. `rows` may be iterated once; reading may still raise `FileError` on the way.

    Use it as a context manager, or read it to the end: either closes the file that was opened for it.
    """

    def __init__(self, name: str, stack: contextlib.ExitStack) -> None:
        self.name = name
        self.kind = "csv"  # or "xlsx", "xls", "ods"
        self.header: tuple[str, ...] = ()
        self.header_row = 0
        self.sheet = ""
        self.sheets: tuple[str, ...] = ()
        self.delimiter = ""
        self.total_rows: int | None = None  # rows of the sheet, header included; unknown for text
        self.rows: Iterator[Row] = iter(())
        self.notes = Notes()
        self.text: records.TextTable | None = None
        self._stack = stack

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was noticed so far; complete once `rows` is exhausted."""
        return self.notes.remarks()

    def fraction(self, at_row: int) -> float | None:
        """How far reading has come (0..1), for a progress bar; `None` when nobody can know (a gzip stream)."""
        if self.total_rows:
            return min(at_row / self.total_rows, 1.0)
        if self.text is not None and self.text.size:
            return min(self.text.state.consumed / self.text.size, 1.0)
        return None

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_table(
    source: Path | BinaryIO,
    *,
    name: str,
    sheet: str | None = None,
    max_rows: int = 1_100_000,
    header: tuple[str, ...] | None = None,
    delimiters: tuple[str, ...] = text.DELIMITERS,
) -> Table:
    """Read the table in `source`, whatever its name says it is.

    Kind is decided by content: .xlsx, .xls, .ods, gzip of text, or text (UTF-8, UTF-16 with mark, GB18030/GBK, mixed).
    `name` is the file's name, for messages only; `sheet` picks a sheet. Text is streamed; workbooks are held in memory,
    within bounds. The header is the first row with two or more filled cells (titles above it are skipped), or the
    first filled row of a one-column table; `header` names the columns of a file that has none, all of whose rows are
    then data. Blank rows are left out; numbers of rows stay those of the file.

    Raises `FileError` (codes in `docs/files.md`), also while `rows` is iterated: too_many_rows, quote_unclosed,
    file_too_large, file_damaged and NUL bytes may only appear far down.
    """
    with contextlib.ExitStack() as opened:
        stream = opened.enter_context(source.open("rb")) if isinstance(source, Path) else _seekable(source)
        head = stream.read(text.SAMPLE)
        kind = kinds.kind_of(head, name)
        own = contextlib.ExitStack()
        table = Table(name, own)
        if kind in (kinds.ZIP, kinds.OLE):
            raw = _open_workbook(table, stream, head, sheet, opened)
        else:
            table.text = records.open_text(stream, kind, name, delimiters, table.notes)
            table.delimiter, raw = table.text.delimiter, table.text.rows
        table.header = header or ()
        waiting = _take_header(table, raw) if header is None else []
        table.rows = _data_rows(table, itertools.chain(waiting, raw), max_rows)
        own.push(opened.pop_all())
        return table


def _seekable(source: BinaryIO) -> BinaryIO:
    if source.seekable():
        source.seek(0)
        return source
    return io.BytesIO(source.read())


def _open_workbook(
    table: Table, stream: BinaryIO, head: bytes, sheet: str | None, stack: contextlib.ExitStack
) -> Iterator[RawRow]:
    found = books.open_sheet(stream, head, table.name, sheet, stack)
    table.kind, table.sheet, table.total_rows = found.kind, found.sheet, found.total
    table.sheets = tuple(found.names)
    if found.merged:
        table.notes.add("merged_filled", found.merged)
    if sheet is None and len(found.visible) > 1:
        table.notes.add("other_sheets", len(found.visible) - 1, found.sheet)
    return found.rows


def _take_header(table: Table, raw: Iterator[RawRow]) -> list[RawRow]:
    """Set `table.header`; returns rows already taken that turned out to be data.

    Raises `FileError` file_empty, header_missing, header_duplicate, file_too_large.
    """
    seen: list[tuple[RawRow, list[str]]] = []
    at = 0
    for row in raw:
        cells = [" ".join(_bare(cell).split()) for cell in row[1]]
        filled = [cell for cell in cells if cell]
        if filled:
            seen.append((row, cells))
            if len(filled) > 1 and any(map(_has_letter, filled)):
                at = len(seen) - 1
                break
        if len(seen) >= TITLE_ROWS:
            break
    if not seen:
        raise refuse("file_empty", table.name)
    (table.header_row, _cells, _flaws), header = seen[at]
    while header and not header[-1]:
        header.pop()
    if not any(map(_has_letter, header)):
        raise refuse("header_missing", table.name, row=table.header_row)
    if len(header) > WIDEST:
        raise refuse("file_too_large", table.name, what=gettext("more than %(count)s columns") % {"count": WIDEST})
    met: set[str] = set()
    for cell in filter(None, header):
        if cell in met:
            raise refuse("header_duplicate", table.name, column=cell[:SHOWN])
        met.add(cell)
    if at:
        table.notes.add("titles_skipped", at)
    table.header = tuple(header)
    return [row for row, _cells in seen[at + 1 :]]


def _suspect(line: str) -> bool:
    """Whether a row needs a look at each cell; most do not. Invisible marks and control characters do not print."""
    return not line.isprintable() or "=" in line or "#" in line or "'" in line or "+" in line


def _bare(cell: str) -> str:
    """The cell without spaces and invisible marks at its ends, in whatever order they stand."""
    while (stripped := cell.strip().strip(_INVISIBLE)) != cell:
        cell = stripped
    return cell


def _has_letter(cell: str) -> bool:
    return any(character.isalpha() for character in cell)


def _data_rows(table: Table, raw: Iterator[RawRow], max_rows: int) -> Iterator[Row]:
    width, count, written = len(table.header), 0, table.kind == "csv"
    try:
        for number, cells, flaws in raw:
            values = [cell.strip() for cell in cells]
            if _suspect("".join(values)):
                values = [_bare(cell) for cell in values]
                _judge(values, flaws, written)
            if not flaws and not any(values):
                continue
            if values and values[0][:1] == FOOTER_MARK and not any(values[1:]):
                table.notes.add("footer_skipped")
                continue
            if len(values) > width:
                extra = [value for value in values[width:] if value]
                if extra:
                    flaws.append((-1, "too_many_cells", " ".join(extra)))
                del values[width:]
            elif len(values) < width:
                values += [""] * (width - len(values))
            count += 1
            if count > max_rows:
                raise refuse("too_many_rows", table.name, limit=max_rows)
            problems = tuple(_problem(table, number, flaw) for flaw in flaws) if flaws else ()
            yield Row(number, tuple(values), problems)
    finally:
        table.close()


def _judge(values: list[str], flaws: list[Flaw], written: bool) -> None:
    """Find what the text of a cell betrays, and undo what spreadsheets write around text (`written`: a text table).

    ="007" is how some systems keep zeros in CSV; an apostrophe before = + - @ is how others, and we, disarm formulas.
    """
    known = {column for column, _code, _value in flaws}
    for index, value in enumerate(values):
        if not value or index in known:
            continue
        first = value[0]
        if first == "#":
            if value in _ERROR_TEXTS or (len(value) > 2 and not value.strip("#")):
                flaws.append((index, "cell_error", value))
                values[index] = ""
        elif written and first == "=":
            if value.startswith('="') and value.endswith('"') and len(value) > 2:
                values[index] = value[2:-1].strip()
        elif written and first == "'":
            if value.lstrip("'").startswith(DANGEROUS):
                values[index] = value[1:].strip()
        elif ("E+" in value or "e+" in value) and _CUT_SHORT.fullmatch(value):
            flaws.append((index, "digits_lost", value))


def _problem(table: Table, number: int, flaw: Flaw) -> RowProblem:
    column, code, value = flaw
    label = ""
    if column >= 0:
        label = table.header[column] if column < len(table.header) else ""
        label = label or column_letter(column)
    message, remedy = _FLAWS[code]
    return RowProblem(number, label, code, str(message), value[:SHOWN], str(remedy))
