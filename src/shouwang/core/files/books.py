"""Workbooks (.xlsx, .xls, .ods) as rows of text. Cells come from calamine, after a look through the container."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

import python_calamine as calamine
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.core.files import kinds, ods, ole, xlsx
from shouwang.core.files.errors import refuse, unknown_kind
from shouwang.core.files.xlsx import SheetScan

MAX_BOOK = 128 << 20  # bytes of the packed file, which is held in memory
DIGITS_LOST = "digits_lost"
Value = int | float | str | bool | time | date | datetime | timedelta
Flaw = tuple[int, str, str]  # column (0-based, -1: the whole row), code, value
RawRow = tuple[int, list[str], list[Flaw]]


@dataclass
class Book:
    """An opened workbook: `scans` by sheet name, where the container could say anything."""

    kind: str
    workbook: calamine.CalamineWorkbook
    visible: list[str]
    scans: dict[str, SheetScan] = field(default_factory=dict)


@dataclass
class SheetRows:
    """One sheet: rows from the first on (blank ones included), how many, and how many merged areas were filled."""

    name: str
    rows: Iterator[RawRow]
    total: int
    merged: int


def open_book(stream: BinaryIO, head: bytes, name: str, sheet: str | None) -> tuple[Book, calamine.CalamineSheet]:
    """Open and choose the sheet: the named one, else the first visible one that holds anything.

    Raises `FileError`: file_kind_unknown, file_encrypted, file_damaged, file_too_large, sheet_missing, file_empty.
    """
    stream.seek(0, 2)
    if stream.tell() > MAX_BOOK:
        raise refuse("file_too_large", name, what=gettext("more than %(size)s MiB") % {"size": MAX_BOOK >> 20})
    stream.seek(0)
    book = _open_zip(stream, name) if kinds.kind_of(head, name) == kinds.ZIP else _open_ole(stream.read(), stream, name)
    names = book.workbook.sheet_names
    if sheet is not None and sheet not in names:
        raise refuse("sheet_missing", name, sheet=sheet, sheets=", ".join(names))
    for candidate in [sheet] if sheet is not None else book.visible or names:
        if candidate is not None:
            _require_small(book, candidate, stream, name)
            found = _load(book.workbook, candidate, name)
            if found.end is not None or (book.scans.get(candidate) or SheetScan()).flaws:
                return book, found
    raise refuse("file_empty", name)


def _open_zip(stream: BinaryIO, name: str) -> Book:
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = xlsx.members(archive, name)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise refuse("file_damaged", name) from error
    unpacker = xlsx.Unpacker(stream, name)
    mimetype, main = parts.get("mimetype"), xlsx.main_part(unpacker, parts)
    if main.endswith(".xml") and not main.startswith(("word/", "ppt/")):
        kind = "xlsx"
        sheets = {info.filename for info in xlsx.sheet_parts(unpacker, parts, main).values()}
        for path, info in parts.items():
            if path.endswith((".xml", ".rels")) and info.filename not in sheets:
                unpacker.measure(info)
    elif mimetype is not None and b"opendocument.spreadsheet" in unpacker.whole(mimetype)[:100]:
        kind = "ods"
        if "meta-inf/manifest.xml" in parts and b"encryption-data" in unpacker.whole(parts["meta-inf/manifest.xml"]):
            raise refuse("file_encrypted", name)
        if "content.xml" not in parts:
            raise refuse("file_damaged", name)
    else:
        raise unknown_kind(name, _zip_words(main))
    scans = ods.scan_content(unpacker, parts["content.xml"]) if kind == "ods" else []
    book = _book(kind, stream, name)
    if kind == "ods":
        book.scans = dict(zip(book.workbook.sheet_names, scans, strict=False))
    return book


def _zip_words(main: str) -> str:
    if main.startswith("word/"):
        return str(_("a Word document"))
    if main.startswith("ppt/"):
        return str(_("a presentation"))
    if main.endswith(".bin"):
        return str(_("a binary workbook (.xlsb)"))
    return str(_("a compressed archive"))


def _open_ole(data: bytes, stream: BinaryIO, name: str) -> Book:
    try:
        workbook = kinds.require_workbook_streams(ole.streams(data), name)
    except ole.BrokenFile as error:
        raise refuse("file_damaged", name) from error
    scan = ole.scan_workbook(workbook)
    if scan.encrypted:
        raise refuse("file_encrypted", name)
    for rows, columns in scan.extents.values():
        if rows * columns > xlsx.MAX_CELLS:
            raise refuse("file_too_large", name, what=f"{rows} × {columns}")
    stream.seek(0)
    book = _book("xls", stream, name)
    for sheet, start in zip(book.workbook.sheet_names, scan.starts, strict=False):
        seen = SheetScan()
        for row, column, value in scan.errors.get(start, []):
            seen.flaws.setdefault(row, []).append((column, xlsx.ERROR, value))
        book.scans[sheet] = seen
    return book


def _book(kind: str, stream: BinaryIO, name: str) -> Book:
    stream.seek(0)
    with _faults(name):
        workbook = calamine.CalamineWorkbook.from_filelike(stream)
        shown = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet
        ]
    return Book(kind, workbook, shown)


class _faults:  # noqa: N801 - reads as a statement
    """Turns whatever calamine raises, a Rust panic included, into a typed refusal."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or kind is None:
            return
        if isinstance(error, calamine.PasswordError):
            raise refuse("file_encrypted", self.name) from error
        # A panic derives from BaseException and its class cannot be imported.
        if isinstance(error, (calamine.CalamineError, OSError, ValueError)) or kind.__name__ == "PanicException":
            raise refuse("file_damaged", self.name) from error


def _require_small(book: Book, sheet: str, stream: BinaryIO, name: str) -> None:
    """Scan an .xlsx sheet before calamine allots its rectangle. Other kinds were scanned when opened."""
    if book.kind != "xlsx" or sheet in book.scans:
        return
    with zipfile.ZipFile(stream) as archive:
        parts = xlsx.members(archive, name)
    unpacker = xlsx.Unpacker(stream, name)
    part = xlsx.sheet_parts(unpacker, parts, xlsx.main_part(unpacker, parts)).get(sheet)
    if part is None:
        raise refuse("file_damaged", name)
    book.scans[sheet] = xlsx.scan_sheet(unpacker, part, xlsx.padded_styles(unpacker, parts))


def _load(workbook: calamine.CalamineWorkbook, sheet: str, name: str) -> calamine.CalamineSheet:
    with _faults(name):
        return workbook.get_sheet_by_name(sheet)
    raise refuse("file_damaged", name)


def sheet_rows(book: Book, sheet: calamine.CalamineSheet, name: str) -> SheetRows:
    """The sheet's rows as text, numbered as Excel numbers them, with the flaws of their cells.

    A value merged over several rows of one column is given to each of those rows, as the eye reads it.
    """
    scan = book.scans.get(sheet.name, SheetScan())
    left = sheet.start[1] if sheet.start else 0
    spans = [] if book.kind == "ods" else sheet.merged_cell_ranges or []
    tops: dict[int, list[tuple[int, int]]] = {}
    for (top, first), (bottom, last) in spans:
        if first == last and bottom > top:
            tops.setdefault(top, []).append((first - left, bottom))
    rows = _rows(sheet, scan, left, tops, name)
    return SheetRows(sheet.name, rows, sheet.end[0] + 1 if sheet.end else 0, sum(map(len, tops.values())))


def _rows(
    sheet: calamine.CalamineSheet, scan: SheetScan, left: int, tops: dict[int, list[tuple[int, int]]], name: str
) -> Iterator[RawRow]:
    merged: dict[int, tuple[int, str]] = {}  # column -> (last row, text)
    with _faults(name):
        source = sheet.iter_rows()
    for number, values in enumerate(source):
        flaws: list[Flaw] = []
        cells = [value if type(value) is str else "" for value in values]
        for column, value in enumerate(values):
            if type(value) is not str:
                text, lost = cell_text(value)
                if lost:
                    flaws.append((column, DIGITS_LOST, text))
                elif scan.padded and (number, column + left) in scan.padded:
                    text = text.zfill(scan.padded[number, column + left])
                cells[column] = text
        flaws += [(column - left, code, value) for column, code, value in scan.flaws.get(number, ())]
        for column, code, _value in flaws:
            if code == xlsx.ERROR and 0 <= column < len(cells):
                cells[column] = ""
        if tops:
            _fill_merged(number, cells, merged, tops)
        yield number + 1, cells, flaws


def _fill_merged(
    number: int, cells: list[str], merged: dict[int, tuple[int, str]], tops: dict[int, list[tuple[int, int]]]
) -> None:
    """Give this row the values of the areas it lies in; `merged` carries column -> (last row, text) from row to row."""
    for column, (last, text) in list(merged.items()):
        if number > last:
            del merged[column]
        elif column < len(cells) and not cells[column]:
            cells[column] = text
    for column, last in tops.get(number, ()):
        if 0 <= column < len(cells):
            merged[column] = (last, cells[column])


def cell_text(value: Value) -> tuple[str, bool]:
    """(text as the person sees it, whether digits were lost).

    Whole numbers have no ".0"; a number of 16 digits or more can only be a damaged identifier, since Excel keeps 15.
    Other numbers show the 15 digits Excel shows; dates and times are ISO text.
    """
    if type(value) is float and -1e15 < value < 1e15:  # false for NaN
        whole = int(value)
        return (str(whole) if whole == value else f"{value:.15g}"), False
    match value:
        case str():
            return value, False
        case bool():
            return ("TRUE" if value else "FALSE"), False
        case int() | float():
            lost = abs(value) >= 1e15
            return (f"{value:.15G}" if lost else "" if value != value else str(value)), lost
        case datetime():
            return _seconds(value).isoformat(sep=" "), False
        case date():
            return value.isoformat(), False
        case time():
            return value.replace(microsecond=0).isoformat(), False
        case timedelta():
            total = round(value.total_seconds())
            return f"{total // 3600}:{total // 60 % 60:02d}:{total % 60:02d}", False


def _seconds(value: datetime) -> datetime:
    """Excel keeps moments as fractions of days; what is within half a millisecond of a whole second is one."""
    off = value.microsecond
    if off <= 500 or (off >= 999_500 and value.year < 9999):
        return value.replace(microsecond=0) + timedelta(seconds=1 if off >= 999_500 else 0)
    return value
