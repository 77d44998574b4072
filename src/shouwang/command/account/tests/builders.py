"""Matters about the College of Information Engineering, which Fang answers for: Su proposes, Tang decides, Gu is a
second leader for appeals."""

from __future__ import annotations

from datetime import datetime, timedelta

from shouwang.command.account import actions, facts
from shouwang.command.account.models import Matter
from shouwang.org.models import Grant, Organisation, Person
from shouwang.org.tests.cast import NOON, SINCE, Cast

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOLD = facts.told("三次督办后仍未报送隔离点值班表", "督办记录第三页")


def second_leader(cast: Cast, who: str = "gu", code: str = "WCU") -> None:
    Grant.objects.create(account=cast.account[who], role="leader", organisation=cast.org[code], starts=SINCE)


def proposed(
    cast: Cast, *, step: str = "reminder", person: Person | None = None, unit: Organisation | None = None,
    previous: Matter | None = None, urgent: str = "", at: datetime = NOON,
) -> Matter:  # fmt: skip
    return actions.propose(
        unit or cast.org["IE"], step=step, asked="三日内报送值班表", told=[TOLD], person=person, previous=previous,
        urgent=urgent, by=cast.by("su", at), at=at,
    )  # fmt: skip


def served(cast: Cast, row: Matter | None = None, *, at: datetime = NOON) -> Matter:
    return actions.serve(row or proposed(cast, at=at), by=cast.by("su", at), at=at)


def replied(cast: Cast, row: Matter | None = None, *, at: datetime = NOON) -> Matter:
    return actions.reply(served(cast, row, at=at), text="值班表已经补报", by=cast.by("fang", at), at=at)


def upheld(cast: Cast, row: Matter | None = None, *, at: datetime = NOON) -> Matter:
    row = replied(cast, row, at=at)
    if row.step == "talk":
        row = actions.note_talk(row, text="当面说明了情况", by=cast.by("su", at), at=at)
    return actions.decide(row, verdict="upheld", text="事实清楚，已补报", by=cast.by("tang", at), at=at)


def appealed(cast: Cast, *, at: datetime = NOON) -> Matter:
    return actions.appeal(upheld(cast, at=at), text="值班表前一天已报", by=cast.by("fang", at), at=at)


def standing(cast: Cast, row: Matter | None = None, *, at: datetime = NOON) -> Matter:
    """Upheld, and the time to appeal is over."""
    row = upheld(cast, row, at=at)
    assert row.due_at is not None
    actions.sweep_matters(at=row.due_at)
    row.refresh_from_db()
    return row
