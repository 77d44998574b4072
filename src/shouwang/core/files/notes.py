"""What the reader noticed and did, for the owner of the file to know. Nothing here needs mending."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import Message
from shouwang.core.files.text import UNDECODABLE

ROWS_NAMED = 20
"""Rows a remark names before it only counts."""

_SENTENCES: dict[str, Message] = {
    "mixed_encoding": _("%(count)s rows are in another encoding (%(what)s) than the rest; each was read in its own."),
    "titles_skipped": _("%(count)s title rows above the header were not read."),
    "merged_filled": _("%(count)s merged cells were given to every row they span."),
    "other_sheets": _("Only the sheet “%(what)s” was read; the file has %(count)s more."),
    "footer_skipped": _("%(count)s footer rows were not read."),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One kind of thing noticed, how often, and the first rows where."""

    code: str
    message: str
    count: int
    rows: tuple[int, ...] = ()


@dataclass
class Notes:
    """Collected while rows are read."""

    _rows: dict[str, list[int]] = field(default_factory=dict)  # encoding -> first rows
    _lines: dict[str, int] = field(default_factory=dict)  # encoding -> rows
    _counts: dict[str, tuple[int, str]] = field(default_factory=dict)

    def encoded(self, encoding: str, row: int) -> None:
        """This row needed this encoding (rows of plain ASCII are not told)."""
        self._lines[encoding] = self._lines.get(encoding, 0) + 1
        named = self._rows.setdefault(encoding, [])
        if len(named) < ROWS_NAMED:
            named.append(row)

    def add(self, code: str, count: int = 1, what: str = "") -> None:
        self._counts[code] = (self._counts.get(code, (0, ""))[0] + count, what)

    def remarks(self) -> tuple[Remark, ...]:
        found: list[Remark] = []
        known = {code: total for code, total in self._lines.items() if code != UNDECODABLE}
        if len(known) > 1:
            rarer = min(known, key=lambda code: (known[code], code))
            found.append(_remark("mixed_encoding", known[rarer], rarer.upper(), tuple(self._rows[rarer])))
        return (*found, *(_remark(code, count, what) for code, (count, what) in self._counts.items()))


def _remark(code: str, count: int, what: str = "", rows: tuple[int, ...] = ()) -> Remark:
    return Remark(code, str(_SENTENCES[code]) % {"count": count, "what": what}, count, rows)
