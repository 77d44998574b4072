"""Proximity files: unix time, person, person, and whatever follows; with or without header; ten million rows or more.

Such files are read by Arrow's own CSV reader straight into columns; no row ever becomes a Python object.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from shouwang.core.files import kinds
from shouwang.core.files.errors import FileError, refuse, unknown_kind
from shouwang.tracing.presence.reading import Progress, no_progress

SAMPLE = 64 << 10
BLOCK = 8 << 20
MOST_BYTES = 8 << 30
"""Decompressed bytes that are read before a file is taken for a decompression bomb."""
LONGEST_LINE = 32 << 20

_SECONDS = r"^\d{1,10}(\.0*)?$"
_GAP = re.compile(rb"[ \t]+")


@dataclass(frozen=True, slots=True)
class Pairs:
    """The file as columns, a row each that is not blank; `row` counts these from 1, the header included.

    `t` is 0 where `readable` is False; `malformed` rows have fewer than three cells; `i` and `j` are dictionary-encoded
    text.
    """

    row: NDArray[np.int64]
    t: NDArray[np.int64]
    readable: NDArray[np.bool_]
    malformed: NDArray[np.bool_]
    i: Any
    j: Any


def read_pairs(path: Path, *, name: str, max_rows: int, progress: Progress = no_progress) -> Pairs:
    """Read the file. Raises `FileError` for what is no such text."""
    with path.open("rb") as raw:
        head = raw.read(SAMPLE)
        kind = kinds.kind_of(head, name)
        raw.seek(0)
        if kind == kinds.GZIP:
            head = _gunzipped_head(path, name)
        elif kind != kinds.TEXT:
            raise unknown_kind(name, _("a spreadsheet"))
        layout = _layout(head, name)
        stream: BinaryIO = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if kind == kinds.GZIP else raw
        bounded = _Bounded(stream, name, squeeze=layout.squeeze, total=path.stat().st_size, raw=raw, progress=progress)
        return _read(bounded, layout, name, max_rows)


def _gunzipped_head(path: Path, name: str) -> bytes:
    try:
        with gzip.open(path) as stream:
            head = stream.read(SAMPLE)
    except (OSError, EOFError) as error:
        raise refuse("file_damaged", name) from error
    if kinds.kind_of(head, name) != kinds.TEXT:
        raise unknown_kind(name, _("a compressed archive"))
    return head


@dataclass(frozen=True, slots=True)
class _Layout:
    delimiter: str
    header: bool
    encoding: str
    squeeze: bool
    columns: int


def _layout(head: bytes, name: str) -> _Layout:
    """Delimiter, header and encoding from the first lines. Runs of blanks between columns are one separator."""
    encoding = "utf8"
    text = head.removeprefix(b"\xef\xbb\xbf")
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise unknown_kind(name, _("a text in UTF-16"))
    try:
        text[: text.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        encoding = "gb18030"
    first = next((line for line in text.splitlines() if line.strip()), b"")
    delimiter = next((mark for mark in (",", "\t", ";") if mark.encode() in first), " ")
    squeeze = delimiter in " \t" and any(
        line != line.strip(b" \t") or re.search(rb"[ \t]{2}| \t|\t ", line) for line in text.splitlines()[:200]
    )
    cells = _GAP.sub(b" ", first.strip()).split(b" ") if squeeze else first.split(delimiter.encode())
    if len(cells) < 3:
        raise FileError(
            _("“%(name)s” has fewer than three columns. A sensor file has a time and two people in every row."),
            code="columns_missing",
            field="file",
            name=name,
        )
    header = re.match(_SECONDS.encode(), cells[0].strip().strip(b'"')) is None
    return _Layout(" " if squeeze else delimiter, header, encoding, squeeze, len(cells))


class _Bounded:
    """The byte stream Arrow reads from: counted, bounded, and with runs of blanks made one where that is wanted."""

    closed = False

    def __init__(
        self, stream: BinaryIO, name: str, *, squeeze: bool, total: int, raw: BinaryIO, progress: Progress
    ) -> None:
        self._stream, self._name, self._squeeze = stream, name, squeeze
        self._total, self._raw, self._progress = total, raw, progress
        self._read = 0
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size if size > 0 else BLOCK)
        self._read += len(block)
        if self._read > MOST_BYTES:
            raise refuse("file_too_large", self._name, what=f"> {MOST_BYTES >> 30} GiB")
        self._progress(self._raw.tell(), self._total)
        return self._squeezed(block) if self._squeeze else block

    def _squeezed(self, block: bytes) -> bytes:
        """Blanks between cells become one, blanks at the ends of a line none; a line is never cut in two."""
        while True:
            lines = self._rest + block
            cut = lines.rfind(b"\n") + 1
            if cut or not block:
                break
            if len(lines) > LONGEST_LINE:
                raise refuse("file_damaged", self._name)
            self._rest, block = lines, self._stream.read(BLOCK)
            self._read += len(block)
        whole, self._rest = (lines[:cut], lines[cut:]) if block else (lines, b"")
        one = _GAP.sub(b" ", whole)
        return one.replace(b"\n ", b"\n").replace(b" \n", b"\n").replace(b" \r\n", b"\r\n").removeprefix(b" ")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return False

    def flush(self) -> None:
        """Nothing is written."""

    def close(self) -> None:
        self.closed = True


def _read(stream: _Bounded, layout: _Layout, name: str, max_rows: int) -> Pairs:
    odd = _OddRows(layout.delimiter)
    names = [f"c{index}" for index in range(layout.columns)]
    text = pa.dictionary(pa.int32(), pa.string())
    batches: list[Any] = []
    count = 0
    try:
        reader = pacsv.open_csv(
            pa.PythonFile(stream, mode="r"),
            read_options=pacsv.ReadOptions(
                column_names=names,
                skip_rows=int(layout.header),
                block_size=BLOCK,
                encoding=layout.encoding,
                use_threads=False,
            ),
            parse_options=pacsv.ParseOptions(delimiter=layout.delimiter, invalid_row_handler=odd),
            convert_options=pacsv.ConvertOptions(
                include_columns=names[:3],
                column_types={names[0]: pa.string(), names[1]: text, names[2]: text},
                strings_can_be_null=False,
            ),
        )
        for batch in reader:
            count += batch.num_rows
            if count + len(odd.rows) > max_rows:
                raise refuse("too_many_rows", name, limit=max_rows)
            batches.append(batch)
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise refuse("file_damaged", name) from error
    if odd.rows:
        batches.append(odd.batch(text))
    t, readable = _moments(pa.chunked_array([batch.column(0) for batch in batches], pa.string()).combine_chunks())
    i, j = (_joined([batch.column(index) for batch in batches], text) for index in (1, 2))
    malformed = np.zeros(len(t), np.bool_)
    malformed[count:] = odd.short
    return Pairs(odd.numbers(count, int(layout.header)), t, readable, malformed, i, j)


class _OddRows:
    """Rows whose number of cells differs from the first row's. Longer ones are read (further columns are ignored)."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self.rows: list[tuple[str, str, str]] = []
        self.short: list[bool] = []
        self._at: list[int] = []

    def __call__(self, row: Any) -> str:
        cells = (row.text or "").split(self._delimiter)
        self.short.append(len(cells) < 3)
        padded: list[str] = [*cells, "", "", ""]
        self.rows.append((padded[0], padded[1], padded[2]))
        self._at.append(row.number or 0)
        return "skip"

    def batch(self, text: Any) -> Any:
        columns = [pa.array([row[index] for row in self.rows], pa.string()) for index in range(3)]
        return pa.record_batch([columns[0], columns[1].cast(text), columns[2].cast(text)], names=["c0", "c1", "c2"])

    def numbers(self, regular: int, header: int) -> NDArray[np.int64]:
        """Row numbers of the regular rows in file order, then of the odd ones."""
        odd = np.array(self._at, np.int64)
        every = np.arange(1, regular + len(odd) + 1, dtype=np.int64) + header
        return np.concatenate((np.setdiff1d(every, odd, assume_unique=False)[:regular], odd))


def _moments(texts: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Unix seconds; a fraction that is not zero is no record of whole seconds and is refused."""
    texts = pc.utf8_trim_whitespace(texts)
    readable = pc.match_substring_regex(texts, _SECONDS).to_numpy(zero_copy_only=False)
    whole = pc.replace_substring_regex(texts, r"\.0*$", "")
    t = pc.cast(pc.if_else(pa.array(readable), whole, "0"), pa.int64()).to_numpy(zero_copy_only=False)
    return t, readable


def _joined(parts: list[Any], kind: Any) -> Any:
    """The dictionary-encoded parts as one array with one dictionary, its texts stripped."""
    if not parts:
        return pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))
    whole = pa.chunked_array(parts, type=kind).unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.chunk(0)
    texts = pc.utf8_trim_whitespace(whole.dictionary)
    return pa.DictionaryArray.from_arrays(whole.indices, texts)
