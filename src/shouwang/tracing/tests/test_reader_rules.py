"""Holes and wrong clocks against what they are made of, and against plain loops."""

from __future__ import annotations

from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.tracing.rules import holes
from shouwang.tracing.rules.reader_clocks import (
    Limits,
    Shift,
    differences,
    proposals,
    shifts,
    without_echoes,
)

LIMITS = Limits(
    window=5400, largest=3600, least_seconds=60, least_pairs=100, least_days=4, least_agreement=0.5, least_gain=0.2
)
DAYS, GATE = 10, 0
Rows = tuple[Any, Any, Any, Any]


@given(
    st.lists(st.integers(0, 3), min_size=8, max_size=8),
    st.lists(st.lists(st.integers(0, 9), min_size=8, max_size=8), min_size=1, max_size=6),
    st.integers(1, 5),
    st.integers(1, 30),
)
def test_holes_are_what_a_loop_finds(found: list[int], usual: list[list[int]], days: int, records: int) -> None:
    told = holes.find(np.array([found]), np.array(usual)[:, None, :], least_days=days, least_records=records)
    if len(usual) < days:
        assert told is None
        return
    expected = [median(column) for column in zip(*usual, strict=True)]
    wanted, slot = [], 0
    while slot < len(found):
        end = slot
        while end < len(found) and found[end] == 0:
            end += 1
        busy = [k for k in range(slot, end) if expected[k] > 0]
        total = sum(expected[slot:end])
        if busy and total >= records:
            wanted.append(holes.Hole(0, busy[0], busy[-1] + 1, float(total)))
        slot = end + 1
    assert told == wanted


def campus(seed: int = 1) -> Rows:
    """(person, reader, t, day): 200 people a day from the gate to one of three doors and most of them back."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(DAYS):
        for person in range(200):
            door = 1 + person % 3
            start = day * 86_400 + int(rng.integers(7, 20)) * 3600 + int(rng.integers(0, 3600))
            way = int(rng.normal(240 + 60 * door, 40))
            rows += [(person, GATE, start, day), (person, door, start + way, day)]
            if rng.random() < 0.7:
                back = start + way + int(rng.integers(1800, 5000))
                rows += [(person, door, back, day), (person, GATE, back + way, day)]
    person, reader, t, day = np.array(rows, np.int64).T
    return person, reader, t, day


def found(rows: Rows, moved: Any, seconds: int) -> list[Shift]:
    person, reader, t, day = rows
    return shifts(differences(person, reader, np.where(moved, t + seconds, t), day, LIMITS.window), LIMITS)


@pytest.mark.parametrize("seed", range(4))
def test_right_clocks_are_left_alone(seed: int) -> None:
    rows = campus(seed)
    assert found(rows, np.zeros(len(rows[0]), bool), 0) == []


@pytest.mark.parametrize("seconds", [-2400, -300, 120, 600, 3000])
def test_a_wrong_door_is_found_with_its_seconds(seconds: int) -> None:
    rows = campus()
    (only,) = found(rows, (rows[1] == 2) & (rows[3] == 4), seconds)
    assert (only.reader, only.day, only.partner) == (2, 4, GATE)
    assert abs(only.seconds - seconds) <= 30
    assert only.corrected > only.stated + LIMITS.least_gain


def test_a_wrong_gate_is_named_and_its_doors_are_not() -> None:
    rows = campus()
    told = found(rows, (rows[1] == GATE) & (rows[3] >= 5) & (rows[3] < 8), 900)
    assert {one.reader for one in told} == {0, 1, 2, 3}
    (one,) = proposals(without_echoes(told, 60), np.datetime64("2026-03-01").astype(object), 60)
    assert (one.reader, str(one.first), str(one.last), len(one.days)) == (GATE, "2026-03-06", "2026-03-08", 3)
    assert abs(one.seconds - 900) <= 30


def test_too_few_pairs_or_days_say_nothing() -> None:
    person, reader, t, day = campus()
    few = day < 4
    rows = person[few], reader[few], t[few], day[few]
    assert found(rows, (rows[1] == 2) & (rows[3] == 1), 900) == []
    thin = person < 20
    rows = person[thin], reader[thin], t[thin], day[thin]
    assert found(rows, (rows[1] == 2) & (rows[3] == 1), 900) == []
    nothing = np.empty(0, np.int64)
    assert found((nothing, nothing, nothing, nothing), nothing.astype(bool), 0) == []


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 300)), max_size=12),
    st.integers(1, 200),
)
def test_differences_are_every_pair_of_one_person(rows: list[tuple[int, int, int]], window: int) -> None:
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    told = differences(columns[0], columns[1], columns[2], np.zeros(len(rows), np.int64), window)
    wanted = [
        (b[1], a[1], b[2] - a[2])
        for a in rows
        for b in rows
        if a[0] == b[0] and a[1] != b[1] and abs(b[2] - a[2]) <= window
    ]
    assert sorted(zip(told.reader.tolist(), told.partner.tolist(), told.diff.tolist(), strict=True)) == sorted(wanted)
