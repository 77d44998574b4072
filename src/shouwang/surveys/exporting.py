"""Answers as an Excel file: identifiers as text, nothing that runs, masked where that is enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from shouwang.core.files.sheets import CellValue, SheetSpec, write_xlsx
from shouwang.surveys import rules
from shouwang.surveys.models import Submission
from shouwang.surveys.queries.files import files_of
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
    form: rules.Form,
    rows: Iterable[Submission],
    *,
    title: str,
    language: str,
    full: bool,
    base: str = "",
    by: str,
    at: datetime,
) -> Book:
    """One sheet of answers, and one for each repeat, joined by the number of the row. Read once, in order. A question
    that is answered by a file has two columns: its name and its address (`base` before the path)."""
    found = list(rows)
    links = Links(found, base)
    taken = form.files()
    asked = [q for q in form.asked() if not _said_already(q, found)]
    head = [_("Row"), _("Person number"), _("Name"), _("Unit"), _("Source"), _("Time"), _("Verified")]
    titles = [*_titles(form, asked, language), *_file_heads(form, taken, language)]

    def lines() -> Iterator[list[CellValue]]:
        for k, row in enumerate(found, 1):
            cells = _cells(form, asked, row.answers, language, full)
            yield [*_who(k, row), *cells, *links.cells(taken, row, row.answers)]

    notes = [] if full else [_("Telephone, dormitory and birthday are masked.")]
    sheets = [SheetSpec(title, [*head, *titles], lines(), notes=notes)]
    for group in form.groups.values():
        if group.repeat:
            sheets.append(_repeat_sheet(form, group, found, language, full, links))
    out = BytesIO()
    write_xlsx(out, sheets, footer=f"{by} · {at:%Y-%m-%d %H:%M}")
    return Book(out.getvalue(), len(found), tuple(row.person_id for row in found))


class Links:
    """Where the files of these answers are read."""

    def __init__(self, rows: list[Submission], base: str) -> None:
        self.base, self.files = base, files_of(rows)

    def cells(self, taken: list[rules.Question], row: Submission, here: dict[str, Any]) -> list[CellValue]:
        """Name and address for each question; a file that has not come yet is named, and its address says so."""
        found: list[CellValue] = []
        for question in taken:
            name = str(here.get(question.key) or "")
            file = self.files[row.pk].get(name)
            where = f"{self.base}{reverse('surveys:answer_file', args=[file.pk])}" if file else _("not arrived")
            found += [name or None, where if name else None]
        return found


def _titles(form: rules.Form, asked: list[rules.Question], language: str) -> list[str]:
    """A heading for each question: its words, with its name behind them where another has the same words."""
    words = [form.say(q.label, language) or q.name for q in asked]
    often = Counter(words)
    return [f"{word} ({q.name})" if often[word] > 1 else word for word, q in zip(words, asked, strict=True)]


def _said_already(question: rules.Question, rows: list[Submission]) -> bool:
    """Whether a question only repeats the number or name that each line has from the roster. What somebody has
    answered otherwise, of another person for example, is kept."""
    kind = source_of(question)
    if kind not in ("number", "name"):
        return False
    return all(row.answers.get(question.key) in (None, "", getattr(row.person, kind)) for row in rows)


def _file_heads(form: rules.Form, taken: list[rules.Question], language: str) -> list[str]:
    heads = _titles(form, taken, language)
    return [head for name in heads for head in (name, _("%(name)s: address of the file") % {"name": name})]


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
    form: rules.Form, group: rules.Group, found: list[Submission], language: str, full: bool, links: Links
) -> SheetSpec:  # fmt: skip
    asked = [q for q in form.questions.values() if q.repeats and q.repeats[-1] == group.key and q.kind in _SHOWN]
    taken = [q for q in form.questions.values() if q.repeats and q.repeats[-1] == group.key and q.is_file]
    depth = len(group.repeats) + 1

    def lines() -> Iterator[list[CellValue]]:
        for k, row in enumerate(found, 1):
            for turn, here in _turns(row.answers, (*group.repeats, group.key)):
                cells = [*_cells(form, asked, here, language, full), *links.cells(taken, row, here)]
                yield [k, row.person.number, *(n + 1 for n in turn), *cells]

    head = [_("Row"), _("Person number"), *([_("Turn")] * depth)]
    return SheetSpec(
        form.say(group.label, language) or group.name,
        [*head, *_titles(form, asked, language), *_file_heads(form, taken, language)],
        lines(),
    )


_SHOWN = (m.ASKED | {m.CALCULATE, m.HIDDEN}) - {m.NOTE}


def _turns(answers: dict[str, Any], keys: tuple[str, ...]) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    places: list[tuple[tuple[int, ...], dict[str, Any]]] = [((), answers)]
    for key in keys:
        places = [((*turn, k), row) for turn, here in places for k, row in enumerate(here.get(key) or [])]
    yield from places
