"""Building segments and cutting by day: what is refused, what is kept, how it is sorted."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.epi.segments import ROWS_PER_BLOCK, build_pair_segment, build_visit_segment, split_by_day
from shouwang.epi.sorting import sorted_order
from shouwang.epi.tests.build import visit_segment
from shouwang.epi.tests.oracle import Visit

GOOD: dict[str, Any] = {"place": [7, 7], "start": [0, 10], "end": [5, 20], "person": [1, 2], "source": [0, 1]}
PAIR: dict[str, Any] = {"a": [1, 2], "b": [2, 3], "start": [0, 10], "end": [5, 20], "source": [0, 1]}


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("person", [1], "differ in length: place 2, start 2, end 2, person 1, source 2"),
        ("end", [5, 10], "end: a visit that does not end after it starts in 1 of 2 rows, first at row 1"),
        ("end", [-5, 9], "in 2 of 2 rows, first at row 0"),
        ("place", [7, -1], "place: a negative id in 1 of 2 rows, first at row 1"),
        ("person", [-1, 2], "person: a negative id"),
        ("person", [2**31, 2], "person: a value does not fit int32"),
        ("source", [0, 256], "source: a value does not fit uint8"),
        ("start", [0.0, 10.0], "start: integers are needed, not float64"),
        ("start", [np.nan, 10.0], "start: integers are needed"),
        ("start", ["0", "10"], "start: integers are needed"),
        ("start", [[0, 10]], "start: a column has one dimension, not 2"),
    ],
)
def test_bad_visits_are_refused_with_column_and_row(column: str, values: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_visit_segment(**{**GOOD, column: values})


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("b", [1, 3], "b: a person paired with himself in 1 of 2 rows, first at row 0"),
        ("a", [-1, 2], "a: a negative id"),
        ("b", [2, -3], "b: a negative id"),
        ("end", [5, 10], "end: a record that does not end after it starts"),
        ("b", [2], "differ in length"),
    ],
)
def test_bad_pairs_are_refused(column: str, values: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_pair_segment(**{**PAIR, column: values})


def test_visits_are_sorted_and_double_records_kept() -> None:
    rows = [Visit(2, 0, 9, 1), Visit(1, 5, 9, 1), Visit(1, 5, 8, 3), Visit(1, 5, 8, 2), Visit(1, 5, 8, 2)]
    built = visit_segment(rows)
    columns = (built.place, built.start, built.end, built.person, built.source)
    assert [Visit(*row) for row in zip(*(c.tolist() for c in columns), strict=True)] == sorted(rows)
    assert [c.dtype.name for c in columns] == ["int32", "int64", "int64", "int32", "uint8"]
    assert not built.start.flags.writeable


def test_pairs_are_stored_in_both_directions() -> None:
    built = build_pair_segment(**PAIR)
    rows = zip(built.a.tolist(), built.b.tolist(), built.start.tolist(), built.end.tolist(), strict=True)
    assert list(rows) == [(1, 2, 0, 5), (2, 1, 0, 5), (2, 3, 10, 20), (3, 2, 10, 20)]
    assert len(built) == 2


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50), st.integers(1, 60)), max_size=400))
def test_block_reach_never_falls_within_a_place_and_covers_its_rows(rows: list[tuple[int, int, int]]) -> None:
    built = visit_segment([Visit(place, start, start + length, 0) for place, start, length in rows])
    for p in range(len(built.place_keys)):
        low, high = built.place_offsets[p : p + 2].tolist()
        first, last = built.block_offsets[p : p + 2].tolist()
        assert last - first == -(-(high - low) // ROWS_PER_BLOCK)
        ends = built.end[low:high].tolist()
        begins = range(0, len(ends), ROWS_PER_BLOCK)
        assert built.block_max[first:last].tolist() == [max(ends[k : k + ROWS_PER_BLOCK]) for k in begins]
        assert built.block_reach[first:last].tolist() == [max(ends[: k + ROWS_PER_BLOCK]) for k in begins]


def test_a_stay_across_midnight_falls_in_both_days() -> None:
    days = split_by_day([50], [150], [9], np.array(["x"]), boundaries=[0, 100, 200])
    assert [tuple(c.tolist() for c in day) for day in days] == [([50], [100], [9], ["x"]), ([100], [150], [9], ["x"])]


def test_a_stay_that_ends_at_midnight_stays_in_its_day() -> None:
    days = split_by_day([0, 100], [100, 200], boundaries=[0, 100, 200, 300])
    assert [start.tolist() for start, _ in days] == [[0], [100], []]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 99)), max_size=30))
def test_cutting_loses_no_second(rows: list[tuple[int, int]]) -> None:
    """Days of 23, 24 and 25 hours, in small; every piece lies in its day, and the pieces of a row add up to it."""
    boundaries = [0, 23, 47, 72, 198]
    start = np.array([s for s, _ in rows], np.int64)
    end = start + np.array([n for _, n in rows], np.int64)
    total = np.zeros(len(rows), np.int64)
    days = split_by_day(start, end, np.arange(len(rows)), boundaries=boundaries)
    for (low, high), (begin, finish, row) in zip(pairwise(boundaries), days, strict=True):
        assert ((begin >= low) & (finish <= high) & (begin < finish)).all()
        assert row.tolist() == sorted(set(row.tolist()))
        np.add.at(total, row, finish - begin)
    assert total.tolist() == (end - start).tolist()


@pytest.mark.parametrize(
    ("start", "end", "boundaries", "message"),
    [
        ([0], [101], [0, 100], "start: an interval outside the day boundaries"),
        ([-1], [50], [0, 100], "start: an interval outside the day boundaries"),
        ([5], [5], [0, 100], "end: an interval that does not end after it starts"),
        ([5], [6], [100, 0], "boundaries: a midnight not after the one before"),
        ([5], [6], [0], "boundaries: at least two midnights"),
        ([5, 6], [7], [0, 100], "differ in length"),
    ],
)
def test_cutting_refuses_what_it_would_lose(
    start: list[int], end: list[int], boundaries: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        split_by_day(start, end, boundaries=boundaries)


KEYS = st.sampled_from([st.integers(0, 3), st.integers(-5_000, 5_000), st.integers(-(2**63), 2**63 - 1)])


@given(
    st.integers(0, 60).flatmap(
        lambda n: st.lists(KEYS.flatmap(lambda k: st.lists(k, min_size=n, max_size=n)), min_size=1, max_size=4)
    )
)
def test_order_is_that_of_a_stable_sort_by_several_keys(keys: list[list[int]]) -> None:
    """Also where a key needs all 64 bits, and where several do not fit into 64 together."""
    columns = [np.array(key, np.int64) for key in keys]
    assert sorted_order(*columns).tolist() == np.lexsort(columns).tolist()


NUMBERS = st.sampled_from([st.integers(0, 1), st.integers(0, 500), st.integers(0, 2**31 - 1)])
TIMES = st.sampled_from(
    [st.integers(0, 3), st.integers(0, 86_400), st.integers(-(2**40), 2**40), st.integers(-(2**62), 2**62)]
)
ROWS = st.tuples(NUMBERS, TIMES, st.sampled_from([2, 90_000, 2**62]), NUMBERS).flatmap(
    lambda kinds: st.lists(
        st.tuples(kinds[0], kinds[1], st.integers(1, kinds[2]), kinds[3], st.integers(0, 255)), max_size=150
    )
)


@given(ROWS)
def test_visits_and_their_indexes_are_sorted_whatever_the_numbers(rows: list[tuple[int, int, int, int, int]]) -> None:
    """Few and many of one place and start, numbers close together and far apart, times of a day and of ages."""
    given_ = [(place, start, start + length, person, source) for place, start, length, person, source in rows]
    built = build_visit_segment(*zip(*given_, strict=True)) if given_ else build_visit_segment([], [], [], [], [])
    columns = (built.place, built.start, built.end, built.person, built.source)
    assert list(zip(*(c.tolist() for c in columns), strict=True)) == sorted(given_)
    assert built.person_rows.tolist() == np.lexsort((built.start, built.person)).tolist()
    assert built.person_keys.tolist() == sorted({row[3] for row in rows})
    assert np.diff(built.person_offsets).tolist() == [
        sum(row[3] == person for row in rows) for person in built.person_keys.tolist()
    ]
    assert built.starts.tolist() == sorted(row[1] for row in given_)
    assert built.ends.tolist() == sorted(row[2] for row in given_)


VISITS = st.builds(
    lambda place, start, length, person: Visit(place, start, start + length, person),
    st.integers(0, 2), st.integers(-20, 40), st.integers(1, 30), st.integers(0, 3),
)  # fmt: skip


@given(st.lists(VISITS, max_size=40))
def test_fresh_parts_cover_each_second_of_a_person_at_a_place_once(rows: list[Visit]) -> None:
    built = visit_segment(rows)
    base = min((row.start for row in rows), default=0)
    covered: dict[tuple[int, int], list[int]] = {}
    for place, person, start, end in zip(
        built.place.tolist(), built.person.tolist(), built.fresh_start.tolist(), built.fresh_end.tolist(), strict=True
    ):
        covered.setdefault((place, person), []).extend(range(base + start, base + end))
    expected: dict[tuple[int, int], set[int]] = {}
    for row in rows:
        expected.setdefault((row.place, row.person), set()).update(range(row.start, row.end))
    assert {key: sorted(seconds) for key, seconds in covered.items()} == {k: sorted(v) for k, v in expected.items()}


def test_fresh_parts_of_centuries_stop_at_the_largest_number() -> None:
    built = visit_segment([Visit(0, -(2**62), 0, 1), Visit(0, 5, 2**62, 1)])
    assert built.fresh_start.tolist() == [0, 2**31 - 1]
    assert built.fresh_end.tolist() == [2**31 - 1, 2**31 - 1]
