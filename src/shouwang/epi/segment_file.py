"""Named integer arrays in one uncompressed Arrow IPC file: written whole or not at all, read as mapped views.

Each array is one column of type large_list with a single row, since arrays of one file differ in length; any Arrow
reader can open it. Metadata carry the format, its version, the block size and a checksum.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from shouwang.epi.columns import AnyColumn, sealed

FORMAT = b"shouwang.segment"
VERSION = b"2"


class SegmentError(ValueError):
    """A segment file that cannot be used; `path` is the file and `reason` one clause saying why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name}: {reason}; write this segment again from its source records")
        self.path = path
        self.reason = reason


def save_arrays(path: Path, arrays: Mapping[str, AnyColumn], *, rows_per_block: int) -> None:
    """Write `arrays` under their names, synced, by renaming a temporary file of the same folder over `path`."""
    columns = [_as_single_row(values) for values in arrays.values()]
    metadata = {
        b"format": FORMAT,
        b"version": VERSION,
        b"rows_per_block": b"%d" % rows_per_block,
        b"crc32": b"%d" % _checksum(arrays.values()),
    }
    names = [pa.field(name, values.type) for name, values in zip(arrays, columns, strict=True)]
    schema = pa.schema(names, metadata=metadata)
    with whole_file(path) as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_batch(pa.record_batch(columns, schema=schema))


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file to write to, which becomes `path` when the block ends well, synced with its folder, and is gone when
    it does not: after a crash there is the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def load_arrays(
    path: Path, expected: Mapping[str, np.dtype[Any]], *, rows_per_block: int, verify: bool
) -> dict[str, AnyColumn]:
    """The arrays named in `expected`, each of its dtype, as read-only views of the mapped file."""
    with pa.memory_map(str(path)) as mapped:
        try:
            reader = pa.ipc.open_file(mapped)
            metadata = reader.schema.metadata or {}
            _check_metadata(path, metadata, rows_per_block)
            if reader.num_record_batches != 1:
                raise SegmentError(path, "not one record batch")
            batch = reader.get_batch(0)
            batch.validate()
        except (pa.ArrowException, OSError) as error:
            raise SegmentError(path, f"not a whole Arrow file ({error})") from error
    arrays = {name: _from_single_row(path, batch, name, dtype) for name, dtype in expected.items()}
    if verify and b"%d" % _checksum(arrays.values()) != metadata[b"crc32"]:
        raise SegmentError(path, "the checksum does not match the bytes")
    return arrays


def _check_metadata(path: Path, metadata: Mapping[bytes, bytes], rows_per_block: int) -> None:
    if metadata.get(b"format") != FORMAT:
        raise SegmentError(path, "an Arrow file, but not a segment")
    if metadata.get(b"version") != VERSION or metadata.get(b"rows_per_block") != b"%d" % rows_per_block:
        raise SegmentError(path, "a segment of another version")
    if b"crc32" not in metadata:
        raise SegmentError(path, "a segment without its checksum")


def _as_single_row(values: AnyColumn) -> Any:
    items = pa.array(values)
    return pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), items)


def _from_single_row(path: Path, batch: Any, name: str, dtype: np.dtype[Any]) -> AnyColumn:
    at = batch.schema.get_field_index(name)
    if at < 0 or batch.schema.field(at).type != pa.large_list(pa.from_numpy_dtype(dtype)):
        raise SegmentError(path, f"column {name} is absent or of another type")
    column = batch.column(at)
    if len(column) != 1 or column.null_count or column.values.null_count:
        raise SegmentError(path, f"column {name} is not one full list")
    # flatten() keeps to the offsets of the list, where .values would show the whole buffer under it.
    return sealed(column.flatten().to_numpy(zero_copy_only=True))


def _checksum(arrays: Any) -> int:
    crc = 0
    for values in arrays:
        crc = zlib.crc32(memoryview(values).cast("B") if len(values) else b"", crc)
    return crc


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; without it a power cut may bring the old name back."""
    if os.name != "posix":  # other systems have no folder handle to sync
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
