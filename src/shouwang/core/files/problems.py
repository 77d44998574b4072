"""What is wrong with a row, and the sheet that says so to the person who must mend it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shouwang.core.errors import ShouwangError
from shouwang.core.files.sheets import CellValue, SheetSpec, column_letter, write_xlsx

LISTED_AT_MOST = 200_000
"""Rows of the first sheet; more would not open comfortably. The summary always counts all."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with one row (`column` is "" when it concerns the whole row), in the reader's language."""

    row: int
    column: str
    code: str
    message: str
    value: str = ""
    remedy: str = ""

    @classmethod
    def from_error(cls, error: ShouwangError, *, row: int, column: str, value: str = "") -> RowProblem:
        """A typed refusal (for example a `DateError`) as a problem of this row; its sentence holds the remedy."""
        return cls(row, column, error.error_code, error.sentence, value)

    def as_dict(self) -> dict[str, str | int]:
        return {
            "row": self.row,
            "column": self.column,
            "code": self.code,
            "message": self.message,
            "value": self.value,
            "remedy": self.remedy,
        }


@dataclass
class _Tally:
    total: int = 0
    listed: int = 0


def problem_sheet(
    problems: Iterable[RowProblem], header: Sequence[str] = (), *, source: str = "", footer: str | None = None
) -> bytes:
    """The downloadable error sheet as .xlsx bytes.

    Sheet 1: row number and column as in the person's own file, value, what is wrong, how to mend it. Sheet 2: how
    many of each kind. `header` is the header of that file (it turns a column name into its letter), `source` its
    name, `footer` the who-and-when line. At most `LISTED_AT_MOST` problems are listed; all are counted.
    """
    letters = {name: column_letter(index) for index, name in enumerate(header) if name}
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    tally = _Tally()

    def listed() -> Iterator[Sequence[CellValue]]:
        for problem in problems:
            tally.total += 1
            counts[problem.code] += 1
            examples.setdefault(problem.code, problem.message)
            if tally.total > LISTED_AT_MOST:
                continue
            tally.listed += 1
            letter = letters.get(problem.column, "")
            yield (problem.row, letter, problem.column, problem.value, problem.message, problem.remedy, problem.code)

    def summary() -> Iterator[Sequence[CellValue]]:
        for code, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            yield (code, number, examples[code])
        yield (_("All problems"), tally.total, _("%(listed)s listed on the first sheet") % {"listed": tally.listed})
        if source:
            yield (_("File"), None, source)

    details = (
        _("Row"),
        _("Column letter"),
        _("Column"),
        _("Value in the file"),
        _("What is wrong"),
        _("How to mend it"),
        _("Problem code"),
    )
    out = io.BytesIO()
    write_xlsx(
        out,
        (
            SheetSpec(_("Problem list"), details, listed()),
            SheetSpec(_("Problems by kind"), (_("Problem code"), _("How many"), _("For example")), summary()),
        ),
        footer=footer,
    )
    return out.getvalue()
