"""The machine of a matter: every state has an owner, a next step and a time; time ends it in favour of the subject."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.command.account import numbers, rules
from shouwang.command.account.models import Matter
from shouwang.core.errors import BadInput, Conflict, Forbidden, ShouwangError
from shouwang.org.tests.cast import NOON

SHIPPED = numbers.read_numbers(numbers.SHIPPED.read_bytes())
SIDES = (rules.SUBJECT, rules.OFFICE, rules.DECIDER, rules.APPEAL)
steps = st.sampled_from(numbers.STEPS)


def walk(choices: list[tuple[str, str, bool]]) -> list[str]:
    """The states that a run of acts and waits leads through, from a proposal on."""
    state, seen = rules.PROPOSED, [rules.PROPOSED]
    for act, verdict, waits in choices:
        if state in rules.FINAL:
            break
        if waits:
            state = rules.STANDING[state].in_time
        else:
            try:
                found = rules.check_act(act, state, sides=SIDES, text="事实清楚")
            except ShouwangError:
                continue
            if found.after is not None:
                state = found.after
            elif act == "decide":
                state = rules.DECIDED if verdict == rules.UPHELD else rules.WITHDRAWN
            elif act == "decide_appeal":
                state = rules.STANDS if verdict == rules.UPHELD else rules.WITHDRAWN
        seen.append(state)
    return seen


runs = st.lists(
    st.tuples(st.sampled_from(list(rules.ACTS)), st.sampled_from(rules.VERDICTS), st.booleans()), max_size=12
)


@given(runs, steps)
def test_every_reachable_state_has_an_owner_a_next_step_and_a_time(
    choices: list[tuple[str, str, bool]], step: str
) -> None:
    for state in walk(choices):
        if state in rules.FINAL:
            assert not rules.acts_for(state, SIDES, step)
            continue
        standing = rules.STANDING[state]
        due = rules.due_after(state, SHIPPED, step, at=NOON)
        assert standing.side in SIDES and str(standing.next_step)
        assert due is not None and due > NOON
        assert rules.in_time(state, due_at=due, now=due - timedelta(seconds=1)) is None
        assert rules.in_time(state, due_at=due, now=due) == standing.in_time
        assert any(act.side == standing.side for act in rules.acts_for(state, SIDES, step)), (
            "the owner can do something"
        )


@given(runs, steps)
def test_every_matter_ends_by_time_alone(choices: list[tuple[str, str, bool]], step: str) -> None:
    state = walk(choices)[-1]
    for _turn in rules.STATES:
        if state in rules.FINAL:
            return
        state = rules.STANDING[state].in_time
    assert state in rules.FINAL


@given(runs)
def test_nothing_is_upheld_without_a_reply_or_its_time(choices: list[tuple[str, str, bool]]) -> None:
    seen = walk(choices)
    if rules.DECIDED in seen:
        before = seen[: seen.index(rules.DECIDED)]
        assert rules.REPLIED in before or rules.OVERDUE in before
    if rules.STANDS in seen:
        assert rules.DECIDED in seen, "time alone upholds nothing"


def test_models_and_rules_speak_of_the_same() -> None:
    assert set(Matter.State.values) == set(rules.STATES)
    assert set(Matter.Step.values) == set(numbers.STEPS)


hands = st.builds(rules.Hand, st.integers(1, 4), st.integers(1, 4) | st.none())


@given(hands, st.lists(hands, max_size=3), st.booleans())
def test_nobody_judges_in_their_own_matter(hand: rules.Hand, earlier: list[rules.Hand], is_subject: bool) -> None:
    if rules.may_judge(hand, is_subject=is_subject, earlier=earlier):
        assert not is_subject
        assert all(hand.account != one.account for one in earlier)
        assert all(hand.person is None or hand.person != one.person for one in earlier)


def test_the_program_judges_nothing() -> None:
    assert not rules.may_judge(rules.Hand(None, None), is_subject=False, earlier=[])


@pytest.mark.parametrize(
    ("level", "decided_at", "higher", "may"),
    [
        ("0001", "00010001", True, True),
        ("00010001", "00010001", True, False),
        ("00010001", "00010001", False, True),
        ("00010002", "00010001", False, False),
        ("000100010001", "00010001", False, False),
        ("", "0001", True, True),
        (None, "0001", False, False),
    ],
)
def test_an_appeal_goes_up_where_somebody_is_there(level: str | None, decided_at: str, higher: bool, may: bool) -> None:
    assert rules.level_suffices(level, decided_at=decided_at, higher=higher) is may


def test_a_higher_step_needs_the_one_below_or_a_reason() -> None:
    rules.check_step("reminder", previous=None, previous_state=None, urgent="")
    rules.check_step("talk", previous="reminder", previous_state="stands", urgent="")
    rules.check_step("notice", previous=None, previous_state=None, urgent="当晚要用床位")
    for step, previous, state in (
        ("talk", None, None), ("talk", "reminder", "expired"), ("talk", "reminder", "appealed"),
        ("notice", "reminder", "stands"), ("notice", "talk", "withdrawn"),
    ):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            rules.check_step(step, previous=previous, previous_state=state, urgent="")
        assert refused.value.error_code == "step_too_high"


def test_a_decision_answers_each_contested_fact() -> None:
    contested = rules.FactStanding(1, contested=True)
    with pytest.raises(BadInput) as refused:
        rules.check_decision("upheld", "事实清楚", [contested], step="reminder", talked=False)
    assert refused.value.error_code == "contest_unanswered"
    answered = rules.FactStanding(1, contested=True, answer="核对过原始记录", struck=True)
    with pytest.raises(BadInput) as refused:
        rules.check_decision("upheld", "事实清楚", [answered], step="reminder", talked=False)
    assert refused.value.error_code == "facts_struck"
    rules.check_decision("upheld", "事实清楚", [answered, rules.FactStanding(2, False)], step="reminder", talked=False)
    rules.check_decision("withdrawn", "事实有误", [contested], step="reminder", talked=False)
    with pytest.raises(Conflict):
        rules.check_decision("upheld", "事实清楚", [rules.FactStanding(2, False)], step="talk", talked=False)


def test_who_does_what() -> None:
    with pytest.raises(Forbidden):
        rules.check_act("decide", "replied", sides={rules.OFFICE}, text="事实清楚")
    with pytest.raises(Conflict):
        rules.check_act("decide", "sent", sides={rules.DECIDER}, text="事实清楚")
    with pytest.raises(BadInput):
        rules.check_act("forgive", "sent", sides=SIDES, text="")
    with pytest.raises(BadInput):
        rules.check_act("reply", "sent", sides=SIDES, text=" 嗯 ")


@pytest.mark.parametrize(
    ("find", "put"),
    [
        ('code = "notice"', 'code = "shame"'),
        ('code = "notice"', 'code = "talk"'),
        ('source = "rules2019"', 'source = "hearsay"'),
        ("fewest = 3", "fewest = 1"),
        ("decide_days = 7", "decide_days = 0"),
        ('code = "reports_missing"', 'code = "tasks_escalated"'),
    ],
)
def test_a_file_that_cannot_be_used_says_so(find: str, put: str) -> None:
    text = numbers.SHIPPED.read_text(encoding="utf-8")
    assert find in text
    with pytest.raises(BadInput) as refused:
        numbers.read_numbers(text.replace(find, put).encode())
    assert refused.value.error_code == "accountability_file"


def test_every_number_has_a_source() -> None:
    named = [*(row.source for row in SHIPPED.steps), *(row.source for row in SHIPPED.offers)]
    for name in (*named, SHIPPED.process.source, SHIPPED.statistics.source):
        source = SHIPPED.source_of(name)
        assert source.kind == "assumption" or "假设" in source.text.zh
    assert len(SHIPPED.version) == 12
