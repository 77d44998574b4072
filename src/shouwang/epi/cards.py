"""Cards: how compiled code gets at the columns of many segments, and the small loops every kernel shares.

A trace asks many segments of some twenty columns each, and handing one array to compiled code costs about as much as
reading a hundred rows. So each segment carries a *card*: one row of int64 with the addresses, lengths and time span of
its columns, and a kernel gets all cards as one matrix and makes its own views of the memory. The caller keeps the
segments alive during the call.

Numba renews a cached kernel only when the kernel's own file changes, not when this one does. So whoever changes
anything here raises `LAYOUT`, and every file of kernels then refuses to load until it is edited to the same number.
"""

from __future__ import annotations

import numpy as np

from shouwang.epi.columns import Int32, Int64, UInt8
from shouwang.epi.compiling import (
    I64,
    M64,
    R32,
    R64,
    W8,
    W32,
    W64,
    carray,
    compiled,
    pointer_8,
    pointer_32,
    pointer_64,
    types,
)
from shouwang.epi.segments import PairSegment, VisitSegment

LAYOUT = 2

# Visit card: the addresses of the columns in the order of the fields of VisitSegment, then:
V_ROWS, V_PLACES, V_BLOCKS, V_PEOPLE, V_EARLIEST, V_LATEST = 17, 18, 19, 20, 21, 22
# Pair card: the addresses in the order of the fields of PairSegment, then:
P_ROWS, P_PEOPLE, P_RECORDS, P_EARLIEST, P_LATEST = 9, 10, 11, 12, 13

SORTED_BY_HAND = 24  # encounters of one person; more are left to merge sort


def visit_card(v: VisitSegment) -> bytes:
    """The card of a visit segment."""
    columns = (
        v.place, v.start, v.end, v.person, v.source, v.place_keys, v.place_offsets, v.block_offsets, v.block_max,
        v.block_reach, v.person_keys, v.person_offsets, v.person_rows, v.starts, v.ends, v.fresh_start, v.fresh_end,
    )  # fmt: skip
    span = (int(v.starts[0]), int(v.ends[-1])) if len(v) else (0, 0)
    lengths = (len(v.start), len(v.place_keys), len(v.block_max), len(v.person_keys))
    return np.array([c.ctypes.data for c in columns] + [*lengths, *span], np.int64).tobytes()


def pair_card(p: PairSegment) -> bytes:
    """The card of a pair segment."""
    columns = (p.a, p.b, p.start, p.end, p.source, p.a_keys, p.a_offsets, p.starts, p.ends)
    span = (int(p.starts[0]), int(p.ends[-1])) if len(p) else (0, 0)
    return np.array([c.ctypes.data for c in columns] + [len(p.a), len(p.a_keys), len(p), *span], np.int64).tobytes()


@compiled(W32(I64, I64))
def i32(address: int, length: int) -> Int32:
    """View of int32 memory."""
    view: Int32 = carray(pointer_32(address), (length,))
    return view


@compiled(W64(I64, I64))
def i64(address: int, length: int) -> Int64:
    """View of int64 memory."""
    view: Int64 = carray(pointer_64(address), (length,))
    return view


@compiled(W8(I64, I64))
def u8(address: int, length: int) -> UInt8:
    """View of uint8 memory."""
    view: UInt8 = carray(pointer_8(address), (length,))
    return view


@compiled(I64(R32, I64))
def find_key(keys: Int32, wanted: int) -> int:
    """Index of `wanted` among rising distinct keys, or -1. Distinct keys rise by at least one a step, so both ends
    bound the place, and where ids have few gaps little is left to bisect."""
    n = len(keys)
    if n == 0 or wanted < keys[0] or wanted > keys[n - 1]:
        return -1
    low, high = max(0, n - 1 + wanted - int(keys[n - 1])), min(n - 1, wanted - int(keys[0]))
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    if keys[low] == wanted:
        return low
    return -1


@compiled(I64(R64, I64, I64, I64))
def first_at_least(values: Int64, low: int, high: int, bound: int) -> int:
    """First index in [low, high) whose value is at least `bound`, or `high`; `values` rise within the range."""
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < bound:
            low = middle + 1
        else:
            high = middle
    return low


@compiled(types.Tuple((W32, W64, W64, W8, I64, I64))(M64, M64, M64, M64, I64, I64, I64))
def opened(
    visits: Int64, pairs: Int64, own: Int64, ranges: Int64, r: int, low: int, high: int
) -> tuple[Int32, Int64, Int64, UInt8, int, int]:
    """The columns person, start, end, source that range r points into, and the interval to clip its rows to."""
    if ranges[r, 1] >= 0:
        v = visits[ranges[r, 0]]
        n = v[V_ROWS]
        return i32(v[3], n), i64(v[1], n), i64(v[2], n), u8(v[4], n), own[ranges[r, 1], 1], own[ranges[r, 1], 2]
    p = pairs[ranges[r, 0]]
    n = p[P_ROWS]
    return i32(p[1], n), i64(p[2], n), i64(p[3], n), u8(p[4], n), low, high


@compiled(types.UniTuple(I64, 3)(R64, R64))
def united(start: Int64, end: Int64) -> tuple[int, int, int]:
    """Length of the union, first start and last end of intervals that rise by start; at least one."""
    reach = start[0]
    total = 0
    for row in range(len(start)):
        if end[row] > reach:
            total += end[row] - max(start[row], reach)
            reach = end[row]
    return total, start[0], reach


@compiled(types.void(W64, W64))
def put_in_order(start: Int64, end: Int64) -> None:
    """Sort intervals by start, in place."""
    if len(start) > SORTED_BY_HAND:
        order = np.argsort(start, kind="mergesort")
        start[:], end[:] = start[order], end[order]
        return
    for i in range(1, len(start)):
        s, e, j = start[i], end[i], i
        while j > 0 and start[j - 1] > s:
            start[j], end[j] = start[j - 1], end[j - 1]
            j -= 1
        start[j], end[j] = s, e
