"""Raw records as they were imported: one immutable Arrow file each, sorted by time, refused rows included.

Every row keeps the text that named its person and place beside the ids found for them, its row number in the file, and
its fate. So a refused row can be shown, counted again, and resolved again when the roster has been mended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shouwang.tracing.presence.files import batches_root, fresh_name, write_whole
from shouwang.tracing.rules.intake import Fate

Column = NDArray[Any]

FORMAT, VERSION = b"shouwang.presence", b"1"

# format -> its columns. `who`, `where`, `other` are dictionary-encoded text; the rest are numbers.
COLUMNS: dict[str, tuple[str, ...]] = {
    "gate": ("row", "t", "who", "where", "person", "place", "direction", "fate"),
    "visits": ("row", "start", "end", "who", "where", "person", "place", "fate"),
    "proximity": ("row", "t", "who", "other", "person", "partner", "fate"),
}
_TYPES = {
    "row": np.int64,
    "t": np.int64,
    "start": np.int64,
    "end": np.int64,
    "person": np.int32,
    "partner": np.int32,
    "place": np.int32,
    "direction": np.int8,
    "fate": np.uint8,
}
TEXTS = ("who", "where", "other")


class BatchError(ValueError):
    """A raw file that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Columns of one import, by time of `t` or `start`. `columns[name]` is a NumPy array, for texts an Arrow array."""

    source_format: str
    columns: dict[str, Any]
    step: int = 0

    def __len__(self) -> int:
        return len(self.columns["fate"])

    @property
    def moment(self) -> Column:
        """The column the rows are sorted by."""
        column: Column = self.columns["start" if self.source_format == "visits" else "t"]
        return column

    @property
    def accepted(self) -> NDArray[np.bool_]:
        accepted: NDArray[np.bool_] = self.columns["fate"] == Fate.ACCEPTED
        return accepted

    def fingerprint(self) -> str:
        """SHA-256 of what the batch says; equal for equal content, whatever the file was called."""
        digest = hashlib.sha256(f"{self.source_format} {self.step}".encode())
        for name in COLUMNS[self.source_format]:
            values = self.columns[name]
            if name in TEXTS:
                digest.update("\0".join(values.dictionary.to_pylist()).encode())
                values = values.indices.to_numpy(zero_copy_only=False)
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()


def sorted_batch(source_format: str, columns: dict[str, Any], *, step: int = 0) -> Batch:
    """A batch of columns given in file order, put into the order of time (rows of one moment keep theirs)."""
    batch = Batch(source_format, columns, step)
    moment = batch.moment
    if len(moment) > 1 and np.any(np.diff(moment) < 0):
        order = np.argsort(moment, kind="stable")
        columns = {name: _reordered(values, order) for name, values in columns.items()}
    return Batch(source_format, columns, step)


def _reordered(values: Any, order: NDArray[np.int64]) -> Any:
    if isinstance(values, np.ndarray):
        return values[order]
    return pa.DictionaryArray.from_arrays(values.indices.take(pa.array(order)), values.dictionary)


def with_people(batch: Batch, into: Mapping[int, int]) -> Batch:
    """The batch with every person of `into` replaced by whoever stands for them since two records were merged. Raw
    files keep whom they named: an undone merge is undone here too."""
    if not into:
        return batch
    gone = np.array(sorted(into), np.int32)
    stands = np.array([into[pk] for pk in sorted(into)], np.int32)
    columns = dict(batch.columns)
    for name in ("person", "partner"):
        if name in columns:
            held = np.asarray(columns[name])
            at = np.minimum(np.searchsorted(gone, held), len(gone) - 1)
            columns[name] = np.where(gone[at] == held, stands[at], held).astype(held.dtype)
    return Batch(batch.source_format, columns, batch.step)


def write_batch(batch: Batch) -> str:
    """Write to a new file under the batches folder, durable before this returns. The file's name."""
    names = COLUMNS[batch.source_format]
    arrays = [
        batch.columns[name] if name in TEXTS else pa.array(batch.columns[name].astype(_TYPES[name], copy=False))
        for name in names
    ]
    metadata = {
        b"format": FORMAT,
        b"version": VERSION,
        b"kind": batch.source_format.encode(),
        b"step": b"%d" % batch.step,
    }
    schema = pa.schema([pa.field(n, a.type) for n, a in zip(names, arrays, strict=True)], metadata=metadata)
    record = pa.record_batch(arrays, schema=schema)

    def write(path: Path) -> None:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(record)

    name = fresh_name(batch.source_format)
    write_whole(batches_root() / name, write)
    return name


def read_batch(name: str) -> Batch:
    """The batch in this file, numbers as views of the mapped file. BatchError when it cannot be used."""
    path = batches_root() / name
    try:
        with pa.memory_map(str(path)) as mapped:
            reader = pa.ipc.open_file(mapped)
            metadata = reader.schema.metadata or {}
            if metadata.get(b"format") != FORMAT or metadata.get(b"version") != VERSION:
                raise BatchError(f"{name}: not a presence batch of this version; import its file again")
            record = reader.get_batch(0)
            record.validate()
    except (pa.ArrowException, OSError) as error:
        raise BatchError(f"{name}: not a whole presence batch ({error}); import its file again") from error
    source_format = metadata[b"kind"].decode()
    columns = {
        field: record.column(field) if field in TEXTS else record.column(field).to_numpy(zero_copy_only=True)
        for field in COLUMNS[source_format]
    }
    return Batch(source_format, columns, int(metadata[b"step"]))
