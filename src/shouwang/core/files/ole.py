"""Just enough of the OLE compound file to look before an .xls is opened: its streams, and the records of a workbook.

Format: [MS-CFB] (compound file) and [MS-XLS] (BIFF records). It exists because a workbook may be encrypted, may be a
Word document in disguise, may claim cells that would fill the memory, and because formula errors must not vanish.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # sector numbers from here on are markers (FREESECT, ENDOFCHAIN, FATSECT, DIFSECT)
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_CELLS = {0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E}
_BOF, _EOF, _BOUNDSHEET, _FILEPASS, _FORMULA, _BOOLERR = 0x0809, 0x000A, 0x0085, 0x002F, 0x0006, 0x0205
_MULTIPLE = {0x00BD, 0x00BE}  # MULRK, MULBLANK: the last column stands at the end of the record


class BrokenFile(Exception):
    """The container contradicts itself."""


def streams(data: bytes) -> dict[str, bytes]:
    """Name -> content of the file's streams. Raises `BrokenFile`."""
    try:
        return _Container(data).streams()
    except (struct.error, IndexError, ValueError) as error:
        raise BrokenFile(str(error)) from error


class _Container:
    """Sectors chained through tables: FAT for sectors, mini FAT for the 64-byte pieces of short streams."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        shift, mini_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise BrokenFile("sector size")
        self.size = 1 << shift
        (self.directory,) = struct.unpack_from("<I", data, 48)
        self.cutoff, self.mini_start = struct.unpack_from("<II", data, 56)
        self.fat = self._table(self._fat_sectors())

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self.size
        if start >= len(self.data):
            raise BrokenFile("sector outside the file")
        return self.data[start : start + self.size].ljust(self.size, b"\0")

    def _table(self, sectors: list[int]) -> list[int]:
        return [entry for number in sectors for entry in struct.unpack(f"<{self.size // 4}I", self._sector(number))]

    def _fat_sectors(self) -> list[int]:
        numbers = list(struct.unpack_from("<109I", self.data, 76))
        (following,) = struct.unpack_from("<I", self.data, 68)
        for _step in range(len(self.data) // self.size):
            if following >= _END:
                break
            *more, following = struct.unpack(f"<{self.size // 4}I", self._sector(following))
            numbers += more
        return list(dict.fromkeys(number for number in numbers if number < _END))

    def _chain(self, start: int, table: list[int]) -> list[int]:
        numbers: list[int] = []
        while start < _END:
            numbers.append(start)
            if start >= len(table) or len(numbers) > len(table):
                raise BrokenFile("endless chain")
            start = table[start]
        return numbers

    def _join(self, start: int) -> bytes:
        return b"".join(map(self._sector, self._chain(start, self.fat)))

    def streams(self) -> dict[str, bytes]:
        entries = self._join(self.directory)
        found: dict[str, tuple[int, int]] = {}
        root = b""
        for at in range(0, len(entries) - 127, 128):
            length, kind = struct.unpack_from("<HB", entries, at + 64)
            start, total = struct.unpack_from("<II", entries, at + 116)
            if kind == 5:
                root = self._join(start)
            elif kind == 2:
                name = entries[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
                found.setdefault(name, (start, total))
        mini_fat = self._table(self._chain(self.mini_start, self.fat))
        result: dict[str, bytes] = {}
        for name, (start, total) in found.items():
            if total >= self.cutoff:
                result[name] = self._join(start)[:total]
            elif total:
                pieces = [root[number * 64 : number * 64 + 64] for number in self._chain(start, mini_fat)]
                result[name] = b"".join(pieces)[:total]
            else:
                result[name] = b""
        return result


@dataclass
class BookScan:
    """What the records of an .xls workbook say: per sheet its extent and its error cells."""

    encrypted: bool = False
    starts: list[int] = field(default_factory=list)
    extents: dict[int, tuple[int, int]] = field(default_factory=dict)
    errors: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)


def scan_workbook(stream: bytes) -> BookScan:
    """Walk the BIFF records once. Keys of `extents` (rows, columns) and `errors` are positions of the sheet's BOF."""
    scan = BookScan()
    at, sheet, size = 0, -1, len(stream)
    rows = columns = depth = 0  # an embedded chart is a substream within its sheet's
    unpack = struct.unpack_from
    while at + 4 <= size:
        kind, length = unpack("<HH", stream, at)
        body = at + 4
        if kind in _CELLS and length >= 6:
            row, column = unpack("<HH", stream, body)
            if kind in _MULTIPLE and body + length <= size:
                column = max(column, unpack("<H", stream, body + length - 2)[0])
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            scan.extents[sheet] = (rows, columns)
            error = _error_of(kind, stream[body : body + length])
            if error:
                scan.errors.setdefault(sheet, []).append((row, column, error))
        elif kind == _BOF:
            depth += 1
            if depth == 1:
                sheet, rows, columns = at, 0, 0
        elif kind == _EOF:
            depth = max(depth - 1, 0)
        elif kind == _BOUNDSHEET and length >= 4 and body + 4 <= size:
            scan.starts.append(unpack("<I", stream, body)[0])
        elif kind == _FILEPASS:
            scan.encrypted = True
            return scan
        at = body + length
    return scan


def _error_of(kind: int, body: bytes) -> str:
    if kind == _BOOLERR and len(body) >= 8 and body[7] == 1:
        return _ERRORS.get(body[6], "#ERR")
    if kind == _FORMULA and len(body) >= 14 and body[12:14] == b"\xff\xff" and body[6] == 2:
        return _ERRORS.get(body[8], "#ERR")
    return ""
