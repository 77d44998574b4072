"""Negative tests as a criterion of release: the rule, and the review that reads the laboratory."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases.laboratory.tests.scenes import resulted, taken
from shouwang.core.errors import BadInput
from shouwang.core.packs import SHIPPED, PackError, Text, parse_pack
from shouwang.isolation import actions, queries, rules
from shouwang.isolation.models import Order
from shouwang.isolation.tests.scenes import healthy_days, make_case
from shouwang.org.tests.cast import NOON, Cast

TWO = rules.Negatives("pcr", 2, Text(zh="两次阴性", en="Two negatives"), "x", hours_apart=24)
DAY = timedelta(days=1)


def found(hours: float, outcome: str = "negative", *, method: str = "pcr", pooled: bool = False) -> rules.Finding:
    return rules.Finding(method, NOON + timedelta(hours=hours), outcome, pooled)


def counts(*findings: rules.Finding) -> tuple[int, str]:
    counted, ended = rules.counted_negatives(TWO, findings)
    return len(counted), ended


def test_two_a_day_apart_count_and_closer_ones_do_not() -> None:
    assert counts(found(0), found(24)) == (2, "")
    assert counts(found(0), found(23.9)) == (1, "")
    assert counts(found(0), found(12), found(24)) == (2, "")
    assert counts() == (0, "")


def test_what_ends_the_run_and_what_says_nothing() -> None:
    assert counts(found(0), found(24), found(30, "positive")) == (0, "positive")
    assert counts(found(0), found(12, "positive"), found(24)) == (1, "positive")
    assert counts(found(0), found(12, "inconclusive"), found(24)) == (1, "inconclusive")
    assert counts(found(0), found(24), found(30, "")) == (0, "awaited")
    assert counts(found(0), found(12, "invalid"), found(24)) == (2, "")
    assert counts(found(0), found(24, pooled=True)) == (1, "")
    assert counts(found(0), found(24, method="antigen")) == (1, "")


@pytest.mark.parametrize("wrong", ['method = "pcrr"', "negatives = 0", "hours_apart = -1"])
def test_a_pack_with_an_unknown_test_or_an_impossible_number_is_refused(wrong: str) -> None:
    path = SHIPPED / "covid19-2020-7.toml"
    key = wrong.split(" = ")[0]
    line = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("tests = "))
    faulty = line.replace(
        {"method": 'method = "pcr"', "negatives": "negatives = 2"}.get(key, "hours_apart = 24"), wrong
    )
    pack, complaints = parse_pack(path.read_text(encoding="utf-8").replace(line, faulty).encode(), path)
    assert faulty != line and not complaints
    with pytest.raises(PackError):
        rules.protocol(pack)


OUTCOMES = st.sampled_from(["negative", "positive", "inconclusive", "invalid", ""])


@given(st.lists(st.tuples(st.integers(0, 200), OUTCOMES, st.booleans()), max_size=12, unique_by=lambda row: row[0]))
def test_counted_samples_are_single_negatives_far_enough_apart_after_the_last_doubt(
    rows: list[tuple[int, str, bool]],
) -> None:
    findings = [found(hours, outcome, pooled=pooled) for hours, outcome, pooled in rows]
    counted, ended = rules.counted_negatives(TWO, findings)
    doubts = [one.taken_at for one in findings if one.outcome in ("positive", "inconclusive", "")]
    assert bool(ended) == bool(doubts)
    good = {one.taken_at for one in findings if one.outcome == "negative" and not one.pooled}
    assert set(counted) <= good and all(at > max(doubts, default=datetime.min.replace(tzinfo=UTC)) for at in counted)
    assert all(later - earlier >= DAY for later, earlier in pairwise(counted))


OVER = NOON + timedelta(days=15)


@pytest.fixture
def order(cast: Cast) -> Order:
    """A case whose term is over, healthy to the last day: only the tests are open."""
    given_ = actions.order_for_case(make_case(cast, "lin", isolated_at=NOON), by=cast.by("he"), at=NOON)
    assert given_ is not None
    healthy_days(cast, "lin", date(2026, 3, 3), date(2026, 3, 16))
    return given_


def sampled(cast: Cast, day: int, outcome: str) -> None:
    sample = taken(cast, "lin", barcode=f"D{day}", at=NOON + day * DAY)
    if outcome:
        resulted(cast, sample, outcome, at=NOON + day * DAY + timedelta(hours=3))


def review(order: Order) -> dict[str, rules.Reason]:
    return {reason.code: reason for reason in queries.review(order, OVER).unmet}


def test_released_by_rule_once_the_laboratory_has_said_negative_twice(cast: Cast, order: Order) -> None:
    sampled(cast, 0, "positive")
    assert set(review(order)) == {"tests:pcr"}
    sampled(cast, 12, "negative")
    assert "2026-03-14 12:00" in review(order)["tests:pcr"].text
    with pytest.raises(BadInput) as refusal:
        actions.end_order(order, reason="", by=cast.by("he"), at=OVER)
    assert refusal.value.data["unmet"] == ["tests:pcr"]
    sampled(cast, 13, "negative")
    assert review(order) == {}
    actions.end_order(order, reason="", by=cast.by("he"), at=OVER)
    assert order.end_code == "by_rule"


def test_an_awaited_or_later_positive_result_holds_back(cast: Cast, order: Order) -> None:
    sampled(cast, 11, "negative")
    sampled(cast, 12, "negative")
    sampled(cast, 13, "")
    assert set(review(order)) == {"tests:pcr"}
    sampled(cast, 14, "positive")
    assert set(review(order)) == {"tests:pcr"}


def test_nobody_confirms_what_the_laboratory_must_say(cast: Cast, order: Order) -> None:
    with pytest.raises(BadInput) as refusal:
        actions.end_order(order, reason="", confirmed=["two_negative"], by=cast.by("he"), at=OVER)
    assert refusal.value.error_code == "criterion_unknown"
