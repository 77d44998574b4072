"""Compiled loops of `segments`: sorting rows by several columns, and what is new in each row."""

from __future__ import annotations

import numpy as np

from shouwang.epi.columns import AnyColumn, Int32, Int64, UInt64
from shouwang.epi.compiling import I64, R32, R64, W32, WU64, compiled, types

DIGIT = 11  # bits sorted by in one pass: 2048 counts stay in the nearest cache


def sorted_order(*keys: AnyColumn) -> Int32:
    """The stable order of rows by the last key, then by the one before it, and so on, as `numpy.lexsort` gives it.

    Digit by digit (radix sort): O(rows) for each 11 bits that the keys need between their least and greatest values.
    """
    order = np.arange(len(keys[0]), dtype=np.int32)
    packed, used = np.zeros(len(order), np.uint64), 0
    for key in keys if len(order) else ():
        least, greatest = int(key.min()), int(key.max())
        bits = (greatest - least).bit_length()
        # Differences of int64 may exceed int64; as uint64 they are right.
        digits = key.astype(np.int64).view(np.uint64) - np.int64(least).astype(np.uint64)
        if used + bits > 64:
            order, packed, used = sort_by_digits(order, packed, used), np.zeros(len(order), np.uint64), 0
        packed |= digits << np.uint64(used) if bits else digits
        used += bits
    in_order: Int32 = sort_by_digits(order, packed, used)
    return in_order


@compiled(W32(W32, WU64, I64))
def sort_by_digits(order: Int32, values: UInt64, bits: int) -> Int32:
    """`order` sorted by the lowest `bits` of the values its rows point to, rows of one value as they were."""
    if bits == 0:
        return order
    # Values travel with their rows, so that reading goes straight on and only writing jumps.
    value, other_value, other = values[order], np.empty_like(values), np.empty_like(order)
    for shift in range(0, bits, DIGIT):
        low, mask = np.uint64(shift), np.uint64((1 << DIGIT) - 1)
        place = np.zeros((1 << DIGIT) + 1, np.int64)
        for i in range(len(value)):
            place[np.int64((value[i] >> low) & mask) + 1] += 1
        for digit in range(1 << DIGIT):
            place[digit + 1] += place[digit]
        for i in range(len(value)):
            at = np.int64((value[i] >> low) & mask)
            to = place[at]
            place[at] = to + 1
            other[to], other_value[to] = order[i], value[i]
        order, other, value, other_value = other, order, other_value, value
    return order


@compiled(types.UniTuple(W32, 2)(R32, R64, R64, R32, R64))
def fresh_parts(
    place: Int32, start: Int64, end: Int64, person_rows: Int32, person_offsets: Int64
) -> tuple[Int32, Int32]:
    """`fresh_start` and `fresh_end` (see `VisitSegment`) of rows sorted by place and start."""
    rows, people = len(place), len(person_offsets) - 1
    rank = np.empty(rows, np.int32)
    for p in range(people):
        for i in range(person_offsets[p], person_offsets[p + 1]):
            rank[person_rows[i]] = p
    last_place, reach = np.full(people, -1, np.int32), np.empty(people, np.int64)
    new_start, new_end = np.empty(rows, np.int32), np.empty(rows, np.int32)
    base = start.min() if rows else 0
    most = 2**31 - 1
    for row in range(rows):
        p, s, e = rank[row], start[row], end[row]
        if last_place[p] == place[row]:
            s = max(s, min(reach[p], e))
            reach[p] = max(reach[p], e)
        else:
            last_place[p], reach[p] = place[row], e
        # Differences of int64 times may exceed int64; as uint64 they are right.
        new_start[row] = min(np.uint64(s) - np.uint64(base), np.uint64(most))
        new_end[row] = min(np.uint64(e) - np.uint64(base), np.uint64(most))
    return new_start, new_end
