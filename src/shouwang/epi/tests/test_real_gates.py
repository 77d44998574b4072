"""Door log of a Chinese college, April 2019: every row's fate, and every contact's seconds, against plain Python."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest

from shouwang.epi.contacts import trace
from shouwang.epi.segments import build_pair_segment, build_visit_segment
from shouwang.epi.swipes import PairedSwipes, SwipeFate, pair_swipes
from shouwang.epi.tests import oracle
from shouwang.epi.tests.build import real_data
from shouwang.epi.tests.oracle import Visit

pytestmark = pytest.mark.realdata
MAX_STAY, DUPLICATE = 16 * 3600, 60
WAYS = {"进门": 1, "出门": -1}


@cache
def swipes() -> tuple[list[tuple[int, int, int, int, bool]], list[str]]:
    """Rows (card, door, t, direction, allowed) and the names of the doors; local time taken as if it were UTC."""
    path = real_data("campus-gates", "doors_gbk.csv")
    with path.open(encoding="gbk", newline="") as file:
        read = list(csv.DictReader(file))
    doors = sorted({row["Address"].split("[")[0] for row in read})
    rows = []
    for row in read:
        door, way = row["Address"].rstrip("]").split("[")
        t = int(datetime.strptime(row["Date"], "%Y/%m/%d %H:%M").replace(tzinfo=UTC).timestamp())
        rows.append((int(row["AccessCardNo"]), doors.index(door), t, WAYS[way], row["Access"] == "1"))
    return rows, doors


@cache
def paired() -> PairedSwipes:
    return pair_swipes(*zip(*swipes()[0], strict=True), max_stay_s=MAX_STAY, duplicate_s=DUPLICATE)


def test_known_totals() -> None:
    rows, doors = swipes()
    assert len(rows) == 43_156
    assert Counter(row[4] for row in rows) == {True: 41_749, False: 1_407}
    assert len({row[0] for row in rows}) == 3_044
    ways = Counter((doors[row[1]], row[3]) for row in rows)
    assert (ways["飞凤轩", 1], ways["飞凤轩", -1]) == (10_689, 10_397)
    assert (ways["第六教学楼", 1], ways["第六教学楼", -1]) == (7_713, 7_217)
    assert (ways["青鸾苑", 1], ways["青鸾苑", -1]) == (2_787, 3_318)


def test_every_row_has_the_fate_the_rule_gives_it() -> None:
    rows, _ = swipes()
    found = paired()
    fates, visits = oracle.fates(rows, MAX_STAY, DUPLICATE)
    assert [SwipeFate(code).name.lower() for code in found.fate.tolist()] == fates
    assert set(zip(found.row_in.tolist(), found.row_out.tolist(), strict=True)) == visits
    assert found.counts == {f.name.lower(): fates.count(f.name.lower()) for f in SwipeFate}
    assert found.counts["denied"] == 1_407
    assert sum(found.counts.values()) == 43_156
    assert len(found) == 6_691


def test_rows_in_another_order_give_the_same_visits() -> None:
    rows, _ = swipes()
    order = np.random.default_rng(4).permutation(len(rows))
    again = pair_swipes(
        *zip(*(rows[k] for k in order), strict=True),
        max_stay_s=MAX_STAY,
        duplicate_s=DUPLICATE,
    )
    found = paired()
    assert again.counts == found.counts
    for name in ("person", "place", "start", "end"):
        assert np.array_equal(getattr(again, name), getattr(found, name))


def test_seconds_of_the_busiest_cards_equal_a_comparison_of_all_with_all() -> None:
    found = paired()
    source = np.zeros(len(found), np.uint8)
    whole = build_visit_segment(found.place, found.start, found.end, found.person, source)
    segments = [(whole, build_pair_segment([], [], [], [], []))]
    columns = (found.place, found.start, found.end, found.person)
    visits = [Visit(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]
    busiest = [card for card, _ in Counter(found.person.tolist()).most_common(4)]
    window = (int(found.start.min()), int(found.end.max()))
    met = 0
    for card in busiest:
        own = [v for v in visits if v.person == card]
        near = [v for v in visits if any(v.start < o.end and o.start < v.end for o in own)]
        contacts = trace(segments, card, *window).contacts
        expected = oracle.seconds_of(oracle.encounters([*near], [], card, window))
        assert dict(zip(contacts.person.tolist(), contacts.seconds.tolist(), strict=True)) == expected
        met += len(expected)
    assert met > 1_000
