"""Segments from plain lists, and where the real data sets are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from shouwang.epi.contacts import Segment
from shouwang.epi.segments import PairSegment, VisitSegment, build_pair_segment, build_visit_segment
from shouwang.epi.tests.oracle import Pair, Visit


def visit_segment(visits: Sequence[Visit]) -> VisitSegment:
    """A segment of these visits."""
    place, start, end, person, source = zip(*visits, strict=True) if visits else ((),) * 5
    return build_visit_segment(place, start, end, person, source)


def pair_segment(pairs: Sequence[Pair]) -> PairSegment:
    """A segment of these pair records."""
    a, b, start, end, source = zip(*pairs, strict=True) if pairs else ((),) * 5
    return build_pair_segment(a, b, start, end, source)


def segment(visits: Sequence[Visit] = (), pairs: Sequence[Pair] = ()) -> Segment:
    """Both."""
    return visit_segment(visits), pair_segment(pairs)


def real_data(*names: str) -> Path:
    """A file of the real data sets; skips the test, saying so, where they are absent."""
    beside = Path(__file__).resolve().parents[4].parent / "shared" / "data"
    path = Path(os.environ.get("SHOUWANG_TEST_DATA") or beside).joinpath(*names)
    if not path.exists():
        pytest.skip(f"real data set {'/'.join(names)} is absent; set SHOUWANG_TEST_DATA to the folder that has it")
    return path
