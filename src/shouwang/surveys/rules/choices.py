"""The sheet "choices": lists of answers, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from shouwang.surveys.rules.model import Choice
from shouwang.surveys.rules.problems import Problem
from shouwang.surveys.rules.workbook import Row, Workbook

MAX_NAME = 100
OWN = ("list_name", "name", "label", "media", "order")


def read_choices(book: Workbook, problems: list[Problem]) -> Mapping[str, tuple[Choice, ...]]:
    """List name -> its choices in order. Findings are added to `problems`."""
    found: dict[str, list[Choice]] = {}
    rows_of: dict[tuple[str, str], int] = {}
    settings = book.rows("settings")
    twins_allowed = bool(settings) and settings[0].get("allow_choice_duplicates").lower() in ("yes", "true", "1")
    for row in book.rows("choices"):
        list_name, name = row.get("list_name"), _plain(row.get("name"))
        if not list_name:
            if name or row.texts("label"):
                problems.append(Problem(row.at("list_name"), "list_name_missing", _("This choice belongs to no list.")))
            continue
        if not name:
            problems.append(Problem(row.at("name"), "choice_name_missing", _("This choice has no name.")))
            continue
        if " " in name or len(name) > MAX_NAME:
            sentence = _("“%(name)s”: the name of a choice has no space and at most %(limit)s characters.")
            problems.append(
                Problem(row.at("name"), "choice_name_invalid", sentence, {"name": name[:80], "limit": MAX_NAME})
            )
        first = rows_of.setdefault((list_name, name), row.number)
        if first != row.number and not twins_allowed:
            sentence = _("“%(name)s” stands in this list already, in row %(other)s.")
            problems.append(Problem(row.at("name"), "choice_duplicate", sentence, {"name": name, "other": first}))
        found.setdefault(list_name, []).append(Choice(name, row.texts("label") or {"": name}, _more(row)))
    return {list_name: tuple(choices) for list_name, choices in found.items()}


def _plain(name: str) -> str:
    """1.0 in a sheet is the choice 1."""
    return name[:-2] if name.endswith(".0") and name[:-2].isdecimal() else name


def _more(row: Row) -> dict[str, str]:
    return {
        column: text
        for column, text in row.cells.items()
        if column not in OWN and not column.startswith(("label::", "media::"))
    }
