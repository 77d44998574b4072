"""The superior's own table, filled in: an .xlsx keeps its formats, merged cells, widths and formulas.

Marks in cells: `{{unit}}` `{{title}}` `{{date}}` `{{asked}}` `{{answered}}` `{{unknown}}` `{{count}}`,
`{{count question=value}}` (several conditions are joined by "and"; `question!=value` excludes), `{{sum question}}`,
`{{percent question=value}}`; and in one row `{{row number}}` `{{row name}}` `{{row class}}` `{{row n}}`
`{{row question}}`: that row is written once for each person. A mark that is not understood is named with its cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Message
from shouwang.core.files.filling import BadTemplate, Filled, Value, fill_table, unknown_mark
from shouwang.surveys import rules
from shouwang.surveys.exporting import MASKED_KINDS, cell, mask
from shouwang.surveys.rules.prefill import source_of

__all__ = ["BadTemplate", "Facts", "Filled", "Person", "fill_template"]
CONDITION = re.compile(r"([^\s=!]+)\s*(!?=)\s*(\S+)")


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


def fill_template(content: bytes, facts: Facts, *, name: str = "") -> Filled:
    """The same workbook with its marks replaced; see `core.files.filling.fill_table`."""
    return fill_table(content, _Marks(facts), name=name)


class _Marks:
    """What the marks of a survey mean."""

    no_rows: Message = _("rows with names need the right to read answers")

    def __init__(self, facts: Facts) -> None:
        self.facts, self.rows = facts, facts.people

    def value(self, mark: str, row: Person | None, number: int) -> Value:
        facts = self.facts
        plain: dict[str, Callable[[], Value]] = {
            "unit": lambda: facts.unit, "class": lambda: facts.unit, "title": lambda: facts.title,
            "date": lambda: facts.day, "asked": lambda: facts.asked, "answered": lambda: len(facts.answers),
            "count": lambda: len(facts.answers), "unknown": lambda: facts.asked - len(facts.answers),
        }  # fmt: skip
        word, _space, rest = mark.partition(" ")
        if mark in plain:
            return plain[mark]()
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
            return self._of_person(rest.strip(), row, number)
        raise unknown_mark(mark)

    def _matching(self, text: str) -> int:
        conditions = []
        rest = re.sub(r"\band\b", " ", CONDITION.sub("", text)).strip()
        for key, sign, wanted in CONDITION.findall(text):
            question = self._question(key)
            if self.facts.people is None and not question.is_select:
                raise BadInput(_("“%(key)s”: only questions with a list of answers are counted for you"), key=key[:60])
            conditions.append((question, sign == "=", wanted))
        if rest or not conditions:
            raise unknown_mark(text)
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


def _number(text: str) -> float | int:
    try:
        number = float(text)
    except ValueError:
        return 0
    return int(number) if number == int(number) else number
