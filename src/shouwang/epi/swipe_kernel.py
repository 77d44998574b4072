"""The compiled walk of `swipes.pair_swipes` over sorted swipes."""

from __future__ import annotations

from shouwang.epi.columns import Int8, Int32, Int64, UInt8
from shouwang.epi.compiling import I64, R8S, R32, R64, W8, W64, compiled

# The codes of swipes.SwipeFate; literals, since compiled code is cached by this file alone. A test compares them.
PAIRED_IN, PAIRED_OUT, DUPLICATE, UNPAIRED_IN, UNPAIRED_OUT, TOO_LONG, ZERO_LENGTH = 0, 1, 2, 3, 4, 5, 6


@compiled(I64(R64, I64, R32, R32, R64, R8S))
def entry_of_same_second(order: Int64, i: int, person: Int32, place: Int32, t: Int64, direction: Int8) -> int:
    """Position of the first entry after i with the person, place and second of i, or -1."""
    row = order[i]
    for j in range(i + 1, len(order)):
        other = order[j]
        if person[other] != person[row] or place[other] != place[row] or t[other] != t[row]:
            return -1
        if direction[other] == 1:
            return j
    return -1


@compiled(I64(R64, R32, R32, R64, R8S, I64, I64, W8, W64, W64))
def walk(
    order: Int64, person: Int32, place: Int32, t: Int64, direction: Int8, max_stay_s: int, duplicate_s: int,
    fate: UInt8, row_in: Int64, row_out: Int64,
) -> int:  # fmt: skip
    """Set the fate of every row in `order` and write the rows of each visit; returns the number of visits."""
    visits = 0
    waiting, last = -1, -1  # open entry; previous swipe
    spent = -1  # entry used up as zero-length
    for i in range(len(order)):
        row = order[i]
        if i > 0 and (person[row] != person[order[i - 1]] or place[row] != place[order[i - 1]]):
            waiting, last, spent = -1, -1, -1
        if spent >= 0 and t[row] > t[spent]:
            last, spent = -1, -1
        before, last = last, row
        if row == spent:
            continue
        if before >= 0 and direction[before] == direction[row] and t[row] - t[before] <= duplicate_s:
            fate[row] = DUPLICATE
        elif direction[row] == 1:
            fate[row] = UNPAIRED_IN  # until an exit closes it
            waiting = row
        elif waiting < 0:
            twin = entry_of_same_second(order, i, person, place, t, direction)
            fate[row] = UNPAIRED_OUT
            if twin >= 0:
                spent = order[twin]
                fate[row], fate[spent] = ZERO_LENGTH, ZERO_LENGTH
        else:
            short = t[row] - t[waiting] <= max_stay_s
            fate[row] = PAIRED_OUT if short else TOO_LONG
            fate[waiting] = PAIRED_IN if short else TOO_LONG
            if short:
                row_in[visits], row_out[visits] = waiting, row
                visits += 1
            waiting = -1
    return visits
