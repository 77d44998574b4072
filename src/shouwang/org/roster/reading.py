"""A roster file as entries and problems. Touches no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouwang.core.files.columns import ColumnError, ColumnMap, map_columns
from shouwang.core.files.notes import Remark
from shouwang.core.files.problems import RowProblem
from shouwang.core.files.tables import Row, Table, read_table
from shouwang.core.imports import Progress
from shouwang.org.roster import columns, rules
from shouwang.org.roster.rules import FLAWS, Entry, Flaw

EVERY = 1000  # rows between two reports of progress
ROWS_NAMED = 20  # rows a remark names before it only counts
SHOWN = 80  # characters of a value quoted in a problem


@dataclass
class Reading:
    """What the file says. `refused` are (row, code) of rows that are left out, in the order they were found."""

    name: str
    map: ColumnMap
    read: int = 0
    entries: list[Entry] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def refuse(self, row: int, flaw: Flaw) -> None:
        """Leave a row out and say why, where, and what to do."""
        message, remedy = FLAWS.get(flaw.code) or FLAWS["date_wrong"]  # dates keep the code of `core.dates`
        text = str(message) % {"detail": flaw.detail}
        label = self.map.label(flaw.key) if flaw.key in self.map else str(columns.LABELS[flaw.key])
        self.refused.append((row, flaw.code))
        self.problems.append(RowProblem(row, label, flaw.code, text, flaw.value[:SHOWN], str(remedy)))

    def remark(self, code: str, message: str, rows: list[int]) -> None:
        if rows:
            self.remarks.append(Remark(code, message, len(rows), tuple(sorted(rows)[:ROWS_NAMED])))


def read_roster(
    path: Path, *, name: str, mapping: Mapping[str, str] | None, today: date, progress: Progress
) -> Reading:
    """Read and judge every row. FileError or ColumnError when the file as a whole cannot be a roster."""
    with read_table(path, name=name) as table:
        found = _map(table.header, mapping)
        reading = Reading(name, found)
        _read_rows(table, reading, today, progress)
        reading.remarks.extend(table.remarks)
    _refuse_duplicates(reading)
    _remark_on_names(reading)
    _remark_on_cards(reading)
    return reading


def _map(header: tuple[str, ...], mapping: Mapping[str, str] | None) -> ColumnMap:
    """Only the number is indispensable: when it is missing, say just that instead of every name it could have."""
    try:
        return map_columns(header, columns.columns(), mapping)
    except ColumnError as error:
        if error.error_code != "column_missing":
            raise
        raise ColumnError(
            gettext_lazy(
                "No column holds the student or staff number. The file has: %(header)s. Choose the column by hand."
            ),
            code=error.error_code,
            field="number",
            header=", ".join(filter(None, header)),
            keys=["number"],
        ) from error


def _read_rows(table: Table, reading: Reading, today: date, progress: Progress) -> None:
    words, found = columns.words(), reading.map
    wanted = {found.header[index] for index in found.indices.values()}
    for row in table.rows:
        reading.read += 1
        if reading.read % EVERY == 0:
            fraction = table.fraction(row.number)
            progress(reading.read, int(reading.read / fraction) if fraction else None)
        if row.problems and _refuse_damaged(row, reading, wanted):
            continue
        entry, flaws = rules.read_row(row.number, found.values(row), words=words, today=today)
        for flaw in flaws:
            reading.refuse(row.number, flaw)
        if not flaws:
            reading.entries.append(entry)


def _refuse_damaged(row: Row, reading: Reading, wanted: set[str]) -> bool:
    """Cells that the spreadsheet has spoilt refuse the row, unless they stand in a column nobody reads."""
    spoilt = [problem for problem in row.problems if not problem.column or problem.column in wanted]
    for problem in spoilt:
        reading.refused.append((row.number, problem.code))
        reading.problems.append(problem)
    return bool(spoilt)


def _refuse_duplicates(reading: Reading) -> None:
    """None of the rows is taken: which one is right, the file does not say."""
    twice = rules.duplicates(reading.entries)
    if not twice:
        return
    for entry in reading.entries:
        if rows := twice.get(entry.number):
            named = ", ".join(map(str, rows[:ROWS_NAMED])) + (" …" if len(rows) > ROWS_NAMED else "")
            reading.refuse(entry.row, Flaw("number", "number_duplicate", entry.number, named))
    reading.entries = [entry for entry in reading.entries if entry.number not in twice]


def _remark_on_names(reading: Reading) -> None:
    rows = [entry.row for entry in reading.entries if entry.name is None]
    if "name" in reading.map:
        reading.remark("name_empty", _("Rows without a name: the number stands as name until one is given."), rows)
    else:
        reading.remark("name_missing", _("The file has no names: the number stands as name until one is given."), rows)


def _remark_on_cards(reading: Reading) -> None:
    shared = rules.shared_cards(reading.entries)
    rows = [row for found in shared.values() for row in found]
    message = _("Access cards that several people hold: they are kept, but a swipe of such a card names nobody.")
    reading.remark("card_shared", message, rows)
