"""The three sheets of an XLSForm as rows of text that remember where they stood. Reading is fenced as any table is."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from shouwang.core.files.books import open_sheet
from shouwang.core.files.errors import FileError, refuse
from shouwang.core.files.sheets import column_letter
from shouwang.surveys.rules.model import Place
from shouwang.surveys.rules.problems import BrokenForm, Problem

MAX_BYTES = 8 << 20  # packed; the largest real form in the tests has 24 KiB
MAX_ROWS = {"survey": 10_000, "choices": 50_000, "settings": 50}
MAX_COLUMNS = 200
MAX_CELL = 10_000  # characters
SHEETS = ("survey", "choices", "settings")
# A workbook, and nothing that merely ends like one.
HEADS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")

ALIASES = {
    "list name": "list_name", "caption": "label", "calculate": "calculation", "relevance": "relevant",
    "read_only": "readonly", "read only": "readonly", "constraint message": "constraint_message",
    "constraining message": "constraint_message", "required message": "required_message",
    "repeat count": "repeat_count", "jr:count": "repeat_count",
    "choice filter": "choice_filter", "form_title": "title", "form title": "title",
    "set form title": "title", "form_id": "form_id", "id_string": "form_id", "form id": "form_id",
    "set form id": "form_id", "default language": "default_language", "bind::relevant": "relevant",
    "bind:relevant": "relevant", "bind::constraint": "constraint", "bind:constraint": "constraint",
    "bind::required": "required", "bind:required": "required", "bind::calculate": "calculation",
    "bind:calculate": "calculation", "bind::jr:constraintmsg": "constraint_message",
    "bind:jr:constraintmsg": "constraint_message", "bind::shouwang:prefill": "prefill",
    "control::appearance": "appearance",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One row that holds anything: header (as ODK calls it; languages after "::") -> text."""

    sheet: str
    number: int
    cells: Mapping[str, str]
    letters: Mapping[str, str]

    def get(self, header: str) -> str:
        return self.cells.get(header, "")

    def at(self, header: str = "") -> Place:
        return Place(self.sheet, self.number, self.letters.get(header, ""), header if header in self.letters else "")

    def texts(self, header: str) -> dict[str, str]:
        """Language -> text of "label", "label::中文 (zh)", …"""
        start = header + "::"
        return {
            name[len(start) :] if name != header else "": text
            for name, text in self.cells.items()
            if text and (name == header or name.startswith(start))
        }


@dataclass(frozen=True, slots=True)
class Workbook:
    """The rows of the three sheets and the letters of their columns. `as_json` keeps it; `of_json` gives it back."""

    sheets: Mapping[str, tuple[Row, ...]]
    letters: Mapping[str, Mapping[str, str]]

    def rows(self, sheet: str) -> tuple[Row, ...]:
        return self.sheets.get(sheet, ())

    def as_json(self) -> dict[str, Any]:
        return {
            sheet: {"letters": dict(self.letters[sheet]), "rows": [[row.number, dict(row.cells)] for row in rows]}
            for sheet, rows in self.sheets.items()
        }

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Workbook:
        letters = {sheet: dict(found["letters"]) for sheet, found in data.items()}
        rows = {
            sheet: tuple(Row(sheet, number, cells, letters[sheet]) for number, cells in found["rows"])
            for sheet, found in data.items()
        }
        return cls(rows, letters)


def read_workbook(stream: BinaryIO, name: str) -> Workbook:
    """Read the sheets survey, choices and settings of an .xlsx, .xls or .ods file.

    FileError when it is no workbook, too large or damaged; BrokenForm when there is no sheet "survey" or a sheet is
    beyond its limits.
    """
    stream.seek(0, 2)
    if stream.tell() > MAX_BYTES:
        raise refuse("file_too_large", name, what=f"> {MAX_BYTES >> 20} MiB")
    stream.seek(0)
    head = stream.read(4096)
    if not head:
        raise refuse("file_empty", name)
    if not head.startswith(HEADS):
        raise refuse("file_kind_unknown", name, what=str(_("something else")))
    names = _sheet_names(stream, head, name)
    if "survey" not in names:
        missing = Problem(Place("survey", 1), "sheet_missing", _("The workbook has no sheet called “survey”."))
        raise BrokenForm([missing])
    sheets: dict[str, tuple[Row, ...]] = {}
    letters: dict[str, dict[str, str]] = {}
    for sheet in SHEETS:
        if sheet in names:
            letters[sheet], sheets[sheet] = _read(stream, head, name, sheet, names[sheet])
    return Workbook(sheets, letters)


def _sheet_names(stream: BinaryIO, head: bytes, name: str) -> dict[str, str]:
    """The sheet's name in lower case -> as the workbook writes it."""
    with contextlib.ExitStack() as stack:
        found = open_sheet(stream, head, name, None, stack).names
    return {text.strip().lower(): text for text in found}


def _read(stream: BinaryIO, head: bytes, name: str, sheet: str, real: str) -> tuple[dict[str, str], tuple[Row, ...]]:
    with contextlib.ExitStack() as stack:
        try:
            opened = open_sheet(stream, head, name, real, stack)
        except FileError as error:
            if error.error_code == "file_empty":
                return {}, ()
            raise
        if opened.total > MAX_ROWS[sheet] + 1:
            raise BrokenForm([_too_many(sheet, opened.total)])
        return _with_header(sheet, ((n, cells) for n, cells, _flaws in opened.rows), opened.left)


def _too_many(sheet: str, total: int) -> Problem:
    return Problem(
        Place(sheet, MAX_ROWS[sheet] + 2),
        "too_many_rows",
        _("This sheet has %(total)s rows; at most %(limit)s are read."),
        {"total": total, "limit": MAX_ROWS[sheet] + 1},
    )


def _with_header(
    sheet: str, lines: Iterator[tuple[int, list[str]]], left: int
) -> tuple[dict[str, str], tuple[Row, ...]]:
    names: list[str] = []
    letters: dict[str, str] = {}
    rows: list[Row] = []
    for number, cells in lines:
        if not names:
            if any(cell.strip() for cell in cells):
                names, letters = _header(sheet, number, cells, left)
            continue
        found = {names[k]: text for k, cell in enumerate(cells[: len(names)]) if names[k] and (text := _tidy(cell))}
        if long := next((k for k in found if len(found[k]) > MAX_CELL), None):
            place = Place(sheet, number, letters[long], long)
            raise BrokenForm([
                Problem(place, "cell_too_long", _("This cell has more than %(limit)s characters."), {"limit": MAX_CELL})
            ])  # fmt: skip
        if found:
            rows.append(Row(sheet, number, found, letters))
    return letters, tuple(rows)


def _header(sheet: str, number: int, cells: list[str], left: int) -> tuple[list[str], dict[str, str]]:
    if len(cells) > MAX_COLUMNS:
        place = Place(sheet, number, column_letter(left + MAX_COLUMNS))
        raise BrokenForm([
            Problem(place, "too_many_columns", _("At most %(limit)s columns are read."), {"limit": MAX_COLUMNS})
        ])  # fmt: skip
    names: list[str] = []
    letters: dict[str, str] = {}
    for k, cell in enumerate(cells):
        header = _plain_header(cell)
        if header in letters:
            place = Place(sheet, number, column_letter(left + k), header)
            raise BrokenForm([Problem(place, "header_duplicate", _("This column is there twice."))])
        names.append(header)
        if header:
            letters[header] = column_letter(left + k)
    return names, letters


def _plain_header(cell: str) -> str:
    """`Label : English (en)` -> `label::English (en)`; names that ODK has under several spellings become one."""
    text = " ".join(cell.split())
    if text.lower() in ALIASES:
        return ALIASES[text.lower()]
    parts = re.split(r"\s*::?\s*", text, maxsplit=1)
    head = parts[0].lower()
    head = ALIASES.get(head, head)
    if len(parts) == 2 and head in TRANSLATED:
        return f"{head}::{parts[1]}"
    return ALIASES.get(text.lower(), text if len(parts) == 2 else head if head in KNOWN else text)


TRANSLATED = frozenset({"label", "hint", "guidance_hint", "constraint_message", "required_message", "media"})
KNOWN = TRANSLATED | frozenset(
    {
        "type", "name", "list_name", "relevant", "constraint", "required", "calculation", "choice_filter", "default",
        "repeat_count", "appearance", "readonly", "parameters", "prefill", "title", "form_id", "version",
        "default_language", "allow_choice_duplicates", "style", "instance_name", "trigger",
    }
)  # fmt: skip
QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})


def _tidy(cell: str) -> str:
    """Without marks that mean nothing: spaces around, no-break spaces, characters that XML cannot hold."""
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", "", cell.replace("\xa0", " "))
    return re.sub("[\ud800-\udfff]", "", text).strip()


def straight(formula: str) -> str:
    """A formula with the quotation marks that a word processor bent made straight again."""
    return formula.translate(QUOTES)
