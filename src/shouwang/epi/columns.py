"""Checked, read-only columns and the small sorted indexes over them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Int8 = NDArray[np.int8]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]
UInt64 = NDArray[np.uint64]
AnyColumn = NDArray[Any]

MAX_ROWS = 2**31 - 1
"""Row numbers inside one segment are int32."""


def column(name: str, values: ArrayLike, dtype: type[np.generic]) -> AnyColumn:
    """`values` as a C-contiguous 1-d array of `dtype`; never a silent change of value.

    Raises ValueError naming the column for another shape, for values that are not integers, and for integers that do
    not fit `dtype`. Floats, NaN among them, are refused even if whole: a missing time must not become a number.
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name}: a column has one dimension, not {array.ndim}")
    if array.size == 0:
        return np.empty(0, dtype)
    if array.dtype.kind not in "iub":
        raise ValueError(f"{name}: integers are needed, not {array.dtype}")
    if array.dtype != np.dtype(dtype):
        info = np.iinfo(np.dtype(dtype).name)
        if int(array.min()) < info.min or int(array.max()) > info.max:
            raise ValueError(f"{name}: a value does not fit {np.dtype(dtype).name}")
    return np.ascontiguousarray(array, dtype=dtype)


def same_length(**columns: AnyColumn) -> int:
    """The common length of the columns; ValueError, naming each length, if they differ or are too many."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError("columns differ in length: " + ", ".join(f"{name} {n}" for name, n in lengths.items()))
    rows = next(iter(lengths.values()))
    if rows > MAX_ROWS:
        raise ValueError(f"{rows} rows are too many for one segment (at most {MAX_ROWS}); cut it by day")
    return rows


def refuse(name: str, wrong: NDArray[np.bool_], why: str) -> None:
    """ValueError with the number of wrong rows and the first of them (0-based), if any row is wrong."""
    bad = np.flatnonzero(wrong)
    if len(bad):
        raise ValueError(f"{name}: {why} in {len(bad)} of {len(wrong)} rows, first at row {int(bad[0])}")


def sealed(array: AnyColumn) -> AnyColumn:
    """The same memory as a read-only view: the kernels are compiled for read-only input, as a mapped file gives."""
    view = array.view()
    view.flags.writeable = False
    return view


def offsets_by_key(sorted_keys: Int32) -> tuple[Int32, Int64]:
    """Distinct keys, and where the rows of each begin; the last offset is the number of rows (CSR over sparse ids)."""
    if len(sorted_keys) == 0:
        return np.empty(0, np.int32), np.zeros(1, np.int64)
    first = np.flatnonzero(np.concatenate(([True], sorted_keys[1:] != sorted_keys[:-1])))
    offsets = np.append(first, len(sorted_keys)).astype(np.int64)
    return sorted_keys[first], offsets


def block_reach(end: Int64, offsets: Int64, rows_per_block: int) -> tuple[Int64, Int64, Int64]:
    """Latest ends over blocks of rows, blocks never crossing a key.

    Returns `block_offsets` (keys + 1): which blocks belong to a key; `block_max`: latest end inside a block;
    `block_reach`: latest end inside a block or any earlier block of the same key, so that it never falls within a key
    and the first block that can reach a moment is found by bisection. O(rows).
    """
    sizes = np.diff(offsets)
    blocks_of_key = -(-sizes // rows_per_block)
    block_offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(blocks_of_key)))
    if len(end) == 0:
        return block_offsets, np.empty(0, np.int64), np.empty(0, np.int64)
    inside = np.arange(block_offsets[-1]) - np.repeat(block_offsets[:-1], blocks_of_key)
    first_row = np.repeat(offsets[:-1], blocks_of_key) + inside * rows_per_block
    block_max = np.maximum.reduceat(end, first_row)
    # A running maximum that restarts at each key: lift every key above the one before, take it once, lower it again.
    ranks = np.unique(block_max, return_inverse=True)
    lift = np.repeat(np.arange(len(sizes), dtype=np.int64), blocks_of_key) * len(ranks[0])
    reach = ranks[0][np.maximum.accumulate(ranks[1] + lift) - lift]
    return block_offsets, block_max, reach
