"""`trace` agrees with all-against-all comparison, whatever the records."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.epi.contacts import Segment, TraceResult, seconds_by_day, trace
from shouwang.epi.segments import ROWS_PER_BLOCK, split_by_day
from shouwang.epi.tests import oracle
from shouwang.epi.tests.build import segment
from shouwang.epi.tests.oracle import Met, Pair, Visit

PEOPLE = st.integers(0, 5)
SOURCES = st.integers(0, 2)


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    start = draw(st.integers(0, 30))
    return Visit(draw(st.integers(0, 2)), start, start + draw(st.integers(1, 12)), draw(PEOPLE), draw(SOURCES))


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    a, b = draw(st.lists(PEOPLE, min_size=2, max_size=2, unique=True))
    start = draw(st.integers(0, 30))
    return Pair(a, b, start, start + draw(st.integers(1, 12)), draw(SOURCES))


WINDOWS = st.tuples(st.integers(-3, 45), st.integers(1, 45)).map(lambda w: (w[0], w[0] + w[1]))


def rows(result: TraceResult) -> list[Met]:
    met = result.encounters
    columns = (met.person, met.place, met.start, met.end, met.source_case, met.source_contact)
    return [Met(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]


def check(result: TraceResult, expected: list[Met]) -> None:
    """Every column of the answer follows from the expected overlaps."""
    found = rows(result)
    assert sorted(found) == expected
    assert [(m.person, m.start) for m in found] == sorted((m.person, m.start) for m in found)
    contacts = result.contacts
    assert dict(zip(contacts.person.tolist(), contacts.seconds.tolist(), strict=True)) == oracle.seconds_of(expected)
    assert contacts.person.tolist() == sorted(set(contacts.person.tolist()))
    for c, person in enumerate(contacts.person.tolist()):
        own = [m for m in expected if m.person == person]
        assert contacts.first[c] == min(m.start for m in own)
        assert contacts.last[c] == max(m.end for m in own)
        assert contacts.encounters[c] == len(own)
        assert set(result.encounters.person[contacts.offsets[c] : contacts.offsets[c + 1]].tolist()) == {person}


def scattered(all_visits: list[Visit], all_pairs: list[Pair], data: st.DataObject) -> list[Segment]:
    """Three segments, each record in any of them."""
    parts: list[tuple[list[Visit], list[Pair]]] = [([], []), ([], []), ([], [])]
    for visit in all_visits:
        data.draw(st.sampled_from(parts))[0].append(visit)
    for pair in all_pairs:
        data.draw(st.sampled_from(parts))[1].append(pair)
    return [segment(*part) for part in parts]


@settings(max_examples=250, deadline=None)
@given(st.lists(visits(), max_size=25), st.lists(pairs(), max_size=8), PEOPLE, WINDOWS, st.data())
def test_any_records_in_any_segments(
    all_visits: list[Visit], all_pairs: list[Pair], who: int, window: tuple[int, int], data: st.DataObject
) -> None:
    """Segments overlap in time, come in any order, and records that meet may lie in different ones."""
    result = trace(scattered(all_visits, all_pairs, data), who, *window)
    check(result, oracle.encounters(all_visits, all_pairs, who, window))
    assert result.visits_searched == oracle.inside(all_visits, all_pairs, window)


@settings(max_examples=150, deadline=None)
@given(st.lists(visits(), max_size=25), st.lists(pairs(), max_size=6), PEOPLE, WINDOWS)
def test_records_cut_at_midnights_add_up_to_the_same_seconds(
    all_visits: list[Visit], all_pairs: list[Pair], who: int, window: tuple[int, int]
) -> None:
    """Days of unequal length, as where the clocks change; the seconds are those of the uncut records, also by day."""
    midnights = [-10, 7, 15, 16, 30, 100]
    uncut = oracle.encounters(all_visits, all_pairs, who, window)
    result = trace(_by_day(all_visits, all_pairs, midnights), who, *window)
    contacts = result.contacts
    assert dict(zip(contacts.person.tolist(), contacts.seconds.tolist(), strict=True)) == oracle.seconds_of(uncut)
    contact, day, seconds = seconds_by_day(result, midnights)
    people = contacts.person[contact].tolist()
    found = dict(zip(zip(people, day.tolist(), strict=True), seconds.tolist(), strict=True))
    assert found == oracle.seconds_by_day(uncut, midnights)
    assert list(found) == sorted(found)


@settings(max_examples=100, deadline=None)
@given(st.lists(visits(), max_size=20), st.lists(pairs(), max_size=6), PEOPLE, WINDOWS)
def test_ids_spread_wide_and_centuries_of_records(
    all_visits: list[Visit], all_pairs: list[Pair], who: int, window: tuple[int, int]
) -> None:
    """Ids up to 2^31 and spans beyond 32 bits of seconds take other paths through the kernels, to the same answers."""
    far, slow = 400_000_000, 200_000_000
    spread = [v._replace(person=v.person * far, start=v.start * slow, end=v.end * slow) for v in all_visits]
    apart = [p._replace(a=p.a * far, b=p.b * far, start=p.start * slow, end=p.end * slow) for p in all_pairs]
    whole = (window[0] * slow, window[1] * slow)
    check(trace([segment(spread, apart)], who * far, *whole), oracle.encounters(spread, apart, who * far, whole))
    near = [v._replace(person=v.person * far) for v in all_visits]
    close = [p._replace(a=p.a * far, b=p.b * far) for p in all_pairs]
    check(trace([segment(near, close)], who * far, *window), oracle.encounters(near, close, who * far, window))


def test_crowded_places_with_long_stays() -> None:
    """Thousands of rows a place, so that whole blocks are skipped, and long stays, so that reach alone skips little."""
    rng = np.random.default_rng(11)
    number = 1500
    start = rng.integers(0, 40_000, number)
    length = np.where(rng.random(number) < 0.01, rng.integers(20_000, 40_000, number), rng.integers(1, 900, number))
    place, person, source = rng.integers(0, 3, number), rng.integers(0, 200, number), rng.integers(0, 4, number)
    columns = (place, start, start + length, person, source)
    crowd = [Visit(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]
    apart = [
        Pair(p, 199 - p, s, s + 40) for p, s in zip(range(100), rng.integers(0, 40_000, 100).tolist(), strict=True)
    ]
    halves = [segment(crowd[:1000], apart[:50]), segment(crowd[1000:], apart[50:])]
    for who in range(0, 200, 40):
        result = trace(halves, who, 5_000, 35_000)
        check(result, oracle.encounters(crowd, apart, who, (5_000, 35_000)))


def test_a_keeper_in_many_places_at_once() -> None:
    """Everybody is met in several places in the same hours, in two segments and by pair records: long chains of rows
    that overlap, and some of them more than are put in order by hand."""
    rng = np.random.default_rng(5)
    number = 3000
    start = rng.integers(0, 40_000, number)
    columns = (rng.integers(0, 4, number), start, start + rng.integers(1, 3_000, number), rng.integers(1, 40, number))
    crowd = [Visit(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]
    keeper = [Visit(place, 0, 43_000, 0) for place in range(4)] + [Visit(1, 10_000, 12_000, 0)]
    records = [Pair(0, 1 + k % 39, 300 * k, 300 * k + 450) for k in range(140)]
    for pairs in ([], records):
        halves = [segment(crowd[:1500] + keeper, pairs), segment(crowd[1500:])]
        check(trace(halves, 0, 1_000, 42_000), oracle.encounters(crowd + keeper, pairs, 0, (1_000, 42_000)))


def test_one_who_stays_all_day_does_not_make_all_rows_be_read() -> None:
    """10,000 visits of a minute to one place, and a keeper there all along: few blocks can reach a visit."""
    crowd = [Visit(0, 60 * k, 60 * k + 60, 2 + k % 500) for k in range(10_000)]
    whole = segment([Visit(0, 0, 600_000, 1), Visit(0, 500_000, 500_100, 0), *crowd])
    result = trace([whole], 0, 0, 600_000)
    assert result.contacts.seconds.tolist() == [100, 40, 60]
    assert result.visits_examined <= 4 * ROWS_PER_BLOCK


def _by_day(visits: list[Visit], pairs: list[Pair], midnights: list[int]) -> list[Segment]:
    place, start, end, person, source = np.array(visits, np.int64).reshape(-1, 5).T
    days = split_by_day(start, end, place, person, source, boundaries=midnights)
    a, b, begin, finish, code = np.array(pairs, np.int64).reshape(-1, 5).T
    pair_days = split_by_day(begin, finish, a, b, code, boundaries=midnights)
    return [
        segment(
            [Visit(p, s, e, w, c) for s, e, p, w, c in zip(*(x.tolist() for x in day), strict=True)],
            [Pair(p, q, s, e, c) for s, e, p, q, c in zip(*(x.tolist() for x in pair_day), strict=True)],
        )
        for day, pair_day in zip(days, pair_days, strict=True)
    ]
