"""Rules of command: shares, changes, gaps, declarations; unknown is never zero."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shouwang.command import rules
from shouwang.core.errors import BadInput

NUMBERS = st.none() | st.integers(0, 10_000)
KEYS = [figure.key for figure in rules.FIGURES]


def figures(values: dict[str, int | None], before: dict[str, int | None]) -> rules.Figures:
    at = datetime(2026, 3, 2, 4, tzinfo=UTC)
    return rules.Figures(1, "WCU", at.date(), at, values, before)


@given(st.dictionaries(st.sampled_from(KEYS), NUMBERS), st.dictionaries(st.sampled_from(KEYS), NUMBERS))
def test_a_change_is_told_exactly_when_both_days_are_known_and_differ(
    values: dict[str, int | None], before: dict[str, int | None]
) -> None:
    with translation.override("en"):
        found = {change.key: change for change in rules.changes(figures(values, before))}
    for key, change in found.items():
        now, then = values[key], before[key]
        assert now is not None and then is not None
        assert change.difference == now - then != 0
        assert str(abs(now - then)) in change.sentence and str(now) in change.sentence
    from shouwang.command.rules.changes import WATCHED

    for key, _worse in WATCHED:
        now, then = values.get(key), before.get(key)
        assert (key in found) == (now is not None and then is not None and now != then)


@given(NUMBERS, NUMBERS)
def test_a_share_needs_both_numbers(part: int | None, whole: int | None) -> None:
    found = rules.share(part, whole)
    if part is None or not whole:
        assert found is None
    else:
        assert found == part / whole


def test_checked_in_is_unknown_when_a_part_of_it_is() -> None:
    assert rules.completed({"self": 3, "proxy": 1, "clinic": 0})["checked_in"] == 4
    assert rules.completed({"self": 3, "proxy": None, "clinic": 0})["checked_in"] is None


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ({"a": (3, 40), "b": (0, 90)}, {"a": 3, "b": 0}),
        ({"a": (1, 4), "b": (0, 3), "c": (9, 90)}, {"a": "<5", "b": "<5", "c": 9}),  # a 0 is hidden like a 1
        ({"a": (1, 4), "b": (2, 40), "c": (9, 90)}, {"a": "<5", "b": "*", "c": 9}),
        ({"a": (1, 2), "b": (1, 2), "c": (2, 40), "d": (9, 90)}, {"a": "<5", "b": "<5", "c": "*", "d": 9}),
        ({"a": (1, 2), "b": (1, 3), "c": (2, 40)}, {"a": "<5", "b": "<5", "c": 2}),
        ({"a": (1, 3)}, {"a": "<5"}),
        ({"a": (0, 0), "b": (2, 40)}, {"a": 0, "b": 2}),
        ({}, {}),
    ],
)
def test_small_groups_hide_their_numbers(numbers: dict[str, tuple[int, int]], shown: dict[str, object]) -> None:
    values = {key: value for key, (value, _group) in numbers.items()}
    assert rules.hidden(values, {key: group for key, (_value, group) in numbers.items()}) == shown


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), max_size=8))
def test_what_is_left_out_is_about_five_people_or_more_unless_there_is_nobody_else(rows: list[tuple[int, int]]) -> None:
    groups = {key: group for key, (group, _ill) in enumerate(rows)}
    values = {key: min(ill, group) for key, (group, ill) in enumerate(rows)}
    shown = rules.hidden(values, groups)
    out = [key for key, value in shown.items() if isinstance(value, str)]
    assert all(shown[key] == values[key] for key in shown if key not in out)
    assert {key for key in groups if groups[key] < 5} <= set(out)
    if out and len(out) < len(groups):
        assert len(out) > 1 and sum(groups[key] for key in out) >= 5


FACTS: dict[str, Any] = dict.fromkeys(
    (
        "clocks_late", "alerts_waiting", "contacts_waiting", "unplaced", "due_for_review", "monitored_missed",
        "objections_open", "uncovered_organisations", "uncovered_places", "silent_units",
    )
)  # fmt: skip


@pytest.mark.parametrize("key", list(FACTS))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_fact_makes_its_gap_and_unknown_makes_none(key: str, language: str) -> None:
    with translation.override(language):
        assert rules.gaps(rules.GapFacts(**FACTS, level_declared=True)) == []
        assert rules.gaps(rules.GapFacts(**FACTS | {key: 0}, level_declared=True)) == []
        one = rules.gaps(rules.GapFacts(**FACTS | {key: 1}, level_declared=True))
        many = rules.gaps(rules.GapFacts(**FACTS | {key: 7}, level_declared=True))
    assert [gap.code for gap in one] == [key] == [gap.code for gap in many]
    assert "1" in one[0].sentence and "7" in many[0].sentence
    assert one[0].next_step


def test_no_level_is_a_gap() -> None:
    assert [gap.code for gap in rules.gaps(rules.GapFacts(**FACTS, level_declared=False))] == ["no_level"]


TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("level", "basis", "days", "field"),
    [
        (0, "省政府公告", 14, "level"),
        (5, "省政府公告", 14, "level"),
        (1, "  ", 14, "basis"),
        (1, "省政府公告", 0, "review_on"),
        (1, "省政府公告", -3, "review_on"),
        (1, "省政府公告", 93, "review_on"),
    ],
)
def test_an_unsound_declaration_is_refused(level: int, basis: str, days: int, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        rules.check_declaration(level=level, basis=basis, review_on=TODAY + timedelta(days=days), today=TODAY)
    assert refusal.value.field == field


def test_a_sound_declaration_passes() -> None:
    rules.check_declaration(level=1, basis="豫政〔2020〕1号", review_on=TODAY + timedelta(days=92), today=TODAY)
