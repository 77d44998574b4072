"""The trace as JSON: window, rule, threshold, and who may ask."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest
from django.utils import translation

from shouwang.cases import actions as cases
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound, ShouwangError
from shouwang.core.models import ActivePack
from shouwang.core.packs import get_pack
from shouwang.core.scope import API, WEB, Actor
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.tests.conftest import Write, unix

LIN, WANG, MENG = "2023010101", "2023010102", "2023010103"


@pytest.fixture
def lunch(cast: Cast, operator: Actor, write: Write) -> Cast:
    """Lin and Meng at lunch on Sunday; the flatmates' nights."""
    rows = f"学号,场所,开始时间,结束时间\n{LIN},C1,2026-03-01 12:00,2026-03-01 12:30\n"
    rows += f"{MENG},C1,2026-03-01 12:10,2026-03-01 13:00\n"
    actions.import_presence(write("v.csv", rows), source_format="visits", by=operator, at=NOON)
    actions.build_days(date(2026, 2, 28), date(2026, 3, 2), by=operator, at=NOON)
    return cast


def _ask(by: Actor, **changed: object) -> dict[str, Any]:
    values: dict[str, object] = {"number": LIN, "onset": NOON, "lookback_days": 2, "at": NOON}
    return queries.answer_json(by, **(values | changed))  # type: ignore[arg-type]


def test_the_whole_answer(lunch: Cast, operator: Actor) -> None:
    answer = _ask(operator)
    json.dumps(answer)
    assert answer["window"] == [int(NOON.timestamp()) - 2 * 86_400, int(NOON.timestamp())]
    assert (answer["person"], answer["rule"], answer["days_missing"]) == (LIN, "nhc6", [])
    assert answer["visits_searched"] == 4 * 4 + 2  # four beds, four half nights; two lunches
    assert answer["elapsed_ms"] > 0
    wang, meng = answer["contacts"]
    assert (wang["person"], wang["grade"], wang["seconds"]) == (WANG, "close", 2 * 8 * 3600)
    assert wang["why"] == "同住一间宿舍：一号楼101，3 天共 960 分钟"
    start, end = unix("2026-03-01 12:10"), unix("2026-03-01 12:30")
    assert meng == {
        "person": MENG, "seconds": 1200, "first": start, "last": end, "days": {"2026-03-01": 1200}, "grade": "general",
        "why": "同一场所时间重叠，未达到密接标准：第一食堂，1 天共 20 分钟", "encounters": 1,
        "evidence": [{"place": "第一食堂", "place_id": lunch.place["C1"].pk, "start": start, "end": end,
                      "source_case": "visit", "source_contact": "visit"}],
    }  # fmt: skip


def test_the_window_is_open_at_its_beginning_and_closed_at_onset(lunch: Cast, operator: Actor) -> None:
    def seconds(onset: str) -> int:
        moment = datetime.fromtimestamp(unix(onset), tz=clock.zone())
        found = _ask(operator, onset=moment, lookback_days=1)["contacts"]
        return sum(contact["seconds"] for contact in found if contact["person"] == MENG)

    assert seconds("2026-03-01 12:10:00") == 0
    assert seconds("2026-03-01 12:10:01") == 1
    assert seconds("2026-03-02 12:29:59") == 1
    assert seconds("2026-03-02 12:30:00") == 0


def test_threshold_and_rules(lunch: Cast, operator: Actor) -> None:
    def people(**options: object) -> list[tuple[str, str]]:
        return [(c["person"], c["grade"]) for c in _ask(operator, **options)["contacts"]]

    assert people(min_seconds=1201) == [(WANG, "close")]
    assert people(min_seconds=1200) == [(WANG, "close"), (MENG, "general")]
    for name in ("influenza-close", "influenza-seasonal"):
        assert _ask(operator, rule=name)["rule"] == "influenza-close"
    with pytest.raises(BadInput) as refusal:
        people(rule="nobody's")
    assert "nhc6" in refusal.value.sentence


def test_without_a_pack_in_force_nobody_is_graded(lunch: Cast, operator: Actor) -> None:
    ActivePack.objects.all().delete()
    answer = _ask(operator)
    assert answer["rule"] is None
    first, second = answer["contacts"]
    assert [(c["person"], c["grade"]) for c in (first, second)] == [(WANG, "contact"), (MENG, "contact")]
    with translation.override("en"):
        why = _ask(operator)["contacts"][1]["why"]
    assert why == "Together for 20 min; no rule is in force to grade it."


def test_english(lunch: Cast, operator: Actor) -> None:
    with translation.override("en"):
        meng = _ask(operator)["contacts"][1]
    assert meng["why"].startswith("was at the same place")
    assert meng["evidence"][0]["place"] == "第一食堂"  # it has no English name


@pytest.mark.parametrize("days", [-1, 367])
def test_how_far_back(lunch: Cast, operator: Actor, days: int) -> None:
    with pytest.raises(BadInput):
        _ask(operator, lookback_days=days)


def test_days_without_segment_are_named(lunch: Cast, operator: Actor) -> None:
    answer = _ask(operator, lookback_days=4)
    assert answer["days_missing"] == ["2026-02-26", "2026-02-27"]


def test_nobodys_trail_is_open_without_a_case(lunch: Cast, operator: Actor) -> None:
    for mouth in (WEB, API):
        for name in ("qiu", "he", "fang", "su", "lin", "admin"):
            with pytest.raises(ShouwangError) as refusal:
                _ask(lunch.by(name, mouth=mouth))
            assert isinstance(refusal.value, NotFound) or refusal.value.status == 403
    cases.open_case(
        person=lunch.person["lin"], pack=get_pack("covid19-2020-6"), classification="suspected", reason="发热",
        by=lunch.by("he"), at=NOON,
    )  # fmt: skip
    assert len(_ask(lunch.by("qiu", mouth=API))["contacts"]) == 2
    for name in ("he", "fang", "su", "admin", "meng"):
        with pytest.raises(ShouwangError) as refusal:
            _ask(lunch.by(name, mouth=API))
        assert refusal.value.status in {403, 404}
    with pytest.raises(NotFound):
        _ask(lunch.by("qiu", mouth=API), number=MENG)


def test_an_unknown_number(lunch: Cast, operator: Actor) -> None:
    with pytest.raises(NotFound):
        _ask(operator, number="nobody")


def test_presence_lists_ask_for_a_right(lunch: Cast) -> None:
    assert [row.day for row in queries.presence_days(lunch.by("su"), date(2026, 3, 1))] == [
        date(2026, 3, 2), date(2026, 3, 1),
    ]  # fmt: skip
    assert queries.presence_batches(lunch.by("qiu")).count() == 1
    for name in ("lin", "fang", "he", "tang"):
        for ask in (queries.presence_days, queries.presence_batches):
            with pytest.raises(ShouwangError):
                ask(lunch.by(name))
