"""What is weak in the demo: gaps found, one correction opened by the office, and what a student told without a name."""

from __future__ import annotations

from datetime import datetime, timedelta

from shouwang.command.mending import actions, queries
from shouwang.core.scope import Actor


def gaps_are_found(*, office: Actor, student: Actor, at: datetime) -> None:
    actions.sweep_gaps(at=at, every=timedelta(0))
    gravest = queries.open_gaps(office, limit=50)[:1]
    for gap in gravest:
        actions.open_correction(gap.finding, by=office, at=at)
    unit = queries.units_to_tell(student).first()
    if unit is not None:
        actions.tell(
            unit, text="二号宿舍楼一层洗手池没有水，也没有洗手液。", where="2号宿舍楼一层", wish="早上七点前补上。",
            anonymous=True, by=student, at=at,
        )  # fmt: skip
