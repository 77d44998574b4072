"""Spark in separate processes gives the answers of the embedded engine: person by person, second by second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.synthetic import campus
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shouwang.epi import lake, spark
from shouwang.epi.contacts import Segment, TraceResult, trace
from shouwang.epi.network import Network, contact_network, people_on_record
from shouwang.epi.segments import build_pair_segment, build_visit_segment, split_by_day
from shouwang.epi.tests import oracle
from shouwang.epi.tests.oracle import Pair, Visit
from shouwang.epi.tests.test_trace_oracle import pairs, rows, visits

FIRST = date(2026, 3, 2)


def stored(root: Path, days: Sequence[Segment], edges: Sequence[int]) -> list[Path]:
    """Each day written into the lake."""
    return [
        lake.write_day(root, FIRST + timedelta(days=number), [day], (edges[number], edges[number + 1]))
        for number, day in enumerate(days)
    ]


def cut(all_visits: Sequence[Visit], all_pairs: Sequence[Pair], edges: list[int]) -> list[Segment]:
    """A segment for each day, stays cut at midnight."""
    place, start, end, person, source = zip(*all_visits, strict=True)
    a, b, from_, until, of = zip(*all_pairs, strict=True)
    halves = zip(
        split_by_day(start, end, place, person, source, boundaries=edges),
        split_by_day(from_, until, a, b, of, boundaries=edges),
        strict=True,
    )
    return [
        (build_visit_segment(p, s, e, w, o), build_pair_segment(x, y, t, u, k))
        for (s, e, p, w, o), (t, u, x, y, k) in halves
    ]


def same_trace(ours: TraceResult, theirs: TraceResult) -> None:
    assert sorted(rows(ours)) == sorted(rows(theirs))
    for column in ("person", "seconds", "first", "last", "encounters"):
        assert getattr(ours.contacts, column).tolist() == getattr(theirs.contacts, column).tolist()
    assert ours.visits_searched == theirs.visits_searched


def same_network(ours: Network, theirs: Network) -> None:
    assert np.array_equal(ours.a, theirs.a)
    assert np.array_equal(ours.b, theirs.b)
    assert np.array_equal(ours.seconds, theirs.seconds)


@pytest.mark.spark
def test_a_campus_over_three_days(cluster: Any, tmp_path: Path) -> None:
    """Dormitory doors within the room's night, halls, lessons, a worker in the hall all day; and some sensors."""
    town = campus(16_000, days=3)
    rng = np.random.default_rng(8)
    number = 600
    a = rng.integers(0, town.people - 1, number)
    start = rng.integers(town.boundaries[0], town.boundaries[-1] - 900, number)
    columns = split_by_day(town.start, town.end, town.place, town.person, town.source, boundaries=town.boundaries)
    sensed = split_by_day(
        start, start + 600, a, a + 1 + rng.integers(0, town.people - 1 - a), boundaries=town.boundaries
    )
    days = [
        (build_visit_segment(p, s, e, w, k), build_pair_segment(x, y, t, u, np.full(len(t), 9)))
        for (s, e, p, w, k), (t, u, x, y) in zip(columns, sensed, strict=True)
    ]
    files = stored(tmp_path, days, town.boundaries.tolist())
    low, high = int(town.boundaries[0]) + 7_000, int(town.boundaries[-1]) - 30_000  # neither is a midnight
    people = [town.keeper, *range(0, town.people, town.people // 9)]
    for person, found in zip(
        people, spark.trace_many(cluster, tmp_path, files, people, low, high, buckets=7), strict=True
    ):
        same_trace(found, trace(days, person, low, high))
    assert len(trace(days, town.keeper, low, high).contacts) > 100
    embedded = contact_network(days, people_on_record(days), low, high, min_seconds=1800)
    assert len(embedded) > 10_000
    same_network(spark.contact_network(cluster, tmp_path, files, low, high, min_seconds=1800, buckets=5), embedded)
    with pytest.raises(ValueError, match="most_pairs"):
        spark.contact_network(
            cluster, tmp_path, files, low, high, most_pairs=len(embedded) - 1, min_seconds=1800, stretch=7200
        )


WORLD = st.tuples(st.lists(visits(), min_size=1, max_size=25), st.lists(pairs(), min_size=1, max_size=8))


@pytest.mark.spark
@settings(
    max_examples=3, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.large_base_example],
)  # fmt: skip
@given(
    worlds=st.lists(WORLD, min_size=12, max_size=12),
    window=st.tuples(st.integers(0, 20), st.integers(8, 45)),
    buckets=st.integers(1, 4),
    stretch=st.sampled_from([5, 17, 86_400]),
)
def test_any_records_cut_at_any_midnights(
    cluster: Any, tmp_path_factory: pytest.TempPathFactory, worlds: list[Any], window: tuple[int, int], buckets: int,
    stretch: int,
) -> None:  # fmt: skip
    """Double records, two places at once, stays over midnight. Twelve worlds of six people lie side by side in one
    lake, since asking Spark takes a second whatever it is asked. All against all in plain Python is the judge."""
    low, high = window[0], window[0] + window[1]
    all_visits, all_pairs = [], []
    for number, (some, near) in enumerate(worlds):
        all_visits += [v._replace(place=v.place + 3 * number, person=v.person + 6 * number) for v in some]
        all_pairs += [p._replace(a=p.a + 6 * number, b=p.b + 6 * number) for p in near]
    edges = [0, 7, 15, 16, 30, 100]
    root = tmp_path_factory.mktemp("lake")
    files = stored(root, cut(all_visits, all_pairs, edges), edges)
    people = list(range(6 * len(worlds)))
    found = spark.trace_many(cluster, root, files, people, low, high, buckets=buckets)
    days = cut(all_visits, all_pairs, edges)
    expected: dict[tuple[int, int], int] = {}
    for person, result in zip(people, found, strict=True):
        same_trace(result, trace(days, person, low, high))
        uncut = oracle.seconds_of(oracle.encounters(all_visits, all_pairs, person, (low, high)))
        assert dict(zip(result.contacts.person.tolist(), result.contacts.seconds.tolist(), strict=True)) == uncut
        expected |= {(person, other): seconds for other, seconds in uncut.items() if other > person}
    network = spark.contact_network(cluster, root, files, low, high, buckets=buckets, stretch=stretch)
    triples = zip(network.a.tolist(), network.b.tolist(), network.seconds.tolist(), strict=True)
    assert {(a, b): seconds for a, b, seconds in triples} == expected
