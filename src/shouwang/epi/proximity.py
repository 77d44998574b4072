"""Records of proximity sensors, one for each time slot in which two tags saw each other, into intervals.

What they cannot tell: two people near each other with their backs turned (tags worn on the chest see faces), a tag
left at home or in a bag, anybody without a tag, and how near within the range of the tag.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from shouwang.epi.columns import AnyColumn, Int32, Int64, column, refuse, same_length, sealed


@dataclass(frozen=True, eq=False, slots=True)
class JoinedSlots:
    """Maximal intervals, rising by (a, b, start), with a < b; unpacks into (a, b, start, end).

    [`start`, `end`) unix seconds. `duplicates` is the number of records that repeated another of the same pair and
    time, in either order of the two people.
    """

    a: Int32
    b: Int32
    start: Int64
    end: Int64
    duplicates: int

    def __iter__(self) -> Iterator[AnyColumn]:
        return iter((self.a, self.b, self.start, self.end))

    def __len__(self) -> int:
        """Number of intervals."""
        return len(self.start)


def join_slots(t: ArrayLike, i: ArrayLike, j: ArrayLike, step: int) -> JoinedSlots:
    """Join the slots of each unordered pair into maximal intervals.

    A record at t covers (t - step, t]. Counted in whole seconds these are the seconds t - step + 1 … t; they are given
    here as the half-open [t - step, t), which has the same length and the same gaps, one second earlier, as everywhere
    else in this room. Slots that touch or overlap are joined. Records may come in any order, and off any grid.

    Raises ValueError for columns of different length, negative ids, a person with himself, and a step below one
    second. O(n log n).

    >>> a, b, start, end = join_slots([20, 40, 80], [5, 9, 5], [9, 5, 9], 20)
    >>> a.tolist(), b.tolist(), start.tolist(), end.tolist()
    ([5, 5], [9, 9], [0, 60], [40, 80])
    """
    t_, i_, j_ = column("t", t, np.int64), column("i", i, np.int32), column("j", j, np.int32)
    rows = same_length(t=t_, i=i_, j=j_)
    refuse("i", i_ < 0, "a negative id")
    refuse("j", j_ < 0, "a negative id")
    refuse("j", i_ == j_, "a person with himself")
    if step < 1:
        raise ValueError(f"step: {step} is no length of a slot; at least 1 second")
    a, b = np.minimum(i_, j_), np.maximum(i_, j_)
    order = np.lexsort((t_, b, a))
    a, b, t_ = a[order], b[order], t_[order]
    new_pair = np.ones(rows, np.bool_)
    new_pair[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    gap = np.diff(t_, prepend=t_[:1])
    duplicates = int(np.count_nonzero(~new_pair & (gap == 0)))
    begins = np.flatnonzero(new_pair | (gap > step))
    ends = np.append(begins[1:], rows)[: len(begins)] - 1
    start, end = t_[begins] - step, t_[ends]
    return JoinedSlots(sealed(a[begins]), sealed(b[begins]), sealed(start), sealed(end), duplicates)
