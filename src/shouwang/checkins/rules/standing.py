"""In which list a person stands on a day, why, and how many checks a monitored person owes by now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import cache

from shouwang.core.tree import Regions

SILENT_DAYS = 2
NEVER = date(1970, 1, 1)
"""Stands for "never heard" where a day is expected; it sorts before every day on which somebody was heard."""
LOOK_BACK = 31  # days; check-ins are kept for 30, so that nothing older can tell who is silent
NOT_ASKED = "not_asked"
# Checks of a monitored person are spread over the waking day (assumption: 07:00 to 22:00); each is due at the end of
# its part, so that nobody is called missing at seven in the morning.
WAKING_FROM, WAKING_TO = time(7), time(22)

CONFLICT, ILL = 1, 2


class State(Enum):
    """The lists of a unit, exceptions first: they exclude each other and leave nobody out."""

    SYMPTOMATIC = "symptomatic"  # in, and triage found something; only for those who may see answers
    CONFLICTING = "conflicting"  # in, and another source of the same day says otherwise; likewise
    SILENT = "silent"
    NOT_YET = "not_yet"
    IN = "in"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True)
class Known:
    """What the newest word about a person amounts to: its day (`NEVER`) and slot, its `note`, how long they are
    excused."""

    day: date
    note: int | None = None
    excused_until: date | None = None
    part: int = 0


@dataclass(frozen=True, slots=True)
class Today:
    """A day as the lists see it. `asked`: everybody is asked on it. Who was last heard on `silent_until` or before has
    been silent on the last two days on which everybody was asked. `part`: the slot that is being asked, since the
    local time `since`; 0 where the whole day is one."""

    day: date
    asked: bool
    silent_until: date
    part: int = 0
    since: time = time.min


@dataclass(frozen=True)
class Todays:
    """One day over the whole tree of organisations: institutions ask each in their own way."""

    day: date
    regions: Regions[Today]

    def of(self, home_path: str) -> Today:
        return self.regions.of(home_path)


def today(day: date, asks: Callable[[date], bool], part: int = 0, since: time = time.min) -> Today:
    """`asks` says whether everybody is asked on a day. With a daily check, silent is who was not heard for
    `SILENT_DAYS` days, `day` being one of them; with a weekly one, who missed the last two Mondays. Who was never
    heard is silent once they have been asked on a day before."""
    if not asks(day):
        return Today(day, False, date.min)
    missed, earlier = 1, day
    while missed < SILENT_DAYS:
        earlier -= timedelta(days=1)
        if (day - earlier).days > LOOK_BACK:
            return Today(day, True, date.min, part, since)
        missed += asks(earlier)
    return Today(day, True, earlier - timedelta(days=1), part, since)


def state_of(known: Known, *, on: Today, sees_answers: bool) -> State:
    """The one rule of membership. Who was heard on the day is in, whatever their excuse; for whoever may not see their
    answers, also when they are ill or contradicted. Who is not asked, or excused, is never "not yet".

    Who was heard in an earlier slot of the day and is asked again is "not yet"; but who was ill then stays ill for
    whoever may see it, and is "not yet" like all others for whoever may not: the list must not tell of the illness."""
    if known.day >= on.day:
        if not heard_now(known, on) and (not sees_answers or known.note is None):
            return State.EXCUSED if is_excused(known, on.day) else State.NOT_YET
        if not sees_answers or known.note is None:
            return State.IN
        return State.SYMPTOMATIC if known.note >= ILL else State.CONFLICTING
    if not on.asked or is_excused(known, on.day):
        return State.EXCUSED
    return State.SILENT if known.day <= on.silent_until else State.NOT_YET


def heard_now(known: Known, on: Today) -> bool:
    """Whether somebody was heard in the slot that is being asked; where the whole day is one, on the day."""
    return known.day > on.day or (known.day == on.day and known.part >= on.part)


def is_excused(known: Known, day: date) -> bool:
    return known.excused_until is not None and known.excused_until >= day


def note_of(*, symptomatic: bool, rank: int, conflicting: bool) -> int | None:
    """What is remarkable about a check-in, as one number that sorts: None nothing; `CONFLICT`; from `ILL` on, triage
    found something (or there is fever without a rule for it), the more urgent the higher; even with a symptom, odd
    with an exposure alone."""
    if symptomatic or rank:
        return ILL * rank + (ILL if symptomatic else 1)
    return CONFLICT if conflicting else None


def feels_ill(note: int | None) -> bool:
    """Whether a note tells of a symptom or fever, not of an exposure alone."""
    return note is not None and note >= ILL and note % 2 == 0


# The last words of one day, a digit to base 3 for each source: nothing said, well, ill.
_DIGIT = {"self": 1, "proxy": 3, "clinic": 9}
_NOTHING, _WELL, _ILL = 0, 1, 2


def said(before: int, source: str, *, symptomatic: bool) -> int:
    """The last words of the day by source after `source` has spoken; `before` those until then (0: none that day)."""
    place = _DIGIT[source]
    return before + place * ((_ILL if symptomatic else _WELL) - before // place % 3)


def has_said(words: int, source: str) -> bool:
    """Whether `source` is among those who have spoken."""
    return words // _DIGIT[source] % 3 != _NOTHING


@cache
def conflicting(words: int) -> bool:
    """Whether two sources of one day disagree about symptoms. A later word of the same source replaces its earlier."""
    spoken = {words // place % 3 for place in _DIGIT.values()} - {_NOTHING}
    return len(spoken) > 1


def checks_due(checks_per_day: int, *, day: date, now: datetime) -> int:
    """Checks a monitored person should have given for `day` by `now` (aware, in the institution's zone): 0 to all."""
    if now.date() != day:
        return checks_per_day if now.date() > day else 0
    waking = (WAKING_TO.hour - WAKING_FROM.hour) * 60
    minutes = (now.hour - WAKING_FROM.hour) * 60 + now.minute
    return max(0, min(checks_per_day, minutes * checks_per_day // waking))
