"""A table of any kind as columns of text, a chunk at a time, so that a million rows never become a million objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shouwang.core.files.columns import Column, ColumnMap, map_columns
from shouwang.core.files.notes import Remark
from shouwang.core.files.problems import RowProblem
from shouwang.core.files.tables import Row, Table, read_table
from shouwang.tracing.presence.quick import read_quickly
from shouwang.tracing.rules.intake import SENTENCES, Fate, Fates, describe

Progress = Callable[[int, int | None], None]

CHUNK = 50_000
LISTED_PER_REASON = 50
"""Problems of one kind that are listed; all are counted."""


def no_progress(done: int, total: int | None) -> None:
    """For callers who show none."""


@dataclass
class Columns:
    """The file as columns: `text[key]` an Arrow string array for every field of the map, `row` its row numbers.

    `malformed` marks rows whose cells cannot be trusted; `problems` says why.
    """

    row: NDArray[np.int64]
    text: dict[str, Any]
    malformed: NDArray[np.bool_]
    map: ColumnMap
    problems: list[RowProblem] = field(default_factory=list)
    remarks: tuple[Remark, ...] = ()

    def __len__(self) -> int:
        return len(self.row)

    def coded(self, key: str) -> Any:
        """The field as a dictionary-encoded column: each distinct text once."""
        return encode(self.text[key])

    def value(self, index: int, key: str) -> str:
        return str(self.text[key][index].as_py()) if key in self.text else ""


def encode(texts: Any) -> Any:
    """A string array with each distinct text stored once (int32 indices)."""
    coded = pc.dictionary_encode(texts)
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    return coded if isinstance(coded, pa.DictionaryArray) else pa.array([], pa.string()).dictionary_encode()


def read_columns(
    path: Path,
    *,
    name: str,
    spec: Sequence[Column],
    saved: Mapping[str, str] | None = None,
    sheet: str | None = None,
    max_rows: int,
    progress: Progress = no_progress,
) -> Columns:
    """Read the table. Raises `FileError` and `ColumnError` of `core.files`; a bad row is marked, never raised."""
    with read_table(path, name=name, sheet=sheet, max_rows=max_rows) as table:
        found = map_columns(table.header, spec, saved)
        quick = read_quickly(path, table, found, max_rows=max_rows, progress=progress)
        if quick is not None:
            return Columns(quick[0], quick[1], np.zeros(len(quick[0]), np.bool_), found)
        gathered = _Gathered(found)
        while chunk := list(islice(table.rows, CHUNK)):
            gathered.take(chunk)
            progress(gathered.count, _expected(table, gathered.count, chunk[-1].number))
        return gathered.columns(table.remarks)


def _expected(table: Table, done: int, at_row: int) -> int | None:
    share = table.fraction(at_row)
    return max(done, round(done / share)) if share else None


class _Gathered:
    """Columns being filled."""

    def __init__(self, found: ColumnMap) -> None:
        self.map = found
        self.keys = tuple(found.indices)
        self.count = 0
        self._rows: list[NDArray[np.int64]] = []
        self._malformed: list[NDArray[np.bool_]] = []
        self._text: dict[str, list[Any]] = {key: [] for key in self.keys}
        self._problems: list[RowProblem] = []
        self._used = {found.header[index] for index in found.indices.values()} | {""}

    def take(self, chunk: list[Row]) -> None:
        self.count += len(chunk)
        self._rows.append(np.fromiter((row.number for row in chunk), np.int64, len(chunk)))
        bad = np.zeros(len(chunk), np.bool_)
        for index, row in enumerate(chunk):
            if row.problems:
                bad[index] = self._judge(row)
        self._malformed.append(bad)
        for key in self.keys:
            at = self.map.indices[key]
            self._text[key].append(pa.array([row.values[at] for row in chunk], pa.string()))

    def _judge(self, row: Row) -> bool:
        """A row is malformed when a cell we need is damaged, or when its cells may stand in the wrong columns."""
        felt = [problem for problem in row.problems if problem.column in self._used]
        if len(self._problems) < LISTED_PER_REASON:
            self._problems += felt
        return bool(felt)

    def columns(self, remarks: tuple[Remark, ...]) -> Columns:
        text = {
            key: pa.concat_arrays(parts) if parts else pa.array([], pa.string()) for key, parts in self._text.items()
        }
        empty = np.empty(0, np.int64)
        return Columns(
            np.concatenate([empty, *self._rows]),
            text,
            np.concatenate([np.empty(0, np.bool_), *self._malformed]),
            self.map,
            self._problems,
            remarks,
        )


def problems_of(
    fates: Fates, row: NDArray[np.int64], shown: Mapping[Fate, tuple[str, Callable[[int], object]]]
) -> list[RowProblem]:
    """The first refused rows of each reason as problems. `shown[fate]` is the column's header and its value by index.

    Rows refused as ROW_MALFORMED carry problems of their own and are left out unless `shown` names them; a refused
    card is no problem of the file, and only counted.
    """
    problems: list[RowProblem] = []
    for fate in Fate:
        if fate in (Fate.ACCEPTED, Fate.DENIED) or (fate == Fate.ROW_MALFORMED and fate not in shown):
            continue
        column, value = shown.get(fate, ("", lambda index: ""))
        message, remedy = SENTENCES[fate]
        for index in np.flatnonzero(fates == fate)[:LISTED_PER_REASON].tolist():
            problems.append(
                RowProblem(int(row[index]), column, fate.code, str(message), describe(value(index)), str(remedy))
            )
    return problems
