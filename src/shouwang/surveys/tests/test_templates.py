"""The superior's own table comes back filled in, with its looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Alignment, Font, PatternFill

from shouwang.core.errors import NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast
from shouwang.surveys import files, rules
from shouwang.surveys.exporting import mask
from shouwang.surveys.templating import BadTemplate, Facts, Person, fill_template
from shouwang.surveys.tests import scenes
from shouwang.surveys.tests.forms import NOW, form

ANSWERS: list[dict[str, Any]] = [
    {"went": "yes", "city": "=cmd|' /C calc'!A0", "days": "3", "phone": "13800000000"},
    {"went": "yes", "city": "北京", "days": "4"},
    {"went": "no", "days": "5"},
]
ASK = form([
    {"type": "select_one yn", "name": "went", "label": "Went?"},
    {"type": "text", "name": "city", "label": "City"},
    {"type": "integer", "name": "days", "label": "Days"},
    {"type": "text", "name": "phone", "label": "Phone"},
])  # fmt: skip


def facts(**change: Any) -> Facts:
    people = [Person(f"00{k}", f"Name{k}", "CS2301", "self", row) for k, row in enumerate(ANSWERS)]
    known: dict[str, Any] = {
        "form": ASK, "title": "摸排", "unit": "信息学院", "day": date(2026, 3, 2), "asked": 5, "answers": ANSWERS,
        "people": people, "language": "en",
    }  # fmt: skip
    return Facts(**(known | change))


def table(*lines: tuple[object, ...]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for line in lines:
        book.worksheets[0].append(line)
    return book


def filled(book: openpyxl.Workbook, **change: Any) -> Any:
    out = BytesIO()
    book.save(out)
    return openpyxl.load_workbook(BytesIO(fill_template(out.getvalue(), facts(**change)).content)).worksheets[0]


@pytest.mark.parametrize(
    ("mark", "value"),
    [
        ("{{unit}}", "信息学院"),
        ("{{ class }} · {{date}}", "信息学院 · 2026-03-02"),
        ("{{asked}}", 5),
        ("{{answered}}", 3),
        ("{{unknown}}", 2),
        ("{{count went=yes}}", 2),
        ("{{count went=yes and city=北京}}", 1),
        ("{{count went!=yes}}", 1),
        ("{{percent went=yes}}", 66.7),
        ("{{sum days}}", 12),
        ("共 {{count}} 人", "共 3 人"),
        ("plain", "plain"),
        ("=1+1", "=1+1"),
    ],
)
def test_marks(mark: str, value: object) -> None:
    assert filled(table((mark,)))["A1"].value == value


@pytest.mark.parametrize("mark", ["{{frobnicate}}", "{{count nobody=1}}", "{{count}} {{count went}}", "{{row nobody}}"])
def test_a_mark_that_is_not_understood_is_named_with_its_cell(mark: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        filled(table(("x",), ("y", mark)))
    assert "Sheet!B2" in caught.value.data["first"] or "Sheet!B" in caught.value.data["first"]


def test_rows_are_repeated_with_their_looks_and_what_stands_below_moves() -> None:
    book = table(
        ("{{title}}", None, None), ("No.", "Name", "City"),
        ("{{row n}}", "{{row number}} {{row name}}", "{{row city}}"),
        ("Total", "{{count}}", "=COUNTA(C3:C3)"), ("Signed", None, None),
    )  # fmt: skip
    page = book.worksheets[0]
    page["B3"].font, page["B3"].fill = Font(bold=True, color="FF0000"), PatternFill("solid", fgColor="FFFF00")
    page["A4"].alignment = Alignment(horizontal="right")
    page.merge_cells("A1:C1")
    page.merge_cells("A5:C5")
    page.column_dimensions["B"].width = 33
    page.row_dimensions[3].height = 40
    done = filled(book)
    assert [done.cell(row, 2).value for row in (3, 4, 5)] == ["000 Name0", "001 Name1", "002 Name2"]
    assert [done.cell(row, 1).value for row in (3, 4, 5, 6, 7)] == [1, 2, 3, "Total", "Signed"]
    assert all(done.cell(row, 2).font.bold and done.cell(row, 2).fill.fgColor.rgb == "00FFFF00" for row in (3, 4, 5))
    assert done["A6"].alignment.horizontal == "right"
    assert {str(area) for area in done.merged_cells.ranges} == {"A1:C1", "A7:C7"}
    assert done.column_dimensions["B"].width == 33
    assert done.row_dimensions[5].height == 40
    assert done["C6"].value == "=COUNTA(C3:C5)"
    assert (done["C3"].value, done["C3"].data_type) == ("=cmd|' /C calc'!A0", "s")


def test_an_answer_is_neither_read_for_marks_nor_run_when_its_row_moves() -> None:
    sly = [{"went": "yes", "city": "{{count}}"}, {"went": "yes", "city": "=1+1"}]
    people = [Person(f"00{k}", "N", "C", "self", row) for k, row in enumerate(sly)]
    done = filled(table(("{{row n}}",), ("{{row city}}",), ("end",)), people=people, answers=sly)
    assert [(cell.value, cell.data_type) for cell in done["A"]] == [
        (1, "n"), (2, "n"), ("{{count}}", "s"), ("=1+1", "s"), ("end", "s"),
    ]  # fmt: skip


def test_nobody_to_write() -> None:
    done = filled(table(("{{row n}}", "{{row name}}"), ("end",)), people=[], answers=[])
    assert [cell.value for cell in done["A"]] == [None, "end"]


def test_personal_data_is_masked_unless_asked() -> None:
    book = table(("{{row phone}}",))
    assert filled(book)["A1"].value == "138******00"
    assert filled(table(("{{row phone}}",)), full=True)["A1"].value == "13800000000"
    assert mask("ab") == "a*"


def test_names_need_the_right_to_read() -> None:
    with pytest.raises(BadTemplate):
        filled(table(("{{row name}}",)), people=None)
    assert filled(table(("{{count went=yes}}",)), people=None)["A1"].value is None
    many = [*ANSWERS, *ANSWERS]
    assert filled(table(("{{count went=yes}}",)), people=None, answers=many)["A1"].value == 4


def test_nobody_is_found_out_by_counting() -> None:
    """Who may not read answers cannot ask "how many of number 001 have a fever"."""
    with pytest.raises(BadTemplate):
        filled(table(("{{count phone=13800000000 and went=yes}}",)), people=None, answers=ANSWERS * 3)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * (6 << 20)])
def test_what_is_no_workbook(content: bytes) -> None:
    with pytest.raises(BadTemplate):
        fill_template(content, facts())


@pytest.mark.django_db
def test_scope_and_trace(cast: Cast) -> None:
    row = scenes.opened(cast)
    for name in ("lin", "ou"):
        scenes.answer(cast, row, name)
    out = BytesIO()
    table(("{{asked}}", "{{answered}}", "{{row name}}")).save(out)
    kwargs: dict[str, Any] = {"name": "t.xlsx", "full": False, "language": "zh-hans", "at": NOON}
    done = files.filled_template(cast.by("fang"), row, None, out.getvalue(), **kwargs)
    page = openpyxl.load_workbook(BytesIO(done.content)).worksheets[0]
    assert [cell.value for cell in page[1]] == [4, 1, "林晓"]
    assert AuditEntry.objects.get(verb="survey.exported").new == {"what": "template", "rows": 1}
    with pytest.raises(NotFound):
        files.filled_template(
            cast.by("meng"), row, None, out.getvalue(), name="t.xlsx", full=False, language="en", at=NOON
        )


@pytest.mark.realdata
def test_a_real_form_filled_and_exported(real_data: Callable[[str], Path]) -> None:
    path = real_data("xlsforms/contact_tracing.xlsx")
    with path.open("rb") as stream:
        real = rules.build(rules.read_workbook(stream, path.name))
    state = rules.evaluate(real, {"Gender": "female"}, now=NOW, language="en")
    book = table(("{{count Gender=female}}", "{{row Gender}}"))
    done = filled(book, form=real, answers=[state.answers()], people=[Person("1", "N", "U", "self", state.answers())])
    assert [cell.value for cell in done[1]] == [1, "Female"]
