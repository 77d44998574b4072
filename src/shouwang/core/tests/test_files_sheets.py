"""Sheets out: what was written reads back as it was, and nothing in it can run."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.core.files.errors import FileError
from shouwang.core.files.problems import RowProblem, problem_sheet
from shouwang.core.files.sheets import SheetSpec, column_letter, csv_cell, display_width, write_csv, write_xlsx
from shouwang.core.files.tables import Row, read_table


@pytest.fixture(autouse=True, scope="module")
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


AT = datetime(2020, 2, 1, 10, tzinfo=UTC)
HOSTILE = ["=1+1", "+86 138", "-2+3", "@SUM(A1)", "\t=1", "＝1+1", '=HYPERLINK("http://x")', "'=1", "''=1"]


def xlsx(*specs: SheetSpec, footer: str | None = None) -> bytes:
    out = io.BytesIO()
    write_xlsx(out, specs, footer=footer, at=AT)
    return out.getvalue()


def rows_of(data: bytes, sheet: str | None = None) -> list[Row]:
    return list(read_table(io.BytesIO(data), name="x", sheet=sheet).rows)


def test_values_keep_their_kind() -> None:
    row = ("440106199001011234", 12, 36.5, Decimal("0.25"), True, date(2020, 2, 1), AT, timedelta(minutes=95), None)
    data = xlsx(SheetSpec("甲", [f"c{index}" for index in range(len(row))], [row]))
    (back,) = rows_of(data)
    assert back.values == (
        *("440106199001011234", "12", "36.5", "0.25", "TRUE", "2020-02-01"),
        *("2020-02-01 18:00:00", "1:35:00", ""),
    )
    assert back.problems == ()


def test_numbers_a_cell_cannot_hold_go_out_as_text() -> None:
    row = (440106199001011234, float("nan"), float("inf"), date(1850, 1, 1), timedelta(seconds=-1))
    (back,) = rows_of(xlsx(SheetSpec("s", list("abcde"), [row])))
    assert back.values == ("440106199001011234", "", "", "1850-01-01", "-0:00:01")
    assert back.problems == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_formula(text: str) -> None:
    data = xlsx(SheetSpec("s", ["a", "b"], [(text, "http://example.org")]))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.lower().replace("=hyperlink", "")
    assert rows_of(data)[0].values[0] == text.strip()


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_cannot_run_and_reads_back(text: str) -> None:
    out = io.BytesIO()
    write_csv(out, ["a", "b"], [(text, -5)])
    raw = out.getvalue().decode("utf-8-sig")
    cell = csv_cell(text)
    assert cell[0] == "'"
    assert cell in raw.replace('""', '"')
    assert rows_of(out.getvalue())[0].values == (text.strip(), "-5")


def test_a_dash_for_missing_stays_a_dash_in_csv() -> None:
    assert [csv_cell(text) for text in ("-", "--", "—", "-1 day")] == ["-", "--", "—", "'-1 day"]


def test_csv_opens_in_excel_as_utf8() -> None:
    out = io.BytesIO()
    write_csv(out, [gettext_lazy("Row"), "姓名"], ((number, "张三") for number in range(1200)))
    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    assert len(rows_of(out.getvalue())) == 1200


def test_header_stays_in_view_and_filters() -> None:
    data = xlsx(SheetSpec("名单", ["学号", "备注"], [("1", "很长的一段中文备注")]), footer="张三 2020-02-01 18:00")
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:B2"/>' in sheet
    widths = [float(part.split('"')[0]) for part in sheet.split('width="')[1:]]
    assert widths[1] > 2 * 9


def test_footer_counts_and_is_not_read_as_data() -> None:
    data = xlsx(SheetSpec("s", ["学号"], [("1",), ("2",)], notes=("统计截至 18:00",)), footer="张三")
    table = read_table(io.BytesIO(data), name="x")
    assert [row.values for row in table.rows] == [("1",), ("2",)]
    assert [(remark.code, remark.count) for remark in table.remarks] == [("footer_skipped", 2)]


def test_same_input_same_bytes() -> None:
    assert xlsx(SheetSpec("s", ["a"], [("1",)])) == xlsx(SheetSpec("s", ["a"], [("1",)]))


def test_sheet_names_excel_refuses_are_mended() -> None:
    names = ["a/b", "A_B", "x" * 40, "x" * 50, "", "'q'", "History"]
    data = xlsx(*(SheetSpec(name, ["h"], []) for name in names))
    sheets = read_table(io.BytesIO(data), name="x").sheets
    assert sheets == ("a_b", "A_B (2)", "x" * 31, "x" * 27 + " (2)", "Sheet5", "q", "History (2)")


def test_failure_half_way_writes_nothing(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[str]]:
        yield ("1",)
        raise RuntimeError("source failed")

    target = tmp_path / "out.xlsx"
    with pytest.raises(RuntimeError):
        write_xlsx(target, [SheetSpec("s", ["a"], rows())])
    assert not target.exists()


def test_rows_beyond_excel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shouwang.core.files.sheets.EXCEL_ROWS", 10)
    with pytest.raises(FileError) as caught:
        xlsx(SheetSpec("s", ["a"], [("1",)] * 20))
    assert caught.value.error_code == "too_many_rows"


def test_very_long_text_ends_in_an_ellipsis() -> None:
    (back,) = rows_of(xlsx(SheetSpec("s", ["a", "b"], [("长" * 40_000, "1")])))
    assert len(back.values[0]) == 32_767
    assert back.values[0].endswith("…")


def test_letters_and_widths() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert [display_width(text) for text in ("", "abc", "学号", "学号\nabcdefg", "e\u0301")] == [0, 3, 4, 7, 1]


PRINTABLE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zs", "Zl", "Zp")), min_size=1, max_size=20)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(PRINTABLE, PRINTABLE), min_size=1, max_size=8))
def test_any_text_survives_both_formats(cells: list[tuple[str, str]]) -> None:
    def marked(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        # A leading letter keeps the examples clear of what the reader judges: error texts, shortened numbers.
        return [(f"k{first}", f"k{second}") for first, second in pairs]

    out = io.BytesIO()
    write_csv(out, ["甲", "乙"], marked(cells))
    assert [row.values for row in rows_of(out.getvalue())] == marked(cells)
    assert [row.values for row in rows_of(xlsx(SheetSpec("s", ["甲", "乙"], marked(cells))))] == marked(cells)


def test_problem_sheet_tells_where_what_and_how() -> None:
    problems = [
        RowProblem(3, "手机号", "phone_invalid", "The number has 10 digits.", "1380000000", "Give all 11 digits."),
        RowProblem(9, "手机号", "phone_invalid", "The number has 12 digits.", "138000000000", "Give all 11 digits."),
        RowProblem(5, "", "too_many_cells", "The row has more cells than the header.", "=cmd", ""),
    ]
    data = problem_sheet(problems, ("学号", "手机号"), source="名单.xlsx", footer="张三 2020-02-01")
    table = read_table(io.BytesIO(data), name="x")
    assert table.header[:4] == ("Row", "Column letter", "Column", "Value in the file")
    rows = [row.values for row in table.rows]
    assert rows[0][:4] == ("3", "B", "手机号", "1380000000")
    assert rows[0][4:6] == ("The number has 10 digits.", "Give all 11 digits.")
    assert rows[2][:4] == ("5", "", "", "=cmd")
    summary = [row.values for row in rows_of(data, "Problems by kind")]
    assert summary[0][:2] == ("phone_invalid", "2")
    assert summary[1][:2] == ("too_many_cells", "1")
    assert summary[2][:2] == ("All problems", "3")
    assert summary[3] == ("File", "", "名单.xlsx")


def test_problem_sheet_speaks_the_readers_language() -> None:
    with translation.override("zh-hans"):
        table = read_table(io.BytesIO(problem_sheet([RowProblem(2, "a", "c", "m")])), name="x")
    assert table.header == ("行", "列标", "列", "文件中的值", "问题", "修改办法", "问题代码")
    assert table.sheets == ("问题清单", "问题分类汇总")
