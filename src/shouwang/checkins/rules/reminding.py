"""Who is reminded of what they still owe, when, and why not: the one decision behind every reminder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.rules.standing import WAKING_FROM, WAKING_TO


class Code(StrEnum):
    """Why a person is (not) reminded. What is true of the person comes first, what the hour says comes after."""

    LEFT = "left"
    NOT_ASKED = "not_asked"
    EXCUSED = "excused"
    HEARD = "heard"
    ALREADY = "already"
    NO_CHANNEL = "no_channel"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    ASLEEP = "asleep"
    LATER = "later"
    REMIND = "remind"


SENTENCES: dict[Code, str | Promise] = {
    Code.LEFT: _("Not reminded: this person is no longer on the roster."),
    Code.NOT_ASKED: _("Not reminded: nothing is asked of this person on this day."),
    Code.EXCUSED: _("Not reminded: this person is excused."),
    Code.HEARD: _("Not reminded: everything that was asked has been received."),
    Code.ALREADY: _("Not reminded again: there is one message a deadline, and it exists already."),
    Code.NO_CHANNEL: _("Not reminded: this person has neither an account nor a mail address with us."),
    Code.TOO_EARLY: _("Not yet reminded: reminders for this deadline begin at %(opens)s."),
    Code.TOO_LATE: _("Not reminded: reminders for this deadline ended at %(ends)s; the next deadline has its own."),
    Code.ASLEEP: _("Not reminded: until reminders for this deadline end, it is outside this person's waking hours."),
    Code.LATER: _("Will be reminded at %(at)s, when this person's waking hours begin."),
    Code.REMIND: _("Is reminded now: still owed, reachable, and within this person's waking hours."),
}


@dataclass(frozen=True, slots=True)
class Waking:
    """The hours in which somebody may be disturbed, local time in `zone`; `until` before `since` runs over midnight."""

    zone: tzinfo
    since: time = WAKING_FROM
    until: time = WAKING_TO


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of one person and one deadline. `excused` is the code of an excuse, empty when there is none."""

    left: bool
    asked: bool
    heard: bool
    already: bool
    reached: bool
    excused: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """Reminders for the deadline `due` go out from `opens` to `ends` (aware; `ends` excluded)."""

    opens: datetime
    due: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """`at`: when the message goes out, for LATER and REMIND only."""

    code: Code
    window: Window
    zone: tzinfo
    at: datetime | None = None

    @property
    def sentence(self) -> str:
        """The reason in the reader's language, with local times."""

        def local(moment: datetime | None) -> str:
            return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}" if moment else ""

        values = {"opens": local(self.window.opens), "ends": local(self.window.ends), "at": local(self.at)}
        return str(SENTENCES[self.code]) % values


def standing(facts: Facts) -> Code:
    """What the person's own facts say, whatever the hour; REMIND when nothing speaks against."""
    if facts.left:
        return Code.LEFT
    if not facts.asked:
        return Code.NOT_ASKED
    if facts.excused:
        return Code.EXCUSED
    if facts.heard:
        return Code.HEARD
    if facts.already:
        return Code.ALREADY
    return Code.REMIND if facts.reached else Code.NO_CHANNEL


def decide(facts: Facts, window: Window, *, at: datetime, waking: Waking) -> Verdict:
    """Whether the person is reminded at `at` (aware), later, or not at all; each answer has its reason."""
    code = standing(facts)
    moment = None
    if code is Code.REMIND:
        code, moment = _hour(window, at=at, waking=waking)
    return Verdict(code, window, waking.zone, moment)


def _hour(window: Window, *, at: datetime, waking: Waking) -> tuple[Code, datetime | None]:
    if at < window.opens:
        return Code.TOO_EARLY, None
    if at >= window.ends:
        return Code.TOO_LATE, None
    moment = next_waking(at, waking)
    if moment >= window.ends:
        return Code.ASLEEP, None
    return (Code.REMIND, moment) if moment == at else (Code.LATER, moment)


def next_waking(at: datetime, waking: Waking) -> datetime:
    """`at` itself when it lies in the waking hours, else the next moment at which they begin."""
    local = at.astimezone(waking.zone)
    now, since, until = local.time(), waking.since, waking.until
    awake = since <= now < until if since < until else now >= since or now < until
    if awake:
        return at
    day = local.date() if now < since else local.date() + timedelta(days=1)
    return datetime.combine(day, since, tzinfo=waking.zone).astimezone(at.tzinfo)
