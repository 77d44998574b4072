"""Workbooks: every cell as the person sees it, nothing lost silently, no file that fills the memory."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as clock

import pytest
import xlsxwriter
from django.utils import translation

from shouwang.core.files import xlsx
from shouwang.core.files.errors import FileError
from shouwang.core.files.tables import Row, Table, read_table
from shouwang.core.tests.make_files import (
    header_row,
    ods_of,
    ods_row,
    text_cell,
    xls_error,
    xls_label,
    xls_number,
    xls_of,
    xlsx_of,
)


@pytest.fixture(autouse=True, scope="module")
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def read(data: bytes, **options: object) -> tuple[Table, list[Row]]:
    table = read_table(io.BytesIO(data), name="roster", **options)  # type: ignore[arg-type]
    return table, list(table.rows)


def refused(data: bytes) -> str:
    with pytest.raises(FileError) as caught:
        read(data)
    return caught.value.error_code


def codes(row: Row) -> list[tuple[str, str]]:
    return [(problem.column, problem.code) for problem in row.problems]


def test_cells_come_out_as_text_the_person_sees() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("学生")
        formats = {
            code: book.add_format({"num_format": code})
            for code in ("yyyy-mm-dd", "yyyy/m/d h:mm", "hh:mm", "[h]:mm", "00000000")
        }
        sheet.write_row(0, 0, ["文字", "整数", "小数", "日期", "时刻", "钟点", "时长", "真假", "补零"])
        sheet.write_string(1, 0, "007")
        sheet.write_number(1, 1, 20190001)
        sheet.write_number(1, 2, 0.1 + 0.2)
        sheet.write_datetime(1, 3, datetime(2020, 2, 1), formats["yyyy-mm-dd"])  # noqa: DTZ001 - Excel knows no zone
        sheet.write_datetime(1, 4, datetime(2020, 2, 1, 8, 30, 7), formats["yyyy/m/d h:mm"])  # noqa: DTZ001
        sheet.write_datetime(1, 5, clock(8, 30), formats["hh:mm"])
        sheet.write_datetime(1, 6, timedelta(hours=30), formats["[h]:mm"])
        sheet.write_boolean(1, 7, True)
        sheet.write_number(1, 8, 1234, formats["00000000"])
    table, rows = read(out.getvalue())
    assert (table.kind, table.sheet, table.total_rows) == ("xlsx", "学生", 2)
    assert rows == [
        Row(
            2,
            (
                *("007", "20190001", "0.3", "2020-02-01", "2020-02-01 08:30:07"),
                *("08:30:00", "30:00:00", "TRUE", "00001234"),
            ),
        )
    ]


def test_identity_number_typed_as_number_is_reported_with_place_and_remedy() -> None:
    data = xlsx_of({"S": header_row("姓名", "身份证号") + '<row r="2"><c r="B2"><v>440106199001011234</v></c></row>'})
    _table, rows = read(data)
    (problem,) = rows[0].problems
    assert (problem.row, problem.column, problem.code) == (2, "身份证号", "digits_lost")
    assert "text" in problem.remedy


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('<c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "cell_error"),
        ('<c r="A2" t="e"><v>#N/A</v></c>', "cell_error"),
        ('<c r="A2"><f>B2&amp;"x"</f></c>', "formula_uncalculated"),
        ('<c r="A2"><f>B2</f><v></v></c>', "formula_uncalculated"),
        ('<c r="A2"><f t="shared" si="0"/><v/></c>', "formula_uncalculated"),
        ("<x:c r='A2' t='e'><x:v>#REF!</x:v></x:c>", "cell_error"),
        ('<c s="3" t="e" r="A2"><v>#NUM!</v></c>', "cell_error"),
    ],
)
def test_formula_trouble_does_not_vanish(cell: str, code: str) -> None:
    data = xlsx_of({"S": header_row("学号", "姓名") + f'<row r="2">{cell}{text_cell("B2", "张三")}</row>'})
    _table, rows = read(data)
    assert codes(rows[0]) == [("学号", code)]
    assert rows[0].values == ("", "张三")


def test_formula_with_a_result_is_its_result() -> None:
    body = '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>""</f><v></v></c></row>'
    _table, rows = read(xlsx_of({"S": header_row("a", "b") + body}))
    assert rows == [Row(2, ("2", ""))]


def test_cells_without_addresses_follow_on() -> None:
    body = '<row><c><v>4</v></c><c t="e"><v>#N/A</v></c></row>'
    _table, rows = read(xlsx_of({"S": header_row("a", "b") + body}))
    assert rows[0].values == ("4", "")
    assert codes(rows[0]) == [("b", "cell_error")]


def test_blank_rows_keep_the_numbers_of_the_sheet() -> None:
    body = f'<row r="5">{text_cell("A5", "1")}</row><row r="9">{text_cell("A9", "2")}</row>'
    table, rows = read(xlsx_of({"S": header_row("a", "b", row=3) + body}))
    assert table.header_row == 3
    assert [row.number for row in rows] == [5, 9]


def test_value_merged_over_rows_belongs_to_each() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:B1", "新生名单")
        sheet.write_row(1, 0, ["班级", "姓名"])
        sheet.merge_range("A3:A5", "计算机1班")
        sheet.write_column(2, 1, ["甲", "乙", "丙", "丁"])
    table, rows = read(out.getvalue())
    assert [row.values for row in rows] == [("计算机1班", "甲"), ("计算机1班", "乙"), ("计算机1班", "丙"), ("", "丁")]
    assert {remark.code for remark in table.remarks} == {"merged_filled", "titles_skipped"}


def test_first_sheet_that_holds_something_is_read_and_said() -> None:
    data = xlsx_of({"说明": "", "名单": header_row("学号", "姓名"), "其他": header_row("x", "y")})
    table, _rows = read(data)
    assert (table.sheet, table.sheets) == ("名单", ("说明", "名单", "其他"))
    assert [remark.code for remark in table.remarks] == ["other_sheets"]
    assert read(data, sheet="其他")[0].header == ("x", "y")


def test_workbook_without_any_cell() -> None:
    assert refused(xlsx_of({"S": ""})) == "file_empty"


def test_old_workbook() -> None:
    cells = [xls_label(0, 0, "学号"), xls_label(0, 1, "姓名"), xls_number(1, 0, 20190001), xls_label(1, 1, "张三")]
    cells += [xls_number(2, 0, 440106199001011234), xls_error(2, 1, 0x2A)]
    table, rows = read(xls_of(cells))
    assert table.kind == "xls"
    assert rows[0] == Row(2, ("20190001", "张三"))
    assert sorted(codes(rows[1])) == [("姓名", "cell_error"), ("学号", "digits_lost")]


def test_old_workbook_with_password() -> None:
    assert refused(xls_of([xls_label(0, 0, "a")], globals_extra=b"\x2f\0\2\0\0\0")) == "file_encrypted"


def test_open_document() -> None:
    kind = 'office:value-type="string" calcext:value-type="error"'
    error = f"<table:table-cell {kind}><text:p>#N/A</text:p></table:table-cell>"
    empty = '<table:table-cell table:number-columns-repeated="900"/>'
    tail = f'<table:table-row table:number-rows-repeated="1048000">{empty}</table:table-row>'
    number = '<table:table-cell office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell>'
    body = (
        ods_row("学号", "姓名") + ods_row("007", "张三") + f"<table:table-row>{number}{error}</table:table-row>" + tail
    )
    table, rows = read(ods_of(body))
    assert (table.kind, table.sheet) == ("ods", "名单")
    assert rows[0] == Row(2, ("007", "张三"))
    assert codes(rows[1]) == [("姓名", "cell_error")]
    assert len(rows) == 2


FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "data",
    [
        xlsx_of({"S": header_row("a", "b") + FAR}),
        xlsx_of({"S": header_row("a", "b") + FAR.replace("<c", "<x:c").replace("</c", "</x:c")}),
        xlsx_of({"S": header_row("a", "b") + FAR.replace('"', "'")}),
        xlsx_of({"S": header_row("a", "b") + FAR.replace('r="XFD', 's="0" r="XFD')}),
        xlsx_of({"S": header_row("a") + '<row r="2"><c r="A1048576"><v>1</v></c><c r="XFD2"><v>1</v></c></row>'}),
        xls_of([xls_label(0, 0, "a"), xls_label(65535, 65535, "b")]),
        ods_of(ods_row("a") + ods_row("x").replace("row>", 'row table:number-rows-repeated="1048576">', 1) * 40),
    ],
)
def test_two_cells_far_apart_do_not_fill_the_memory(data: bytes) -> None:
    assert refused(data) == "file_too_large"


def test_formatted_but_empty_cells_take_no_place() -> None:
    styled = "".join(f'<row r="{row}"><c r="XFD{row}" s="1"/></row>' for row in range(3, 6000))
    _table, rows = read(xlsx_of({"S": header_row("a", "b") + f'<row r="2">{text_cell("A2", "1")}</row>' + styled}))
    assert rows == [Row(2, ("1", ""))]


def test_bomb_is_stopped_by_what_comes_out_not_by_what_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "RATIO_FREE", 1 << 20)
    bomb = xlsx_of({"S": header_row("a", "b")}, extra={"xl/sharedStrings.xml": b"<sst>" + b" " * (8 << 20) + b"</sst>"})
    lying = bytearray(bomb)
    at = bomb.rindex(b"xl/sharedStrings.xml") - 46
    lying[at + 24 : at + 28] = (100).to_bytes(4, "little")  # the central directory's unpacked size
    assert refused(bomb) == "file_too_large"
    assert refused(bytes(lying)) == "file_too_large"


def test_zip_members_under_a_password() -> None:
    data = bytearray(xlsx_of({"S": header_row("a", "b")}))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as book:
        assert len(book.infolist()) == 5
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    assert refused(bytes(data)) == "file_encrypted"


def test_cut_short() -> None:
    data = xlsx_of({"S": header_row("a", "b")})
    assert refused(data[: len(data) // 2]) == "file_damaged"
    old = xls_of([xls_label(0, 0, "a")])
    assert refused(old[:700]) == "file_damaged"


def test_thirty_thousand_rows_read_quickly() -> None:
    letters = "ABCDEFGHIJKLMNO"
    rows = (
        f'<row r="{row}">{"".join(text_cell(f"{letter}{row}", f"学{row}{letter}") for letter in letters)}</row>'
        for row in range(2, 30_002)
    )
    data = xlsx_of({"S": header_row(*letters) + "".join(rows)})
    begun = time.process_time()
    _table, found = read(data)
    took = time.process_time() - begun
    assert len(found) == 30_000
    assert took < 5, f"{took:.2f} s; about 1 s is usual, five times that means something is wrong"


def test_dates_of_both_calendars() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["日期", "x"])
        sheet.write_datetime(1, 0, date(2020, 2, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    assert read(out.getvalue())[1][0].values[0] == "2020-02-01"
