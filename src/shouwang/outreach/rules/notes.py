"""What a unit is told about a deadline, and when: once each, and upward only while it is incomplete."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from shouwang.outreach.rules.limits import Timing


class Purpose(StrEnum):
    """`REMINDER` is for one person about themselves; the others are about a unit and never hold a name."""

    REMINDER = "reminder"
    DIGEST = "digest"
    ALL_IN = "all_in"
    DEPUTY = "deputy"
    ABOVE = "above"
    TOP = "top"


def notes_due(
    *, roster: int, missing: int, due: datetime, at: datetime, timing: Timing, told: Collection[Purpose]
) -> tuple[Purpose, ...]:
    """The notes about one unit that are due at `at` and have not been made yet (`told`).

    An empty unit is told nothing. "All in" is said once, whenever it becomes true. Escalation goes in order, one step a
    call: nobody above is told before the one below was.
    """
    if roster == 0:
        return ()
    if missing == 0:
        return () if Purpose.ALL_IN in told else (Purpose.ALL_IN,)
    steps = (
        (Purpose.DIGEST, timing.digest_after_minutes),
        (Purpose.DEPUTY, timing.deputy_after_minutes),
        (Purpose.ABOVE, timing.above_after_minutes),
        (Purpose.TOP, timing.top_after_minutes),
    )
    for purpose, minutes in steps:
        if purpose in told:
            continue
        return (purpose,) if at >= due + timedelta(minutes=minutes) else ()
    return ()
