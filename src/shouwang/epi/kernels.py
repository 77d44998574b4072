"""Compiled loops of `contacts`. Signatures are explicit, so compiling happens once, on import, and is cached on disk.

`contacts` imports this module at its first trace, or in `contacts.warm_up()`; a web process that never traces never
loads the compiler. How the columns get here is told in `cards`; that file apart, everything the compiled code depends
on stands in this one, since the disk cache is renewed only when this file changes.

Words here: *own* rows are the case's visits (place, start, end, source) by start; a *range* is (segment, own row or -1
for pair records, first row, row after the last) of rows worth reading; a *unit* is all ranges of one own row in one
segment; a *cluster* is own rows that hang together in time, each beginning before all earlier ones have ended.

Seconds without a union for each person: inside one unit nobody's fresh rows overlap (see `VisitSegment`), so their
seconds simply add up. Somebody can be counted twice only between the units of one cluster. There the largest unit is
read last, and plainly; the rows of the others are *logged*, chained for each person, and so are those rows of the
largest that belong to somebody logged. `untie` then takes off what the chained rows of a person have in common. The
case's pair records hang together with everything, so they are logged first and their chains last to the end.
"""

from __future__ import annotations

import numpy as np

from shouwang.epi.cards import (
    LAYOUT,
    P_EARLIEST,
    P_LATEST,
    P_PEOPLE,
    P_RECORDS,
    P_ROWS,
    SORTED_BY_HAND,
    V_BLOCKS,
    V_EARLIEST,
    V_LATEST,
    V_PEOPLE,
    V_PLACES,
    V_ROWS,
    find_key,
    first_at_least,
    i32,
    i64,
    opened,
    put_in_order,
    u8,
    united,
)
from shouwang.epi.columns import Int32, Int64
from shouwang.epi.compiling import I64, M32, M64, W32, W64, compiled, types
from shouwang.epi.segments import ROWS_PER_BLOCK as _BLOCK_OF_SEGMENTS

if LAYOUT != 2:
    raise ImportError("this file was written for another layout of cards")
ROWS_PER_BLOCK = 64
if ROWS_PER_BLOCK != _BLOCK_OF_SEGMENTS:
    raise ImportError("kernels and segments disagree about the rows of a block")

LOGGED = -(2**31)  # added to the state of a person who has rows in the log, the last of them log[link[person]]
# A row of the log: person, start and end after `low`, the person's row before it or -1; over the person's rows so far
# the earliest start, the latest end, and whether any of them may overlap; whether it is the person's last row.
PERSON, START, END, BEFORE, SINCE, UNTIL, TIED, LAST, WIDTH = 0, 1, 2, 3, 4, 5, 6, 7, 8
NOBODY = -2  # find_key answers -1
MANY = 2**31 - 1  # length of an array that is never asked for its length
# What the reading loops get beside the range, as one array: addresses and lengths, `low`.
IDS, N_IDS, STATE, SPARE, LOW, DESK = 0, 1, 2, 3, 4, 5
CHUNK = 256  # rows whose seconds are worked out together, so that the compiler does eight at a time


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
        n, records = visits[s, V_ROWS], pairs[s, P_RECORDS]
        total += count_inside(i64(visits[s, 13], n), i64(visits[s, 14], n), low, high)
        total += count_inside(i64(pairs[s, 7], records), i64(pairs[s, 8], records), low, high)
    for r in range(len(ranges)):
        read += ranges[r, 3] - ranges[r, 2]
    return total, read


@compiled(types.UniTuple(I64, 5)(M64, M64))
def overview(visits: Int64, pairs: Int64) -> tuple[int, int, int, int, int]:
    """Earliest start and latest end of all records, highest person id, people (summed over segments), and whether
    the segments come in order of time (1) or not (0). (0, 0, -1, 0, 1) where there are no records."""
    earliest, latest, highest, people, in_order, before, seen = 0, 0, -1, 0, 1, 0, False
    for s in range(len(visits)):
        rows, both = visits[s, V_ROWS], pairs[s, P_ROWS]
        if rows + both == 0:
            continue
        begin = visits[s, V_EARLIEST] if rows > 0 else pairs[s, P_EARLIEST]
        finish = visits[s, V_LATEST] if rows > 0 else pairs[s, P_LATEST]
        if rows > 0:
            highest = max(highest, i32(visits[s, 10], visits[s, V_PEOPLE])[-1])
        if both > 0:
            highest = max(highest, i32(pairs[s, 5], pairs[s, P_PEOPLE])[-1])
            begin, finish = min(begin, pairs[s, P_EARLIEST]), max(finish, pairs[s, P_LATEST])
        if seen and begin < before:
            in_order = 0
        earliest = min(earliest, begin) if seen else begin
        latest = max(latest, finish) if seen else finish
        before, seen = begin, True
        people += visits[s, V_PEOPLE] + pairs[s, P_PEOPLE]
    return earliest, latest, highest, people, in_order


@compiled(M64(M64, I64, I64, I64))
def own_rows(visits: Int64, who: int, low: int, high: int) -> Int64:
    """The person's visits in every segment, clipped to [low, high): rows (place, start, end, source) by start."""
    room = 0
    found = np.empty((len(visits), 2), np.int64)
    for s in range(len(visits)):
        people = visits[s, V_PEOPLE]
        at = find_key(i32(visits[s, 10], people), who)
        offsets = i64(visits[s, 11], people + 1)
        found[s, 0] = offsets[at] if at >= 0 else 0
        found[s, 1] = offsets[at + 1] if at >= 0 else 0
        room += found[s, 1] - found[s, 0]
    own = np.empty((room, 4), np.int64)
    n = 0
    for s in range(len(visits)):
        rows = visits[s, V_ROWS]
        row_of, place, source = i32(visits[s, 12], rows), i32(visits[s, 0], rows), u8(visits[s, 4], rows)
        start, end = i64(visits[s, 1], rows), i64(visits[s, 2], rows)
        for i in range(found[s, 0], found[s, 1]):
            row = row_of[i]
            if start[row] < high and end[row] > low:
                begin = max(start[row], low)
                at = n
                while at > 0 and own[at - 1, 1] > begin:  # nearly always in order: segments come by time
                    for column in range(4):
                        own[at, column] = own[at - 1, column]
                    at -= 1
                own[at, 0], own[at, 1], own[at, 2], own[at, 3] = place[row], begin, min(end[row], high), source[row]
                n += 1
    return own[:n]


@compiled(types.Tuple((M64, I64, I64))(M64, I64, M64, I64, I64, I64))
def with_pairs(ranges: Int64, m: int, pairs: Int64, who: int, low: int, high: int) -> tuple[Int64, int, int]:
    """Add the ranges of the case's pair records; the ranges, how many, and the bound of their seconds."""
    bound = 0
    for s in range(len(pairs)):
        people = pairs[s, P_PEOPLE]
        at = find_key(i32(pairs[s, 5], people), who)
        if at >= 0:
            if m == len(ranges):
                ranges = np.concatenate((ranges, np.empty_like(ranges)))
            offsets = i64(pairs[s, 6], people + 1)
            upper = first_at_least(i64(pairs[s, 2], pairs[s, P_ROWS]), offsets[at], offsets[at + 1], high)
            ranges[m, 0], ranges[m, 1], ranges[m, 2], ranges[m, 3] = s, -1, offsets[at], upper
            m += 1
            bound += (upper - offsets[at]) * (high - low)
    return ranges, m, bound


@compiled(types.Tuple((M64, I64))(M64, M64, M64, I64, I64, I64))
def ranges_to_read(visits: Int64, pairs: Int64, own: Int64, who: int, low: int, high: int) -> tuple[Int64, int]:
    """Which rows can overlap the case: by bisection for the last, by the reach of blocks for the first, and leaving
    out every block in which all have left before the case came. And a bound: nobody's seconds with the case, added up
    over all units and pair records, are more."""
    ranges = np.empty((4 * len(own) + 2 * len(visits) + 8, 4), np.int64)
    m, bound = 0, 0
    for k in range(len(own)):
        begin, finish = own[k, 1], own[k, 2]
        for s in range(len(visits)):
            if begin >= visits[s, V_LATEST] or finish <= visits[s, V_EARLIEST]:
                continue
            places, n_blocks, rows = visits[s, V_PLACES], visits[s, V_BLOCKS], visits[s, V_ROWS]
            at = find_key(i32(visits[s, 5], places), own[k, 0])
            if at < 0:
                continue
            bound += finish - begin
            offsets, blocks = i64(visits[s, 6], places + 1), i64(visits[s, 7], places + 1)
            block_max, reach = i64(visits[s, 8], n_blocks), i64(visits[s, 9], n_blocks)
            upper = first_at_least(i64(visits[s, 1], rows), offsets[at], offsets[at + 1], finish)
            block = first_at_least(reach, blocks[at], blocks[at + 1], begin + 1)
            row = offsets[at] + (block - blocks[at]) * ROWS_PER_BLOCK
            while row < upper:
                first = row
                while row < upper and block_max[block] > begin:
                    row, block = row + ROWS_PER_BLOCK, block + 1
                if row > first:
                    if m == len(ranges):
                        ranges = np.concatenate((ranges, np.empty_like(ranges)))
                    ranges[m, 0], ranges[m, 1], ranges[m, 2], ranges[m, 3] = s, k, first, min(row, upper)
                    m += 1
                while row < upper and block_max[block] <= begin:
                    row, block = row + ROWS_PER_BLOCK, block + 1
    ranges, m, more = with_pairs(ranges, m, pairs, who, low, high)
    return ranges[:m], bound + more


@compiled(types.Tuple((W32, W32, W32, I64, I64, I64, I64))(I64, I64, I64))
def fresh(card_: int, own_: int, range_: int) -> tuple[Int32, Int32, Int32, int, int, int, int]:
    """Of a visit range: the columns person, fresh start and fresh end, first row and row after the last, and the
    interval to clip to, in the seconds of the fresh columns."""
    card, own, span = i64(card_, V_LATEST + 1), i64(own_, 4), i64(range_, 4)
    n, base = card[V_ROWS], card[V_EARLIEST]
    return i32(card[3], n), i32(card[15], n), i32(card[16], n), span[2], span[3], own[1] - base, own[2] - base


@compiled(types.void(I64, I64, I64, I64))
def add_rows(card_: int, own_: int, range_: int, desk_: int) -> None:
    """Add the seconds of a visit range to the state. The loop a trace waits for: first the seconds of some rows, eight
    at a time and without a branch (a row that does not overlap gives zero), then each to its person."""
    person, start, end, row, until, begin_, finish_ = fresh(card_, own_, range_)
    begin, finish = np.int32(begin_), np.int32(finish_)
    desk = i64(desk_, DESK)
    ids, state, spare = i32(desk[IDS], desk[N_IDS]), i32(desk[STATE], MANY), i32(desk[SPARE], CHUNK)
    while row < until:
        n = min(until - row, CHUNK)
        for i in range(n):
            at = np.uint64(row + i)
            spare[i] = max(np.int32(min(end[at], finish) - max(start[at], begin)), np.int32(0))
        if len(ids) == 0:
            for i in range(n):
                state[np.uint64(person[np.uint64(row + i)])] += spare[i]
        else:
            for i in range(n):
                state[find_key(ids, person[row + i])] += spare[i]
        row += n


@compiled(I64(I64, I64, I64, I64, I64, I64))
def log_rows(card_: int, own_: int, range_: int, desk_: int, log_: int, n: int) -> int:
    """Write the rows of a visit range that overlap into the log from n on; the new number of rows in it."""
    person, start, end, row, until, begin, finish = fresh(card_, own_, range_)
    desk = i64(desk_, DESK)
    ids, log, shift = i32(desk[IDS], desk[N_IDS]), i32(log_, MANY), i64(own_, 4)[1] - begin - desk[LOW]
    for r in range(np.uint64(row), np.uint64(until)):
        s, e = max(np.int64(start[r]), begin), min(np.int64(end[r]), finish)
        to = n * WIDTH
        log[to + PERSON] = person[r] if len(ids) == 0 else find_key(ids, person[r])
        log[to + START], log[to + END] = s + shift, e + shift
        n += e > s
    return n


@compiled(I64(I64, I64, I64, I64, I64, I64))
def compare_rows(card_: int, own_: int, range_: int, desk_: int, log_: int, n: int) -> int:
    """Like `add_rows`; and write the rows of people who are in the log already into it, as `log_rows` does."""
    person, start, end, row, until, begin, finish = fresh(card_, own_, range_)
    desk = i64(desk_, DESK)
    ids, state = i32(desk[IDS], desk[N_IDS]), i32(desk[STATE], MANY)
    log, shift = i32(log_, MANY), i64(own_, 4)[1] - begin - desk[LOW]
    for r in range(np.uint64(row), np.uint64(until)):
        at = np.uint64(person[r] if len(ids) == 0 else find_key(ids, person[r]))
        s, e = max(np.int64(start[r]), begin), min(np.int64(end[r]), finish)
        so_far = state[at] + max(e - s, 0)
        state[at] = so_far
        if so_far < 0 and e > s:
            to = n * WIDTH
            log[to + PERSON], log[to + START], log[to + END] = at, s + shift, e + shift
            n += 1
    return n


@compiled(I64(M32, I64, I64, I64, W32, W32))
def chain(log: Int32, first: int, n: int, who: int, state: Int32, link: Int32) -> int:
    """Chain the rows of the log from `first` on to earlier ones of the same person, leaving out those of `who`; if
    `who` is none, those that cannot overlap an earlier one. The new number of rows in the log.

    With a case given, the seconds of the rows are added to the state as well.
    """
    to = first
    for i in range(first, n):
        at, start, end = log[i, PERSON], log[i, START], log[i, END]
        if at == who:
            continue
        before, since, until, tied = np.int32(-1), start, end, np.int32(0)
        if state[at] < 0:
            before = link[at]
            since, until, tied = log[before, SINCE], log[before, UNTIL], log[before, TIED]
            if start < until and end > since:
                tied = np.int32(1)
            elif who == NOBODY:
                continue
            since, until = min(since, start), max(until, end)
            log[before, LAST] = 0
        else:
            state[at] += LOGGED
        if who != NOBODY:
            state[at] += end - start
        link[at] = to
        log[to, PERSON], log[to, START], log[to, END], log[to, BEFORE] = at, start, end, before
        log[to, SINCE], log[to, UNTIL], log[to, TIED], log[to, LAST] = since, until, tied, 1
        to += 1
    return to


@compiled(I64(M32, I64, M64, M64, M64, M64, I64, W32, I64, I64))
def log_pairs(
    log: Int32, n: int, visits: Int64, pairs: Int64, own: Int64, ranges: Int64, r: int, ids: Int32, low: int, high: int
) -> int:
    """Write the pair records in range r into the log from n on; the new number of rows in it."""
    person, start, end, _, begin, finish = opened(visits, pairs, own, ranges, r, low, high)
    for row in range(ranges[r, 2], ranges[r, 3]):
        if end[row] > begin:
            log[n, PERSON] = person[row] if len(ids) == 0 else find_key(ids, person[row])
            log[n, START], log[n, END] = max(start[row], begin) - low, min(end[row], finish) - low
            n += 1
    return n


@compiled(M32(M32, I64, I64))
def room_in(log: Int32, n: int, rows: int) -> Int32:
    """The log, of which n rows are used, with room for so many more and one."""
    if n + rows < len(log):
        return log
    longer = np.empty((2 * (n + rows) + 1, WIDTH), np.int32)
    for i in range(n):
        for j in range(WIDTH):
            longer[i, j] = log[i, j]
    return longer


@compiled(types.void(M32, I64, W32))
def untie(log: Int32, n: int, state: Int32) -> None:
    """Take off the seconds that the logged rows of a person have in common, and nobody is logged any more."""
    start, end = np.empty(SORTED_BY_HAND, np.int64), np.empty(SORTED_BY_HAND, np.int64)
    for i in range(n):
        if log[i, LAST] == 0:  # the chain of a person goes back from the last row
            continue
        at = log[i, PERSON]
        state[at] -= LOGGED
        if log[i, TIED] == 0:
            continue
        rows, together, j = 0, 0, i
        while j >= 0:
            together += log[j, END] - log[j, START]
            rows, j = rows + 1, log[j, BEFORE]
        if rows > len(start):
            start, end = np.empty(2 * rows, np.int64), np.empty(2 * rows, np.int64)
        to, j = rows, i
        while j >= 0:
            to -= 1
            start[to], end[to] = log[j, START], log[j, END]
            j = log[j, BEFORE]
        put_in_order(start[:rows], end[:rows])
        seconds, _, _ = united(start[:rows], end[:rows])
        state[at] -= together - seconds


@compiled(types.UniTuple(I64, 4)(M64, M64, I64))
def cluster(own: Int64, ranges: Int64, r: int) -> tuple[int, int, int, int]:
    """The cluster that begins with visit range r: its end, the ranges of its largest unit, and how many units."""
    reach, stop, units, most, low, high = own[ranges[r, 1], 2], r, 0, -1, r, r
    while stop < len(ranges) and ranges[stop, 1] >= 0 and own[ranges[stop, 1], 1] < reach:
        first, rows = stop, 0
        while stop < len(ranges) and ranges[stop, 0] == ranges[first, 0] and ranges[stop, 1] == ranges[first, 1]:
            rows += ranges[stop, 3] - ranges[stop, 2]
            stop += 1
        reach = max(reach, own[ranges[first, 1], 2])
        units += 1
        if rows > most:
            most, low, high = rows, first, stop
    return stop, low, high, units


@compiled(types.void(M64, M64, M64, M64, W32, I64, I64, I64, W32, W32))
def tally(
    visits: Int64, pairs: Int64, own: Int64, ranges: Int64, ids: Int32, low: int, high: int, who: int, state: Int32,
    link: Int32,
) -> None:  # fmt: skip
    """Leave in the state of every other person the union seconds with the case, zero for people not met.

    `ids` maps people to rows of the state by bisection, or is empty where a person's id is the row. The state is all
    zero before; `link` may hold anything. Needs the sums before `untie` below 2^31 (`bound` of `ranges_to_read`).
    """
    spare, log, n, desk = np.empty(CHUNK, np.int32), np.empty((1024, WIDTH), np.int32), 0, np.empty(DESK, np.int64)
    desk[IDS], desk[N_IDS], desk[LOW] = ids.ctypes.data, len(ids), low
    desk[STATE], desk[SPARE] = state.ctypes.data, spare.ctypes.data
    case = np.int64(who) if len(ids) == 0 else find_key(ids, who)
    for r in range(len(ranges)):
        if ranges[r, 1] < 0:
            log = room_in(log, n, ranges[r, 3] - ranges[r, 2])
            n = chain(log, n, log_pairs(log, n, visits, pairs, own, ranges, r, ids, low, high), case, state, link)
    lasting = n > 0
    r = 0
    while r < len(ranges) and ranges[r, 1] >= 0:
        stop, first, last, units = cluster(own, ranges, r)
        for turn in range(r, stop + last - first if units > 1 else stop):
            # The largest unit is passed over at its place and read at the end.
            q, largest = turn, units == 1
            if units > 1 and turn >= stop:
                q, largest = first + turn - stop, True
            elif units > 1 and first <= turn < last:
                continue
            card_ = visits.ctypes.data + ranges[q, 0] * visits.strides[0]
            own_ = own.ctypes.data + ranges[q, 1] * own.strides[0]
            range_ = ranges.ctypes.data + q * ranges.strides[0]
            if largest and n == 0:
                add_rows(card_, own_, range_, desk.ctypes.data)
                continue
            log = room_in(log, n, ranges[q, 3] - ranges[q, 2])
            if largest:
                m = compare_rows(card_, own_, range_, desk.ctypes.data, log.ctypes.data, n)
                n = chain(log, n, m, NOBODY, state, link)
            else:
                m = log_rows(card_, own_, range_, desk.ctypes.data, log.ctypes.data, n)
                n = chain(log, n, m, case, state, link)
        if n > 0 and not lasting:
            untie(log, n, state)
            n = 0
        r = stop
    untie(log, n, state)
    # Used here, so that the two live until here: only their addresses are known to the loops, and an array is freed
    # after its last use.
    spare[0] = np.int32(desk[N_IDS])
    if 0 <= case < len(state):
        state[case] = 0


@compiled(types.void(M64, M64, M64, M64, W32, I64, I64, I64, W32))
def notice(
    visits: Int64, pairs: Int64, own: Int64, ranges: Int64, ids: Int32, low: int, high: int, who: int, state: Int32
) -> None:
    """Like `tally`, but only one for every other person met, from the int64 columns."""
    for r in range(len(ranges)):
        person, _, end, _, begin, _ = opened(visits, pairs, own, ranges, r, low, high)
        for row in range(ranges[r, 2], ranges[r, 3]):
            if end[row] > begin and person[row] != who:
                state[person[row] if len(ids) == 0 else find_key(ids, person[row])] = 1


@compiled(types.Tuple((W32, W64))(W32, W32))
def collect(ids: Int32, state: Int32) -> tuple[Int32, Int64]:
    """The people whose state is not zero, rising, and their states; the state is all zero after."""
    n = 0
    for at in range(len(state)):
        n += state[at] != 0
    person, seconds = np.empty(n + 1, np.int32), np.empty(n + 1, np.int64)  # one more: the loop writes, then counts
    n = 0
    for first in range(0, len(state), 64):
        last, any_met = min(first + 64, len(state)), np.int32(0)
        for at in range(first, last):
            any_met |= state[at]
        if any_met == 0:
            continue
        for at in range(np.uint64(first), np.uint64(last)):
            person[np.uint64(n)], seconds[np.uint64(n)] = at, state[at]
            n += state[at] != 0
            state[at] = 0
    for i in range(n if len(ids) else 0):
        person[i] = ids[person[i]]
    return person[:n], seconds[:n]
