"""What is wrong with a form, and exactly where: sheet, row, column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Message
from shouwang.surveys.rules.model import Place

SHOWN = 200  # problems carried by the refusal; a form with more has one cause


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `place.column` is the letter of the column, `place.header` what stands at its top."""

    place: Place
    code: str
    message: Message
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        text = str(self.message)
        return text % self.data if self.data else text

    def as_dict(self) -> dict[str, Any]:
        return {
            "sheet": self.place.sheet,
            "row": self.place.row,
            "column": self.place.column,
            "header": self.place.header,
            "code": self.code,
            "message": self.sentence,
        }


class BrokenForm(BadInput):
    """The form cannot be used; `problems` says why, in the order of the workbook."""

    code = "form_broken"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(
            _("The form has %(count)s errors. The first: sheet “%(sheet)s”, row %(row)s, column %(column)s: %(why)s"),
            field="file",
            count=len(self.problems),
            sheet=first.place.sheet,
            row=first.place.row,
            column=(f"{first.place.column} ({first.place.header})" if first.place.header else "–"),
            why=first.sentence,
            problems=[problem.as_dict() for problem in self.problems[:SHOWN]],
        )


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By sheet, row and column, each finding once."""
    rank = {"survey": 0, "choices": 1, "settings": 2}
    unique = {(p.place, p.code, p.sentence): p for p in problems}
    return sorted(unique.values(), key=lambda p: (rank.get(p.place.sheet, 3), p.place.row, p.place.column))
