"""Copied readings, one device, entries in bulk: counted for the unit, against a plain recount."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shouwang.checkins.rules.quality import Entered, Finding, _most_within, findings, limits
from shouwang.org.tests.cast import NOON


def entry(second: int, reading: str | None = None, device: str = "", source: str = "self", account: int = 1) -> Entered:
    at = NOON + timedelta(seconds=second)
    return Entered(at, source, Decimal(reading) if reading else None, device, account)


def test_one_reading_for_a_class_is_remarked_on_and_a_real_morning_is_not() -> None:
    copied = [entry(n * 60, "36.0") for n in range(9)] + [entry(0, "36.4")]
    assert findings(copied, limits()) == [Finding("same_reading", 9, 10, "36.0")]
    real = [entry(n * 60, f"36.{n % 7}") for n in range(30)]
    assert findings(real, limits()) == []
    assert findings(copied[:7], limits()) == []  # too few to say anything


def test_a_class_from_one_device_in_a_minute() -> None:
    one = [entry(n * 10, device="a1") for n in range(6)] + [entry(n, device=f"d{n}") for n in range(20)]
    assert findings(one, limits()) == [Finding("one_device", 6, 26)]
    slow = [entry(n * 30, device="a1") for n in range(10)]
    assert findings(slow, limits()) == []
    assert findings([entry(n) for n in range(10)], limits()) == []  # no device is known


def test_entries_for_others_in_bulk_and_alike() -> None:
    bulk = [entry(n * 5, "36.0" if n else "36.5", source="proxy", account=7) for n in range(12)]
    kinds = {found.kind: found for found in findings(bulk, limits())}
    assert kinds["in_bulk"] == Finding("in_bulk", 12, 12)
    asked = [entry(n * 5, f"36.{n % 8}", source="proxy", account=7) for n in range(12)]
    assert findings(asked, limits()) == []


@given(st.lists(st.integers(0, 300), max_size=40), st.integers(1, 120))
def test_the_window_agrees_with_trying_them_all(seconds: list[int], width: int) -> None:
    at = [NOON + timedelta(seconds=second) for second in seconds]
    by_hand = max((sum(1 for other in seconds if low <= other <= low + width) for low in seconds), default=0)
    assert _most_within(at, width) == by_hand
