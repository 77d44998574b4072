"""Pairing of swipes: a table of cases, and whatever Hypothesis thinks of."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.epi import swipe_kernel
from shouwang.epi.swipes import PairedSwipes, SwipeFate, pair_swipes
from shouwang.epi.tests import oracle

Row = tuple[int, int, int, int, bool]
IN, OUT, NEITHER = 1, -1, 0


def pair(rows: list[Row], max_stay_s: int = 1000, duplicate_s: int = 10) -> PairedSwipes:
    columns: Any = zip(*rows, strict=True) if rows else ((),) * 5
    return pair_swipes(*columns, max_stay_s=max_stay_s, duplicate_s=duplicate_s)


def names(found: PairedSwipes) -> list[str]:
    return [SwipeFate(code).name.lower() for code in found.fate.tolist()]


CASES: list[tuple[str, list[tuple[int, int]], list[str], list[tuple[int, int]]]] = [
    ("in and out", [(0, IN), (60, OUT)], ["paired_in", "paired_out"], [(0, 60)]),
    ("in alone", [(0, IN)], ["unpaired_in"], []),
    ("out alone", [(0, OUT)], ["unpaired_out"], []),
    ("in, in, out", [(0, IN), (50, IN), (90, OUT)], ["unpaired_in", "paired_in", "paired_out"], [(50, 90)]),
    ("in, out, out", [(0, IN), (50, OUT), (90, OUT)], ["paired_in", "paired_out", "unpaired_out"], [(0, 50)]),
    ("the longest stay", [(0, IN), (1000, OUT)], ["paired_in", "paired_out"], [(0, 1000)]),
    ("too long", [(0, IN), (1001, OUT)], ["too_long", "too_long"], []),
    (
        "after too long comes a new visit",
        [(0, IN), (1001, OUT), (1002, IN), (1050, OUT)],
        ["too_long", "too_long", "paired_in", "paired_out"],
        [(1002, 1050)],
    ),
    ("double tap in", [(0, IN), (10, IN), (60, OUT)], ["paired_in", "duplicate", "paired_out"], [(0, 60)]),
    ("double tap out", [(0, IN), (60, OUT), (70, OUT)], ["paired_in", "paired_out", "duplicate"], [(0, 60)]),
    (
        "a burst counts as its first swipe",
        [(0, IN), (9, IN), (18, IN), (27, IN), (60, OUT)],
        ["paired_in", "duplicate", "duplicate", "duplicate", "paired_out"],
        [(0, 60)],
    ),
    (
        "quickly in again is no duplicate",
        [(0, IN), (3, OUT), (5, IN), (60, OUT)],
        ["paired_in", "paired_out", "paired_in", "paired_out"],
        [(0, 3), (5, 60)],
    ),
    (
        "out and in again within one second",
        [(0, IN), (60, IN), (60, OUT), (90, OUT)],
        ["paired_in", "paired_in", "paired_out", "paired_out"],
        [(0, 60), (60, 90)],
    ),
    ("in and out within one second", [(60, OUT), (60, IN)], ["zero_length", "zero_length"], []),
    (
        "twice in and out within one second",
        [(60, IN), (60, OUT), (60, IN), (60, OUT)],
        ["zero_length", "zero_length", "duplicate", "duplicate"],
        [],
    ),
    (
        "zero length leaves nothing to repeat",
        [(60, IN), (60, OUT), (65, IN), (90, OUT)],
        ["zero_length", "zero_length", "paired_in", "paired_out"],
        [(65, 90)],
    ),
    (
        "an exit repeated in the second of an entry",
        [(55, OUT), (60, OUT), (60, IN), (90, OUT)],
        ["unpaired_out", "duplicate", "paired_in", "paired_out"],
        [(60, 90)],
    ),
    (
        "without direction it touches nothing",
        [(0, IN), (30, NEITHER), (60, OUT)],
        ["paired_in", "no_direction", "paired_out"],
        [(0, 60)],
    ),
    ("nothing at all", [], [], []),
]


@pytest.mark.parametrize(("swipes", "fates", "visits"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_one_person_at_one_place(
    swipes: list[tuple[int, int]], fates: list[str], visits: list[tuple[int, int]]
) -> None:
    found = pair([(1, 7, t, direction, True) for t, direction in swipes])
    assert names(found) == fates
    assert list(zip(found.start.tolist(), found.end.tolist(), strict=True)) == visits
    assert found.counts == {f.name.lower(): fates.count(f.name.lower()) for f in SwipeFate}


def test_denied_swipes_never_open_or_close() -> None:
    rows = [(1, 7, 0, IN, False), (1, 7, 5, IN, True), (1, 7, 9, OUT, False), (1, 7, 60, OUT, True)]
    found = pair([*rows, (1, 7, 70, NEITHER, False)])
    assert names(found) == ["denied", "paired_in", "denied", "paired_out", "denied"]
    assert found.start.tolist() == [5]


def test_people_and_places_are_kept_apart() -> None:
    rows = [(1, 7, 0, IN, True), (2, 7, 10, OUT, True), (1, 8, 20, OUT, True), (1, 7, 30, OUT, True)]
    found = pair(rows)
    assert names(found) == ["paired_in", "unpaired_out", "unpaired_out", "paired_out"]
    visit = (found.person, found.place, found.start, found.end, found.row_in, found.row_out)
    assert [c.tolist() for c in visit] == [[1], [7], [0], [30], [0], [3]]


def test_without_time_for_duplicates_only_the_same_second_repeats() -> None:
    rows = [(1, 7, 0, IN, True), (1, 7, 0, IN, True), (1, 7, 1, IN, True), (1, 7, 9, OUT, True)]
    assert names(pair(rows, duplicate_s=0)) == ["unpaired_in", "duplicate", "paired_in", "paired_out"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"direction": [2]}, "direction: a direction other than 1 in, -1 out, 0 unknown in 1 of 1 rows"),
        ({"person": [-1]}, "person: a negative id"),
        ({"place": [-1]}, "place: a negative id"),
        ({"t": [0.5]}, "t: integers are needed"),
        ({"t": [0, 1]}, "differ in length"),
        ({"allowed": [2]}, "allowed: neither true nor false"),
        ({"max_stay_s": 0}, "max_stay_s"),
        ({"duplicate_s": -1}, "duplicate_s"),
    ],
)
def test_bad_input_is_refused(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"person": [1], "place": [7], "t": [0], "direction": [1], "allowed": [True]}
    with pytest.raises(ValueError, match=message):
        pair_swipes(**{**good, "max_stay_s": 1000, "duplicate_s": 10, **change})


def test_the_kernel_uses_the_codes_of_the_enum() -> None:
    inside = {name: getattr(swipe_kernel, name) for name in SwipeFate.__members__ if hasattr(swipe_kernel, name)}
    assert len(inside) == 7
    assert inside == {name: int(SwipeFate[name]) for name in inside}


ROWS = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 1), st.integers(0, 40), st.integers(-1, 1),
        st.sampled_from([True, True, True, True, False]),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(ROWS, st.integers(1, 30), st.integers(0, 6), st.randoms(use_true_random=False))
def test_every_row_has_one_fate_that_follows_from_the_rule(
    rows: list[Row], max_stay_s: int, duplicate_s: int, random: Any
) -> None:
    found = pair(rows, max_stay_s, duplicate_s)
    fates, visits = oracle.fates(rows, max_stay_s, duplicate_s)
    assert names(found) == fates
    assert set(zip(found.row_in.tolist(), found.row_out.tolist(), strict=True)) == visits
    assert sum(found.counts.values()) == len(rows)
    assert found.counts["paired_in"] == found.counts["paired_out"] == len(found)
    _visits_of_a_person_at_a_place_do_not_overlap(found, max_stay_s)
    shuffled = list(rows)
    random.shuffle(shuffled)
    again = pair(shuffled, max_stay_s, duplicate_s)
    assert Counter(zip(shuffled, names(again), strict=True)) == Counter(zip(rows, fates, strict=True))
    for name in ("person", "place", "start", "end"):
        assert getattr(again, name).tolist() == getattr(found, name).tolist()


def _visits_of_a_person_at_a_place_do_not_overlap(found: PairedSwipes, max_stay_s: int) -> None:
    stays = defaultdict(list)
    columns = (found.person, found.place, found.start, found.end)
    for person, place, start, end in zip(*(c.tolist() for c in columns), strict=True):
        assert 0 < end - start <= max_stay_s
        stays[person, place].append((start, end))
    for intervals in stays.values():
        assert all(end <= start for (_, end), (start, _) in pairwise(intervals))


def test_a_million_swipes_are_paired_in_seconds() -> None:
    """Guards against a walk that is not linear in a place where everybody swipes within one second."""
    number = 1_000_000
    t = np.arange(number) // 1000
    found = pair_swipes(
        np.zeros(number, int), np.zeros(number, int), t, np.where(np.arange(number) % 2, 1, -1),
        np.ones(number, bool), max_stay_s=60, duplicate_s=0,
    )  # fmt: skip
    assert found.counts["duplicate"] == number - 2 * 1000
    assert sum(found.counts.values()) == number
