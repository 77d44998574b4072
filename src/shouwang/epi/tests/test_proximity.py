"""Joining of sensor slots."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.epi.proximity import join_slots


def joined(rows: list[tuple[int, int, int]], step: int = 20) -> list[tuple[int, int, int, int]]:
    t, i, j = zip(*rows, strict=True) if rows else ((),) * 3
    return list(zip(*(c.tolist() for c in join_slots(t, i, j, step)), strict=True))


def test_consecutive_slots_join_and_gaps_divide() -> None:
    assert joined([(20, 1, 2), (40, 1, 2), (80, 1, 2)]) == [(1, 2, 0, 40), (1, 2, 60, 80)]


def test_overlapping_slots_off_the_grid_join() -> None:
    assert joined([(20, 1, 2), (33, 1, 2), (54, 1, 2)]) == [(1, 2, 0, 33), (1, 2, 34, 54)]


def test_order_of_people_and_of_rows_does_not_matter() -> None:
    assert joined([(40, 2, 1), (20, 1, 2), (20, 3, 1)]) == [(1, 2, 0, 40), (1, 3, 0, 20)]


def test_repeated_records_are_counted_in_either_direction() -> None:
    found = join_slots([20, 20, 20, 40], [1, 2, 1, 1], [2, 1, 2, 2], 20)
    assert found.duplicates == 2
    assert [c.tolist() for c in found] == [[1], [2], [0], [40]]


def test_no_records() -> None:
    found = join_slots([], [], [], 20)
    assert (len(found), found.duplicates) == (0, 0)


@pytest.mark.parametrize(
    ("t", "i", "j", "step", "message"),
    [
        ([20], [1], [1], 20, "j: a person with himself in 1 of 1 rows"),
        ([20], [-1], [1], 20, "i: a negative id"),
        ([20], [1], [-1], 20, "j: a negative id"),
        ([20, 40], [1], [2], 20, "differ in length"),
        ([20.5], [1], [2], 20, "t: integers are needed"),
        ([20], [1], [2], 0, "step"),
    ],
)
def test_bad_input_is_refused(t: list[int], i: list[int], j: list[int], step: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        join_slots(t, i, j, step)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3), st.integers(0, 3)).filter(lambda r: r[1] != r[2])),
    st.integers(1, 8),
)
def test_intervals_cover_the_seconds_of_the_slots_and_are_maximal(rows: list[tuple[int, int, int]], step: int) -> None:
    covered: dict[tuple[int, int], set[int]] = defaultdict(set)
    for t, i, j in rows:
        covered[min(i, j), max(i, j)].update(range(t - step, t))
    found = defaultdict(list)
    for a, b, start, end in joined(rows, step):
        found[a, b].append((start, end))
    assert {pair: {s for low, high in spans for s in range(low, high)} for pair, spans in found.items()} == covered
    for spans in found.values():
        assert all(end < start for (_, end), (start, _) in pairwise(spans))
