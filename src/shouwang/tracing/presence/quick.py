"""The short way for large plain tables: Arrow reads the columns, when every cell is one both ways read alike.

`core.files.tables` treats each trap of a table, a row at a time. Most large files are written by machines and have
none of them. This module reads such a file in a tenth of the time, and declines, so that the long way is taken,
whenever anything is there that the long way would treat: another encoding than UTF-8, rows of uneven length or blank,
invisible marks, spreadsheet formulas and errors, footers, shortened numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from shouwang.core.files.columns import ColumnMap
from shouwang.core.files.sheets import FOOTER_MARK
from shouwang.core.files.tables import Table

Progress = Callable[[int, int | None], None]

SMALLEST = 1 << 18
"""Bytes from which the short way is tried."""

LONGEST_CELL = 100_000
_BLOCK = 4 << 20
_TRAP = r"""^\s*[#=']|[Ee]\+|\""""


def read_quickly(
    path: Path, table: Table, found: ColumnMap, *, max_rows: int, progress: Progress
) -> tuple[NDArray[np.int64], dict[str, Any]] | None:
    """(row numbers, text of each field), or None when the file wants the long way. `table` has only its header read."""
    if table.kind != "csv" or table.header_row != 1 or not _plain(path, table):
        return None
    names = [f"c{index}" for index in range(len(table.header))]
    wanted = list(dict.fromkeys([names[0], *(names[index] for index in found.indices.values())]))
    parts: dict[str, list[Any]] = {name: [] for name in wanted}
    count = 0
    try:
        for batch in _reader(path, table.delimiter, names, wanted):
            columns = {name: _clean(batch.column(name)) for name in wanted}
            if any(column is None for column in columns.values()) or _blank(columns, names[0]):
                return None
            for name, column in columns.items():
                parts[name].append(column)
            count += batch.num_rows
            if count > max_rows:
                return None
            progress(count, None)
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return None
    joined = {
        name: pa.concat_arrays(columns) if columns else pa.array([], pa.string()) for name, columns in parts.items()
    }
    row = np.arange(count, dtype=np.int64) + table.header_row + 1
    return row, {key: joined[names[index]] for key, index in found.indices.items()}


def _plain(path: Path, table: Table) -> bool:
    """A file of some size, not compressed, that the reader takes for UTF-8, and that quotes only whole cells."""
    if table.text is None or table.text.state.prefer_gb or not table.text.size or path.stat().st_size < SMALLEST:
        return False
    # A quotation mark stands at the end of a cell, or the two ways may disagree about what it quotes.
    end = np.zeros(256, np.bool_)
    end[list(table.delimiter.encode() + b"\r\n")] = True
    marks, kept = 0, b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if not kept and block[:2] in (b"\xff\xfe", b"\xfe\xff"):
                return False
            marks += block.count(b'"')
            text = np.frombuffer(kept + block, np.uint8)
            at = np.flatnonzero(text[1:-1] == ord('"')) + 1
            if np.any(~end[text[at - 1]] & ~end[text[at + 1]]):
                return False
            kept = block[-2:]
    return marks % 2 == 0


def _reader(path: Path, delimiter: str, names: list[str], wanted: list[str]) -> Any:
    return pacsv.open_csv(
        str(path),
        read_options=pacsv.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK),
        parse_options=pacsv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
        convert_options=pacsv.ConvertOptions(
            include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
        ),
    )


def _clean(column: Any) -> Any:
    """The column without spaces around its texts; None when a text is one the long way would treat."""
    if not len(column):
        return column
    odd = pc.any(pc.invert(pc.utf8_is_printable(column))).as_py()
    if odd or pc.any(pc.match_substring_regex(column, _TRAP)).as_py():
        return None
    if pc.max(pc.binary_length(column)).as_py() > LONGEST_CELL:
        return None
    return pc.utf8_trim_whitespace(column)


def _blank(columns: dict[str, Any], first: str) -> bool:
    """Whether some row is empty where we look (it may be blank altogether), or is a footer."""
    if pc.any(pc.starts_with(columns[first], FOOTER_MARK)).as_py():
        return True
    empty = [pc.equal(column, "") for column in columns.values()]
    every = empty[0]
    for column in empty[1:]:
        every = pc.and_(every, column)
    return bool(pc.any(every).as_py())
