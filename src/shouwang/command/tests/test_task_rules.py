"""The state machine of a task: whoever walks through it, somebody always has a next step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.command.rules import tasks as rules
from shouwang.core.errors import BadInput, Conflict

DUE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def reachable() -> set[str]:
    found, todo = {rules.OPEN}, [rules.OPEN]
    while todo:
        state = todo.pop()
        for act in rules.acts_for(state, (rules.UNIT, rules.ISSUER)):
            for parts in (False, True):
                new = rules.after(state, act.name, has_parts=parts)
                if new not in found:
                    found.add(new)
                    todo.append(new)
    return found


def test_every_state_is_reached_and_has_an_owner_and_a_next_step() -> None:
    assert reachable() == set(rules.STATES)
    for state in reachable() - rules.FINAL:
        side = rules.side_of(state)
        assert side is not None
        moving = [act for act in rules.acts_for(state, (side,)) if act.after not in (None, state)]
        assert moving, f"{state}: {side} has nothing to do"
        assert str(rules.STANDING[state].next_step)
    for state in rules.FINAL:
        assert rules.side_of(state) is None
        assert rules.acts_for(state, (rules.UNIT, rules.ISSUER)) == []


@given(st.data())
def test_from_wherever_one_walks_the_end_stays_in_reach(data: st.DataObject) -> None:
    """A walk of any acts, then only acts of whoever's turn it is: it ends."""
    state, parts = rules.OPEN, False
    for _step in range(data.draw(st.integers(0, 30))):
        acts = rules.acts_for(state, (rules.UNIT, rules.ISSUER))
        if not acts:
            break
        act = data.draw(st.sampled_from(acts))
        parts = parts or act.name == "split"
        state = rules.after(state, act.name, has_parts=parts)
    seen, todo = {state}, [state]
    while todo:
        here = todo.pop()
        side = rules.side_of(here)
        for act in rules.acts_for(here, (side,) if side else ()):
            new = rules.after(here, act.name, has_parts=parts)
            if new not in seen:
                seen.add(new)
                todo.append(new)
    assert rules.VERIFIED in seen or state == rules.CLOSED


@given(st.sampled_from(rules.STATES), st.sampled_from(sorted(rules.ACTS)))
def test_an_act_out_of_place_is_refused_and_never_guessed(state: str, name: str) -> None:
    if state in rules.ACTS[name].frm:
        assert rules.after(state, name) in rules.STATES
    else:
        with pytest.raises(Conflict):
            rules.after(state, name)


def test_only_the_issuer_ends_a_task() -> None:
    ending = [act for act in rules.ACTS.values() if act.after in rules.FINAL]
    assert {act.name for act in ending} == {"verify", "close"}
    assert all(act.side == rules.ISSUER for act in ending)


def test_a_split_task_goes_back_to_its_parts() -> None:
    assert rules.after(rules.DONE, "send_back", has_parts=True) == rules.SPLIT
    assert rules.after(rules.DONE, "send_back") == rules.WORKING
    assert rules.after(rules.BLOCKED, "help", has_parts=True) == rules.SPLIT


def test_done_asks_for_evidence_and_for_the_parts_or_a_reason() -> None:
    rules.check_done(evidence_required=False, evidence="", parts_open=0, reason="")
    with pytest.raises(BadInput) as told:
        rules.check_done(evidence_required=True, evidence=" ", parts_open=0, reason="")
    assert told.value.error_code == "evidence_missing"
    with pytest.raises(BadInput) as told:
        rules.check_done(evidence_required=False, evidence="", parts_open=2, reason="")
    assert told.value.error_code == "parts_open"
    rules.check_done(evidence_required=False, evidence="", parts_open=2, reason="两班已离校实习")


def test_nobody_verifies_their_own_work() -> None:
    assert rules.same_hand(done_by=1, done_by_person=5, account=1, person=5)
    assert rules.same_hand(done_by=1, done_by_person=5, account=2, person=5), "the same person, another account"
    assert rules.same_hand(done_by=None, done_by_person=None, account=None, person=None), "the operator twice"
    assert not rules.same_hand(done_by=1, done_by_person=5, account=2, person=6)
    assert not rules.same_hand(done_by=1, done_by_person=None, account=None, person=None)


def test_overdue_goes_to_the_deputy_then_to_the_unit_above_once_each() -> None:
    late = timedelta(minutes=1)
    assert rules.escalation(0, due_at=DUE, now=DUE - late, has_deputy=True) == 0
    assert rules.escalation(0, due_at=DUE, now=DUE, has_deputy=True) == rules.DEPUTY
    assert rules.escalation(0, due_at=DUE, now=DUE, has_deputy=False) == rules.ABOVE
    assert rules.escalation(1, due_at=DUE, now=DUE + late, has_deputy=True) == rules.DEPUTY
    assert rules.escalation(1, due_at=DUE, now=DUE + rules.DEPUTY_HAS, has_deputy=True) == rules.ABOVE
    assert rules.escalation(2, due_at=DUE, now=DUE + late, has_deputy=True) == rules.ABOVE
