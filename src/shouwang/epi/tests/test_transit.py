"""People who moved together, against loops over everybody's moves."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.epi.contacts import Segment
from shouwang.epi.segments import build_pair_segment, build_visit_segment
from shouwang.epi.transit import Move, Transit, transits

DAY = 1000
GATE, BED = 3, 1
Visit = tuple[int, int, int, int, int]  # person, place, start, end, source


def segments(visits: list[Visit]) -> list[Segment]:
    """Two days, cut at DAY as the store cuts them."""
    found = []
    for low, high in ((0, DAY), (DAY, 2 * DAY)):
        rows = [(p, q, max(s, low), min(e, high), c) for p, q, s, e, c in visits if max(s, low) < min(e, high)]
        person, place, start, end, source = (list(column) for column in zip(*rows, strict=True)) if rows else [[]] * 5
        nothing = np.empty(0, np.int64)
        visit = build_visit_segment(
            np.array(place, np.int32), np.array(start, np.int64), np.array(end, np.int64), np.array(person, np.int32),
            np.array(source, np.uint8),
        )  # fmt: skip
        pair = build_pair_segment(
            nothing.astype(np.int32), nothing.astype(np.int32), nothing, nothing, nothing.astype(np.uint8)
        )
        found.append((visit, pair))
    return found


def plain_moves(visits: list[Visit], person: int, longest: int) -> list[Move]:
    cut = []
    for low, high in ((0, DAY), (DAY, 2 * DAY)):
        cut += [
            (max(s, low), min(e, high), q)
            for p, q, s, e, c in visits
            if p == person and c == GATE and max(s, low) < min(e, high)
        ]
    return [
        Move(a[1], b[0], a[2], b[2])
        for a, b in pairwise(sorted(cut))
        if a[2] != b[2] and 0 <= b[0] - a[1] <= longest and a[1] % DAY and b[0] % DAY
    ]


VISITS = st.lists(
    st.tuples(
        st.integers(0, 4), st.integers(0, 2), st.integers(0, 2 * DAY - 1), st.integers(1, 60),
        st.sampled_from([GATE, GATE, GATE, BED]),
    ).map(lambda row: (row[0], row[1], row[2], min(row[2] + row[3], 2 * DAY), row[4])),
    max_size=40,
)  # fmt: skip


@given(VISITS, st.integers(0, 200), st.integers(0, 400), st.integers(0, 2 * DAY), st.integers(0, 2 * DAY))
def test_as_loops_find_them(visits: list[Visit], margin: int, longest: int, low: int, high: int) -> None:
    told = transits(
        segments(visits), 0, low, high, sources=[GATE], boundaries=[0, DAY, 2 * DAY], margin_s=margin,
        longest_s=longest,
    )  # fmt: skip
    wanted = [
        Transit(own, other, move)
        for own in plain_moves(visits, 0, longest)
        if low <= own.left < high
        for other in range(1, 5)
        for move in plain_moves(visits, other, longest)
        if (move.origin, move.target) == (own.origin, own.target)
        and abs(move.left - own.left) <= margin
        and abs(move.arrived - own.arrived) <= margin
    ]
    assert sorted(told) == sorted(wanted)


def test_two_who_walk_and_one_who_does_not() -> None:
    visits = [
        (0, 7, 100, 200, GATE), (0, 8, 260, 400, GATE),  # the person asked about
        (1, 7, 150, 205, GATE), (1, 8, 262, 300, GATE),  # with them
        (2, 7, 150, 205, GATE), (2, 9, 262, 300, GATE),  # elsewhere
        (3, 7, 150, 205, GATE), (3, 8, 500, 600, GATE),  # later
        (4, 7, 150, 205, BED), (4, 8, 262, 300, BED),  # by no record of entering and leaving
    ]  # fmt: skip
    (one,) = transits(segments(visits), 0, 0, DAY, sources=[GATE], boundaries=[0, DAY], margin_s=30, longest_s=100)
    assert (one.person, one.own, one.other) == (1, Move(200, 260, 7, 8), Move(205, 262, 7, 8))


def test_a_negative_margin_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        transits([], 0, 0, 1, sources=[], boundaries=[], margin_s=-1, longest_s=1)
