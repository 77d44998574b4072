"""Compiled loops of `segments`: sorting rows by several columns, and what is new in each row."""

from __future__ import annotations

import numpy as np

from shouwang.epi.columns import AnyColumn, Int32, Int64, UInt8, UInt64
from shouwang.epi.compiling import I64, R8, R32, R64, W8, W32, W64, WU64, compiled, types

FEW = 32  # rows up to which exchanging neighbours is quicker than a sort
SPARSE = 4  # numbers a row up to which counting them all is quicker than sorting
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


def sorted_visits(
    place: Int32, start: Int64, end: Int64, person: Int32, source: UInt8
) -> tuple[Int32, Int64, Int64, Int32, UInt8]:
    """The columns of checked visits in the order of (place, start, end, person, source).

    Place, start and row travel as one word through the passes of a radix sort; what place and start leave undecided,
    a few rows together as a rule, is settled afterwards. Where they do not fit, by `sorted_order`.
    """
    rows = len(place)
    given: tuple[AnyColumn, ...] = (place, start, end, person, source)
    least = [int(values.min()) for values in given] if rows else []
    width = [(int(values.max()) - low).bit_length() for values, low in zip(given, least, strict=False)]
    if not rows or width[0] + width[1] + rows.bit_length() > 64 or sum(width[2:]) > 63:
        order = sorted_order(source, person, end, start, place)
        return place[order], start[order], end[order], person[order], source[order]
    low = rows.bit_length()
    words = sort_words(_words(place, start, least[0], least[1], width[1], low), low, width[0] + width[1])
    _settle_ties(words, low, end, person, source, least[2], least[3], least[4], width[3], width[4])
    found: tuple[Int32, Int64, Int64, Int32, UInt8] = _taken(
        words, low, width[1], least[0], least[1], end, person, source
    )
    return found


@compiled(WU64(R32, R64, I64, I64, I64, I64))
def _words(place: Int32, start: Int64, least_place: int, least_start: int, start_bits: int, row_bits: int) -> UInt64:
    words = np.empty(len(place), np.uint64)
    for row in range(len(place)):
        key = (np.uint64(place[row] - least_place) << np.uint64(start_bits)) | np.uint64(start[row] - least_start)
        words[row] = (key << np.uint64(row_bits)) | np.uint64(row)
    return words


@compiled(WU64(WU64, I64, I64))
def sort_words(words: UInt64, low: int, bits: int) -> UInt64:
    """The words sorted by the `bits` above their lowest `low`, equal ones as they were; the words given are
    overwritten."""
    rows, mask = len(words), np.uint64((1 << DIGIT) - 1)
    passes = (bits + DIGIT - 1) // DIGIT
    places = np.zeros((passes, (1 << DIGIT) + 1), np.int64)
    for i in range(rows):
        rest = words[i] >> np.uint64(low)
        for number in range(passes):
            places[number, np.int64(rest & mask) + 1] += 1
            rest >>= np.uint64(DIGIT)
    other = np.empty_like(words)
    for number in range(passes):
        at = places[number]
        for digit in range(1 << DIGIT):
            at[digit + 1] += at[digit]
        shift = np.uint64(low + number * DIGIT)
        for i in range(rows):
            value = np.int64((words[i] >> shift) & mask)
            other[at[value]] = words[i]
            at[value] += 1
        words, other = other, words
    return words


@compiled([types.void(WU64, W32, I64, I64), types.void(WU64, WU64, I64, I64)])
def _sort_few(keys: UInt64, values: Int32 | UInt64, first: int, number: int) -> None:
    """Sort `values[first:first + number]` by `keys[:number]`; equal ones keep their order."""
    if number > FEW:
        by = np.argsort(keys[:number], kind="mergesort")
        old = values[first : first + number].copy()
        for k in range(number):
            values[first + k] = old[by[k]]
        return
    for k in range(1, number):
        key, value, at = keys[k], values[first + k], k
        while at > 0 and keys[at - 1] > key:
            keys[at], values[first + at] = keys[at - 1], values[first + at - 1]
            at -= 1
        keys[at], values[first + at] = key, value


@compiled(types.void(WU64, I64, R64, R32, R8, I64, I64, I64, I64, I64))
def _settle_ties(
    words: UInt64,
    low: int,
    end: Int64,
    person: Int32,
    source: UInt8,
    least_end: int,
    least_person: int,
    least_source: int,
    person_bits: int,
    source_bits: int,
) -> None:
    """Sort words of one place and start by end, person and source of their rows, which fit into one word."""
    rows, first = len(words), 0
    row_mask = (np.uint64(1) << np.uint64(low)) - np.uint64(1)
    keys = np.empty(64, np.uint64)
    while first < rows:
        same, last = words[first] >> np.uint64(low), first + 1
        while last < rows and words[last] >> np.uint64(low) == same:
            last += 1
        number = last - first
        if number > 1:
            if number > len(keys):
                keys = np.empty(2 * number, np.uint64)
            for k in range(number):
                row = np.int64(words[first + k] & row_mask)
                key = (np.uint64(end[row] - least_end) << np.uint64(person_bits)) | np.uint64(
                    person[row] - least_person
                )
                keys[k] = (key << np.uint64(source_bits)) | np.uint64(source[row] - least_source)
            _sort_few(keys, words, first, number)
        first = last


@compiled(types.Tuple((W32, W64, W64, W32, W8))(WU64, I64, I64, I64, I64, R64, R32, R8))
def _taken(
    words: UInt64,
    low: int,
    start_bits: int,
    least_place: int,
    least_start: int,
    end: Int64,
    person: Int32,
    source: UInt8,
) -> tuple[Int32, Int64, Int64, Int32, UInt8]:
    """The columns in the order of the words, which hold place and start themselves."""
    rows = len(words)
    row_mask = (np.uint64(1) << np.uint64(low)) - np.uint64(1)
    start_mask = (np.uint64(1) << np.uint64(start_bits)) - np.uint64(1)
    place_, person_, source_ = np.empty(rows, np.int32), np.empty(rows, np.int32), np.empty(rows, np.uint8)
    start_, end_ = np.empty(rows, np.int64), np.empty(rows, np.int64)
    for i in range(rows):
        row, key = np.int64(words[i] & row_mask), words[i] >> np.uint64(low)
        place_[i] = np.int64(key >> np.uint64(start_bits)) + least_place
        start_[i] = np.int64(key & start_mask) + least_start
        end_[i], person_[i], source_[i] = end[row], person[row], source[row]
    return place_, start_, end_, person_, source_


def rows_by_person(person: Int32, start: Int64) -> tuple[Int32, Int64, Int32]:
    """`person_keys`, `person_offsets`, `person_rows` (see `VisitSegment`) of rows in their final order.

    Rows are counted out to their people, and each one's few sorted by start; where numbers of people lie too far apart
    to be counted, or times to be words, by `sorted_order`.
    """
    from shouwang.epi.columns import offsets_by_key

    if dense(person) and int(start.max()) - int(start.min()) < 2**32:
        least = int(person.min())
        keys, offsets, rows = _counted_out(person, start, least, int(person.max()) - least + 1, int(start.min()))
        return keys, offsets, rows
    rows = sorted_order(start, person)
    return *offsets_by_key(person[rows]), rows


def dense(values: AnyColumn) -> bool:
    """Whether counting every number between the least and the greatest costs no more than a pass over the rows."""
    return len(values) > 0 and int(values.max()) - int(values.min()) < SPARSE * len(values)


@compiled(types.Tuple((W32, W64, W32))(R32, R64, I64, I64, I64))
def _counted_out(person: Int32, start: Int64, least: int, span: int, least_start: int) -> tuple[Int32, Int64, Int32]:
    rows = len(person)
    at = np.zeros(span + 1, np.int64)
    for row in range(rows):
        at[person[row] - least + 1] += 1
    people = 0
    for p in range(span):
        people += at[p + 1] > 0
        at[p + 1] += at[p]
    by_person = np.empty(rows, np.int32)
    for row in range(rows):
        p = person[row] - least
        by_person[at[p]] = row
        at[p] += 1
    keys, offsets = np.empty(people, np.int32), np.zeros(people + 1, np.int64)
    first = number = 0
    words = np.empty(64, np.uint64)
    for p in range(span):  # `at[p]` is where the rows of p end
        last = at[p]
        if last == first:
            continue
        count = last - first
        if count > len(words):
            words = np.empty(2 * count, np.uint64)
        for k in range(count):
            words[k] = np.uint64(start[by_person[first + k]] - least_start)
        _sort_few(words, by_person, first, count)
        keys[number], offsets[number + 1] = p + least, last
        number += 1
        first = last
    return keys, offsets, by_person


def sorted_times(values: Int64) -> Int64:
    """`numpy.sort`; seconds of one day are counted."""
    if not dense(values):
        return np.sort(values)
    least = int(values.min())
    found: Int64 = _counted(values, least, int(values.max()) - least + 1)
    return found


@compiled(W64(R64, I64, I64))
def _counted(values: Int64, least: int, span: int) -> Int64:
    number = np.zeros(span, np.int32)
    for i in range(len(values)):
        number[values[i] - least] += 1
    found, at = np.empty(len(values), np.int64), 0
    for k in range(span):
        for _once in range(number[k]):
            found[at] = k + least
            at += 1
    return found


@compiled(types.Tuple((W32, W64, W64, W64))(R64, R64, R64))
def pieces_of_days(start: Int64, end: Int64, edges: Int64) -> tuple[Int32, Int64, Int64, Int64]:
    """Intervals cut at `edges`: row, start and end of every piece, day after day in the order of rows, and where the
    pieces of each day begin (days + 1). Every interval lies within the edges."""
    days, rows = len(edges) - 1, len(start)
    first_day = np.empty(rows, np.int32)
    at = np.zeros(days + 2, np.int64)
    for row in range(rows):
        day = np.searchsorted(edges, start[row], side="right") - 1
        first_day[row] = day
        while True:
            at[day + 2] += 1
            if end[row] <= edges[day + 1]:
                break
            day += 1
    for day in range(days):
        at[day + 2] += at[day + 1]
    total = at[days + 1]
    of, begin, finish = np.empty(total, np.int32), np.empty(total, np.int64), np.empty(total, np.int64)
    for row in range(rows):
        day = first_day[row]
        while True:
            to = at[day + 1]
            at[day + 1] = to + 1
            of[to] = row
            begin[to], finish[to] = max(start[row], edges[day]), min(end[row], edges[day + 1])
            if end[row] <= edges[day + 1]:
                break
            day += 1
    return of, begin, finish, at[: days + 1].copy()


def fresh_parts(place: Int32, start: Int64, end: Int64, person: Int32, person_keys: Int32) -> tuple[Int32, Int32]:
    """`fresh_start` and `fresh_end` (see `VisitSegment`) of rows sorted by place and start."""
    if dense(person):
        rank, people = person - person.min(), int(person.max()) - int(person.min()) + 1
    else:
        rank, people = np.searchsorted(person_keys, person).astype(np.int32), len(person_keys)
    found: tuple[Int32, Int32] = _fresh(place, start, end, rank, people)
    return found


@compiled(types.UniTuple(W32, 2)(R32, R64, R64, R32, I64))
def _fresh(place: Int32, start: Int64, end: Int64, rank: Int32, people: int) -> tuple[Int32, Int32]:
    rows = len(place)
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
