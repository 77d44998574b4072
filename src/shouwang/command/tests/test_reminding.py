"""Whoever answers for a unit is reminded of what waits for it, once a day, and told no name of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shouwang.command import actions
from shouwang.command.models import Receipt, Task
from shouwang.core.scope import system_actor
from shouwang.org.models import Responsibility
from shouwang.org.tests.cast import NOON, Cast
from shouwang.outreach import actions as outreach
from shouwang.outreach.models import Message
from shouwang.web.reminding import DirectiveArrived, WorkDue

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


@pytest.fixture
def issued(cast: Cast) -> Task:
    """Su orders disinfection from the College of Information Engineering, for which Fang answers, by Thursday."""
    su, root = cast.by("su"), cast.org["WCU"]
    values = {
        "title": "关于做好消毒工作的通知",
        "body": "一、各学院每日消毒。",
        "prefix": "望校防",
        "due_at": NOON + timedelta(days=3),
        "aims": [{"unit": cast.org["IE"].pk, "kind": ""}],
        "acknowledge_by": NOON + timedelta(days=1),
    }
    row = actions.write_directive(organisation=root, values=values, by=su, at=NOON)
    actions.add_measure(row, values={"text": "每日消毒并登记", "capability": "supplies"}, by=su, at=NOON)
    actions.submit(row, by=su, at=NOON)
    actions.sign(row, by=cast.by("tang"), at=NOON)
    actions.issue(row, by=su, at=NOON)
    return Task.objects.get()


def owing(day: date) -> list[str]:
    dues = WorkDue().due_on(day)
    return [person.name for due in dues for person in WorkDue().owing(due.key, due.at)]


def test_the_one_who_answers_is_reminded_until_it_is_done(cast: Cast, issued: Task) -> None:
    assert owing(TODAY) == []  # nothing falls due today
    assert owing(TODAY + timedelta(days=1)) == ["方老师"]  # the receipt
    Receipt.objects.update(acknowledged_at=NOON)
    assert owing(TODAY + timedelta(days=1)) == []
    assert owing(TODAY + timedelta(days=3)) == ["方老师"]  # the task
    for act in ("acknowledge", "done"):
        actions.act_on_task(issued, act, text="已全部消毒", by=cast.by("fang"), at=NOON)
    assert owing(TODAY + timedelta(days=3)) == []


def test_a_late_task_is_told_to_whom_it_was_taken(cast: Cast, issued: Task) -> None:
    Receipt.objects.update(acknowledged_at=NOON)
    Responsibility.objects.create(
        organisation=cast.org["IE"], person=cast.person["he"], rank="deputy", starts=date(2025, 9, 1)
    )
    Task.objects.update(escalation=1)
    assert set(owing(TODAY + timedelta(days=4))) == {"方老师", "何医生"}
    Task.objects.update(escalation=2, escalated_to=cast.person["su"])
    assert set(owing(TODAY + timedelta(days=5))) == {"方老师", "何医生", "苏主任"}


def test_the_message_says_nothing_of_what_it_is(cast: Cast, issued: Task) -> None:
    (due,) = WorkDue().due_on(TODAY + timedelta(days=1))
    assert (due.zh, due.en, due.path) == ("今天到期的任务", "work that falls due today", "/command/mine/")
    ask: dict[str, Any] = {"until": due.at, "reached": True, "already": False}
    assert WorkDue().facts(due.key, due.at, cast.person["fang"], **ask).asked
    assert not WorkDue().facts(due.key, due.at, cast.person["xu"], **ask).asked


def test_a_directive_is_told_of_when_it_arrives(cast: Cast, issued: Task) -> None:
    arrived = DirectiveArrived()
    assert arrived.due_on(TODAY - timedelta(days=1)) == []
    (due,) = arrived.due_on(TODAY)
    assert (due.opens, due.path) == (NOON, "/command/mine/") and NOON < due.at <= NOON + timedelta(hours=1)
    assert "消毒" not in due.zh
    assert [person.name for person in arrived.owing(due.key, due.at)] == ["方老师"]
    ask: dict[str, Any] = {"until": due.at, "reached": True, "already": False}
    assert arrived.facts(due.key, due.at, cast.person["fang"], **ask).asked
    assert not arrived.facts(due.key, due.at, cast.person["xu"], **ask).asked
    Receipt.objects.update(acknowledged_at=NOON)
    assert arrived.due_on(TODAY) == [] and not arrived.owing(due.key, due.at).exists()


def test_a_message_is_written_at_once_and_once(cast: Cast, issued: Task) -> None:
    def told() -> int:
        rows = Message.objects.filter(person=cast.person["fang"]).select_related("round")
        return sum(any(item["key"].startswith("arrived:") for item in row.round.items) for row in rows)

    for minutes in (1, 9):
        outreach.plan_due(by=system_actor("reminders"), at=NOON + timedelta(minutes=minutes))
        assert told() == 1
