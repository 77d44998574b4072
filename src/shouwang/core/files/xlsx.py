"""A look through an .xlsx before it is opened: what it would unpack to, how far it reaches, what it hides.

The reader of cells (calamine) is fast but turns error cells and never-calculated formulas into nothing, and allots
memory for the whole rectangle a sheet claims. Both are found here, in one pass over the unpacked bytes.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from django.utils.translation import gettext as _

from shouwang.core.files.errors import refuse

MAX_MEMBERS = 20_000
MAX_UNPACKED = 1 << 30  # bytes, all members together
MAX_RATIO = 250  # unpacked : packed, beyond which a large file is a bomb; real sheets stay under 60
RATIO_FREE = 64 << 20  # unpacked bytes below which the ratio does not matter
MAX_CELLS = 20_000_000  # of the rectangle that would be allotted
MAX_CARRY = 16 << 20  # bytes of one row
CHUNK = 4 << 20
ERROR, UNCALCULATED = "cell_error", "formula_uncalculated"


@dataclass
class SheetScan:
    """Bounds of the extent, and the cells, 0-based (row, column), that need a word or a format."""

    rows: int = 0
    columns: int = 0
    flaws: dict[int, list[tuple[int, str, str]]] = field(default_factory=dict)  # row -> (column, code, value)
    padded: dict[tuple[int, int], int] = field(default_factory=dict)  # cell -> digits of its 0000 format
    at_row: int = -1
    at_column: int = -1


def members(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """Lower-case path -> entry. Raises `FileError` for encrypted, doubled, oddly compressed or far too many members."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        path = info.filename.replace("\\", "/").lower()
        if info.flag_bits & 1:
            raise refuse("file_encrypted", name)
        if path in found or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refuse("file_damaged", name)
        found[path] = info
    if len(found) > MAX_MEMBERS:
        raise refuse("file_too_large", name, what=_("more than %(count)s parts") % {"count": MAX_MEMBERS})
    return found


class Unpacker:
    """Unpacks members chunk by chunk and counts what really comes out: the sizes a zip declares may be lies."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.stream, self.name, self.total = stream, name, 0

    def chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        if info.header_offset < 0:
            raise refuse("file_damaged", self.name)
        self.stream.seek(info.header_offset)
        header = self.stream.read(30)
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise refuse("file_damaged", self.name)
        path_length, extra_length = struct.unpack("<HH", header[26:30])
        self.stream.seek(path_length + extra_length, 1)
        left, member_total = info.compress_size, 0
        inflate = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
        pending = b""
        while left or pending:
            if not pending:
                pending = self.stream.read(min(left, CHUNK))
                if not pending:
                    raise refuse("file_damaged", self.name)
                left -= len(pending)
            if inflate is None:
                chunk, pending = pending, b""
            else:
                try:
                    chunk = inflate.decompress(pending, CHUNK)
                except zlib.error as error:
                    raise refuse("file_damaged", self.name) from error
                pending = b"" if inflate.eof else inflate.unconsumed_tail
            self.total += len(chunk)
            member_total += len(chunk)
            bomb = member_total > RATIO_FREE and member_total > MAX_RATIO * max(info.compress_size, 1)
            if bomb or self.total > MAX_UNPACKED:
                raise refuse("file_too_large", self.name, what=_("more than %(size)s MiB") % {"size": self.total >> 20})
            yield chunk
            if inflate is not None and inflate.eof:
                return

    def whole(self, info: zipfile.ZipInfo) -> bytes:
        return b"".join(self.chunks(info))

    def measure(self, info: zipfile.ZipInfo) -> None:
        for _chunk in self.chunks(info):
            pass


def elements(xml: bytes, name: str) -> list[tuple[str, dict[str, str]]]:
    """All elements of a small XML part as (local name, attributes with local names), in document order."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((tag.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in attributes.items()}))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an unknown encoding
        raise refuse("file_damaged", name) from error
    return found


def _targets(unpacker: Unpacker, info: zipfile.ZipInfo, folder: str) -> dict[str, tuple[str, str]]:
    """Relationship id -> (type, lower-case path of its target), relative targets resolved against `folder`."""
    found: dict[str, tuple[str, str]] = {}
    for tag, attributes in elements(unpacker.whole(info), unpacker.name):
        if tag == "Relationship":
            target = attributes.get("Target", "").replace("\\", "/")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            key = attributes.get("Id", "")
            if key in found:  # which one is meant would be the reader's guess, and ours might be another
                raise refuse("file_damaged", unpacker.name)
            found[key] = (attributes.get("Type", ""), path.lower())
    return found


def main_part(unpacker: Unpacker, parts: dict[str, zipfile.ZipInfo]) -> str:
    """Path of an Office file's main part ("xl/workbook.xml", "word/document.xml"); "" for another kind of archive."""
    relations = parts.get("_rels/.rels")
    if relations is None:
        return ""
    types = _targets(unpacker, relations, "").values()
    return next((path for kind, path in types if kind.endswith("/officeDocument") and path in parts), "")


def sheet_parts(unpacker: Unpacker, parts: dict[str, zipfile.ZipInfo], main: str) -> dict[str, zipfile.ZipInfo]:
    """Sheet name -> its part, for the sheets whose part exists."""
    folder, base = posixpath.split(main)
    relations = parts.get(f"{folder}/_rels/{base}.rels")
    if relations is None:
        raise refuse("file_damaged", unpacker.name)
    targets = _targets(unpacker, relations, folder)
    found: dict[str, zipfile.ZipInfo] = {}
    for tag, attributes in elements(unpacker.whole(parts[main]), unpacker.name):
        if tag == "sheet":
            _kind, path = targets.get(attributes.get("id", ""), ("", ""))
            if path in parts:
                found[attributes.get("name", "")] = parts[path]
    return found


def padded_styles(unpacker: Unpacker, parts: dict[str, zipfile.ZipInfo]) -> dict[bytes, int]:
    """Style index -> digits, for number formats such as 00000000 that show leading zeros the value does not have."""
    info = parts.get("xl/styles.xml")
    if info is None:
        return {}
    xml = unpacker.whole(info)
    if b'"00' not in xml and b"'00" not in xml:
        return {}
    formats: dict[str, int] = {}
    styles: dict[bytes, int] = {}
    inside, index = False, 0
    for tag, attributes in elements(xml, unpacker.name):
        code = attributes.get("formatCode", "")
        if tag == "numFmt" and len(code) > 1 and not code.strip("0"):
            formats[attributes.get("numFmtId", "")] = len(code)
        elif tag == "cellXfs":
            inside = True
        elif tag == "cellStyles":
            inside = False
        elif tag == "xf" and inside:
            if attributes.get("numFmtId") in formats:
                styles[str(index).encode()] = formats[attributes["numFmtId"]]
            index += 1
    return styles


_ELEMENT = re.compile(
    rb"<(?:\w+:)?(?:row\b([^>]*)>|c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>))",  # a row's attributes | a cell's, its body
    re.DOTALL,
)
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_ROW = re.compile(rb"""\br\s*=\s*["'](\d+)["']""")
_TYPE = re.compile(rb"""\bt\s*=\s*["'](\w+)["']""")
_STYLE = re.compile(rb"""\bs\s*=\s*["'](\d+)["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]*)<")
_WIDE = re.compile(rb'<c r="([A-Z]{2,})\d')
_TALL = re.compile(rb'<c r="[A-Z]*(\d{6,})"')
_UNPLACED = re.compile(rb'<c(?! r="[A-Z])[\s/>]')
_FAR = re.compile(rb'<c(?! r="[A-Z]\d{1,5}")[\s/>]')
_NOT_TALL = 99_999


def scan_sheet(unpacker: Unpacker, info: zipfile.ZipInfo, styles: dict[bytes, int]) -> SheetScan:
    """One pass over a sheet's XML. Raises `FileError` file_too_large when its rectangle exceeds `MAX_CELLS`.

    An ordinary sheet is only searched for far-away cells, which is several times faster than looking at each; cells
    are looked at one by one where formulas, errors, zero-padded formats or unusual spelling occur.
    """
    scan = SheetScan()
    for part in _row_parts(unpacker, info):
        # ":c" and ":f" are namespace prefixes, which the fast search would miss.
        if styles or b"<f" in part or b't="e"' in part or b":c" in part or b":f" in part:
            _look_at_cells(part, scan, styles)
        elif _FAR.search(part) is None:
            scan.rows, scan.columns = max(scan.rows, _NOT_TALL), max(scan.columns, 26)
        elif _UNPLACED.search(part) is None:
            _look_for_far_cells(part, scan)
        else:
            _look_at_cells(part, scan, styles)
    if scan.rows * scan.columns > MAX_CELLS:  # perhaps only by the rounding up of the fast search
        exact = SheetScan()
        for part in _row_parts(unpacker, info):
            _look_at_cells(part, exact, {})
        scan.rows, scan.columns = exact.rows, exact.columns
    if scan.rows * scan.columns > MAX_CELLS:
        raise refuse("file_too_large", unpacker.name, what=f"{scan.rows} × {scan.columns}")
    return scan


def _row_parts(unpacker: Unpacker, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The sheet's XML in pieces that end where a row ends."""
    carry = b""
    for chunk in unpacker.chunks(info):
        text = carry + chunk
        cut = text.rfind(b"row>") + 4
        cut = cut if cut >= 4 else 0
        if len(text) - cut > MAX_CARRY:
            raise refuse(
                "file_too_large", unpacker.name, what=_("a row of more than %(size)s MiB") % {"size": MAX_CARRY >> 20}
            )
        yield text[:cut]
        carry = text[cut:]
    yield carry


def _look_for_far_cells(part: bytes, scan: SheetScan) -> None:
    wide = max((column_number(letters) for letters in set(_WIDE.findall(part))), default=26)
    tall = max((row_number(row) for row in set(_TALL.findall(part))), default=0)
    scan.rows, scan.columns = max(scan.rows, tall, _NOT_TALL), max(scan.columns, wide, 26)


def _look_at_cells(part: bytes, scan: SheetScan, styles: dict[bytes, int]) -> None:
    """Extents exactly, and every error, uncalculated formula and padded number. Cells without address follow on."""
    for element in _ELEMENT.finditer(part):
        row_attributes, attributes, body = element.groups()
        if row_attributes is not None:
            found = _ROW.search(row_attributes)
            scan.at_row, scan.at_column = (row_number(found[1]) - 1 if found else scan.at_row + 1), -1
            continue
        place = _PLACE.search(attributes)
        if place:
            row, column = row_number(place[2]) - 1, column_number(place[1]) - 1
        else:
            row, column = max(scan.at_row, 0), scan.at_column + 1
        scan.at_column = column
        if not body:  # formatted but empty: takes no place
            continue
        scan.rows, scan.columns = max(scan.rows, row + 1), max(scan.columns, column + 1)
        kind = _TYPE.search(attributes)
        typed = kind[1] if kind else b"n"
        value = _VALUE.search(body)
        content = value[1] if value else b""
        if typed == b"e":
            scan.flaws.setdefault(row, []).append((column, ERROR, content.decode("utf-8", "replace")))
        elif not content and typed not in (b"str", b"inlineStr") and (b"<f" in body or b":f" in body):
            scan.flaws.setdefault(row, []).append((column, UNCALCULATED, ""))
        elif styles and typed == b"n" and content:
            style = _STYLE.search(attributes)
            if style and style[1] in styles:
                scan.padded[row, column] = styles[style[1]]


def row_number(digits: bytes) -> int:
    """The number, as far as it matters: beyond 18 digits it is absurd either way."""
    return int(digits[:18])


def column_number(letters: bytes) -> int:
    """b"A" -> 1, b"AA" -> 27; of more than nine letters the first nine, which is absurd enough."""
    number = 0
    for letter in letters[:9].upper():
        number = number * 26 + letter - 64
    return number
