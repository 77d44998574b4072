"""When a stay by scans ends: the walk over scans against one obvious look for what ended each."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.errors import BadInput
from shouwang.tracing.presence.quality import too_soon
from shouwang.tracing.presence.resolving import PlaceTable
from shouwang.tracing.rules import place_codes
from shouwang.tracing.rules.place_codes import PlaceTicket
from shouwang.tracing.rules.scans import IN, OUT, Closing, Scan, Stay, counts, stays

# 1 a building with the rooms 11 and 12, 2 a canteen, 3 a library
PARENT = {11: 1, 12: 1}
ASSUMED = {1: 900, 11: 300, 12: 600, 2: 400, 3: 700}
LONGEST = 1500


def inside(inner: int, outer: int) -> bool:
    return inner == outer or PARENT.get(inner) == outer


RULE = Closing(
    assumed=ASSUMED.__getitem__, longest=LONGEST, inside=inside,
    building=lambda place: PARENT.get(place, place), duplicate_seconds=20, far_seconds=60,
)  # fmt: skip


def oracle(scans: list[Scan]) -> list[Stay]:
    """For every entry the first later scan that ends it."""
    order = sorted(scans, key=lambda s: (s.t, s.way, s.place))
    fresh = [
        not any(
            before.place == scan.place and before.way == scan.way and scan.t - before.t <= RULE.duplicate_seconds
            for before in order[:number]
        )
        for number, scan in enumerate(order)
    ]
    real = [scan for scan, keep in zip(order, fresh, strict=True) if keep]
    found = []
    for number, entry in enumerate(real):
        if entry.way != IN:
            continue
        end, estimated = entry.t + ASSUMED[entry.place], True
        for later in real[number + 1 :]:
            leaves = later.way == OUT and inside(entry.place, later.place)
            apart = not inside(later.place, entry.place) and not inside(entry.place, later.place)
            comes = later.way == IN and (later.place == entry.place or apart)
            if not leaves and not comes:
                continue
            if later.way == OUT and later.place == entry.place:
                if later.t - entry.t <= LONGEST:
                    end, estimated = later.t, False
            else:
                end = min(end, later.t)
            break
        if end > entry.t:
            found.append(Stay(entry.person, entry.place, entry.t, end, estimated))
    return found


scan_rows = st.lists(
    st.builds(
        Scan,
        person=st.integers(1, 2),
        place=st.sampled_from(sorted(ASSUMED)),
        t=st.integers(0, 120).map(lambda t: t * 25),
        way=st.sampled_from([IN, OUT]),
    ),
    max_size=14,
)


def key(stay: Stay) -> tuple[int, ...]:
    return (stay.person, stay.place, stay.start, stay.end, stay.estimated)


@given(scan_rows)
def test_every_stay_is_what_a_look_at_all_scans_finds(scans: list[Scan]) -> None:
    told = stays(scans, RULE)
    wanted = [stay for who in (1, 2) for stay in oracle([scan for scan in scans if scan.person == who])]
    assert sorted(told.stays, key=key) == sorted(wanted, key=key)
    fates = ("entry", "exit", "duplicate", "unpaired_out")
    assert sum(len(told.at.get(code, ())) for code in fates) == len(scans)


@given(scan_rows)
def test_the_order_of_the_scans_does_not_matter(scans: list[Scan]) -> None:
    assert stays(scans, RULE) == stays(scans[::-1], RULE)


def test_far_apart_is_counted_and_neighbours_are_not() -> None:
    far = stays([Scan(1, 2, 0, IN), Scan(1, 3, 59, IN)], RULE)
    assert counts(far.at, 0, 100) == {"entry": 2, "estimated": 2, "far_apart": 1}
    near = stays([Scan(1, 11, 0, IN), Scan(1, 12, 59, IN), Scan(1, 2, 120, IN)], RULE)
    assert "far_apart" not in near.at


@given(
    st.integers(0, 2**40), st.integers(1, 2**31), st.integers(1, 2**33), st.integers(0, 200),
    st.sampled_from("0aZ.~-"),
)  # fmt: skip
def test_a_changed_code_is_no_code(place: int, serial: int, expires: int, where: int, letter: str) -> None:
    ticket = PlaceTicket(place, serial, expires)
    text = place_codes.issue("secret", ticket)
    assert place_codes.read("secret", text, now=expires - 1) == ticket
    with pytest.raises(BadInput) as late:
        place_codes.read("secret", text, now=expires)
    assert late.value.error_code == "place_code_expired"
    where %= len(text)
    for forged, secret in ((text[:where] + letter + text[where + 1 :], "secret"), (text, "another")):
        if (forged, secret) != (text, "secret"):
            with pytest.raises(BadInput) as refused:
                place_codes.read(secret, forged, now=0)
            assert refused.value.error_code == "place_code_forged"


@given(st.text(max_size=200))
def test_any_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadInput):
        place_codes.read("secret", text, now=0)


swipes = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from([1, 11, 12, 2, 3]), st.integers(0, 60)), max_size=20
)  # fmt: skip


@given(swipes, st.integers(0, 10))
def test_two_buildings_too_soon_against_a_plain_look(rows: list[tuple[int, int, int]], within: int) -> None:
    wanted = []
    for who in (1, 2, 3):
        mine = sorted((t, place) for person, place, t in rows if person == who)
        for (before, one), (after, other) in pairwise(mine):
            if after - before <= within and PARENT.get(one, one) != PARENT.get(other, other):
                wanted.append(after)
    person, place, t = (np.array([row[k] for row in rows], np.int64) for k in range(3))
    table = PlaceTable({}, {}, {}, {}, {place: PARENT.get(place, place) for place in ASSUMED})
    assert sorted(too_soon(person, place, t, table, within).tolist()) == sorted(wanted)
