"""Which header is which field: "学号*", "Student No." and "student_no（必填）" are one column to a person, so to us."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.core.files.tables import Row

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|\{[^{}]*\}|<[^<>]*>|《[^《》]*》")
_NOISE = re.compile(r"[\s_\-.·:;,，、/\\*#†‡!?？※\"'“”‘’]+")


class ColumnError(BadInput):
    """The header does not fit: column_missing, column_ambiguous. `data["key"]` names the field."""

    code = "column_missing"


@dataclass(frozen=True)
class Column:
    """A field a table may have. `names` are the headers it is known by, in any language, the first one for display."""

    key: str
    names: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True)
class ColumnMap:
    """Field -> position in a row. `ignored` are headers no field wants; `absent` optional fields that are not there."""

    header: tuple[str, ...]
    indices: Mapping[str, int]
    ignored: tuple[str, ...] = ()
    absent: tuple[str, ...] = field(default=())

    def __contains__(self, key: str) -> bool:
        return key in self.indices

    def value(self, row: Row, key: str) -> str:
        """The row's text for this field; "" when the table has no such column."""
        index = self.indices.get(key)
        return "" if index is None else row.values[index]

    def values(self, row: Row) -> dict[str, str]:
        """Field -> text, for the fields the table has."""
        return {key: row.values[index] for key, index in self.indices.items()}

    def label(self, key: str) -> str:
        """The header as it stands in the person's file, for problems; the field's key when there is none."""
        index = self.indices.get(key)
        return key if index is None else self.header[index]

    def as_dict(self) -> dict[str, str]:
        """Field -> header text, to be remembered and given back as `saved` for the next file of this kind."""
        return {key: self.header[index] for key, index in self.indices.items()}


def plain_name(header: str, *, brackets: bool = False) -> str:
    """A header for comparison: no case, width, spaces, underscores, asterisks; `brackets` keeps what they enclose.

    A header that is nothing but a bracket keeps its content either way.
    """
    text = unicodedata.normalize("NFKC", header).casefold()
    if not brackets:
        text = _BRACKETS.sub("", text)
    short = _NOISE.sub("", re.sub(r"[()\[\]【】〔〕{}<>《》]", "", text))
    return short or (plain_name(header, brackets=True) if not brackets else "")


def map_columns(header: Sequence[str], spec: Sequence[Column], saved: Mapping[str, str] | None = None) -> ColumnMap:
    """Find each field's column. `saved` (from `ColumnMap.as_dict`) decides where its header still exists.

    A header that equals a name in full (brackets included) is preferred to one that does so only without them, so
    "姓名" is chosen beside "姓名（拼音）". Raises `ColumnError` column_missing (naming what was looked for and what is
    there) and column_ambiguous (two headers would do). A column is never given to two fields: the one listed first
    in `spec` has it.
    """
    full = [plain_name(cell, brackets=True) for cell in header]
    bare = [plain_name(cell) for cell in header]
    indices: dict[str, int] = {}
    for column in spec:
        index = _remembered(header, full, (saved or {}).get(column.key), indices)
        if index is None:
            index = _recognised(header, full, bare, column, indices)
        if index is not None:
            indices[column.key] = index
    missing = [column for column in spec if column.required and column.key not in indices]
    if missing:
        raise ColumnError(
            _(
                "No column was found for: %(missing)s. The file has: %(header)s. "
                "Rename the column, or choose it by hand."
            ),
            code="column_missing",
            field=missing[0].key,
            missing="; ".join(" / ".join(column.names) for column in missing),
            header=", ".join(filter(None, header)),
            keys=[column.key for column in missing],
        )
    used = set(indices.values())
    return ColumnMap(
        header=tuple(header),
        indices=indices,
        ignored=tuple(cell for index, cell in enumerate(header) if cell and index not in used),
        absent=tuple(column.key for column in spec if column.key not in indices),
    )


def _remembered(header: Sequence[str], full: list[str], wanted: str | None, taken: Mapping[str, int]) -> int | None:
    if not wanted:
        return None
    exact = [index for index, cell in enumerate(header) if cell == wanted]
    alike = exact or [index for index, cell in enumerate(full) if cell == plain_name(wanted, brackets=True)]
    free = [index for index in alike if index not in taken.values()]
    return free[0] if len(free) == 1 else None


def _recognised(
    header: Sequence[str], full: list[str], bare: list[str], column: Column, taken: Mapping[str, int]
) -> int | None:
    names = {plain_name(name, brackets=True) for name in column.names}
    for level in (full, bare):
        found = [index for index, cell in enumerate(level) if cell and cell in names and index not in taken.values()]
        if len(found) > 1:
            raise ColumnError(
                _("Two columns could be “%(name)s”: %(columns)s. Rename or delete one of them."),
                code="column_ambiguous",
                field=column.key,
                name=column.names[0],
                columns=", ".join(header[index] for index in found),
                key=column.key,
            )
        if found:
            return found[0]
    return None
