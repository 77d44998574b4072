"""Directives by rule: numbers, sections, two editors, what is missing before one leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.command.rules import directives as rules
from shouwang.core.errors import BadInput, Conflict

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
WHOLE = rules.Draft(
    title="通知", body="一、消毒", undecided=0, accepted=1, aims=1, undated=0, past=0, due_at=None,
    acknowledge_by=NOW + timedelta(days=1), prefix="望校防", number="",
)  # fmt: skip
VALUES = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), min_size=3, max_size=3)


def test_a_number_is_written_as_the_standard_writes_it() -> None:
    assert rules.number_of(" 院党字 ", 2020, 6) == "院党字〔2020〕6号"


def test_sections_of_four_levels() -> None:
    body = (
        "各学院：\n一、压实责任。各学院要落实。\n\u3000\u3000（一）摸排\n1.每日上报\n（1）由班长汇总\n一般段落2.5小时"
    )
    assert [(p.level, p.heading, p.text) for p in rules.passages(body)] == [
        (0, "", "各学院："),
        (1, "一、压实责任。", "各学院要落实。"),
        (2, "（一）摸排", ""),
        (3, "", "1.每日上报"),
        (4, "", "（1）由班长汇总"),
        (0, "", "一般段落2.5小时"),
    ]


@given(st.text(alphabet="一二、（）。1.a \n", max_size=60))
def test_no_word_of_the_text_is_lost(body: str) -> None:
    kept = "".join(p.heading + p.text for p in rules.passages(body))
    assert "".join(kept.split()) == "".join(body.split())


@given(VALUES, VALUES, VALUES)
def test_nobodys_edit_is_lost(base: dict[str, int], mine: dict[str, int], theirs: dict[str, int]) -> None:
    changed, clashes = rules.merge(base, mine, theirs)
    stored = theirs | changed
    named = {clash.field for clash in clashes}
    for field in base:
        if mine[field] != base[field] and field not in named:
            assert stored[field] == mine[field], "what I changed stands, or I am told"
        if theirs[field] != base[field]:
            assert stored[field] == theirs[field], "what they changed stands"
    for clash in clashes:
        assert {clash.mine, clash.theirs} == {mine[clash.field], theirs[clash.field]}


def test_the_base_is_what_stood_before_the_first_change() -> None:
    now = {"title": "三", "body": "x"}
    assert rules.base_of(now, [("title", "一"), ("title", "二")]) == {"title": "一", "body": "x"}


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ({"title": " "}, "title"),
        ({"body": ""}, "body"),
        ({"undecided": 2}, "measures"),
        ({"aims": 0}, "aims"),
        ({"prefix": ""}, "prefix"),
        ({"acknowledge_by": None}, "acknowledge_by"),
        ({"acknowledge_by": NOW}, "acknowledge_by"),
        ({"undated": 1}, "due_at"),
        ({"past": 1}, "measures"),
    ],
)
def test_what_is_missing_is_named(missing: dict[str, object], field: str) -> None:
    rules.check_complete(WHOLE, now=NOW)
    with pytest.raises(BadInput) as told:
        rules.check_complete(replace(WHOLE, **missing), now=NOW)  # type: ignore[arg-type]
    assert told.value.field == field


def test_an_imported_number_needs_no_prefix() -> None:
    rules.check_complete(replace(WHOLE, prefix="", number="院党字〔2020〕6号"), now=NOW)


def test_steps_in_order_only() -> None:
    rules.check_step("draft", "submit")
    for state, act in (("draft", "sign"), ("draft", "issue"), ("issued", "edit"), ("withdrawn", "withdraw")):
        with pytest.raises(Conflict):
            rules.check_step(state, act)


def test_aims_are_checked_and_not_doubled() -> None:
    kinds = frozenset({"class"})
    assert rules.check_aims([{"unit": 1}, {"unit": 1, "kind": ""}, {"unit": 1, "kind": "class"}], kinds) == [
        {"unit": 1, "kind": ""},
        {"unit": 1, "kind": "class"},
    ]
    for wrong in ({"unit": "1"}, {"unit": True}, {"unit": 1, "kind": "moon"}, {}):
        with pytest.raises(BadInput):
            rules.check_aims([wrong], kinds)
