"""The refusal of a whole file. Codes are listed in `docs/files.md`; every sentence says what to do next."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Message


class FileError(BadInput):
    """The file cannot be read as a table at all. `data` always carries `name`, the file's name as uploaded."""

    code = "file_unreadable"


def refuse(code: str, name: str, **data: Any) -> FileError:
    """The `FileError` of this code, with its sentence. `data` fills the sentence's named fields."""
    return FileError(SENTENCES[code], code=code, field="file", name=name, **data)


def unknown_kind(name: str, what: Message) -> FileError:
    """Refusal of something that is no table; `what` names it in words ("a PDF document")."""
    return refuse("file_kind_unknown", name, what=str(what))


SENTENCES: dict[str, Message] = {
    "file_empty": _("“%(name)s” is empty. Choose the file that holds the table, with its header in the first row."),
    "file_kind_unknown": _(
        "“%(name)s” is %(what)s, not a table. "
        "Open it in Excel or WPS, save it as .xlsx or as CSV, and choose that file."
    ),
    "file_damaged": _(
        "“%(name)s” is damaged or incomplete and could not be read to the end. "
        "Open it in Excel or WPS, save it again as .xlsx, and choose the new file."
    ),
    "file_too_large": _(
        "“%(name)s” is larger than can be read safely (%(what)s). "
        "Keep only the sheet and columns that are needed, or split it into several files."
    ),
    "file_encrypted": _(
        "“%(name)s” is protected by a password. Remove the password in Excel or WPS and choose the file again."
    ),
    "sheet_missing": _("“%(name)s” has no sheet called “%(sheet)s”. It has: %(sheets)s. Choose one of these."),
    "header_missing": _(
        "“%(name)s” has no header: row %(row)s holds no column name. "
        "Put the column names (for example student number, name) in the first row."
    ),
    "header_duplicate": _(
        "“%(name)s” has two columns called “%(column)s”. "
        "Rename or delete one of them, so that it is clear which is meant."
    ),
    "too_many_rows": _(
        "“%(name)s” has more than %(limit)s rows. Split it into several files, or delete the empty rows at the end."
    ),
    "quote_unclosed": _(
        "“%(name)s” has a quotation mark in row %(row)s that is never closed, so everything after it would be lost. "
        "Delete that mark, or save the file again from Excel or WPS."
    ),
}
