"""What a raw record is worth."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shouwang.tracing.rules import intake
from shouwang.tracing.rules.intake import Fate


@pytest.mark.parametrize(
    ("text", "place", "direction"),
    [
        ("第六教学楼[进门]", "第六教学楼", 1),
        ("第六教学楼[出门]", "第六教学楼", -1),
        ("图书馆（入口）", "图书馆", 1),
        ("图书馆 (OUT)", "图书馆", -1),
        ("北区【一期】[进门]", "北区【一期】", 1),
        ("教学楼（东）", "教学楼（东）", 0),  # no direction: part of the name
        ("北门", "北门", 0),
        ("[进门]", "", 1),
    ],
)
def test_a_door_is_taken_apart(text: str, place: str, direction: int) -> None:
    assert intake.split_door(text) == intake.Door(place, direction)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("1", True),
        ("0", False),
        ("允许通过", True),
        ("禁止通过-没有权限", False),
        ("TRUE", True),
        ("maybe", None),
        ("", None),
    ],
)
def test_whether_the_door_opened(text: str, allowed: bool | None) -> None:
    assert intake.access_of(text) is allowed


@pytest.mark.parametrize(
    ("text", "unit", "seconds"),
    [("90", 60, 5400), ("1:30", 1, 5400), ("1:30:05", 60, 5405), ("1.5", 3600, 5400), ("-5", 60, -300), ("x", 60, None),
     ("1:x", 60, None), ("1e12", 60, None), ("nan", 60, None)],
)  # fmt: skip
def test_durations(text: str, unit: int, seconds: int | None) -> None:
    assert intake.seconds_of(text, unit=unit) == seconds


@pytest.mark.parametrize(
    ("header", "unit"),
    [("时长（分钟）", 60), ("时长(秒)", 1), ("停留时长（小时）", 3600), ("duration min", 60), ("时长", None)],
)
def test_units_of_headers(header: str, unit: int | None) -> None:
    assert intake.duration_unit(header) == unit


@given(st.lists(st.sets(st.sampled_from([fate for fate in Fate if fate])), max_size=30))
def test_each_row_has_its_first_reason_and_counts_add_up(rows: list[set[Fate]]) -> None:
    reasons = {fate: np.array([fate in row for row in rows], np.bool_) for fate in Fate if fate}
    fates = intake.first_reason(len(rows), reasons)
    assert fates.tolist() == [min(row, default=Fate.ACCEPTED) for row in rows]
    assert sum(intake.counts(fates).values()) == sum(1 for row in rows if row)


def test_every_reason_has_a_sentence_and_a_remedy() -> None:
    assert set(intake.SENTENCES) == {fate for fate in Fate if fate}
    for language, stop in (("en", "."), ("zh-hans", "。")):
        with translation.override(language):
            sentences = [str(sentence) for pair in intake.SENTENCES.values() for sentence in pair]
        assert all(sentence.endswith(stop) for sentence in sentences)


@given(st.lists(st.integers(0, 100)))
def test_rows_out_of_order_are_counted(times: list[int]) -> None:
    expected = sum(1 for before, after in pairwise(times) if after < before)
    assert intake.out_of_order(np.array(times, np.int64)) == expected
