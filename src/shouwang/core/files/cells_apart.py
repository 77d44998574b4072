"""Reads one sheet in a process of its own: `python cells_apart.py SHEET < workbook`, frames of rows on stdout.

The reader of cells (calamine) trusts the counts a workbook states about itself; a damaged or hostile file makes it ask
for hundreds of gigabytes, which ends the process that asked. So that process is this one, with a bound on its memory,
and never the server. It imports nothing of this package and is started by `books.py`.

SHEET is the hexadecimal UTF-8 of the wanted sheet's name, or "-" for the first visible one that holds anything.
Frames: four bytes of length (big-endian), then marshalled data; the first is a dict (`error`, or what `_meta` gives),
the others are pairs (rows of texts, places (row, column) of numbers that lost digits); a length of 0 ends.
"""

from __future__ import annotations

import marshal
import struct
import sys
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import python_calamine as calamine

MEMORY = 4 << 30  # bytes of address space; a full sheet of 20 million cells stays below
SECONDS = 300  # of processor time
FRAME_ROWS = 1000
Value = int | float | str | bool | time | date | datetime | timedelta


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


def _send(data: Any) -> None:
    packed = marshal.dumps(data)
    sys.stdout.buffer.write(struct.pack(">I", len(packed)) + packed)


def _choose(book: calamine.CalamineWorkbook, wanted: str | None) -> tuple[list[str], calamine.CalamineSheet | None]:
    visible = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    for name in [wanted] if wanted is not None else visible or book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        if sheet.end is not None:
            return visible, sheet
    return visible, None


def _meta(book: calamine.CalamineWorkbook, visible: list[str], sheet: calamine.CalamineSheet) -> dict[str, Any]:
    """Names of the sheets, the chosen one, its first column and last row (0-based, 1-based), merged areas."""
    return {
        "names": book.sheet_names,
        "visible": visible,
        "sheet": sheet.name,
        "left": sheet.start[1] if sheet.start else 0,
        "total": sheet.end[0] + 1 if sheet.end else 0,
        "merged": [[*start, *end] for start, end in sheet.merged_cell_ranges or ()],
    }


def _rows(sheet: calamine.CalamineSheet) -> None:
    rows: list[list[str]] = []
    lost: list[tuple[int, int]] = []
    for number, values in enumerate(sheet.iter_rows()):
        cells = [value if type(value) is str else "" for value in values]
        for column, value in enumerate(values):
            if type(value) is not str:
                cells[column], short = cell_text(value)
                if short:
                    lost.append((number, column))
        rows.append(cells)
        if len(rows) == FRAME_ROWS:
            _send((rows, lost))
            rows, lost = [], []
    _send((rows, lost))


def main(wanted: str | None) -> None:
    """Read the workbook on standard input. A refusal goes out as {"error": code}; a crash speaks for itself."""
    try:
        book = calamine.CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
        if wanted is not None and wanted not in book.sheet_names:
            _send({"error": "sheet_missing", "names": book.sheet_names})
            return
        visible, sheet = _choose(book, wanted)
    except calamine.PasswordError:
        _send({"error": "file_encrypted"})
        return
    except (calamine.CalamineError, OSError, ValueError):
        _send({"error": "file_damaged"})
        return
    if sheet is None:
        _send({"error": "file_empty"})
        return
    _send(_meta(book, visible, sheet))
    _rows(sheet)
    sys.stdout.buffer.write(struct.pack(">I", 0))


if __name__ == "__main__":
    try:
        import resource
    except ImportError:  # not on this system; the process stands apart all the same
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(None if sys.argv[1] == "-" else bytes.fromhex(sys.argv[1]).decode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()
