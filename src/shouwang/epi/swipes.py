"""Door swipes into visits: every swipe gets exactly one fate, and nothing is guessed.

What swipes cannot tell: who held the card; who came in through a door held open (an entry nobody swiped) or left so
(an exit nobody swiped); where somebody was whose swipe is unpaired, which is not the same as absent; anything about a
door that reads one direction only; and the order of two swipes with the same time stamp, which in logs written to
the minute are many.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shouwang.epi.columns import Int8, Int32, Int64, UInt8, column, refuse, same_length, sealed


class SwipeFate(IntEnum):
    """What became of one swipe. The name in lower case is its key in `PairedSwipes.counts`."""

    PAIRED_IN = 0
    """Opened a visit."""
    PAIRED_OUT = 1
    """Closed a visit."""
    DUPLICATE = 2
    """Repeats the swipe before it, in the same direction, within the time for duplicates."""
    UNPAIRED_IN = 3
    """An entry after which came another entry, or nothing."""
    UNPAIRED_OUT = 4
    """An exit before which there was no open entry."""
    TOO_LONG = 5
    """An entry and the exit after it, further apart than any stay may be: somewhere between, swipes are missing."""
    ZERO_LENGTH = 6
    """An entry and an exit with the same time stamp and no visit open: no duration can be told."""
    DENIED = 7
    """The door did not open."""
    NO_DIRECTION = 8
    """The door opened, but does not say which way."""


@dataclass(frozen=True, eq=False, slots=True)
class PairedSwipes:
    """Visits found, and the fate of every swipe given.

    Visit columns, rising by (person, place, start): `person`, `place`, `start`, `end` (unix seconds, half-open), and
    `row_in`, `row_out`, the input rows they come from. `fate` has one `SwipeFate` code for each input row. `counts`
    has every fate by name, zeros included; its values add up to the number of input rows.
    """

    person: Int32
    place: Int32
    start: Int64
    end: Int64
    row_in: Int64
    row_out: Int64
    fate: UInt8
    counts: dict[str, int]

    def __len__(self) -> int:
        """Number of visits."""
        return len(self.start)


def pair_swipes(
    person: ArrayLike,
    place: ArrayLike,
    t: ArrayLike,
    direction: ArrayLike,
    allowed: ArrayLike,
    *,
    max_stay_s: int,
    duplicate_s: int,
) -> PairedSwipes:
    """Pair entries with exits for each (person, place), in time order; the order of the rows given does not matter.

    `t` unix seconds; `direction` 1 in, -1 out, 0 unknown; `allowed` whether the door opened. Denied swipes and swipes
    without direction have that fate (denied first) and touch nothing else. Of the others, one after another:

    * a swipe in the direction of the one before, no more than `duplicate_s` seconds after it, is a duplicate; a burst
      of any length therefore counts as its first swipe;
    * an entry opens a visit; if one is open already, that earlier entry is unpaired;
    * an exit closes the open visit if it comes at most `max_stay_s` seconds later, else both are too long; without an
      open visit it is unpaired.

    Ties: of one second, exits are taken before entries, so that "out and in again" closes one visit and opens the next.
    An exit that then neither closes a visit nor is a duplicate, in a second that has an entry too, is zero-length
    together with that entry, and no later swipe is a duplicate of theirs. Further swipes of one second and direction
    are duplicates, in the order of the rows.

    Raises ValueError for columns of different length, negative ids, a direction other than -1, 0, 1, a `max_stay_s`
    below one second and a negative `duplicate_s`. O(n log n).

    >>> found = pair_swipes([1, 1], [7, 7], [0, 60], [1, -1], [True, True], max_stay_s=3600, duplicate_s=5)
    >>> found.start.tolist(), found.end.tolist(), found.counts["paired_in"], found.counts["unpaired_in"]
    ([0], [60], 1, 0)
    """
    from shouwang.epi.swipe_kernel import walk

    person_, place_ = column("person", person, np.int32), column("place", place, np.int32)
    t_, direction_, allowed_ = column("t", t, np.int64), column("direction", direction, np.int8), _flags(allowed)
    rows = same_length(person=person_, place=place_, t=t_, direction=direction_, allowed=allowed_)
    _check(person_, place_, direction_, max_stay_s, duplicate_s)
    fate = np.full(rows, SwipeFate.DENIED, np.uint8)
    fate[allowed_ & (direction_ == 0)] = SwipeFate.NO_DIRECTION
    usable = np.flatnonzero(allowed_ & (direction_ != 0))
    # Exits first within a second; lexsort is stable, so equal swipes stay in the order given.
    order = usable[np.lexsort((direction_[usable], t_[usable], place_[usable], person_[usable]))]
    row_in, row_out = np.empty(len(order) // 2, np.int64), np.empty(len(order) // 2, np.int64)
    n = walk(order, person_, place_, t_, direction_, max_stay_s, duplicate_s, fate, row_in, row_out)
    row_in, row_out = row_in[:n].copy(), row_out[:n].copy()
    times = np.bincount(fate, minlength=len(SwipeFate))
    counts = {member.name.lower(): int(times[member]) for member in SwipeFate}
    who, where = sealed(person_[row_in]), sealed(place_[row_in])
    start, end = sealed(t_[row_in]), sealed(t_[row_out])
    return PairedSwipes(who, where, start, end, sealed(row_in), sealed(row_out), sealed(fate), counts)


def _flags(allowed: ArrayLike) -> NDArray[np.bool_]:
    flags = column("allowed", allowed, np.int8)
    refuse("allowed", (flags != 0) & (flags != 1), "neither true nor false")
    return np.asarray(flags == 1)


def _check(person: Int32, place: Int32, direction: Int8, max_stay_s: int, duplicate_s: int) -> None:
    refuse("person", person < 0, "a negative id")
    refuse("place", place < 0, "a negative id")
    refuse("direction", (direction < -1) | (direction > 1), "a direction other than 1 in, -1 out, 0 unknown")
    if max_stay_s < 1:
        raise ValueError(f"max_stay_s: {max_stay_s} is no length of a stay; at least 1 second")
    if duplicate_s < 0:
        raise ValueError(f"duplicate_s: {duplicate_s} is negative; 0 makes only swipes of one second duplicates")
