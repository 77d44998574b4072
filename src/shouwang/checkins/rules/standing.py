"""In which list a person stands on a day, and how many checks a monitored person owes by now."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import Enum

SILENT_DAYS = 2
# Checks of a monitored person are spread over the waking day (assumption: 07:00 to 22:00); each is due at the end of
# its part, so that nobody is called missing at seven in the morning.
WAKING_FROM, WAKING_TO = time(7), time(22)


class State(Enum):
    """The lists of a unit, exceptions first: they exclude each other and leave nobody out."""

    ATTENTION = "attention"  # in, and triage found something; only for those who may see answers
    NOT_YET = "not_yet"
    SILENT = "silent"
    IN = "in"


def state_of(*, severity: str | None, last_day: date | None, day: date, sees_answers: bool) -> State:
    """`severity` is that of the person's last check-in of `day` (None: none); `last_day` the last day with one before.

    Silent is who has not checked in for `SILENT_DAYS` days, `day` being one of them, or never did.
    """
    if severity is not None:
        return State.ATTENTION if sees_answers and severity != "none" else State.IN
    return State.SILENT if last_day is None or last_day <= silent_since(day) else State.NOT_YET


def silent_since(day: date) -> date:
    """Whoever was last heard on this day or before is silent on `day`."""
    return date.fromordinal(day.toordinal() - SILENT_DAYS)


def checks_due(checks_per_day: int, *, day: date, now: datetime) -> int:
    """Checks a monitored person should have given for `day` by `now` (aware, in the institution's zone): 0 to all."""
    if now.date() != day:
        return checks_per_day if now.date() > day else 0
    waking = (WAKING_TO.hour - WAKING_FROM.hour) * 60
    minutes = (now.hour - WAKING_FROM.hour) * 60 + now.minute
    return max(0, min(checks_per_day, minutes * checks_per_day // waking))
