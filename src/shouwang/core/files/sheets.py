"""Sheets out: .xlsx and .csv that open well in Excel and WPS, keep identifiers whole, and never run anything.

Every text is written as text, so an 18-digit identity number stays 18 digits and `=HYPERLINK(…)` typed into a name
stays seven harmless letters and a bracket. Rows are streamed; memory does not grow with their number.
"""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import xlsxwriter
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from shouwang.core.clock import zone
from shouwang.core.files.errors import refuse

CellValue = str | int | float | bool | Decimal | date | datetime | time | timedelta | Promise | None

FOOTER_MARK = "※"
"""First character of a footer row; `read_table` knows it and does not take the row for data."""

EXCEL_ROWS = 1_048_576
EXCEL_TEXT = 32_767  # characters a cell can hold
EXCEL_DIGITS = 10**15  # from here on a numeric cell loses digits
MEASURED_ROWS = 500  # rows that decide the column widths; measuring all would take longer than writing
WIDEST = 60.0  # column width in characters; longer text wraps
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A CSV cell beginning so may be run as a formula by Excel or WPS (OWASP, CSV injection; full-width forms included)."""
_TO_LOOK_AT = ("'", *DANGEROUS)

FORMATS = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss", "time": "hh:mm:ss", "span": "[h]:mm:ss"}


@dataclass(frozen=True)
class SheetSpec:
    """One sheet: `rows` are consumed once, in order, each as long as `header` or shorter.

    `widths` (characters, a CJK one counts two) overrides the measured widths; `notes` are lines under the table.
    """

    name: str
    header: Sequence[str | Promise]
    rows: Iterable[Sequence[CellValue]]
    widths: Sequence[float] | None = None
    notes: Sequence[str] = ()


def column_letter(index: int) -> str:
    """0 -> "A", 26 -> "AA": the name Excel gives a column."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def display_width(text: str) -> int:
    """Columns the text takes: wide and full-width characters count two, combining ones none; longest line."""

    def of(line: str) -> int:
        if line.isascii():
            return len(line)
        return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in line)

    return max((of(line) for line in text.splitlines()), default=0)


def write_xlsx(
    target: BinaryIO | Path, sheets: Sequence[SheetSpec], *, footer: str | None = None, at: datetime | None = None
) -> int:
    """Write a workbook; returns the number of data rows over all sheets.

    Text goes out as text, numbers as numbers (integers of 16 digits and more as text: a numeric cell would lose
    them), dates with a format, aware times in the institution's zone. `footer` is the watermark line (who, when) under
    each table, after its row count, marked with `FOOTER_MARK`. `at` fixes the creation time inside the file, so that
    equal input gives equal bytes. Raises `FileError` `too_many_rows` beyond Excel's 1,048,576 rows.
    """
    options: dict[str, Any] = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "default_date_format": FORMATS["date"],
    }
    destination = str(target) if isinstance(target, Path) else target
    book = xlsxwriter.Workbook(destination, options)
    try:
        if at is not None:
            book.set_properties({"created": at.replace(tzinfo=None)})
        formats = {key: book.add_format({"num_format": code, "align": "left"}) for key, code in FORMATS.items()}
        formats["head"] = book.add_format({"bold": True, "bottom": 1, "valign": "vcenter", "text_wrap": True})
        formats["wrap"] = book.add_format({"text_wrap": True, "valign": "top"})
        formats["foot"] = book.add_format({"font_color": "#667382", "italic": True})
        names = _sheet_names([spec.name for spec in sheets])
        count = sum(_write_sheet(book, name, spec, formats, footer) for name, spec in zip(names, sheets, strict=True))
    except BaseException:
        # Closing is what writes and what removes the temporary files: let it write where nobody looks.
        book.filename = io.BytesIO()
        book.close()
        raise
    book.close()
    return count


def _write_sheet(book: Any, name: str, spec: SheetSpec, formats: dict[str, Any], footer: str | None) -> int:
    sheet = book.add_worksheet(name)
    header = [_plain(str(cell)) for cell in spec.header]
    widths = [float(display_width(cell)) + 3 for cell in header]  # room for the filter button
    for index, cell in enumerate(header):
        sheet.write_string(0, index, cell, formats["head"])
    count = 0
    for row in spec.rows:
        count += 1
        if count >= EXCEL_ROWS - 2 - len(spec.notes):
            raise refuse("too_many_rows", name, limit=EXCEL_ROWS)
        for index, value in enumerate(row):
            width = _write_cell(sheet, count, index, value, formats)
            if index < len(widths) and width > widths[index]:
                widths[index] = width
    for index, width in enumerate(spec.widths or widths):
        sheet.set_column(index, index, min(max(width + 1, 6.0), WIDEST))
    if header:
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(count, 1), len(header) - 1)
        sheet.repeat_rows(0)
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    lines = [f"{FOOTER_MARK} {note}" for note in spec.notes]
    if footer is not None:
        counted = _("%(count)s rows") % {"count": count}
        lines.append(f"{FOOTER_MARK} {counted} · {footer}")
    for offset, line in enumerate(lines):
        sheet.write_string(count + 2 + offset, 0, _plain(line), formats["foot"])
    return count


def _write_cell(sheet: Any, row: int, column: int, value: CellValue, formats: dict[str, Any]) -> float:
    """Write one value by its type; returns the width it needs in characters (a lower bound far down)."""
    if type(value) is str:  # nearly always
        return _write_text(sheet, row, column, _plain(value), formats)
    match value:
        case None:
            return 0
        case bool():
            sheet.write_boolean(row, column, value)
            return 6
        case int() | float() | Decimal():
            if math.isfinite(value) and -EXCEL_DIGITS < value < EXCEL_DIGITS:
                sheet.write_number(row, column, value)
                return len(f"{value}")
            text = csv_cell(value)
        case datetime() if value.year > 1900:
            local = value.astimezone(zone()).replace(tzinfo=None) if value.tzinfo else value
            sheet.write_datetime(row, column, local, formats["datetime"])
            return 19
        case date() if value.year > 1900:  # Excel's calendar begins in 1900 and has a wrong leap day in it
            sheet.write_datetime(row, column, value, formats["date"])
            return 11
        case time():
            sheet.write_datetime(row, column, value.replace(tzinfo=None), formats["time"])
            return 9
        case timedelta() if value.days >= 0:
            sheet.write_datetime(row, column, value, formats["span"])
            return 9
        case date() | timedelta():
            text = csv_cell(value)
        case str() | Promise():
            text = _plain(str(value))
        case _:
            raise TypeError(f"a cell cannot hold {type(value).__name__}")
    return _write_text(sheet, row, column, text, formats)


def _write_text(sheet: Any, row: int, column: int, text: str, formats: dict[str, Any]) -> float:
    if not text:
        return 0
    wide = display_width(text) if row <= MEASURED_ROWS or len(text) > WIDEST / 2 else len(text)
    sheet.write_string(row, column, text, formats["wrap"] if wide > WIDEST or "\n" in text else None)
    return wide


def _plain(text: str) -> str:
    """Text that XML and Excel can hold: no lone surrogates, no more than 32,767 characters (then it ends in …)."""
    if not text.isprintable():  # true of surrogates, and of line ends, which stay
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= EXCEL_TEXT else text[: EXCEL_TEXT - 1] + "…"


def _sheet_names(wanted: Sequence[str]) -> list[str]:
    """Names Excel accepts: 31 characters, none of []:*?/\\, no quote at either end, unique whatever the case."""
    names: list[str] = []
    taken: set[str] = {"history"}  # reserved by Excel
    for index, raw in enumerate(wanted, start=1):
        base = "".join("_" if c in "[]:*?/\\" or ord(c) < 32 else c for c in str(raw)).strip().strip("'")[:31]
        base = base or f"Sheet{index}"
        name, again = base, 2
        while name.casefold() in taken:
            suffix = f" ({again})"
            name, again = base[: 31 - len(suffix)] + suffix, again + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def csv_cell(value: CellValue) -> str:
    """One value as CSV text. Text that a spreadsheet could run gets a leading apostrophe; a lone dash does not.

    `read_table` takes the apostrophe off again, so a file written here reads back as it was.
    """
    # What nearly every cell of a long file is, before the general case.
    if isinstance(value, str) and value.isprintable() and not value.startswith(_TO_LOOK_AT):
        return value
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float() | Decimal():
            return str(value) if math.isfinite(value) else ""
        case datetime():
            return _csv_moment(value, zone())
        case date() | time():
            return value.isoformat()
        case timedelta():
            seconds = round(abs(value).total_seconds())
            sign = "-" if value < timedelta(0) else ""
            return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        case str() | Promise():
            text = str(value).encode("utf-8", "replace").decode("utf-8").replace("\0", "�")
            risky = text.lstrip("'").startswith(DANGEROUS)
            return f"'{text}" if risky and text.strip("-－") else text
        case _:
            raise TypeError(f"a cell cannot hold {type(value).__name__}")


@lru_cache(maxsize=4096)  # the moments of one line, and of lines made together, are often the same
def _csv_moment(value: datetime, here: ZoneInfo) -> str:
    """Local time to the second, without its offset."""
    return (value.astimezone(here) if value.tzinfo else value).isoformat(" ", "seconds")[:19]


def csv_chunks(header: Sequence[str | Promise], rows: Iterable[Sequence[CellValue]]) -> Iterator[bytes]:
    """The CSV as a stream of byte chunks: UTF-8 with a byte-order mark, so that Excel does not show it as garbage."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([csv_cell(cell) for cell in header])
    for count, row in enumerate(rows, start=1):
        writer.writerow([csv_cell(cell) for cell in row])
        if count % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_csv(stream: BinaryIO, header: Sequence[str | Promise], rows: Iterable[Sequence[CellValue]]) -> None:
    """Write `csv_chunks` to a binary stream."""
    for chunk in csv_chunks(header, rows):
        stream.write(chunk)
