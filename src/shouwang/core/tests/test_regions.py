"""Regions of the tree: every path belongs to exactly one, that of its nearest node."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.tree import Regions, covers, step

paths = st.lists(st.integers(1, 3).map(step), max_size=4).map("".join)


@given(st.dictionaries(paths, st.integers(0, 2), max_size=8), st.lists(paths, min_size=1, max_size=20))
def test_every_path_is_in_the_region_of_its_nearest_node(nodes: dict[str, int], asked: list[str]) -> None:
    regions = Regions({"": 9, **nodes})
    fewer = Regions.of_different(regions.nodes)
    for path in asked:
        holding = [node for node in regions.nodes if covers(regions.ranges(node), path)]
        above = [node for node in regions.nodes if path.startswith(node)]
        assert holding == [max(above, key=len)] == [regions.node_of(path)]
        assert [value for ranges, value in regions if covers(ranges, path)] == [regions.of(path)]
        assert fewer.of(path) == regions.of(path)
    assert len(fewer.nodes) <= len(regions.nodes)


def test_one_node_is_everywhere() -> None:
    alone = Regions({"": "a"})
    assert list(alone) == [((("", "~"),), "a")]
    assert Regions.of_different({"": "a", step(1): "a", step(1) + step(2): "b"}).nodes.keys() == {"", step(1) + step(2)}
