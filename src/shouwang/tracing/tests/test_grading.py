"""How close a contact was, and why, against a grading done contact by contact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.core.packs import PackError, Text, get_pack
from shouwang.tracing.models import PresenceSource
from shouwang.tracing.queries.catalogue import SOURCE_CODES
from shouwang.tracing.queries.judging import contact_rule
from shouwang.tracing.rules.grading import (
    Condition,
    ContactRule,
    Grade,
    Graded,
    Overlaps,
    PlaceFacts,
    grade,
    union_seconds,
    written_minutes,
)
from shouwang.tracing.tests.conftest import union_length

PLACES = {
    1: PlaceFacts("dorm_room", "一号楼101", "D1-101"),
    2: PlaceFacts("dorm_room", "一号楼102", "D1-102"),
    3: PlaceFacts("classroom", "一教201", "T1-201"),
    4: PlaceFacts("canteen", "第一食堂", "First canteen"),
}
DAY = 86_400
Row = tuple[int, int, int, int, int]  # contact, place, start, length, source


def _overlaps(rows: list[Row], contacts: int) -> Overlaps:
    rows = sorted(rows)
    columns = [np.array([row[k] for row in rows]) for k in range(5)]
    start = columns[2].astype(np.int64)
    return Overlaps(
        contacts=contacts,
        contact=columns[0].astype(np.int64),
        place=columns[1].astype(np.int32),
        start=start,
        end=start + columns[3].astype(np.int64),
        source=columns[4].astype(np.uint8),
        day=start // DAY,
    )


def _covid() -> ContactRule:
    return contact_rule(get_pack("covid19-2020-6"))


def _one(rows: list[tuple[int, int, int, int]], rule: ContactRule | None = None) -> Graded | None:
    return grade(_overlaps([(0, *row) for row in rows], 1), rule or _covid(), PLACES, SOURCE_CODES)[0]


@pytest.mark.parametrize(
    ("rows", "code", "why_zh", "why_en"),
    [
        ([(1, 0, 28_800, 1)], "close", "同住一间宿舍：一号楼101，1 天共 480 分钟",
         "shared a dormitory room: D1-101, 480 min on 1 day"),
        ([(1, 0, 59, 1)], "general", "同一场所时间重叠，未达到密接标准：一号楼101，1 天共 <1 分钟", None),
        ([(3, 0, 6000, 2), (3, DAY, 600, 2)], "close", "同一教室上课：一教201，2 天共 110 分钟", None),
        ([(3, 0, 2399, 2)], "general", "同一场所时间重叠，未达到密接标准：一教201，1 天共 39 分钟", None),
        ([(3, 0, 1200, 2), (3, 600, 1200, 3)], "general", "同一场所时间重叠，未达到密接标准：一教201，1 天共 30 分钟",
         None),
        ([(-1, 0, 900, 5)], "close", "近距离接触累计 15 分钟以上，1 天共 15 分钟", None),
        ([(-1, 0, 899, 5)], "general", None, None),
        ([(4, 0, 9000, 4), (1, 0, 60, 1)], "close", "同住一间宿舍：一号楼101，1 天共 1 分钟", None),
        ([(4, 0, 900, 4), (3, 0, 100, 2)], "general",
         "同一场所时间重叠，未达到密接标准：第一食堂等 2 处，1 天共 15 分钟",
         "was at the same place at the same time, below the threshold of a close contact: "
         "First canteen and 1 more, 15 min on 1 day"),
    ],
)  # fmt: skip
def test_grades_of_the_covid_pack(
    rows: list[tuple[int, int, int, int]], code: str, why_zh: str | None, why_en: str | None
) -> None:
    found = _one(rows)
    assert found is not None
    assert (found.code, found.rank) == (code, {"close": 0, "general": 1}[code])
    assert why_zh is None or found.why_zh == why_zh
    assert why_en is None or found.why_en == why_en


def test_influenza_needs_four_hours_in_a_classroom() -> None:
    rule = contact_rule(get_pack("influenza-seasonal"))
    below, reached = _one([(3, 0, 14_399, 2)], rule), _one([(3, 0, 14_400, 2)], rule)
    assert below is not None and below.code == "general"
    assert reached is not None and reached.code == "close"


def _rule(*grades: tuple[str, list[dict[str, Any]]]) -> ContactRule:
    because = Text(zh="因", en="because")
    return ContactRule(
        "test",
        "test",
        tuple(Grade(code, because, tuple(Condition(because=because, **c) for c in any_)) for code, any_ in grades),
    )


def test_two_rooms_of_one_kind_are_one_union() -> None:
    found = _one(
        [(1, 0, 600, 1), (2, 300, 600, 1)], _rule(("close", [{"min_minutes": 15, "place_kinds": ("dorm_room",)}]))
    )
    assert found is not None and found.why_en == "because: D1-101 and 1 more, 15 min on 1 day"


def test_no_condition_no_grade() -> None:
    assert _one([(4, 0, 600, 4)], _rule(("close", [{"min_minutes": 15}]))) is None


def test_a_source_counts_only_when_both_records_are_of_it() -> None:
    rule = _rule(("close", [{"min_minutes": 1, "sources": ("timetable",)}]), ("general", [{"min_minutes": 0}]))
    both, mixed = _one([(3, 0, 600, 2)], rule), _one([(3, 0, 600, 0)], rule)
    assert both is not None and both.code == "close"
    assert mixed is not None and mixed.code == "general"


def test_kind_and_source_together() -> None:
    rule = _rule(
        ("close", [{"min_minutes": 10, "place_kinds": ("classroom", "canteen"), "sources": ("visit", "gate")}])
    )
    assert _one([(3, 0, 500, int(PresenceSource.VISIT)), (4, 0, 599, int(PresenceSource.GATE))], rule) is None
    assert _one([(4, 0, 600, int(PresenceSource.GATE))], rule) is not None


def test_an_unknown_source_in_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="radar"):
        _one([(3, 0, 500, 2)], _rule(("close", [{"min_minutes": 1, "sources": ("radar",)}])))


def test_nobody_met() -> None:
    assert grade(_overlaps([], 0), _covid(), PLACES, SOURCE_CODES) == []


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([1, 2, 3, 4, -1]), st.integers(0, 20_000), st.integers(1, 9_000),
              st.sampled_from([0, 1, 2, 3, 5])),
    max_size=14,
)  # fmt: skip


@settings(deadline=None)
@given(ROWS)
def test_union_of_each_group(rows: list[Row]) -> None:
    data = _overlaps(rows, 4)
    expected = [union_length((s, s + n) for c, _p, s, n, _source in rows if c == contact) for contact in range(4)]
    assert union_seconds(data.contact, 4, data.start, data.end).tolist() == expected


@settings(deadline=None)
@given(ROWS)
def test_grades_equal_those_worked_out_one_by_one(rows: list[Row]) -> None:
    rule = _covid()
    found = grade(_overlaps(rows, 4), rule, PLACES, SOURCE_CODES)
    for contact in range(4):
        own = [row for row in rows if row[0] == contact]
        expected = next((step.code for step in rule.grades if any(_holds(c, own) for c in step.any)), None)
        graded = found[contact]
        assert (graded.code if graded else None) == expected


def _holds(condition: Condition, rows: list[Row]) -> bool:
    kinds: list[str | None] = list(condition.place_kinds) or [None]
    sources: list[str | None] = list(condition.sources) or [None]
    return any(
        union_length(
            (start, start + length)
            for _c, place, start, length, source in rows
            if (kind is None or (place in PLACES and PLACES[place].kind == kind))
            and (word is None or source == SOURCE_CODES[word])
        )
        >= condition.min_minutes * 60
        for kind in kinds
        for word in sources
    )


def test_minutes_in_words() -> None:
    assert [written_minutes(s) for s in (0, 1, 59, 60, 119, 7200)] == ["0", "<1", "<1", "1", "1", "120"]


@pytest.mark.parametrize(
    "condition", ['sources = ["radar"]', 'place_kinds = ["moon"]', "min_minutes = -1", "minutes = 3"]
)
def test_a_wrong_rule_is_refused_with_its_place(own_home: Path, condition: str) -> None:
    packs = own_home / "packs"
    packs.mkdir()
    shipped = get_pack("influenza-seasonal").path.read_text("utf-8")
    head, _rule_section, rest = shipped.partition("[contact_rule]")
    text = head.replace('code = "influenza-seasonal"', 'code = "own"') + "[contact_rule]" + rest
    minutes = "" if condition.startswith("min_minutes") else "min_minutes = 1, "
    text = text.replace("{ min_minutes = 0,", f"{{ {minutes}{condition},", 1)
    (packs / "own.toml").write_text(text, "utf-8")
    with pytest.raises(PackError) as refusal:
        contact_rule(get_pack("own"))
    assert "contact_rule" in refusal.value.sentence
