"""Compiled loops behind the evidence of a trace: every encounter in its place, and what is summed up from them.

Apart from `kernels`, since most traces never ask for it. For the words and the arguments see there.
"""

from __future__ import annotations

import numpy as np

from shouwang.epi.cards import LAYOUT, find_key, first_at_least, opened, united
from shouwang.epi.columns import Int32, Int64, UInt8
from shouwang.epi.compiling import I64, M64, R32, R64, W8, W32, W64, compiled, types

if LAYOUT != 2:
    raise ImportError("this file was written for another layout of cards")


@compiled(W64(M64, M64, M64, M64, W32, I64, I64, I64, R32, W32))
def make_room(
    visits: Int64, pairs: Int64, own: Int64, ranges: Int64, ids: Int32, low: int, high: int, who: int,
    people: Int32, state: Int32,
) -> Int64:  # fmt: skip
    """Offsets of the encounters of each contact (one more than contacts); leaves in the state of a contact where their
    first one goes, for `fill`."""
    for r in range(len(ranges)):
        person, _, end, _, begin, _ = opened(visits, pairs, own, ranges, r, low, high)
        for row in range(np.uint64(ranges[r, 2]), np.uint64(ranges[r, 3])):
            at = np.uint64(person[row] if len(ids) == 0 else find_key(ids, person[row]))
            state[at] += (end[row] > begin) & (person[row] != who)
    offsets = np.empty(len(people) + 1, np.int64)
    total = 0
    for c in range(len(people)):
        at = np.uint64(people[c] if len(ids) == 0 else find_key(ids, people[c]))
        offsets[c] = total
        total += state[at]
        state[at] = offsets[c]
    offsets[len(people)] = total
    return offsets


@compiled(
    types.void(M64, M64, M64, M64, W32, I64, I64, I64, R32, W32, W32, W32, W64, W64, W8, W8)
)  # fmt: skip
def fill(
    visits: Int64, pairs: Int64, own: Int64, ranges: Int64, ids: Int32, low: int, high: int, who: int,
    people: Int32, state: Int32,
    out_person: Int32, out_place: Int32, out_start: Int64, out_end: Int64, out_case: UInt8, out_contact: UInt8,
) -> None:  # fmt: skip
    """After `make_room`, write each overlap among those of its contact, in the order read; the state is zero after."""
    for r in range(len(ranges)):
        person, start, end, source, begin, finish = opened(visits, pairs, own, ranges, r, low, high)
        k = ranges[r, 1]
        for row in range(np.uint64(ranges[r, 2]), np.uint64(ranges[r, 3])):
            if end[row] <= begin or person[row] == who:
                continue
            at = np.uint64(person[row] if len(ids) == 0 else find_key(ids, person[row]))
            to = state[at]
            state[at] = to + 1
            out_person[to] = person[row]
            out_start[to] = max(start[row], begin)
            out_end[to] = min(end[row], finish)
            out_contact[to] = source[row]
            out_place[to] = own[k, 0] if k >= 0 else -1
            out_case[to] = own[k, 3] if k >= 0 else source[row]
    for c in range(len(people)):
        state[people[c] if len(ids) == 0 else find_key(ids, people[c])] = 0


@compiled(types.Tuple((W64, W64))(R64, R64))
def rows_to_move(start: Int64, offsets: Int64) -> tuple[Int64, Int64]:
    """What puts the encounters of every contact by start: row to[i] takes what is in row source[i]."""
    moved = 0
    wrong = np.zeros(len(offsets) - 1, np.bool_)
    for c in range(len(offsets) - 1):
        for row in range(offsets[c] + 1, offsets[c + 1]):
            if start[row] < start[row - 1]:
                wrong[c] = True
                moved += offsets[c + 1] - offsets[c]
                break
    to, source = np.empty(moved, np.int64), np.empty(moved, np.int64)
    n = 0
    for c in range(len(wrong)):
        if not wrong[c]:
            continue
        low, high = offsets[c], offsets[c + 1]
        order = np.argsort(start[low:high], kind="mergesort")
        for i in range(high - low):
            to[n], source[n] = low + i, low + order[i]
            n += 1
    return to, source


@compiled(types.void(R64, R64, R64, W64, W64, W64))
def unite(start: Int64, end: Int64, offsets: Int64, seconds: Int64, first: Int64, last: Int64) -> None:
    """`united` for every contact, from encounters that rise by start."""
    for c in range(len(offsets) - 1):
        low, high = offsets[c], offsets[c + 1]
        seconds[c], first[c], last[c] = united(start[low:high], end[low:high])


@compiled(I64(R64, R64, R64, R64, W32, W32, W64))
def unite_by_day(
    start: Int64, end: Int64, offsets: Int64, boundaries: Int64, contact: Int32, day: Int32, seconds: Int64
) -> int:
    """As `unite`, cut at the boundaries; writes rows (contact, day, seconds), rising, and returns how many."""
    n = 0
    for c in range(len(offsets) - 1):
        reach = np.int64(start[offsets[c]])
        for row in range(offsets[c], offsets[c + 1]):
            if end[row] <= reach:
                continue
            begin = np.int64(max(start[row], reach))
            reach = np.int64(end[row])
            d: int = first_at_least(boundaries, 0, len(boundaries), begin + 1) - 1
            while begin < reach:
                until = np.int64(min(reach, boundaries[d + 1]))
                if n == 0 or contact[n - 1] != c or day[n - 1] != d:
                    contact[n], day[n], seconds[n] = c, d, 0
                    n += 1
                seconds[n - 1] += until - begin
                begin = until
                d += 1
    return n
