"""Daily reports by rule: plans, zero reports, to whom a unit reports, sums that hide nobody and count nobody twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.command.rules import daily as rules
from shouwang.core.errors import BadInput
from shouwang.core.tree import step

TODAY = date(2026, 3, 2)
PLAN: dict[str, Any] = {"kinds": {"class", "college"}, "starts": TODAY, "until": TODAY, "reason": "校发〔2026〕1号"}


def test_a_plan_names_kinds_times_and_an_end() -> None:
    assert rules.check_plan({"class": " 10:00 "}, **PLAN) == ({"class": "10:00"}, "校发〔2026〕1号")


@pytest.mark.parametrize(
    ("deadlines", "change", "field"),
    [
        ({}, {}, "deadlines"),
        ({"castle": "10:00"}, {}, "deadlines"),
        ({"class": "25:00"}, {}, "due_class"),
        ({"class": "ten"}, {}, "due_class"),
        ({"class": "10:00"}, {"until": TODAY - timedelta(days=1)}, "until"),
        ({"class": "10:00"}, {"until": TODAY + timedelta(days=93)}, "until"),
        ({"class": "10:00"}, {"reason": "  "}, "reason"),
    ],
)
def test_what_is_wrong_with_a_plan_is_named(deadlines: dict[str, str], change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as told:
        rules.check_plan(deadlines, **{**PLAN, **change})
    assert told.value.field == field


@pytest.mark.parametrize("key", rules.WATCHED)
def test_a_zero_report_is_refused_while_there_is_something(key: str) -> None:
    rules.check_zero(dict.fromkeys(rules.KEYS, 0), rules.Words(done="消毒"))
    rules.check_zero({**dict.fromkeys(rules.KEYS, 0), key: None}, rules.Words())
    with pytest.raises(BadInput) as told:
        rules.check_zero({**dict.fromkeys(rules.KEYS, 0), key: 1}, rules.Words())
    assert told.value.error_code == "not_zero" and str(rules.LABELS[key]) in told.value.sentence


@pytest.mark.parametrize("words", [rules.Words(problems="缺口罩"), rules.Words(needs="口罩")])
def test_problems_and_needs_are_no_zero_report(words: rules.Words) -> None:
    with pytest.raises(BadInput):
        rules.check_zero({}, words)


def test_a_day_ahead_or_long_past_is_refused() -> None:
    rules.check_day(TODAY - timedelta(days=rules.BACK_DAYS), TODAY)
    for day in (TODAY + timedelta(days=1), TODAY - timedelta(days=rules.BACK_DAYS + 1)):
        with pytest.raises(BadInput):
            rules.check_day(day, TODAY)


paths = st.lists(st.integers(1, 3), min_size=1, max_size=5).map(lambda steps: "0001" + "".join(map(step, steps)))


@given(st.lists(paths, unique=True, max_size=30))
def test_every_reporting_unit_is_in_exactly_one_round(units: list[str]) -> None:
    expected = {path: number for number, path in enumerate(units, 2)}
    to = rules.receivers(expected, dict.fromkeys(units, ("0001", 1)))
    assert set(to) == set(expected.values())
    assert rules.below(1, to) == set(expected.values())
    back = {number: path for path, number in expected.items()}
    for unit, receiver in to.items():
        above = back.get(receiver, "0001")
        assert back[unit].startswith(above) and back[unit] != above
        between = [path for path in units if back[unit].startswith(path) and path not in (back[unit], above)]
        assert not [path for path in between if len(path) > len(above)]


@given(st.dictionaries(st.integers(1, 20), st.integers(1, 20), max_size=20), st.integers(1, 20))
def test_chains_that_turn_in_a_circle_end(parents: dict[int, int], root: int) -> None:
    found = rules.below(root, parents)
    assert root not in found and all(parents[unit] == root or parents[unit] in found for unit in found)


@given(
    st.dictionaries(
        st.integers(1, 9),
        st.tuples(st.integers(1, 60), st.integers(0, 9)),
        min_size=1,
        max_size=9,
    )
)
def test_a_sum_is_of_what_is_shown_and_gives_no_small_group_away(groups: dict[int, tuple[int, int]]) -> None:
    rows: dict[int, dict[str, int | None]] = {
        unit: {"roster": people, "symptomatic": ill if people >= 5 else None} for unit, (people, ill) in groups.items()
    }
    shown = rules.shown(rows)
    visible = [value for row in shown.values() if isinstance(value := row["symptomatic"], int)]
    total = rules.totals(shown.values())["symptomatic"]
    assert total.known == len(visible)
    assert total.value == (sum(visible) if visible else None)
    small = [unit for unit, (people, _ill) in groups.items() if people < 5]
    assert all(shown[unit]["symptomatic"] == "<5" for unit in small)
    left_out = [unit for unit in groups if not isinstance(shown[unit]["symptomatic"], int)]
    if small and len(left_out) < len(groups):
        assert len(left_out) > 1, "one group left out alone could be computed from the whole"


def test_unknown_is_never_zero() -> None:
    total = rules.totals([{"cases_open": None}, {"cases_open": None}])["cases_open"]
    assert (total.value, total.known) == (None, 0)


def test_the_stamp_changes_with_every_change() -> None:
    seen = {
        rules.stamp(rows, reviews)
        for rows in ([], [(1, 0, "")], [(1, 1, "submitted")], [(1, 2, "submitted")], [(1, 1, "locked")])
        for reviews in (0, 1)
    }
    assert len(seen) == 10
    assert rules.stamp([(1, 1, "a"), (2, 1, "b")], 0) == rules.stamp([(2, 1, "b"), (1, 1, "a")], 0)


def test_what_is_missing_is_named_unless_there_is_a_reason() -> None:
    with pytest.raises(BadInput) as told:
        rules.check_review([f"{n}班" for n in range(9)], " ")
    assert told.value.data["n"] == 9 and "4班…" in told.value.sentence and "5班" not in told.value.sentence
    assert rules.check_review(["一班"], " 停电 ") == "停电"
    assert rules.check_review([], "") == ""


def test_only_what_belongs_to_a_units_own_people_is_added_up() -> None:
    assert "beds_free" not in rules.totals([{"beds_free": 22}, {"beds_free": 22}])
    assert "beds_free" not in rules.KEYS and set(rules.COLUMNS) <= set(rules.KEYS)
