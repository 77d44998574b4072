"""Sensor contacts of a French high school, 2013: published totals, and every pair of all 327 people.

Mastrandrea, Fournet, Barrat (2015), doi 10.1371/journal.pone.0136497.
"""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest

from shouwang.epi.columns import Int64
from shouwang.epi.contacts import Segment, seconds_by_day, trace
from shouwang.epi.proximity import JoinedSlots, join_slots
from shouwang.epi.segments import build_pair_segment, build_visit_segment, split_by_day
from shouwang.epi.tests.build import real_data

pytestmark = pytest.mark.realdata
STEP = 20
MONDAY = 1_385_942_400 - 3600
"""Midnight of Monday 2 December 2013 at UTC+1; five school days."""
MIDNIGHTS = [MONDAY + 86_400 * day for day in range(6)]


@cache
def records() -> tuple[Int64, Int64, Int64, dict[int, str]]:
    """Columns t, i, j, and the class of each person."""
    path = real_data("highschool-2013", "contacts.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.split() for line in file]
    t, i, j = (np.array([int(row[k]) for row in rows], np.int64) for k in range(3))
    classes = {int(row[k]): row[k + 2] for row in rows for k in (1, 2)}
    return t, i, j, classes


@cache
def events() -> JoinedSlots:
    return join_slots(*records()[:3], STEP)


@cache
def school_week() -> tuple[Segment, ...]:
    """One segment a day, pair records only."""
    a, b, start, end = events()
    none = build_visit_segment([], [], [], [], [])
    days = split_by_day(start, end, a, b, boundaries=MIDNIGHTS)
    return tuple((none, build_pair_segment(a, b, s, e, np.zeros(len(s), np.uint8))) for s, e, a, b in days)


def test_published_totals() -> None:
    t, i, j, classes = records()
    found = events()
    assert (len(t), found.duplicates, len(classes)) == (188_508, 0, 327)
    assert len(found) == 67_613
    assert sum(classes[a] == classes[b] for a, b in zip(found.a.tolist(), found.b.tolist(), strict=True)) == 62_342
    slots = Counter(zip(np.minimum(i, j).tolist(), np.maximum(i, j).tolist(), strict=True))
    assert len(slots) == 5_818
    assert sum(STEP * n >= 900 for n in slots.values()) == 687
    assert round(STEP * sum(slots.values()) / len(slots)) == 648


def test_links_a_day() -> None:
    """The totals published count days of 24 hours from the first record, Monday noon; calendar days differ."""
    t, i, j, _ = records()
    pairs = list(zip(np.minimum(i, j).tolist(), np.maximum(i, j).tolist(), strict=True))
    for day, totals in (
        ((t - t[0]) // 86_400, [2942, 2601, 2134, 2420, 1270]),
        (np.searchsorted(MIDNIGHTS, t) - 1, [2242, 2573, 2161, 2162, 2075]),
    ):
        links = set(zip(day.tolist(), pairs, strict=True))
        assert [sum(d == k for d, _ in links) for k in range(5)] == totals


def test_every_pair_has_the_seconds_counted_in_the_file() -> None:
    """Each record is one slot of 20 s and none is repeated, so a pair's seconds are 20 times its records."""
    t, i, j, classes = records()
    counted: dict[int, Counter[int]] = defaultdict(Counter)
    by_day: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    for day, a, b in zip((np.searchsorted(MIDNIGHTS, t) - 1).tolist(), i.tolist(), j.tolist(), strict=True):
        for one, other in ((a, b), (b, a)):
            counted[one][other] += STEP
            by_day[one][other, day] += STEP
    for person in classes:
        result = trace(school_week(), person, MIDNIGHTS[0], MIDNIGHTS[-1])
        contacts = result.contacts
        assert dict(zip(contacts.person.tolist(), contacts.seconds.tolist(), strict=True)) == counted[person]
        contact, day, seconds = seconds_by_day(result, MIDNIGHTS)
        keys = zip(contacts.person[contact].tolist(), day.tolist(), strict=True)
        assert dict(zip(keys, seconds.tolist(), strict=True)) == by_day[person]
        assert result.visits_searched == 67_613


def test_a_window_counts_the_slots_inside_it() -> None:
    """(onset - 2 days, onset] with both ends on the grid of slots: the records with onset - 2 days < t <= onset."""
    t, i, j, classes = records()
    high = int(t[len(t) // 2])
    low = high - 2 * 86_400
    chosen = (t > low) & (t <= high)
    for person in sorted(classes)[::10]:
        met = Counter(np.concatenate((j[chosen & (i == person)], i[chosen & (j == person)])).tolist())
        contacts = trace(school_week(), person, low, high).contacts
        expected = {other: STEP * n for other, n in met.items()}
        assert dict(zip(contacts.person.tolist(), contacts.seconds.tolist(), strict=True)) == expected
