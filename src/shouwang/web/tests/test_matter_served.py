"""Whom a matter was served hears of it once; what they hear tells a stranger nothing."""

from __future__ import annotations

from shouwang.command.account import actions
from shouwang.command.account.tests.builders import HOUR, proposed, served
from shouwang.org.models import Responsibility
from shouwang.org.tests.cast import NOON, SINCE, Cast
from shouwang.web.reminding import MatterServed


def test_one_reminder_that_a_reply_closes(cast: Cast) -> None:
    Responsibility.objects.create(organisation=cast.org["FL"], person=cast.person["xu"], rank="first", starts=SINCE)
    row = served(cast)
    served(cast, proposed(cast, unit=cast.org["FL"], person=cast.person["xu"]))
    reminder = MatterServed()
    [due] = reminder.due_on(NOON.date())
    assert "提醒" not in due.zh and "方" not in due.zh
    people = {person.name for person in reminder.owing(due.key, due.at)}
    assert people == {"方老师", "徐老师"}
    actions.reply(row, text="值班表已经补报", by=cast.by("fang"), at=NOON + HOUR)
    assert {person.name for person in reminder.owing(due.key, due.at)} == {"徐老师"}
