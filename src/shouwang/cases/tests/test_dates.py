"""Dates that fit together, and those that do not; the refusal names both."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases import rules
from shouwang.core.errors import BadInput

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
FOUND = rules.Dates(detected=NOW - timedelta(days=1))
LONG_AGO = rules.Dates(detected=NOW - timedelta(days=9))


def test_a_plausible_course_is_accepted() -> None:
    day = timedelta(days=1)
    rules.check_dates(
        rules.Dates(
            onset=NOW - 5 * day, detected=NOW - 4 * day, reported=NOW - 4 * day + timedelta(hours=1),
            isolated=NOW - 4 * day, treated=NOW - 3 * day, traced=NOW - 3 * day, recovered=NOW,
        ),
        now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("earlier, later", rules.ORDER)
def test_wrong_order_names_both_dates_with_their_values(earlier: str, later: str) -> None:
    # The pair alone is wrong: detection fits both sides of it.
    base = FOUND if earlier == "onset" else LONG_AGO
    moments: dict[str, Any] = {later: NOW - timedelta(days=3), earlier: NOW - timedelta(days=2)}
    dates = replace(base, **moments)
    with pytest.raises(BadInput) as caught:
        rules.check_dates(dates, now=NOW)
    error = caught.value
    assert error.error_code == "dates_out_of_order"
    assert {"2026-02-28 12:00", "2026-02-27 12:00"} == {error.data["first"], error.data["second"]}
    assert str(rules.MOMENTS[earlier]) in error.sentence and str(rules.MOMENTS[later]) in error.sentence
    assert error.field == f"{later}_at"


@pytest.mark.parametrize("moment", rules.MOMENTS)
def test_the_future_is_refused(moment: str) -> None:
    ahead: dict[str, Any] = {moment: NOW + timedelta(minutes=2)}
    with pytest.raises(BadInput) as caught:
        rules.check_dates(replace(FOUND, **ahead), now=NOW)
    assert caught.value.error_code == "date_future"
    assert caught.value.field == f"{moment}_at"


def test_a_slip_of_the_year_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        rules.check_dates(replace(FOUND, onset=NOW.replace(year=2006)), now=NOW)
    assert caught.value.error_code == "date_too_old"


def test_order_is_judged_to_the_minute() -> None:
    detected = NOW.replace(second=40) - timedelta(hours=1)
    rules.check_dates(rules.Dates(detected=detected, reported=detected.replace(second=0)), now=NOW)


def test_who_was_isolated_as_a_contact_may_be_detected_there() -> None:
    rules.check_dates(rules.Dates(detected=NOW, isolated=NOW - timedelta(days=4)), now=NOW)


def test_onset_after_detection_only_for_who_was_found_without_symptoms() -> None:
    dates = rules.Dates(detected=NOW - timedelta(days=2), onset=NOW - timedelta(days=1))
    rules.check_dates(dates, now=NOW, presymptomatic=True)
    with pytest.raises(BadInput):
        rules.check_dates(dates, now=NOW)


@given(st.dictionaries(st.sampled_from(sorted(rules.MOMENTS)), st.integers(-20, 5), max_size=7))
def test_accepted_dates_are_in_order_and_past(hours: dict[str, int]) -> None:
    moments = {name: NOW + timedelta(hours=offset) for name, offset in hours.items()}
    dates = rules.Dates(**{"detected": NOW, **moments})  # type: ignore[arg-type]
    try:
        rules.check_dates(dates, now=NOW)
    except BadInput:
        return
    for earlier, later in rules.ORDER:
        first, second = dates.get(earlier), dates.get(later)
        assert first is None or second is None or first <= second <= NOW
