"""Compiled loops of `contacts`. Signatures are explicit, so compiling happens once, on import, and is cached on disk.

`contacts` imports this module at its first trace, or in `contacts.warm_up()`; a web process that never traces never
loads the compiler.

A trace asks many segments of fifteen columns each, and handing one array to compiled code costs about as much as
reading a hundred rows. So each segment carries a *card*: one row of int64 with the addresses, lengths and time span of
its columns, and a kernel gets all cards as one matrix and makes its own views of the memory. The caller keeps the
segments alive during the call. Everything the compiled code depends on stands in this file, since the disk cache
is renewed only when this file changes.

Words here: *own* rows are the case's visits (place, start, end, source); a *range* is (segment, own row or -1 for pair
records, first row, row after the last) of rows worth reading; *state* is one int64 for each person, see `tally`.
"""

from __future__ import annotations

import numpy as np

from shouwang.epi.columns import Int32, Int64, UInt8, UInt64
from shouwang.epi.compiling import (
    I64,
    M64,
    R32,
    R64,
    W8,
    W32,
    W64,
    WU64,
    carray,
    compiled,
    lowest_one,
    ones,
    pointer_8,
    pointer_32,
    pointer_64,
    types,
)
from shouwang.epi.segments import ROWS_PER_BLOCK as _BLOCK_OF_SEGMENTS
from shouwang.epi.segments import PairSegment, VisitSegment

ROWS_PER_BLOCK = 64
if ROWS_PER_BLOCK != _BLOCK_OF_SEGMENTS:
    raise ImportError("kernels and segments disagree about the rows of a block")

# Visit card: the addresses of the columns in the order of the fields of VisitSegment, then:
V_ROWS, V_PLACES, V_BLOCKS, V_PEOPLE, V_EARLIEST, V_LATEST = 15, 16, 17, 18, 19, 20
# Pair card: the addresses in the order of the fields of PairSegment, then:
P_ROWS, P_PEOPLE, P_RECORDS, P_EARLIEST, P_LATEST = 9, 10, 11, 12, 13

TIME_BITS, ODD = 0x7FFF_FFFF, 0x8000_0000
SORTED_BY_HAND = 24  # encounters of one person; more are left to merge sort


def visit_card(v: VisitSegment) -> Int64:
    """The card of a visit segment."""
    columns = (
        v.place, v.start, v.end, v.person, v.source, v.place_keys, v.place_offsets, v.block_offsets, v.block_max,
        v.block_reach, v.person_keys, v.person_offsets, v.person_rows, v.starts, v.ends,
    )  # fmt: skip
    span = (int(v.starts[0]), int(v.ends[-1])) if len(v) else (0, 0)
    lengths = (len(v.start), len(v.place_keys), len(v.block_max), len(v.person_keys))
    return np.array([c.ctypes.data for c in columns] + [*lengths, *span], np.int64)


def pair_card(p: PairSegment) -> Int64:
    """The card of a pair segment."""
    columns = (p.a, p.b, p.start, p.end, p.source, p.a_keys, p.a_offsets, p.starts, p.ends)
    span = (int(p.starts[0]), int(p.ends[-1])) if len(p) else (0, 0)
    return np.array([c.ctypes.data for c in columns] + [len(p.a), len(p.a_keys), len(p), *span], np.int64)


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


@compiled(I64(W64, W64, I64, I64))
def count_inside(starts: Int64, ends: Int64, low: int, high: int) -> int:
    """How many intervals overlap [low, high): those begun before its end, less those over by its start."""
    n = len(starts)
    if n == 0 or (starts[0] >= low and ends[n - 1] <= high):
        return n
    begun = first_at_least(starts, 0, n, high)
    return int(begun - first_at_least(ends, 0, n, low + 1))


@compiled(types.UniTuple(I64, 2)(M64, M64, M64, M64, I64, I64))
def searched(visits: Int64, pairs: Int64, own: Int64, ranges: Int64, low: int, high: int) -> tuple[int, int]:
    """Visits and pair records, each once, that overlap [low, high); and the rows read instead."""
    total, read = 0, len(own)
    for s in range(len(visits)):
        v, p = visits[s], pairs[s]
        total += count_inside(i64(v[13], v[V_ROWS]), i64(v[14], v[V_ROWS]), low, high)
        total += count_inside(i64(p[7], p[P_RECORDS]), i64(p[8], p[P_RECORDS]), low, high)
    for r in range(len(ranges)):
        read += ranges[r, 3] - ranges[r, 2]
    return total, read


@compiled(types.UniTuple(I64, 5)(M64, M64))
def overview(visits: Int64, pairs: Int64) -> tuple[int, int, int, int, int]:
    """Earliest start and latest end of all records, highest person id, people (summed over segments), and whether
    the segments come in order of time (1) or not (0). (0, 0, -1, 0, 1) where there are no records."""
    earliest, latest, highest, people, in_order, before, seen = 0, 0, -1, 0, 1, 0, False
    for s in range(len(visits)):
        v, p = visits[s], pairs[s]
        begin = v[V_EARLIEST] if v[V_ROWS] > 0 else p[P_EARLIEST]
        if v[V_ROWS] > 0:
            highest = max(highest, i32(v[10], v[V_PEOPLE])[-1])
        if p[P_ROWS] > 0:
            highest = max(highest, i32(p[5], p[P_PEOPLE])[-1])
            begin = min(begin, p[P_EARLIEST])
        if v[V_ROWS] + p[P_ROWS] == 0:
            continue
        finish = max(v[V_LATEST] if v[V_ROWS] > 0 else p[P_LATEST], p[P_LATEST] if p[P_ROWS] > 0 else v[V_LATEST])
        if seen and begin < before:
            in_order = 0
        earliest = min(earliest, begin) if seen else begin
        latest = max(latest, finish) if seen else finish
        before, seen = begin, True
        people += v[V_PEOPLE] + p[P_PEOPLE]
    return earliest, latest, highest, people, in_order


@compiled(M64(M64, I64, I64, I64))
def own_rows(visits: Int64, who: int, low: int, high: int) -> Int64:
    """The case's visits in every segment, clipped to [low, high): rows (place, start, end, source) by start."""
    room = 0
    found = np.empty((len(visits), 2), np.int64)
    for s in range(len(visits)):
        v = visits[s]
        at = find_key(i32(v[10], v[V_PEOPLE]), who)
        offsets = i64(v[11], v[V_PEOPLE] + 1)
        found[s, 0] = offsets[at] if at >= 0 else 0
        found[s, 1] = offsets[at + 1] if at >= 0 else 0
        room += found[s, 1] - found[s, 0]
    own = np.empty((room, 4), np.int64)
    n = 0
    for s in range(len(visits)):
        v = visits[s]
        rows, place = i32(v[12], v[V_ROWS]), i32(v[0], v[V_ROWS])
        start, end, source = i64(v[1], v[V_ROWS]), i64(v[2], v[V_ROWS]), u8(v[4], v[V_ROWS])
        for i in range(found[s, 0], found[s, 1]):
            row = rows[i]
            if start[row] < high and end[row] > low:
                begin = max(start[row], low)
                at = n
                while at > 0 and own[at - 1, 1] > begin:  # nearly always in order: segments come by time
                    own[at] = own[at - 1]
                    at -= 1
                own[at, 0], own[at, 1], own[at, 2], own[at, 3] = place[row], begin, min(end[row], high), source[row]
                n += 1
    return own[:n]


@compiled(I64(M64, I64, I64, I64, I64, I64))
def put_range(ranges: Int64, m: int, segment: int, k: int, low: int, high: int) -> int:
    """Write a range at m, or lengthen the one before if it goes on where that one ends; the new number of ranges."""
    if m > 0 and ranges[m - 1, 0] == segment and ranges[m - 1, 1] == k and ranges[m - 1, 3] == low:
        ranges[m - 1, 3] = high
        return m
    ranges[m, 0], ranges[m, 1], ranges[m, 2], ranges[m, 3] = segment, k, low, high
    return m + 1


@compiled(M64(M64, M64, M64, I64, I64, I64))
def ranges_to_read(visits: Int64, pairs: Int64, own: Int64, who: int, low: int, high: int) -> Int64:
    """Which rows can overlap the case: by bisection for the last, by the reach of blocks for the first, and leaving
    out every block in which all have left before the case came."""
    ranges = np.empty((4 * len(own) + 2 * len(visits) + 8, 4), np.int64)
    m = 0
    for k in range(len(own)):
        begin, finish = own[k, 1], own[k, 2]
        for s in range(len(visits)):
            v = visits[s]
            at = -1
            if begin < v[V_LATEST] and finish > v[V_EARLIEST]:
                at = find_key(i32(v[5], v[V_PLACES]), own[k, 0])
            if at < 0:
                continue
            offsets, blocks = i64(v[6], v[V_PLACES] + 1), i64(v[7], v[V_PLACES] + 1)
            block_max, reach = i64(v[8], v[V_BLOCKS]), i64(v[9], v[V_BLOCKS])
            upper = first_at_least(i64(v[1], v[V_ROWS]), offsets[at], offsets[at + 1], finish)
            block = first_at_least(reach, blocks[at], blocks[at + 1], begin + 1)
            row = offsets[at] + (block - blocks[at]) * ROWS_PER_BLOCK
            while row < upper:
                if block_max[block] > begin:
                    if m == len(ranges):
                        ranges = np.concatenate((ranges, np.empty_like(ranges)))
                    m = put_range(ranges, m, s, k, row, min(row + ROWS_PER_BLOCK, upper))
                row += ROWS_PER_BLOCK
                block += 1
    for s in range(len(pairs)):
        p = pairs[s]
        at = find_key(i32(p[5], p[P_PEOPLE]), who)
        if at >= 0:
            if m == len(ranges):
                ranges = np.concatenate((ranges, np.empty_like(ranges)))
            offsets = i64(p[6], p[P_PEOPLE] + 1)
            upper = first_at_least(i64(p[2], p[P_ROWS]), offsets[at], offsets[at + 1], high)
            m = put_range(ranges, m, s, -1, offsets[at], upper)
    return ranges[:m]


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


@compiled(types.void(M64, M64, M64, M64, W32, I64, I64, W64, WU64))
def tally(
    visits: Int64, pairs: Int64, own: Int64, ranges: Int64, ids: Int32, low: int, high: int, state: Int64, met: UInt64
) -> None:
    """Add every overlap to the state of the other person and set their bit in `met`. The loop a trace waits for.

    `ids` maps people to rows of the state by bisection, or is empty where a person's id is the row. With times in
    seconds after `low`, a state is seconds << 32 | ODD | end of the latest encounter. Encounters of a person mostly
    come one after another, and then seconds simply add up. One that begins before the latest ended marks the person
    ODD: their seconds are wrong here and `settle` makes them again. Arithmetic, not branches: they would be guessed
    wrong. One word a person, so that the people of a large campus fit into the nearer caches.
    """
    for r in range(len(ranges)):
        person, start, end, _, begin, finish = opened(visits, pairs, own, ranges, r, low, high)
        for row in range(np.uint64(ranges[r, 2]), np.uint64(ranges[r, 3])):
            if end[row] <= begin:
                continue
            at = np.uint64(person[row] if len(ids) == 0 else find_key(ids, person[row]))
            s = max(start[row], begin) - low
            e = min(end[row], finish) - low
            before = state[at]
            odd = ((s - (before & TIME_BITS)) >> 63) & ODD
            state[at] = ((before & ~TIME_BITS) + ((e - s) << 32)) | odd | e
            met[at >> np.uint64(6)] |= np.uint64(1) << (at & np.uint64(63))


@compiled(types.Tuple((W32, W64, W64))(W32, I64, W64, WU64))
def collect(ids: Int32, who: int, state: Int64, met: UInt64) -> tuple[Int32, Int64, Int64]:
    """The people met but the case, rising, with their seconds, and the indexes of the odd ones.

    Leaves state and `met` all zero, for the next trace of this thread.
    """
    n = 0
    for word in range(len(met)):
        n += ones(met[word])
    person, seconds, odd = np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n + 1, np.int64)
    n, odds = 0, 0
    for word in range(len(met)):
        bits = met[word]
        met[word] = 0
        while bits != 0:
            at = (np.uint64(word) << np.uint64(6)) + lowest_one(bits)
            bits &= bits - np.uint64(1)
            sums = state[at]
            state[at] = 0
            number = np.int64(at) if len(ids) == 0 else np.int64(ids[at])
            if number == who:
                continue
            person[n], seconds[n], odd[odds] = number, sums >> 32, n
            odds += (sums & ODD) >> 31
            n += 1
    return person[:n], seconds[:n], odd[:odds]


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


@compiled(types.void(M64, M64, M64, M64, W32, I64, I64, W64, WU64, W32, W64, W64))
def settle(
    visits: Int64, pairs: Int64, own: Int64, ranges: Int64, ids: Int32, low: int, high: int, state: Int64, met: UInt64,
    people: Int32, odd: Int64, seconds: Int64,
) -> None:  # fmt: skip
    """Read the ranges again for the odd contacts alone, sort their encounters and put their seconds right.

    Meanwhile the state of an odd person is their index in `odd`; state and `met` are zero before and after.
    """
    rows = (ranges[:, 3] - ranges[:, 2]).sum()
    whose, begins, ends = np.empty(rows, np.int32), np.empty(rows, np.int64), np.empty(rows, np.int64)
    bounds = np.zeros(len(odd) + 1, np.int64)
    for o in range(len(odd)):
        at = np.uint64(people[odd[o]] if len(ids) == 0 else find_key(ids, people[odd[o]]))
        state[at] = o
        met[at >> np.uint64(6)] |= np.uint64(1) << (at & np.uint64(63))
    n = 0
    for r in range(len(ranges)):
        person, start, end, _, begin, finish = opened(visits, pairs, own, ranges, r, low, high)
        for row in range(np.uint64(ranges[r, 2]), np.uint64(ranges[r, 3])):
            at = np.uint64(person[row] if len(ids) == 0 else find_key(ids, person[row]))
            if (met[at >> np.uint64(6)] >> (at & np.uint64(63))) & np.uint64(1) and end[row] > begin:
                whose[n], begins[n], ends[n] = state[at], max(start[row], begin), min(end[row], finish)
                bounds[whose[n] + 1] += 1
                n += 1
    for o in range(len(odd)):
        at = np.uint64(people[odd[o]] if len(ids) == 0 else find_key(ids, people[odd[o]]))
        state[at] = 0
        met[at >> np.uint64(6)] = 0
        bounds[o + 1] += bounds[o]
    begin_of, end_of = np.empty(n, np.int64), np.empty(n, np.int64)
    to = bounds[:-1].copy()
    for i in range(n):
        begin_of[to[whose[i]]], end_of[to[whose[i]]] = begins[i], ends[i]
        to[whose[i]] += 1
    for o in range(len(odd)):
        start, end = begin_of[bounds[o] : bounds[o + 1]], end_of[bounds[o] : bounds[o + 1]]
        put_in_order(start, end)
        seconds[odd[o]], _, _ = united(start, end)


@compiled(W64(M64, M64, M64, M64, W32, I64, I64, I64, R32, W64))
def make_room(
    visits: Int64, pairs: Int64, own: Int64, ranges: Int64, ids: Int32, low: int, high: int, who: int,
    people: Int32, state: Int64,
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
    types.void(M64, M64, M64, M64, W32, I64, I64, I64, R32, W64, W32, W32, W64, W64, W8, W8)
)  # fmt: skip
def fill(
    visits: Int64, pairs: Int64, own: Int64, ranges: Int64, ids: Int32, low: int, high: int, who: int,
    people: Int32, state: Int64,
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
