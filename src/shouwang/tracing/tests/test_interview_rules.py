"""Contradictions and uncovered hours against a brute-force look at every second; what a statement must say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.errors import BadInput
from shouwang.tracing.rules.interviews import Said, Stay, check, conflicts, uncovered

AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
SURE = ("sure", "about", "heard")
spans = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda s: (s[0], s[0] + s[1]))
stays = st.lists(st.tuples(spans, st.sampled_from([None, 1, 2, 3])), max_size=6).map(
    lambda rows: [Stay(*span, place, key) for key, (span, place) in enumerate(rows)]
)


def same(one: int, other: int) -> bool:
    return one == other or {one, other} == {1, 2}  # 2 lies in 1


@given(stays, stays)
def test_conflicts_are_the_seconds_at_two_places(said: list[Stay], known: list[Stay]) -> None:
    against, among = conflicts(said, known, same)

    def clash(one: Stay, other: Stay, second: int) -> bool:
        both = one.start <= second < one.end and other.start <= second < other.end
        return both and one.place is not None and other.place is not None and not same(one.place, other.place)

    expected = {(a.key, b.key, t) for a in said for b in known for t in range(50) if clash(a, b, t)}
    assert {(c.first.key, c.second.key, t) for c in against for t in range(c.start, c.end)} == expected
    twice = {(a.key, b.key, t) for a in said for b in said for t in range(50) if a.key < b.key and clash(a, b, t)}
    assert {(c.first.key, c.second.key, t) for c in among for t in range(c.start, c.end)} == twice
    assert all(c.seconds > 0 for c in [*against, *among])


@given(stays, st.integers(0, 20), st.integers(1, 25), st.integers(1, 6))
def test_uncovered_is_what_no_stay_covers(found: list[Stay], low: int, length: int, least: int) -> None:
    high = low + length
    holes = uncovered(found, low, high, timedelta(seconds=least))
    bare = [t for t in range(low, high) if not any(stay.start <= t < stay.end for stay in found)]
    runs: list[list[int]] = []
    for t in bare:
        if runs and runs[-1][-1] == t - 1:
            runs[-1].append(t)
        else:
            runs.append([t])
    assert holes == [(run[0], run[-1] + 1) for run in runs if len(run) >= least]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"place_text": "", "company": "  "}, "where"),
        ({"ends_at": AT - timedelta(hours=3)}, "ends_at"),
        ({"ends_at": AT + timedelta(minutes=1)}, "ends_at"),
        ({"starts_at": AT - timedelta(hours=30)}, "ends_at"),
        ({"certainty": "maybe"}, "certainty"),
        ({"companions": (7,)}, "companions"),
        ({"place_text": "x" * 121}, "where"),
        ({"company": "x" * 301}, "company"),
    ],
)
def test_what_cannot_be_kept(changed: dict[str, object], field: str) -> None:
    values: dict[str, object] = {
        "starts_at": AT - timedelta(hours=3), "ends_at": AT - timedelta(hours=2), "certainty": "sure",
        "place_text": "C1",
    }  # fmt: skip
    check(Said(**values), person=7, at=AT, longest=timedelta(hours=24), certainties=SURE)  # type: ignore[arg-type]
    with pytest.raises(BadInput) as refused:
        wrong = Said(**{**values, **changed})  # type: ignore[arg-type]
        check(wrong, person=7, at=AT, longest=timedelta(hours=24), certainties=SURE)
    assert refused.value.field == field
