"""Builders of the files the tests read: made here byte by byte, so that each holds exactly the trap it is for."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def xlsx_of(sheets: Mapping[str, str], *, styles: str = "", extra: Mapping[str, bytes] | None = None) -> bytes:
    """A workbook whose sheets hold the given sheetData XML, for what no writing library would write."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", f'<Types xmlns="{CONTENT_TYPES}"></Types>')
        main = f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        book.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}">{main}</Relationships>')
        links, names = "", ""
        for number, (name, data) in enumerate(sheets.items(), start=1):
            links += f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            names += f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>'
            sheet = f'<worksheet xmlns="{NS}"><sheetData>{data}</sheetData></worksheet>'
            book.writestr(f"xl/worksheets/sheet{number}.xml", sheet)
        book.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>')
        root = f'<workbook xmlns="{NS}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'
        book.writestr("xl/workbook.xml", root)
        if styles:
            book.writestr("xl/styles.xml", f'<styleSheet xmlns="{NS}">{styles}</styleSheet>')
        for path, content in (extra or {}).items():
            book.writestr(path, content)
    return out.getvalue()


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def header_row(*names: str, row: int = 1) -> str:
    cells = "".join(text_cell(f"{chr(65 + index)}{row}", name) for index, name in enumerate(names))
    return f'<row r="{row}">{cells}</row>'


def ods_of(table_xml: str) -> bytes:
    """An OpenDocument sheet with the given rows."""
    out = io.BytesIO()
    spaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f'<office:body><office:spreadsheet><table:table table:name="名单">{table_xml}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        book.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def ods_row(*texts: str) -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
    )
    return f"<table:table-row>{cells}</table:table-row>"


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """An OLE compound file (version 3, 512-byte sectors) with the streams padded to the size of long ones."""
    size, free, end = 512, 0xFFFFFFFF, 0xFFFFFFFE
    body, fat, entries = b"", [0xFFFFFFFD], []
    for name, content in streams.items():
        content = content.ljust(4096, b"\0")
        content += b"\0" * (-len(content) % size)
        first, count = len(fat), len(content) // size
        fat += [*range(first + 1, first + count), end]
        body += content
        entries.append(_entry(name, 2, first, len(content)))
    records = [_entry("Root Entry", 5, end, 0), *entries]
    directory = b"".join(records) + b"\0" * (-128 * len(records) % size)
    start, count = len(fat), len(directory) // size
    fat += [*range(start + 1, start + count), end]
    if len(fat) > size // 4:
        raise ValueError("too long for one allocation sector")
    fat += [free] * (size // 4 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, 1, start, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    return header + struct.pack(f"<{size // 4}I", *fat) + body + directory


def _entry(name: str, kind: int, first: int, length: int) -> bytes:
    raw = (name + "\0").encode("utf-16-le")
    links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    return (
        raw.ljust(64, b"\0")
        + struct.pack("<HBB", len(raw), kind, 1)
        + links
        + b"\0" * 36
        + struct.pack("<IQ", first, length)
    )


def xls_of(cells: Sequence[bytes], *, globals_extra: bytes = b"") -> bytes:
    """A BIFF8 workbook of one sheet called S with the given cell records."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def bof(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    start = bof(5) + globals_extra
    sheet_at = len(start) + 4 + 8 + 1 + 4
    head = start + record(0x0085, struct.pack("<IBB", sheet_at, 0, 0) + bytes([1, 0]) + b"S") + record(0x000A, b"")
    return compound_file({"Workbook": head + bof(0x10) + b"".join(cells) + record(0x000A, b"")})


def xls_label(row: int, column: int, text: str) -> bytes:
    """A LABEL record with an uncompressed string."""
    raw = struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le")
    return struct.pack("<HH", 0x0204, len(raw)) + raw


def xls_number(row: int, column: int, value: float) -> bytes:
    return struct.pack("<HHHHHd", 0x0203, 14, row, column, 0, value)


def xls_error(row: int, column: int, code: int) -> bytes:
    return struct.pack("<HHHHHBB", 0x0205, 8, row, column, 0, code, 1)
