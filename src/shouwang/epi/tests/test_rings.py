"""Many traces at once, and the second ring, agree with all-against-all comparison."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.epi.rings import second_ring, trace_many
from shouwang.epi.tests import oracle
from shouwang.epi.tests.build import segment
from shouwang.epi.tests.oracle import Pair, Visit
from shouwang.epi.tests.test_trace_oracle import PEOPLE, WINDOWS, check, pairs, scattered, visits

ASKED = st.lists(st.tuples(PEOPLE, WINDOWS), max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(visits(), max_size=25), st.lists(pairs(), max_size=8), ASKED, st.data())
def test_many_traces_are_each_trace(
    all_visits: list[Visit], all_pairs: list[Pair], asked: list[tuple[int, tuple[int, int]]], data: st.DataObject
) -> None:
    """Whichever segments the records lie in, and however many threads there are."""
    people, windows = [who for who, _window in asked], [window for _who, window in asked]
    low, high = [window[0] for window in windows], [window[1] for window in windows]
    results = trace_many(scattered(all_visits, all_pairs, data), people, low, high, workers=2)
    assert len(results) == len(asked)
    for result, (who, window) in zip(results, asked, strict=True):
        check(result, oracle.encounters(all_visits, all_pairs, who, window))


@settings(max_examples=150, deadline=None)
@given(st.lists(visits(), max_size=25), st.lists(pairs(), max_size=8), PEOPLE, WINDOWS)
def test_the_second_ring_begins_with_the_first_exposure(
    all_visits: list[Visit], all_pairs: list[Pair], case: int, window: tuple[int, int]
) -> None:
    """From a case: its contacts, and for each of them whoever they met from then on, neither case nor contact."""
    first = oracle.encounters(all_visits, all_pairs, case, window)
    since = {met.person: min(m.start for m in first if m.person == met.person) for met in first}
    expected = {}
    for link, begin in since.items():
        met_by_link = oracle.encounters(all_visits, all_pairs, link, (begin, window[1]))
        for person, seconds in oracle.seconds_of(met_by_link).items():
            if person != case and person not in since:
                own = [met for met in met_by_link if met.person == person]
                times = (min(met.start for met in own), max(met.end for met in own), len(own))
                expected[person, link] = (seconds, *times)
    links = list(since)
    ring = second_ring(
        [segment(all_visits, all_pairs)], links, [since[who] for who in links], [window[1]] * len(links),
        leave_out=[case, *links],
    )  # fmt: skip
    columns = (ring.person, ring.link, ring.seconds, ring.first, ring.last, ring.encounters)
    found = [tuple(row) for row in zip(*(c.tolist() for c in columns), strict=True)]
    assert {(person, link): tuple(rest) for person, link, *rest in found} == expected
    assert found == sorted(found)


def test_whoever_is_isolated_before_exposure_has_no_ring() -> None:
    rows = [Visit(1, 0, 100, 1), Visit(1, 0, 100, 2)]
    ring = second_ring([segment(rows)], [1, 2], [50, 50], [50, 80])
    assert (ring.person.tolist(), ring.link.tolist(), ring.seconds.tolist()) == ([1], [2], [30])


@pytest.mark.parametrize(
    ("people", "low", "high", "said"),
    [([1], [0, 1], [5], "window_start"), ([-1], [0], [5], "people"), ([1], [5], [5], "window_end")],
)
def test_bad_columns_are_refused(people: list[int], low: list[int], high: list[int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        trace_many([segment()], np.array(people), np.array(low), np.array(high))
