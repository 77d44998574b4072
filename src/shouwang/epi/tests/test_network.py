"""The network is every pair, found by brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.epi.network import contact_network, network_rows, people_on_record
from shouwang.epi.tests import oracle
from shouwang.epi.tests.build import segment
from shouwang.epi.tests.oracle import Pair, Visit
from shouwang.epi.tests.test_trace_oracle import WINDOWS, pairs, visits

RECORDS = (st.lists(visits(), max_size=25), st.lists(pairs(), max_size=8))


@given(*RECORDS, WINDOWS, st.integers(1, 12))
def test_the_network_is_every_pair(
    all_visits: list[Visit], all_pairs: list[Pair], window: tuple[int, int], least: int
) -> None:
    day = [segment(all_visits, all_pairs)]
    people = people_on_record(day)
    recorded = {visit.person for visit in all_visits} | {who for pair in all_pairs for who in (pair.a, pair.b)}
    assert set(people.tolist()) == recorded
    found = contact_network(day, people, *window, min_seconds=least, workers=2)
    expected = []
    for a, b in combinations(sorted(recorded), 2):
        seconds = oracle.seconds_of(oracle.encounters(all_visits, all_pairs, a, window)).get(b, 0)
        if seconds >= least:
            expected.append((a, b, seconds))
    assert list(zip(found.a.tolist(), found.b.tolist(), found.seconds.tolist(), strict=True)) == expected


def test_many_blocks_come_in_order() -> None:
    """More people than one task holds, all in one room."""
    day = [segment([Visit(1, 0, 100 + k, k) for k in range(300)], [])]
    blocks = list(network_rows(day, np.arange(300), 0, 1000, workers=2))
    a = np.concatenate([block[0] for block in blocks])
    assert len(blocks) > 4
    assert (np.diff(a) >= 0).all()
    assert len(a) == 300 * 299 // 2


def test_too_many_pairs_are_refused_before_they_are_kept() -> None:
    day = [segment([Visit(1, 0, 100, k) for k in range(80)], [])]
    with pytest.raises(ValueError, match="min_seconds"):
        contact_network(day, np.arange(80), 0, 1000, most_pairs=100)


@pytest.mark.parametrize("wrong", [{"min_seconds": 0}, {"workers": 0}])
def test_senseless_arguments_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        contact_network([segment([Visit(1, 0, 9, 1)], [])], [1], 0, 10, **wrong)


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="window"):
        contact_network([segment([Visit(1, 0, 9, 1)], [])], [1], 10, 10)
