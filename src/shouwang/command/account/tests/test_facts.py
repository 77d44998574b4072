"""What may be quoted and what is offered: work alone, never anybody's health, and nothing by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouwang.command import actions as command
from shouwang.command.account import actions, facts, queries, statistics
from shouwang.command.account.models import Matter
from shouwang.command.account.tests.builders import DAY, proposed, second_leader, served, upheld
from shouwang.command.mending import actions as mending
from shouwang.command.models import Correction, GapFinding, ReportReview, Task
from shouwang.command.tests.papers import draft, issued
from shouwang.core.errors import BadInput, NotFound
from shouwang.org.models import Responsibility
from shouwang.org.tests.cast import NOON, SINCE, Cast

LATE = NOON + 20 * DAY


@pytest.fixture
def task(cast: Cast) -> Task:
    """A task of IE's, overdue and taken further twice."""
    paper = draft(cast)
    command.add_measure(paper, values={"text": "每日通风并登记", "evidence": False}, by=cast.by("su"), at=NOON)
    row = issued(cast, paper).tasks.filter(unit=cast.org["IE"], parent__isnull=True).earliest("pk")
    Task.objects.filter(pk=row.pk).update(due_at=LATE - 2 * DAY, escalation=2)
    row.refresh_from_db()
    return row


def test_a_fact_is_frozen_as_it_stood(cast: Cast, task: Task) -> None:
    row = actions.propose(
        cast.org["IE"],
        step="reminder",
        asked="说明卡在哪里",
        facts=[f"task:{task.pk}"],
        by=cast.by("su", LATE),
        at=LATE,
    )
    words = row.facts.get().words
    assert task.text[:20] in words and "信息工程学院" in words
    Task.objects.filter(pk=task.pk).update(text="改过的任务")
    assert row.facts.get().words == words


def test_what_is_in_time_or_of_another_unit_is_no_fact(cast: Cast, task: Task) -> None:
    su = cast.by("su", LATE)
    for unit, key in (
        ("FL", f"task:{task.pk}"), ("IE", f"task:{task.pk + 999}"), ("IE", "task:x"), ("IE", "task"), ("IE", "case:1"),
        ("IE", "contact:1"), ("IE", "alert:1"), ("IE", "order:1"), ("IE", "checkin:1"),
    ):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            facts.quote(su, cast.org[unit], key, at=LATE)
        assert refused.value.error_code == "fact_unknown"
    Task.objects.filter(pk=task.pk).update(due_at=LATE + DAY, escalation=0)
    with pytest.raises(BadInput):
        facts.quote(su, cast.org["IE"], f"task:{task.pk}", at=LATE)


@pytest.mark.parametrize("code", ["clocks_late", "alerts_waiting", "contacts_waiting", "silent", "orders_unread"])
def test_gaps_of_health_and_their_corrections_cannot_be_quoted(cast: Cast, code: str) -> None:
    su = cast.by("su", LATE)
    finding = GapFinding.objects.create(
        organisation=cast.org["IE"], code=code, severity="danger", rules="x", count=1, most=1, first_seen=NOON,
        last_seen=NOON, purge_on=LATE.date(),
    )  # fmt: skip
    made = mending.open_correction(finding, by=cast.by("su"), at=NOON)
    Correction.objects.update(due_at=NOON)
    for key in (f"gap:{finding.pk}", f"correction:{made.pk}"):
        with pytest.raises(BadInput):
            facts.quote(su, cast.org["IE"], key, at=LATE)
    assert facts.quotable(su, cast.org["IE"], at=LATE) == []
    GapFinding.objects.update(code="tasks_overdue")
    assert {one.kind for one in facts.quotable(su, cast.org["IE"], at=LATE)} == {"gap", "correction"}


def test_one_quotes_what_one_may_see(cast: Cast, task: Task) -> None:
    key = f"task:{task.pk}"
    assert facts.unit_of(cast.by("su", LATE), key, at=LATE) == cast.org["IE"]
    for who in ("fang", "xu", "tang"):
        with pytest.raises(NotFound):
            facts.unit_of(cast.by(who, LATE), key, at=LATE)


def missing(cast: Cast, days: int) -> None:
    for day in range(1, days + 1):
        ReportReview.objects.create(
            unit=cast.org["WCU"], day=LATE.date() - timedelta(days=day), number=1, expected=2, taken=1,
            missing=[cast.org["IE"].pk], at=LATE - day * DAY, purge_on=LATE.date() + timedelta(days=365),
        )  # fmt: skip


def test_a_unit_is_offered_from_so_many_facts_on(cast: Cast) -> None:
    su, numbers = cast.by("su", LATE), queries.numbers()
    missing(cast, 2)
    assert facts.offers(su, numbers, at=LATE) == []
    ReportReview.objects.all().delete()
    missing(cast, 3)
    [offer] = facts.offers(su, numbers, at=LATE)
    assert (offer.unit, offer.rule.code, offer.count, len(offer.facts)) == (cast.org["IE"], "reports_missing", 3, 3)
    assert "3" in offer.sentence
    assert not Matter.objects.exists(), "an offer is nothing more"
    row = actions.propose(
        offer.unit, step="reminder", asked="问清为什么没有报", facts=[fact.key for fact in offer.facts], by=su, at=LATE
    )
    assert row.facts.count() == 3
    assert facts.offers(su, numbers, at=LATE) == [], "what stands in a matter is not offered again"


def test_overdue_tasks_are_offered_by_how_often_they_were_taken_further(cast: Cast, task: Task) -> None:
    su, numbers = cast.by("su", LATE), queries.numbers()
    tasks = Task.objects.filter(unit=cast.org["IE"])
    tasks.update(due_at=LATE - 2 * DAY, escalation=0)
    first, second = tasks.order_by("pk")[:2]
    Task.objects.filter(pk=first.pk).update(escalation=2)
    assert facts.offers(su, numbers, at=LATE) == []
    Task.objects.filter(pk=second.pk).update(escalation=1)
    [offer] = facts.offers(su, numbers, at=LATE)
    assert (offer.rule.code, offer.count) == ("tasks_escalated", 3)
    assert {fact.key for fact in offer.facts} == {f"task:{first.pk}", f"task:{second.pk}"}
    assert facts.offers(cast.by("tang", LATE), numbers, at=LATE) == []
    Responsibility.objects.filter(organisation=cast.org["IE"]).update(person=cast.person["su"])
    assert facts.offers(su, numbers, at=LATE) == [], "not in one's own matter"


def answering(cast: Cast, *names: str) -> None:
    for code, name in zip(("CS2301", "CS2302"), names, strict=False):
        Responsibility.objects.create(
            organisation=cast.org[code], person=cast.person[name], rank="first", starts=SINCE
        )  # fmt: skip


def test_counts_are_of_units_and_hide_where_few_answer(cast: Cast) -> None:
    upheld(cast)
    proposed(cast)  # not served: not counted
    found = statistics.counts(cast.by("su"), at=NOON)
    [row] = [row for row in found.rows if row.unit == cast.org["IE"]]
    assert row.hidden and not any(row.served.values()), "one person answers there: it would be about them"
    assert found.sums["reminder"] == 0, "nor do the sums tell"
    answering(cast, "meng", "he")
    found = statistics.counts(cast.by("tang"), at=NOON)
    [row] = [row for row in found.rows if row.unit == cast.org["IE"]]
    assert (row.hidden, row.served["reminder"], row.upheld, row.withdrawn) == (False, 1, 1, 0)
    assert "方老师" not in str(statistics.counts_json(found))


def test_who_counts(cast: Cast) -> None:
    for who in ("lin", "fang", "he", "admin"):
        with pytest.raises(NotFound):
            statistics.counts(cast.by(who), at=NOON)


def test_what_was_withdrawn_is_still_counted(cast: Cast) -> None:
    answering(cast, "meng", "he")
    second_leader(cast)
    actions.take_back(served(cast), text="查清是我们记错", by=cast.by("su"), at=NOON)
    [row] = [row for row in statistics.counts(cast.by("su"), at=NOON).rows if row.unit == cast.org["IE"]]
    assert (row.served["reminder"], row.withdrawn, row.upheld) == (1, 1, 0)
