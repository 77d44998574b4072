"""Which clocks run on a case, when they are due and how they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shouwang.cases.rules.dates import Dates
from shouwang.cases.rules.protocols import ClockSpec
from shouwang.core.packs import Text

TEST = "test"  # the clock from a test's order to its result, which no pack names
TEST_NAME = Text(zh="检测出结果", en="Test to result")
RUNNING, OVERDUE, MET, LATE, VOID = "running", "overdue", "met", "late", "void"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock whose beginning is known: due `hours` later, ended when its second date is known."""

    code: str
    name: Text
    starts: datetime
    due: datetime
    ended: datetime | None
    owner_role: str


def clocks_for(dates: Dates, specs: Iterable[ClockSpec]) -> list[Deadline]:
    """The clocks that exist for these dates. One whose beginning is unknown does not exist: unknown is not zero.

    An onset known to the day alone begins at its midnight, so the due time is never later than the true one.
    """
    found = []
    for spec in specs:
        starts = dates.get(spec.begins)
        if starts is not None:
            due = starts + timedelta(hours=spec.hours)
            found.append(Deadline(spec.code, spec.name, starts, due, dates.get(spec.ends), spec.owner))
    return found


def without_start(dates: Dates, specs: Iterable[ClockSpec]) -> list[ClockSpec]:
    """The clocks that do not exist yet, because the date they begin at is unknown."""
    return [spec for spec in specs if dates.get(spec.begins) is None]


def clock_state(
    due: datetime, ended: datetime | None, *, now: datetime, needed: bool = True, closed: datetime | None = None
) -> str:
    """running, overdue, met (in time), late (met late) or void. Due at exactly `now` is not yet overdue.

    `needed` False (the case was discarded): what had not ended asks nobody any more. `closed`: what was overdue when
    the case was closed stays so, as a fact; what still ran is void.
    """
    if ended is not None:
        return MET if ended <= due else LATE
    if not needed:
        return VOID
    if due < (now if closed is None else closed):
        return OVERDUE
    return RUNNING if closed is None else VOID
