"""Whom a team asks for, and who decides for their home unit, hear of it once; an answer closes the message."""

from __future__ import annotations

from datetime import timedelta

from shouwang.command.teams import actions, seconding
from shouwang.org.tests.cast import NOON, Cast
from shouwang.web.reminding import SecondmentAsked

LAST = NOON.date() + timedelta(days=13)


def test_one_reminder_that_an_answer_closes(cast: Cast) -> None:
    su = cast.by("su")
    team = actions.create_team(
        cast.org["WCU"], kind="task", name="流调专班", purpose="支援流调与转运", review_on=LAST, by=su, at=NOON
    )
    row = seconding.ask(team, cast.person["zhao"], role="leader", starts=NOON.date(), ends=LAST, by=su, at=NOON)
    reminder = SecondmentAsked()
    [due] = reminder.due_on(NOON.date())
    assert "赵" not in due.zh and "流调" not in due.zh
    assert {person.name for person in reminder.owing(due.key, due.at)} == {"赵宁", "方老师"}
    seconding.act_on_member(row, "approve", by=cast.by("fang"), at=NOON)
    assert not reminder.owing(due.key, due.at).exists() and not reminder.due_on(NOON.date())
