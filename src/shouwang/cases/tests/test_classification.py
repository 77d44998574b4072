"""The state machine: every step is allowed or refused by the table, leaves a row and an audit entry."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shouwang.cases import actions, rules
from shouwang.cases.models import Case, ClassificationChange
from shouwang.cases.tests.builders import HOUR, alerted, opened, states, verbs
from shouwang.core import events
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.org.tests.cast import NOON, Cast

ALL = tuple(rules.EFFECTS)


@pytest.mark.parametrize("old", ALL)
@pytest.mark.parametrize("new", ALL)
def test_every_step_of_the_table(old: str, new: str) -> None:
    closed = old == "discarded"
    if new in rules.TRANSITIONS[old]:
        assert rules.check_transition(old, new, closed=closed, onset_known=False) == rules.EFFECTS[new]
        assert new in rules.next_classes(old, closed=closed, onset_known=False)
    else:
        with pytest.raises((BadInput, Conflict)):
            rules.check_transition(old, new, closed=closed, onset_known=False)
        assert new not in rules.next_classes(old, closed=closed, onset_known=False)


def test_no_class_is_a_dead_end() -> None:
    assert all(rules.TRANSITIONS[old] for old in ALL)
    assert {new for steps in rules.TRANSITIONS.values() for new in steps} == set(ALL)


def test_unknown_word_is_refused(cast: Cast) -> None:
    case = opened(cast)
    with pytest.raises(BadInput):
        actions.classify(case, new="ill", reason="?", by=cast.by("he"), at=NOON)


def test_confirming_is_written_audited_and_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(events, "_handlers", {})
    events.subscribe("case.classified", lambda case, old, new, by, at: heard.append((old, new)))
    case = opened(cast)
    actions.classify(case, new="confirmed", reason="核酸阳性", by=cast.by("he"), at=NOON + HOUR)
    case.refresh_from_db()
    assert (case.classification, case.version, case.classified_at) == ("confirmed", 2, NOON + HOUR)
    steps = list(ClassificationChange.objects.filter(case=case).values_list("old", "new", "reason", "by__username"))
    assert steps == [("", "suspected", "发热伴咳嗽", "he"), ("suspected", "confirmed", "核酸阳性", "he")]
    assert verbs(case) == ["case.opened", "case.classified"]
    assert heard == [("", "suspected"), ("suspected", "confirmed")]


def test_discarding_closes_and_voids_and_can_be_undone(cast: Cast) -> None:
    case = opened(cast)
    actions.classify(case, new="discarded", reason="两次核酸阴性", by=cast.by("he"), at=NOON + HOUR)
    assert case.closed_at == NOON + HOUR
    assert set(states(case).values()) == {"void"}
    actions.classify(case, new="confirmed", reason="复检阳性", by=cast.by("he"), at=NOON + 2 * HOUR)
    assert case.is_open
    assert set(states(case).values()) == {"running"}


def test_reopening_a_discarded_case_conflicts_with_the_new_one(cast: Cast) -> None:
    first = opened(cast)
    actions.classify(first, new="discarded", reason="阴性", by=cast.by("he"), at=NOON)
    second = opened(cast, at=NOON + HOUR)
    with pytest.raises(Conflict) as caught:
        actions.classify(first, new="confirmed", reason="复检", by=cast.by("he"), at=NOON + HOUR)
    assert caught.value.data["number"] == second.number
    assert Case.objects.get(pk=first.pk).classification == "discarded"


def test_a_symptomatic_case_is_not_asymptomatic(cast: Cast) -> None:
    case = opened(cast, onset_at=NOON - HOUR)
    with pytest.raises(BadInput) as caught:
        actions.classify(case, new="asymptomatic", reason="无症状", by=cast.by("he"), at=NOON)
    assert caught.value.error_code == "asymptomatic_with_onset"


def test_an_asymptomatic_case_that_falls_ill_may_have_its_onset_after_detection(cast: Cast) -> None:
    case = opened(cast, classification="asymptomatic")
    later = NOON + 30 * HOUR
    with pytest.raises(BadInput):
        actions.set_dates(case, onset_at=later, by=cast.by("he"), at=later)
    actions.classify(case, new="confirmed", reason="出现发热", by=cast.by("he"), at=later)
    actions.set_dates(case, onset_at=later, by=cast.by("he"), at=later)
    assert states(case)["detect"] == "met"


def test_closing_needs_a_decision_and_a_reason(cast: Cast) -> None:
    case = opened(cast)
    with pytest.raises(BadInput) as caught:
        actions.close_case(case, reason="好了", by=cast.by("he"), at=NOON)
    assert caught.value.error_code == "case_undecided"
    actions.classify(case, new="confirmed", reason="阳性", by=cast.by("he"), at=NOON)
    with pytest.raises(BadInput):
        actions.close_case(case, reason="  ", by=cast.by("he"), at=NOON)
    with pytest.raises(BadInput):
        actions.close_case(case, reason="好" * 301, by=cast.by("he"), at=NOON)
    actions.close_case(case, reason="治愈出院", by=cast.by("he"), at=NOON + 3 * HOUR)
    assert (case.closed_at, case.close_reason) == (NOON + 3 * HOUR, "治愈出院")
    assert states(case) == {"report": "overdue", "isolate": "overdue", "treat": "void"}
    with pytest.raises(Conflict):
        actions.classify(case, new="discarded", reason="错", by=cast.by("he"), at=NOON + 4 * HOUR)
    with pytest.raises(Conflict):
        actions.close_case(case, reason="再关", by=cast.by("he"), at=NOON + 4 * HOUR)


def test_reopening_a_closed_case(cast: Cast) -> None:
    case = opened(cast, classification="confirmed")
    with pytest.raises(Conflict):
        actions.reopen_case(case, reason="还没关", by=cast.by("he"), at=NOON)
    actions.close_case(case, reason="误关", by=cast.by("he"), at=NOON)
    actions.reopen_case(case, reason="仍在治疗", by=cast.by("he"), at=NOON + HOUR)
    assert case.is_open and case.close_reason == ""
    assert set(states(case).values()) == {"running"}
    assert verbs(case) == ["case.opened", "case.closed", "case.reopened"]


@pytest.mark.parametrize("who", ["lin", "meng", "fang", "qiu", "su", "tang", "admin"])
def test_only_who_manages_cases_decides(cast: Cast, who: str) -> None:
    case, by = opened(cast), cast.by(who)
    acts: list[Callable[[], object]] = [
        lambda: actions.classify(case, new="confirmed", reason="x", by=by, at=NOON),
        lambda: actions.set_dates(case, reported_at=NOON, by=by, at=NOON),
        lambda: actions.close_case(case, reason="x", by=by, at=NOON),
        lambda: actions.reopen_case(case, reason="x", by=by, at=NOON),
        lambda: opened(cast, "wang", by=who),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()
    case.refresh_from_db()
    assert (case.classification, case.version) == ("suspected", 1)
    assert Case.objects.count() == 1


def test_audit_says_that_it_happened_and_not_what(cast: Cast) -> None:
    """The log is read by people without health rights."""
    from shouwang.core.models import AuditEntry

    case = opened(cast, alert=alerted(cast))
    actions.classify(case, new="confirmed", reason="核酸阳性", by=cast.by("he"), at=NOON)
    actions.set_dates(case, reported_at=NOON, by=cast.by("he"), at=NOON)
    rows = AuditEntry.objects.filter(kind="case", object=str(case.pk))
    assert {(row.subject, row.account) for row in rows} == {(case.person_id, cast.account["he"].pk)}
    written = str([(row.old, row.new) for row in rows])
    assert "confirmed" not in written and "阳性" not in written and "2026" not in written
