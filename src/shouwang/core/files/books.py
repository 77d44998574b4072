"""Workbooks (.xlsx, .xls, .ods) as rows of text: a look through the container here, the cells in a process apart."""

from __future__ import annotations

import contextlib
import marshal
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.core.files import kinds, ods, ole, xlsx
from shouwang.core.files.errors import refuse, unknown_kind
from shouwang.core.files.xlsx import SheetScan

MAX_BOOK = 128 << 20  # bytes of the packed file
DIGITS_LOST = "digits_lost"
APART = Path(__file__).with_name("cells_apart.py")
Flaw = tuple[int, str, str]  # column (0-based, -1: the whole row), code, value
RawRow = tuple[int, list[str], list[Flaw]]
Merged = dict[int, list[tuple[int, int]]]  # top row -> (column, last row)


@dataclass
class SheetRows:
    """One sheet: rows from the first on (blank ones included), how many, and how many merged areas are filled.

    `left` is the 0-based column of the sheet at which the cells of every row begin.
    """

    kind: str
    names: list[str]
    visible: list[str]
    sheet: str
    rows: Iterator[RawRow]
    total: int
    merged: int
    left: int = 0


class _Look:
    """What the container says: its kind, and on demand the scan of a sheet."""

    def __init__(self, stream: BinaryIO, head: bytes, name: str) -> None:
        self.stream, self.name = stream, name
        self.kind = "xls"
        self.scans: dict[str, SheetScan] = {}
        self.in_order: list[SheetScan] = []
        self.parts: dict[str, zipfile.ZipInfo] = {}
        self.sheets: dict[str, zipfile.ZipInfo] = {}
        if kinds.kind_of(head, name) == kinds.ZIP:
            self._zip()
        else:
            self._ole()

    def _zip(self) -> None:
        try:
            with zipfile.ZipFile(self.stream) as archive:
                self.parts = parts = xlsx.members(archive, self.name)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
            raise refuse("file_damaged", self.name) from error
        unpacker = xlsx.Unpacker(self.stream, self.name)
        mimetype, main = parts.get("mimetype"), xlsx.main_part(unpacker, parts)
        if main.endswith(".xml") and not main.startswith(("word/", "ppt/")):
            self.kind = "xlsx"
            self.sheets = xlsx.sheet_parts(unpacker, parts, main)
            known = {info.filename for info in self.sheets.values()}
            for path, info in parts.items():
                if path.endswith((".xml", ".rels")) and info.filename not in known:
                    unpacker.measure(info)
        elif mimetype is not None and b"opendocument.spreadsheet" in unpacker.whole(mimetype)[:100]:
            self.kind = "ods"
            manifest = parts.get("meta-inf/manifest.xml")
            if manifest is not None and b"encryption-data" in unpacker.whole(manifest):
                raise refuse("file_encrypted", self.name)
            if "content.xml" not in parts:
                raise refuse("file_damaged", self.name)
            self.in_order = ods.scan_content(unpacker, parts["content.xml"])
        else:
            raise unknown_kind(self.name, _zip_words(main))

    def _ole(self) -> None:
        self.stream.seek(0)
        try:
            workbook = kinds.require_workbook_streams(ole.streams(self.stream.read()), self.name)
        except ole.BrokenFile as error:
            raise refuse("file_damaged", self.name) from error
        scan = ole.scan_workbook(workbook)
        if scan.encrypted:
            raise refuse("file_encrypted", self.name)
        for rows, columns in scan.extents.values():
            if rows * columns > xlsx.MAX_CELLS:
                raise refuse("file_too_large", self.name, what=f"{rows} × {columns}")
        for start in scan.starts:
            seen = SheetScan()
            for row, column, value in scan.errors.get(start, []):
                seen.flaws.setdefault(row, []).append((column, xlsx.ERROR, value))
            self.in_order.append(seen)

    def scan(self, sheet: str) -> SheetScan:
        """Scan an .xlsx sheet, once. Raises `FileError` file_too_large, file_damaged."""
        if sheet not in self.scans:
            part = self.sheets.get(sheet)
            if part is None:
                raise refuse("file_damaged", self.name)
            unpacker = xlsx.Unpacker(self.stream, self.name)
            self.scans[sheet] = xlsx.scan_sheet(unpacker, part, xlsx.padded_styles(unpacker, self.parts))
        return self.scans[sheet]


def _zip_words(main: str) -> str:
    if main.startswith("word/"):
        return str(_("a Word document"))
    if main.startswith("ppt/"):
        return str(_("a presentation"))
    if main.endswith(".bin"):
        return str(_("a binary workbook (.xlsb)"))
    return str(_("a compressed archive"))


class _Apart:
    """The process that reads the cells, and its frames."""

    def __init__(self, stream: BinaryIO, name: str, sheet: str | None, stack: contextlib.ExitStack) -> None:
        self.name = name
        wanted = "-" if sheet is None else sheet.encode("utf-8", "surrogatepass").hex()
        with tempfile.TemporaryFile() as copy:
            stream.seek(0)
            shutil.copyfileobj(stream, copy, 1 << 20)
            copy.seek(0)
            command = [sys.executable, "-I", str(APART), wanted]
            self.process = subprocess.Popen(command, stdin=copy, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        stack.callback(self.close)

    def _exactly(self, size: int) -> bytes:
        assert self.process.stdout is not None
        data = self.process.stdout.read(size)
        if len(data) != size:  # it ended half-way: out of its memory or time, or the reader gave up
            raise refuse("file_damaged", self.name)
        return data

    def frame(self) -> Any:
        """The next frame; `None` after the last."""
        (size,) = struct.unpack(">I", self._exactly(4))
        return marshal.loads(self._exactly(size)) if size else None  # noqa: S302 - written by our own process

    def close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process.kill()
        self.process.wait()


def open_sheet(stream: BinaryIO, head: bytes, name: str, sheet: str | None, stack: contextlib.ExitStack) -> SheetRows:
    """Open a workbook at the named sheet, else at the first visible one that holds anything.

    The reading process is ended when `stack` is closed. Raises `FileError`: file_kind_unknown, file_encrypted,
    file_damaged, file_too_large, sheet_missing, file_empty.
    """
    stream.seek(0, 2)
    if stream.tell() > MAX_BOOK:
        raise refuse("file_too_large", name, what=gettext("more than %(size)s MiB") % {"size": MAX_BOOK >> 20})
    look = _Look(stream, head, name)
    apart = _Apart(stream, name, sheet, stack)
    likely = sheet if sheet is not None else next(iter(look.sheets), None)
    if likely in look.sheets:  # meanwhile the other process loads it
        look.scan(likely)
    meta = apart.frame()
    if "error" in meta:
        raise _refused(meta, look, name, sheet)
    chosen = meta["sheet"]
    if look.kind == "xlsx":
        scan = look.scan(chosen)
    else:
        scan = dict(zip(meta["names"], look.in_order, strict=False)).get(chosen, SheetScan())
    tops: Merged = {}
    for top, first, last_row, last in meta["merged"]:
        if first == last and last_row > top:
            tops.setdefault(top, []).append((first - meta["left"], last_row))
    rows = _rows(apart, scan, meta["left"], tops)
    return SheetRows(
        look.kind,
        meta["names"],
        meta["visible"],
        chosen,
        rows,
        meta["total"],
        sum(map(len, tops.values())),
        meta["left"],
    )


def _refused(meta: dict[str, Any], look: _Look, name: str, sheet: str | None) -> Exception:
    if meta["error"] == "sheet_missing":
        return refuse("sheet_missing", name, sheet=sheet, sheets=", ".join(meta["names"]))
    return refuse(meta["error"], name)


def _rows(apart: _Apart, scan: SheetScan, left: int, tops: Merged) -> Iterator[RawRow]:
    """Rows as text, numbered as Excel numbers them, with the flaws of their cells.

    A value merged over several rows of one column is given to each of those rows, as the eye reads it.
    """
    merged: dict[int, tuple[int, str]] = {}
    number = 0
    while (frame := apart.frame()) is not None:
        rows, lost = frame
        short: dict[int, list[int]] = {}
        for row, column in lost:
            short.setdefault(row, []).append(column)
        for cells in rows:
            flaws: list[Flaw] = [(column, DIGITS_LOST, cells[column]) for column in short.get(number, ())]
            for column, code, value in scan.flaws.get(number, ()):
                flaws.append((column - left, code, value))
                if code == xlsx.ERROR and 0 <= column - left < len(cells):
                    cells[column - left] = ""
            if scan.padded:
                _pad(number, cells, left, scan.padded)
            if tops:
                _fill_merged(number, cells, merged, tops)
            number += 1
            yield number, cells, flaws


def _pad(number: int, cells: list[str], left: int, padded: dict[tuple[int, int], int]) -> None:
    """Give numbers under a 0000 format the zeros they show."""
    for column, text in enumerate(cells):
        if text.isdecimal() and (number, column + left) in padded:
            cells[column] = text.zfill(padded[number, column + left])


def _fill_merged(number: int, cells: list[str], merged: dict[int, tuple[int, str]], tops: Merged) -> None:
    """Give this row the values of the areas it lies in; `merged` carries column -> (last row, text) along."""
    for column, (last, text) in list(merged.items()):
        if number > last:
            del merged[column]
        elif column < len(cells) and not cells[column]:
            cells[column] = text
    for column, last in tops.get(number, ()):
        if 0 <= column < len(cells):
            merged[column] = (last, cells[column])
