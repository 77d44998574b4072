"""Whatever the bytes, there is a table or a typed refusal; never another exception."""

from __future__ import annotations

import contextlib
import gzip
import io

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shouwang.core.files.errors import FileError
from shouwang.core.files.tables import read_table
from shouwang.core.tests.make_files import (
    header_row,
    ods_of,
    ods_row,
    text_cell,
    xls_label,
    xls_number,
    xls_of,
    xlsx_of,
)

GOOD = {
    "xlsx": xlsx_of(
        {"S": header_row("学号", "姓名") + f'<row r="2">{text_cell("A2", "1")}<c r="B2"><v>4</v></c></row>'}
    ),
    "xls": xls_of([xls_label(0, 0, "学号"), xls_label(0, 1, "姓名"), xls_number(1, 0, 7)]),
    "ods": ods_of(ods_row("学号", "姓名") + ods_row("1", "张三")),
    "gzip": gzip.compress("学号,姓名\n1,张三\n".encode()),
    "csv": '学号,姓名\n1,"张三"\n2,李四\n'.encode(),
    "utf16": "学号\t姓名\n1\t张三\n".encode("utf-16"),
}
MAGICS = [
    b"",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\x1f\x8b\x08",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"sep=,\n",
]
PLAIN = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def table_or_refusal(data: bytes) -> None:
    try:
        table = read_table(io.BytesIO(data), name="x")
        for row in table.rows:
            assert len(row.values) == len(table.header)
            assert row.number > 0
        assert all(remark.count > 0 and remark.message for remark in table.remarks)
    except FileError as error:
        assert error.error_code
        assert error.sentence


@PLAIN
@given(st.sampled_from(MAGICS), st.binary(max_size=600))
@example(b"", b"\r")
@example(b"", b'"')
@example(b"\xff\xfe", b"a")
@example(b"sep=,\n", b"")
def test_any_bytes(magic: bytes, rest: bytes) -> None:
    table_or_refusal(magic + rest)


@PLAIN
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text(text: str) -> None:
    table_or_refusal(text.encode())


@pytest.mark.parametrize("kind", sorted(GOOD))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_good_files(kind: str, data: st.DataObject) -> None:
    raw = bytearray(GOOD[kind])
    for _step in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    table_or_refusal(bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw))


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_the_good_files_are_good(kind: str) -> None:
    table = read_table(io.BytesIO(GOOD[kind]), name=kind)
    assert table.header == ("学号", "姓名")
    with contextlib.closing(table):
        assert next(table.rows).number == 2


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text("ABCXFDabc<>/=\"' rcvtse0123456789:", max_size=120))
def test_any_sheet_xml(xml: str) -> None:
    table_or_refusal(xlsx_of({"S": header_row("a", "b") + xml}))


@pytest.mark.parametrize("count", ["4294967295", "99999999999", "-1", "1e300"])
def test_counts_a_workbook_states_about_itself_are_not_believed(count: str) -> None:
    strings = f'<sst count="{count}" uniqueCount="{count}"><si><t>a</t></si></sst>'
    styles = f'<numFmts count="{count}"/><cellXfs count="{count}"><xf numFmtId="0"/></cellXfs>'
    body = header_row("a", "b") + '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'
    table_or_refusal(xlsx_of({"S": body}, styles=styles, extra={"xl/sharedStrings.xml": strings.encode()}))


@pytest.mark.parametrize("place", ["A99999999999", "AAAAAAAAAAAA1", "ZZZZ1", "A0", "A" + "9" * 5000])
def test_absurd_addresses(place: str) -> None:
    table_or_refusal(xlsx_of({"S": header_row("a", "b") + f'<row r="2"><c r="{place}"><v>1</v></c></row>'}))
