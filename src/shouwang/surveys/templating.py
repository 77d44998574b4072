"""The superior's own table, filled in: an .xlsx keeps its formats, merged cells, widths and formulas.

Marks in cells: `{{unit}}` `{{title}}` `{{date}}` `{{asked}}` `{{answered}}` `{{unknown}}` `{{count}}`,
`{{count question=value}}` (several conditions are joined by "and"; `question!=value` excludes), `{{sum question}}`,
`{{percent question=value}}`; and in one row `{{row number}}` `{{row name}}` `{{row class}}` `{{row n}}`
`{{row question}}`: that row is written once for each person. A mark that is not understood is named with its cell.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
from django.utils.translation import gettext_lazy as _
from openpyxl.cell import Cell
from openpyxl.formula.translate import Translator
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from shouwang.core.errors import BadInput, Message
from shouwang.surveys import rules
from shouwang.surveys.exporting import MASKED_KINDS, cell, mask
from shouwang.surveys.rules.prefill import source_of

MAX_BYTES = 5 << 20
MAX_UNPACKED = 20 << 20
MAX_CELLS = 200_000
MARK = re.compile(r"\{\{\s*([^{}]{1,200}?)\s*\}\}")
CONDITION = re.compile(r"([^\s=!]+)\s*(!?=)\s*(\S+)")
Value = str | int | float | date | None


class BadTemplate(BadInput):
    """The table cannot be filled in; `data.problems` names sheet and cell."""

    code = "template_broken"


@dataclass(frozen=True, slots=True)
class Person:
    """What a row mark may say about one answer."""

    number: str
    name: str
    unit: str
    source: str
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a template may ask for. `people` None: the asker may count but not read names."""

    form: rules.Form
    title: str
    unit: str
    day: date
    asked: int
    answers: Sequence[Mapping[str, Any]]
    people: Sequence[Person] | None
    language: str
    full: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    content: bytes
    rows: int  # people written by name
    marks: int


def fill_template(content: bytes, facts: Facts, *, name: str = "") -> Filled:
    """The same workbook with its marks replaced. BadTemplate for what is no .xlsx, too large, or has unknown marks."""
    book = _open(content, name)
    filling = _Filling(facts)
    for page in book.worksheets:
        filling.sheet(page)
    if filling.problems:
        raise BadTemplate(
            _("%(count)s marks are not understood. The first: %(first)s"),
            field="file",
            count=len(filling.problems),
            first=filling.problems[0],
            problems=filling.problems[:100],
        )
    out = BytesIO()
    book.save(out)
    return Filled(out.getvalue(), filling.rows, filling.marks)


def _open(content: bytes, name: str) -> openpyxl.Workbook:
    sentence = _("This is no .xlsx file that can be filled in.")
    if len(content) > MAX_BYTES:
        raise BadTemplate(_("This file is larger than %(size)s MB."), field="file", size=MAX_BYTES >> 20)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED:
                raise BadTemplate(_("This file is larger than %(size)s MB."), field="file", size=MAX_UNPACKED >> 20)
        # openpyxl reads XML through defusedxml where that is installed, and it is a part of this house.
        book = openpyxl.load_workbook(BytesIO(content))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, OSError, EOFError) as error:
        raise BadTemplate(sentence, field="file", name=name) from error
    except Exception as error:  # a damaged workbook makes openpyxl raise anything: the file's fault, not ours
        raise BadTemplate(sentence, field="file", name=name) from error
    if sum(page.max_row * page.max_column for page in book.worksheets) > MAX_CELLS:
        raise BadTemplate(_("This table has more than %(limit)s cells."), field="file", limit=MAX_CELLS)
    return book


@dataclass
class _Filling:
    facts: Facts
    problems: list[str] = field(default_factory=list)
    rows: int = 0
    marks: int = 0

    def sheet(self, page: Worksheet) -> None:
        repeated = [
            row for row in range(1, page.max_row + 1)
            if any(_is_row_mark(page.cell(row, column).value) for column in range(1, page.max_column + 1))
        ]  # fmt: skip
        for row in reversed(repeated):
            self._repeat(page, row)
        for line in page.iter_rows():
            for spot in line:
                if isinstance(spot, Cell) and isinstance(spot.value, str) and "{{" in spot.value:
                    self._put(page, spot, spot.value, None, 0)

    def _repeat(self, page: Worksheet, row: int) -> None:
        """Write the row once for each person; what stands below moves down with its formats and merged cells."""
        people = self.facts.people
        if people is None:
            self.problems.append(f"{page.title}!{row}: " + str(_("rows with names need the right to read answers")))
            return
        pattern = [(copy_of(page.cell(row, column)), column) for column in range(1, page.max_column + 1)]
        extra = max(len(people), 1) - 1
        if extra:
            _move_down(page, row + 1, extra)
        for k in range(max(len(people), 1)):
            for model, column in pattern:
                spot = page.cell(row + k, column)
                model.onto(spot)
                if isinstance(model.value, str) and "{{" in model.value:
                    self._put(page, spot, model.value, people[k] if k < len(people) else None, k + 1)
                elif isinstance(model.value, str) and model.value.startswith("=") and k:
                    spot.value = Translator(model.value, origin=model.at).translate_formula(spot.coordinate)
            if k:
                page.row_dimensions[row + k].height = page.row_dimensions[row].height
        self.rows += len(people)

    def _put(self, page: Worksheet, spot: Cell, text: str, person: Person | None, number: int) -> None:
        """Replace the marks of one cell. A cell that is one mark keeps the kind of its value; text never runs."""

        def value(inner: str) -> Value:
            self.marks += 1
            try:
                return self._value(inner, person, number)
            except BadInput as error:
                self.problems.append(f"{page.title}!{spot.coordinate}: {error.sentence}")
                return None

        whole = MARK.fullmatch(text.strip())
        found: Value = value(whole[1]) if whole else MARK.sub(lambda hit: _text(value(hit[1])), text)
        spot.value = found
        if isinstance(found, str):
            spot.data_type = "s"  # also when it begins with "=": an answer is never a formula
            spot.quotePrefix = found[:1] in "=+-@"

    def _value(self, inner: str, person: Person | None, number: int) -> Value:
        facts = self.facts
        plain: dict[str, Callable[[], Value]] = {
            "unit": lambda: facts.unit, "class": lambda: facts.unit, "title": lambda: facts.title,
            "date": lambda: facts.day, "asked": lambda: facts.asked, "answered": lambda: len(facts.answers),
            "count": lambda: len(facts.answers), "unknown": lambda: facts.asked - len(facts.answers),
        }  # fmt: skip
        word, _space, rest = inner.partition(" ")
        if inner in plain:
            return plain[inner]()
        if word in ("count", "percent") and rest:
            hits = self._matching(rest)
            if facts.people is None and 0 < len(facts.answers) < rules.FEW:
                return None
            if word == "count":
                return hits
            return round(100 * hits / len(facts.answers), 1) if facts.answers else None
        if word == "sum" and rest:
            question = self._question(rest.strip())
            if facts.people is None and 0 < len(facts.answers) < rules.FEW:
                return None
            return sum(_number(str(row.get(question.key) or "")) for row in facts.answers)
        if word == "row" and rest:
            return self._of_person(rest.strip(), person, number)
        raise _unknown(inner)

    def _matching(self, text: str) -> int:
        conditions = []
        rest = re.sub(r"\band\b", " ", CONDITION.sub("", text)).strip()
        for key, sign, wanted in CONDITION.findall(text):
            question = self._question(key)
            if self.facts.people is None and not question.is_select:
                raise BadInput(_("“%(key)s”: only questions with a list of answers are counted for you"), key=key[:60])
            conditions.append((question, sign == "=", wanted))
        if rest or not conditions:
            raise _unknown(text)
        return sum(all(_is(q, str(row.get(q.key) or ""), wanted) == yes for q, yes, wanted in conditions)
                   for row in self.facts.answers)  # fmt: skip

    def _question(self, key: str) -> rules.Question:
        question = self.facts.form.questions.get(key)
        if question is None or question.repeats:
            raise BadInput(_("there is no question “%(key)s” in this form"), key=key[:60])
        return question

    def _of_person(self, what: str, person: Person | None, number: int) -> Value:
        if what == "n":
            return number if person is not None else None
        if what in ("number", "name", "class", "unit", "source"):
            return getattr(person, "unit" if what == "class" else what) if person is not None else None
        question = self._question(what)
        if person is None:
            return None
        value = str(person.answers.get(question.key) or "")
        if not self.facts.full and source_of(question) in MASKED_KINDS:
            return mask(value) if value else None
        return cell(self.facts.form, question, value, self.facts.language, full=True)


def _is(question: rules.Question, value: str, wanted: str) -> bool:
    return wanted in value.split() if question.is_select else value == wanted


def _is_row_mark(value: object) -> bool:
    return isinstance(value, str) and any(mark[1].startswith("row ") for mark in MARK.finditer(value))


def _unknown(inner: str) -> BadInput:
    sentence: Message = _("“%(mark)s” is no mark that is known")
    return BadInput(sentence, mark=inner[:60])


def _number(text: str) -> float | int:
    try:
        number = float(text)
    except ValueError:
        return 0
    return int(number) if number == int(number) else number


def _text(value: Value) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)


@dataclass(frozen=True, slots=True)
class _Model:
    """A cell's value and looks, to be laid onto others."""

    value: Any
    at: str
    style: Any

    def onto(self, spot: Any) -> None:
        if isinstance(spot, Cell):
            spot._style = copy(self.style)
            spot.value = self.value


def copy_of(spot: Any) -> _Model:
    return _Model(spot.value, spot.coordinate, copy(spot._style))


def _move_down(page: Worksheet, first: int, by: int) -> None:
    """Rows from `first` on move down: values, looks, heights, merged cells, and formulas that look at moved rows."""
    merged = [area for area in list(page.merged_cells.ranges) if area.min_row >= first]
    for area in merged:
        page.unmerge_cells(area.coord)
    last = max(page.max_row, first)
    for row in range(last, first - 1, -1):
        for column in range(1, page.max_column + 1):
            old, new = page.cell(row, column), page.cell(row + by, column)
            new._style = copy(old._style)
            new.value = _shifted(old.value, first, by)
            old.value = None
        page.row_dimensions[row + by].height = page.row_dimensions[row].height
    for area in merged:
        page.merge_cells(None, area.min_row + by, area.min_col, area.max_row + by, area.max_col)


REFERENCE = re.compile(r"(\$?[A-Z]{1,3}\$?)(\d+)(?![\d(])")


def _shifted(value: Any, first: int, by: int) -> Any:
    """A moved formula: what it says of rows that moved moves with them; a range that ends at the written row grows."""
    if not isinstance(value, str) or not value.startswith("="):
        return value

    def shift(hit: re.Match[str]) -> str:
        row = int(hit[2])
        return f"{hit[1]}{row + by if row >= first else row}"

    def grow(hit: re.Match[str]) -> str:
        top, bottom = int(hit[2]), int(hit[4])
        low = top + by if top >= first else top
        high = bottom + by if bottom >= first - 1 else bottom
        return f"{hit[1]}{low}:{hit[3]}{high}"

    spans = re.compile(r"(\$?[A-Z]{1,3}\$?)(\d+):(\$?[A-Z]{1,3}\$?)(\d+)")
    parts, at = [], 0
    for hit in spans.finditer(value):
        parts += [REFERENCE.sub(shift, value[at : hit.start()]), grow(hit)]
        at = hit.end()
    return "".join([*parts, REFERENCE.sub(shift, value[at:])])
