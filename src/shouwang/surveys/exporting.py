"""Answers as an Excel file: identifiers as text, nothing that runs, masked where that is enough."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _

from shouwang.core.files.sheets import CellValue, SheetSpec, write_xlsx
from shouwang.surveys import rules
from shouwang.surveys.models import Submission
from shouwang.surveys.rules import model as m
from shouwang.surveys.rules.prefill import source_of
from shouwang.surveys.sheet import in_words

MASKED_KINDS = frozenset({"phone", "room", "born"})  # what identifies beyond number and name


@dataclass(frozen=True, slots=True)
class Book:
    """A file, how many answers are in it, and whose."""

    content: bytes
    rows: int
    people: tuple[int, ...]


def mask(text: str) -> str:
    """The first three and the last two characters of a long text, else the first; the rest are stars."""
    if len(text) <= 4:
        return text[:1] + "*" * (len(text) - 1)
    return text[:3] + "*" * (len(text) - 5 if len(text) > 6 else 2) + text[-2:]


def workbook(
    form: rules.Form, rows: Iterable[Submission], *, title: str, language: str, full: bool, by: str, at: datetime
) -> Book:  # fmt: skip
    """One sheet of answers, and one for each repeat, joined by the number of the row. Read once, in order."""
    found = list(rows)
    asked = [q for q in form.asked() if source_of(q) not in ("number", "name")]
    head = [_("Row"), _("Person number"), _("Name"), _("Unit"), _("Source"), _("Time"), _("Verified")]
    sheets = [
        SheetSpec(
            title, [*head, *(form.say(q.label, language) or q.name for q in asked)],
            ([*_who(k, row), *_cells(form, asked, row.answers, language, full)] for k, row in enumerate(found, 1)),
            notes=[] if full else [_("Telephone, dormitory and birthday are masked.")],
        )
    ]  # fmt: skip
    for group in form.groups.values():
        if group.repeat:
            sheets.append(_repeat_sheet(form, group, found, language, full))
    out = BytesIO()
    write_xlsx(out, sheets, footer=f"{by} · {at:%Y-%m-%d %H:%M}")
    return Book(out.getvalue(), len(found), tuple(row.person_id for row in found))


def _who(number: int, row: Submission) -> list[CellValue]:
    person = row.person
    unit = person.home.title if person.home else ""
    verified = _("yes") if row.verified_at else ""
    return [number, person.number, person.name, unit, row.get_source_display(), row.at, verified]


def _cells(
    form: rules.Form, asked: list[rules.Question], answers: dict[str, Any], language: str, full: bool
) -> list[CellValue]:  # fmt: skip
    return [cell(form, q, str(answers.get(q.key) or ""), language, full=full) for q in asked]


def cell(
    form: rules.Form, question: rules.Question, value: str, language: str, *, full: bool
) -> str | int | float | date | None:
    """Numbers are numbers and days are days; everything else is text, an identifier of 18 digits too."""
    if not value:
        return None
    if not full and source_of(question) in MASKED_KINDS:
        return mask(value)
    if question.kind == m.INTEGER and len(value) < 12:
        return int(value)
    if question.kind == m.DECIMAL and len(value) < 15:
        return float(value)
    if question.kind == m.DATE:
        return date.fromisoformat(value)
    return in_words(form, question, value, language)


def _repeat_sheet(
    form: rules.Form, group: rules.Group, found: list[Submission], language: str, full: bool
) -> SheetSpec:  # fmt: skip
    asked = [q for q in form.questions.values() if q.repeats and q.repeats[-1] == group.key and q.kind in _SHOWN]
    depth = len(group.repeats) + 1

    def lines() -> Iterator[list[CellValue]]:
        for k, row in enumerate(found, 1):
            for turn, here in _turns(row.answers, (*group.repeats, group.key)):
                yield [k, row.person.number, *(n + 1 for n in turn), *_cells(form, asked, here, language, full)]

    head = [_("Row"), _("Person number"), *([_("Turn")] * depth)]
    return SheetSpec(
        form.say(group.label, language) or group.name,
        [*head, *(form.say(q.label, language) or q.name for q in asked)],
        lines(),
    )


_SHOWN = (m.ASKED | {m.CALCULATE, m.HIDDEN}) - {m.NOTE}


def _turns(answers: dict[str, Any], keys: tuple[str, ...]) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    places: list[tuple[tuple[int, ...], dict[str, Any]]] = [((), answers)]
    for key in keys:
        places = [((*turn, k), row) for turn, here in places for k, row in enumerate(here.get(key) or [])]
    yield from places
