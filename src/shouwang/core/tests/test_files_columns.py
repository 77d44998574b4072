"""Headers as people write them find their fields; what is unclear is asked, never guessed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from shouwang.core.files.columns import Column, ColumnError, map_columns, plain_name
from shouwang.core.files.tables import Row


@pytest.fixture(autouse=True, scope="module")
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


SPEC = (
    Column("number", ("学号", "工号", "Student No.", "number"), required=True),
    Column("name", ("姓名", "Name"), required=True),
    Column("group", ("班级", "Class", "Major")),
    Column("card", ("卡号", "AccessCardNo")),
)


@pytest.mark.parametrize(
    "header",
    [
        "学号",
        "学号*",
        "* 学 号",
        "学号（必填）",
        "学号(10位)",
        "【学号】",
        "ＳＴＵＤＥＮＴ　ＮＯ",
        "student_no",
        "STUDENT-NO.:",
        "Number",
    ],
)
def test_headers_people_write(header: str) -> None:
    columns = map_columns((header, "姓名"), SPEC)
    assert columns.indices == {"number": 0, "name": 1}
    assert columns.absent == ("group", "card")


def test_units_in_brackets_do_not_matter() -> None:
    assert plain_name("体温（℃）") == plain_name("体温") == plain_name(" 体温 (°C)* ")
    assert plain_name("(备注)") == "备注"


def test_values_labels_and_ignored() -> None:
    columns = map_columns(("备注", "姓名*", "学号", "", "宿舍"), SPEC)
    row = Row(7, ("x", "张三", "001", "", "1-101"))
    assert columns.values(row) == {"number": "001", "name": "张三"}
    assert (columns.value(row, "name"), columns.value(row, "group")) == ("张三", "")
    assert (columns.label("name"), columns.label("group")) == ("姓名*", "group")
    assert columns.ignored == ("备注", "宿舍")
    assert "name" in columns
    assert "group" not in columns


def test_missing_says_what_was_looked_for_and_what_is_there() -> None:
    with pytest.raises(ColumnError) as caught:
        map_columns(("编码", "电话"), SPEC)
    error = caught.value
    assert (error.error_code, error.field, error.data["keys"]) == ("column_missing", "number", ["number", "name"])
    assert "学号 / 工号 / Student No. / number; 姓名 / Name" in error.sentence
    assert "编码, 电话" in error.sentence


def test_two_headers_for_one_field_are_ambiguous() -> None:
    with pytest.raises(ColumnError) as caught:
        map_columns(("学号", "工号", "姓名"), SPEC)
    assert (caught.value.error_code, caught.value.field) == ("column_ambiguous", "number")
    assert "学号, 工号" in caught.value.sentence


def test_full_name_is_preferred_to_one_with_an_addition() -> None:
    columns = map_columns(("学号", "姓名（拼音）", "姓名"), SPEC)
    assert columns.indices["name"] == 2
    assert columns.ignored == ("姓名（拼音）",)


def test_choice_is_remembered_and_wins() -> None:
    first = map_columns(("学号", "工号", "姓名"), SPEC, {"number": "工号"})
    assert first.indices == {"number": 1, "name": 2}
    again = map_columns(("姓名", "工 号", "学号"), SPEC, first.as_dict())
    assert again.indices == {"number": 1, "name": 0}
    with pytest.raises(ColumnError):
        map_columns(("学号", "姓名"), (*SPEC, Column("staff", ("工作证号",), required=True)), {"staff": "职工号"})


def test_remembered_header_that_is_gone_falls_back_to_the_names() -> None:
    assert map_columns(("学号", "姓名"), SPEC, {"number": "编码"}).indices == {"number": 0, "name": 1}


def test_a_column_is_never_given_twice() -> None:
    spec = (Column("a", ("编号",)), Column("b", ("编号", "序号")))
    assert map_columns(("编号", "序号"), spec).indices == {"a": 0, "b": 1}
