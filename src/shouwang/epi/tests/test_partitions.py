"""Slices of records, each alone, put together give what the kernel says of all records; no cluster is needed for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from shouwang.epi import lake, partitions
from shouwang.epi.contacts import trace
from shouwang.epi.tests import oracle
from shouwang.epi.tests.build import segment
from shouwang.epi.tests.oracle import Pair, Visit
from shouwang.epi.tests.test_trace_oracle import PEOPLE, WINDOWS, check, pairs, visits

RECORDS = (st.lists(visits(), max_size=25), st.lists(pairs(), max_size=8))
Row = tuple[int, int, int, int, int, int]


def table(rows: Sequence[Row]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * 6
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, lake.SCHEMA, strict=True)], lake.SCHEMA
    )


def rows_of(all_visits: Sequence[Visit], all_pairs: Sequence[Pair]) -> list[Row]:
    found = [(v.place, v.person, lake.NOBODY, v.start, v.end, v.source) for v in all_visits]
    return found + [(lake.NOBODY, min(p.a, p.b), max(p.a, p.b), p.start, p.end, p.source) for p in all_pairs]


@settings(max_examples=150, deadline=None)
@given(*RECORDS, PEOPLE, WINDOWS)
def test_a_trace_is_the_union_of_its_slices(
    all_visits: list[Visit], all_pairs: list[Pair], who: int, window: tuple[int, int]
) -> None:
    slices: dict[int, list[Row]] = defaultdict(list)
    for row in rows_of(all_visits, all_pairs):
        slices[row[0] if row[2] == lake.NOBODY else row[1] % 3].append(row)
    parts = [partitions.encounters_in(table(rows), [who], *window) for rows in slices.values()]
    whole = pa.concat_tables([partitions.ENCOUNTERS.empty_table(), *parts])
    check(partitions.gather(whole, who, *window, 0), oracle.encounters(all_visits, all_pairs, who, window))


def network(rows: Sequence[Row], buckets: int, stretch: int, window: tuple[int, int]) -> dict[tuple[int, int], int]:
    """What `spark.contact_network` does, step by step, one slice after another in this process."""
    seen: list[tuple[int, int, Row]] = []
    tasks: dict[tuple[int, int], list[Row]] = defaultdict(list)

    def cut(term: int, row: Row) -> None:
        for part in range(row[3] // stretch, (row[4] - 1) // stretch + 1):
            low, high = max(row[3], part * stretch), min(row[4], (part + 1) * stretch)
            tasks[term, part].append((*row[:3], low, high, row[5]))

    for row in rows:
        if row[2] == lake.NOBODY:
            tasks[partitions.WHOLE, row[0] % buckets].append(row)
            seen.append((row[1], row[0] % buckets, row))
        else:
            seen += [(row[1], lake.NOBODY, row), (row[2], lake.NOBODY, row)]
            cut(partitions.AGAIN, row)
    by_person = defaultdict(list)
    for who, bucket, row in seen:
        by_person[who % 2].append((who, bucket, *row))
    for those in by_person.values():
        columns = zip(*those, strict=True)
        whole = pa.table([pa.array(c, f.type) for c, f in zip(columns, partitions.SEEN, strict=True)], partitions.SEEN)
        for bucket, *rest in zip(*partitions.doubled_in(whole).to_pydict().values(), strict=True):
            piece: Row = (rest[0], rest[1], rest[2], rest[3], rest[4], rest[5])
            tasks[partitions.LESS, bucket].append(piece)
            cut(partitions.AGAIN, piece)
    sums: Counter[tuple[int, int]] = Counter()
    for (term, _part), those_rows in tasks.items():
        found = partitions.pairs_in(table(those_rows), term, *window).to_pydict()
        for a, b, seconds in zip(*found.values(), strict=True):
            sums[a, b] += seconds
    return {pair: seconds for pair, seconds in sums.items() if seconds}


@settings(max_examples=150, deadline=None)
@given(*RECORDS, st.integers(1, 3), st.integers(3, 40), WINDOWS)
def test_a_network_is_the_sum_of_its_terms(
    all_visits: list[Visit], all_pairs: list[Pair], buckets: int, stretch: int, window: tuple[int, int]
) -> None:
    """Also where a pair is together in two places of two slices at once, and sensed by sensors besides."""
    expected: dict[tuple[int, int], int] = {}
    for who in range(6):
        met = oracle.seconds_of(oracle.encounters(all_visits, all_pairs, who, window))
        expected |= {(who, other): seconds for other, seconds in met.items() if other > who}
    assert network(rows_of(all_visits, all_pairs), buckets, stretch, window) == expected


def test_two_at_two_places_at_once_are_together_once() -> None:
    """A hundred seconds in the hall and at its door, fifty of them also near each other by sensor."""
    both = [Visit(place, 0, 100, who) for place in (1, 2) for who in (4, 9)]
    rows = rows_of(both, [Pair(9, 4, 80, 130)])
    assert network(rows, 2, 1000, (0, 1000)) == {(4, 9): 130}
    doubled = [(who, place % 2, *row) for row in rows[:4] for who, place in [(row[1], row[0])]]
    whole = pa.table([pa.array(c, f.type) for c, f in zip(zip(*doubled, strict=True), partitions.SEEN, strict=True)],
                     partitions.SEEN)  # fmt: skip
    assert partitions.doubled_in(whole).num_rows == 4
    assert partitions.doubled_in(whole.slice(0, 1)).num_rows == 0


def test_a_day_in_the_lake_says_what_its_segments_say(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    start = rng.integers(0, 80_000, 900)
    columns = (rng.integers(0, 9, 900), start, start + rng.integers(1, 6_000, 900), rng.integers(0, 70, 900))
    crowd = [Visit(p, s, e, who, 255) for p, s, e, who in zip(*(c.tolist() for c in columns), strict=True)]
    apart = [Pair(p + 1, p, 400 * p, 400 * p + 90, 7) for p in range(60)]
    parts = [segment(crowd[:500], apart), segment(crowd[500:])]
    file = lake.write_day(tmp_path, date(2026, 3, 2), parts, (0, 86_400), version="v1")
    assert file == tmp_path / "day=2026-03-02" / "v1.parquet"
    assert [path.name for path in file.parent.iterdir()] == ["v1.parquet"]
    read = parquet.read_table(file, partitioning=None)
    assert read.schema.equals(lake.SCHEMA)
    places = read["place"].to_numpy()
    assert (np.diff(places) >= 0).all()
    again = lake.segment_of(read)
    for who in range(70):
        ours, theirs = trace([again], who, 0, 86_400), trace(parts, who, 0, 86_400)
        assert ours.contacts.seconds.tolist() == theirs.contacts.seconds.tolist()
        assert sorted(ours.encounters.source_contact.tolist()) == sorted(theirs.encounters.source_contact.tolist())
    empty = lake.write_day(tmp_path, date(2026, 3, 3), [segment()], (86_400, 172_800))
    assert parquet.read_metadata(empty).num_rows == 0


def test_a_record_beyond_its_day_and_a_name_engines_do_not_read_are_refused(tmp_path: Path) -> None:
    late = segment([Visit(1, 86_000, 86_500, 1)])
    with pytest.raises(ValueError, match="midnight"):
        lake.write_day(tmp_path, date(1970, 1, 1), [late], (0, 86_400))
    for name in ("", ".hidden", "_hidden", "a/b"):
        with pytest.raises(ValueError, match="version"):
            lake.day_file(tmp_path, date(1970, 1, 1), name)
    assert list(tmp_path.iterdir()) == []
