"""Files of real institutions, read as they are. Skipped where the test data is absent."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from shouwang.core.clock import zone
from shouwang.core.dates import parse_datetime
from shouwang.core.files.columns import Column, map_columns
from shouwang.core.files.tables import Row, Table, read_table

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SHOUWANG_TEST_DATA") or HERE.parents[5] / "shared" / "data")

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no test data at {DATA} (set SHOUWANG_TEST_DATA)"),
]


def read(path: str, **options: object) -> tuple[Table, list[Row]]:
    table = read_table(DATA / path, name=path, **options)  # type: ignore[arg-type]
    return table, list(table.rows)


def test_door_log_in_gbk() -> None:
    table, rows = read("campus-gates/doors_gbk.csv")
    columns = map_columns(
        table.header,
        (
            Column("card", ("AccessCardNo",), required=True),
            Column("at", ("Date",), required=True),
            Column("door", ("Address",), required=True),
            Column("allowed", ("Access",), required=True),
        ),
    )
    assert len(rows) == 43_156
    assert not [row for row in rows if row.problems]
    assert table.remarks == ()
    assert Counter(columns.value(row, "allowed") for row in rows) == {"1": 41_749, "0": 1_407}
    doors = Counter(columns.value(row, "door") for row in rows)
    assert doors["飞凤轩[进门]"] == 10_689
    assert doors["第六教学楼[出门]"] == 7_217
    assert len({columns.value(row, "card") for row in rows}) == 3_044
    days = {parse_datetime(columns.value(row, "at"), zone()).date().isoformat()[:7] for row in rows}
    assert days == {"2019-04"}


def test_register_in_gbk() -> None:
    table, rows = read("campus-gates/register_gbk.csv")
    assert table.header == ("Index", "CardNo", "Sex", "Major", "AccessCardNo")
    assert len(rows) == 4_341
    assert len({row.values[3] for row in rows}) == 41
    assert len(rows) - len({row.values[4] for row in rows}) == 2


@pytest.mark.parametrize(
    ("name", "count"),
    [("course_info", 320), ("student_courses", 13_722), ("housing_info", 2_100), ("pop_info", 3_750)],
)
def test_timetable(name: str, count: int) -> None:
    table, rows = read(f"campus-timetable/{name}.csv")
    assert len(rows) == count
    assert not [row for row in rows if row.problems or len(row.values) != len(table.header)]


def test_people_without_header() -> None:
    _table, rows = read("highschool-2013/people.txt", header=("number", "class", "sex"))
    assert len({row.values[0] for row in rows}) == len(rows) >= 327
    assert len({row.values[1] for row in rows}) == 9


def test_forms_in_both_excel_formats() -> None:
    table, rows = read("xlsforms/contact_tracing.xlsx", sheet="survey")
    assert len(rows) == 161
    assert table.kind == "xlsx"
    old, _rows = read("xlsforms/cascading_select_test_equivalent.xls", sheet="survey")
    assert (old.kind, old.sheets) == ("xls", ("survey", "choices", "settings"))
