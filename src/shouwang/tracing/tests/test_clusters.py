"""Discs of the contact network: nobody dropped, nothing overlaps, the same picture every time."""

from __future__ import annotations

import math

import pytest

from shouwang.tracing.rules.clusters import clusters


@pytest.mark.parametrize("sizes", [[], [1], [39, 1, 1, 1], [39, 21, *[14] * 12, *[1] * 20], [300, 300], [1] * 60])
def test_discs_do_not_overlap(sizes: list[int]) -> None:
    discs = clusters(sizes)
    assert [len(disc.spots) for disc in discs] == sizes
    for index, disc in enumerate(discs):
        for other in discs[:index]:
            assert math.hypot(disc.x - other.x, disc.y - other.y) >= disc.radius + other.radius
    spots = [spot for disc in discs for spot in disc.spots] + [(0.0, 0.0)]
    closest = min((math.dist(a, b) for i, a in enumerate(spots) for b in spots[:i]), default=99.0)
    assert closest > 10  # units; dots are drawn 7 to 20 wide on a canvas of a few hundred
    assert clusters(sizes) == discs


def test_members_stay_in_their_disc() -> None:
    for disc in clusters([39, 21, 5]):
        assert all(math.dist(spot, (disc.x, disc.y)) <= disc.radius for spot in disc.spots)
