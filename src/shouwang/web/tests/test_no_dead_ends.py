"""No dead ends: every state a case, test, contact, follow-up, order or stay can reach has a next step and its owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.cases import actions, queries, rules
from shouwang.cases.laboratory.models import Outcome, Test
from shouwang.cases.laboratory.rules.next_steps import next_of_test
from shouwang.cases.models import Case, Classification
from shouwang.cases.rules.next_steps import WORDS
from shouwang.cases.tests.builders import DAY, HOUR, opened
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.nexts import Next
from shouwang.core.packs import get_pack
from shouwang.isolation.models import IN_FORCE, Order
from shouwang.isolation.rules.next_steps import next_of_order, next_of_stay
from shouwang.org.models import Grant
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing.models import Contact, FollowUp
from shouwang.tracing.rules.next_steps import next_of_contact, next_of_follow_up

ROLES = set(Grant.Role.values)
BOTH = (False, True)
DATES = ("onset", "reported", "isolated", "treated", "traced", "recovered")
PACKS = (
    "covid19-2020-6", "influenza-seasonal", "measles-school", "mumps-school", "norovirus-school",
    "tuberculosis-school", "varicella-school", "hand-foot-mouth-school",
)  # fmt: skip
CaseState = tuple[str, bool, frozenset[str]]  # class, closed, the dates that are known


def moves(state: CaseState) -> Iterator[CaseState]:
    """Everything that may be done to a case, by the rules that the actions ask."""
    name, closed, known = state
    for new in rules.next_classes(name, closed=closed, onset_known="onset" in known):
        yield new, not rules.EFFECTS[new].open, known
    if name == rules.DISCARDED:
        return
    if closed:
        yield name, False, known
        return
    try:
        rules.check_close(name, closed=closed)
        yield name, True, known
    except (BadInput, Conflict):
        pass
    for moment in DATES:
        if not (moment == "onset" and name == rules.ASYMPTOMATIC):
            yield name, closed, known ^ {moment}


def reachable() -> set[CaseState]:
    """The whole graph, walked from every way a case can be opened."""
    begun = rules.TRANSITIONS[""]
    seen: set[CaseState] = set()
    todo: list[CaseState] = [(name, False, frozenset()) for name in begun]
    while todo:
        state = todo.pop()
        if state not in seen:
            seen.add(state)
            todo += moves(state)
    return seen


def awaited(state: CaseState, specs: tuple[rules.ClockSpec, ...]) -> list[rules.Awaited]:
    name, closed, known = state
    if closed or not rules.EFFECTS[name].clocks_run:
        return []
    have = known | {"detected"}
    return [
        rules.Awaited(spec.code, spec.ends, NOON + timedelta(hours=spec.hours), spec.owner)
        for spec in specs
        if spec.begins in have and spec.ends not in have
    ]


@pytest.mark.parametrize("code", PACKS)
def test_every_reachable_state_of_a_case_has_an_owner_and_a_step_that_can_be_taken(code: str) -> None:
    specs = rules.protocol(get_pack(code)).clocks
    states = reachable()
    assert {name for name, _closed, _known in states} == set(Classification.values)
    for state in states:
        name, closed, known = state
        step = rules.next_step_of(name, closed=closed, recovered="recovered" in known, awaited=awaited(state, specs))
        assert step.role in ROLES
        assert step.text
        after = set(moves(state))
        assert after, state
        if step.final:
            assert closed
            assert any(not one[1] for one in after)  # it can be taken up again
        elif step.code == "decide":
            assert any(one[0] != name for one in after)
        elif step.code == "close":
            assert (name, True, known) in after
        elif step.code == "recover":
            assert (name, closed, known | {"recovered"}) in after
        else:
            assert (name, closed, known | {step.code}) in after


@pytest.mark.parametrize("code", PACKS)
def test_following_the_next_step_ends(code: str) -> None:
    """Whoever always does what comes next closes the case, from any state: no step leads round in a circle."""
    specs = rules.protocol(get_pack(code)).clocks
    for state in reachable():
        at = state
        for _turn in range(12):
            name, closed, known = at
            step = rules.next_step_of(name, closed=closed, recovered="recovered" in known, awaited=awaited(at, specs))
            if step.final:
                break
            if step.code == "decide":
                at = (rules.CONFIRMED, False, known)
            elif step.code == "close":
                at = (name, True, known)
            else:
                at = (name, False, known | {"recovered" if step.code == "recover" else step.code})
        assert at[1], state


def test_every_moment_of_a_clock_has_words() -> None:
    assert set(rules.MOMENTS) - {"onset"} <= set(WORDS)
    assert "resulted" in WORDS


def check(step: Next, *, over: bool) -> None:
    assert step.final == over
    assert str(step.words)
    assert step.role in {*ROLES, "person", "program", "assigned"}


def test_tests() -> None:
    for state, outcome, has_case, settled in product(Test.State.values, ("", *Outcome.values), BOTH, BOTH):
        # An outcome stands with a result alone.
        if bool(outcome) != (state == "resulted"):
            continue
        again = outcome in ("inconclusive", "invalid")
        unmet = outcome == "positive" and not (has_case or settled)
        waits = state in ("ordered", "taken", "received", "retest")
        check(next_of_test(state, outcome, has_case=has_case, settled=settled), over=not (again or unmet or waits))


def test_contacts() -> None:
    for state, case_open, followed in product(Contact.State.values, BOTH, BOTH):
        over = state == "dismissed" or (state == "confirmed" and not followed)
        check(next_of_contact(state, case_open=case_open, followed=followed), over=over)


@given(st.sampled_from(FollowUp.State.values), st.booleans(), st.dates(), st.dates())
def test_follow_ups(state: str, assigned: bool, ends_on: date, today: date) -> None:
    step = next_of_follow_up(state, assigned=assigned, ends_on=ends_on, today=today)
    check(step, over=state != "running")
    assert assigned or step.role != "assigned"


@given(st.sampled_from(Order.State.values), st.sampled_from(Order.Where.values), st.dates(), st.dates(), st.booleans())
def test_orders(state: str, where: str, ends_on: date, today: date, objection: bool) -> None:
    step = next_of_order(state, where, ends_on=ends_on, today=today, objection=objection)
    check(step, over=state not in IN_FORCE)


def test_stays() -> None:
    for ended, in_force in product(BOTH, BOTH):
        check(next_of_stay(ended=ended, order_in_force=in_force), over=ended)


# --- the machine itself --------------------------------------------------------------------------------------------


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(plan=st.lists(st.integers(0, 11), max_size=8))
def test_what_is_stored_always_says_what_comes_next(cast: Cast, plan: list[int]) -> None:
    """Random acts on a stored case, refused ones too: after each, page and API have a next step with an owner."""
    with transaction.atomic():
        walk(cast, plan)
        transaction.set_rollback(True)


def walk(cast: Cast, plan: list[int]) -> None:
    by, case, at = cast.by("he"), opened(cast), NOON
    for number in plan:
        at += HOUR
        try:
            act(case, number, by, at)
        except (BadInput, Conflict):
            case.refresh_from_db()
        found = queries.case_for(by, case.pk)
        step = queries.next_of(found, queries.clock_faces(found, at))
        assert step.step.role in ROLES
        assert step.role
        assert step.step.final == (not found.is_open)
        # What the case waits for by its clocks is awaited, and nothing else is.
        waiting = {row.code for row in found.clocks.all() if row.awaited}
        assert waiting == {face.code for face in queries.clock_faces(found, at) if face.open and found.is_open}
        assert all((row.step_at is not None) == row.awaited for row in found.clocks.all())


def act(case: Case, number: int, by: Any, at: datetime) -> None:
    if number < 4:
        name = ("suspected", "probable", "confirmed", "discarded")[number]
        actions.classify(case, new=name, reason="复核", by=by, at=at)
    elif number < 9:
        field = ("reported_at", "isolated_at", "treated_at", "traced_at", "recovered_at")[number - 4]
        values: dict[str, Any] = {field: None if getattr(case, field) else at}
        actions.set_dates(case, by=by, at=at, **values)
    elif number == 9:
        actions.set_dates(case, onset_at=None if case.onset_at else NOON - DAY, by=by, at=at)
    elif number == 10:
        actions.close_case(case, reason="痊愈", by=by, at=at)
    else:
        actions.reopen_case(case, reason="复发", by=by, at=at)
