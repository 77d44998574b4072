"""Following a contact day by day: from when to when, what each day came to, and who is asked to look after it.

Nothing here knows a disease: days, checks and grades stand in the pack (`[follow_up]`, else `[quarantine]`) or in the
edition that judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated

import msgspec

from shouwang.core.dates import chinese, english
from shouwang.core.packs import Text

DAY = timedelta(days=1)


class FollowUpRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[follow_up]` of a pack: contacts of `for_grades` are checked `checks_per_day` times a day until `days` after the
    last exposure. Where the edition that judges the case states its own days for the grade, those hold."""

    days: Annotated[int, msgspec.Meta(ge=1, le=366)]
    for_grades: tuple[str, ...]
    checks_per_day: Annotated[int, msgspec.Meta(ge=1, le=24)]
    temperature_required: bool
    source: str


class Apart(msgspec.Struct, frozen=True):
    """What `[quarantine]` says of the days: who is asked to stay apart is looked after for as long."""

    days: int
    for_grades: tuple[str, ...]
    checks_per_day: int
    temperature_required: bool
    source: str

    def rule(self) -> FollowUpRule:
        return FollowUpRule(self.days, self.for_grades, self.checks_per_day, self.temperature_required, self.source)


@dataclass(frozen=True, slots=True)
class Exposure:
    """One confirmed contact as this rule needs it. `rule` is the pack's (None: it asks for no follow-up); `observed`
    are the days that the edition states for its grade (None: it states none), `edition` is that edition's title."""

    id: int
    rule: FollowUpRule | None
    grade: str
    grade_name: Text
    exposed_on: date
    confirmed_on: date
    observed: int | None = None
    edition: Text | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """From `starts` to `ends`, both included. `contact` is the exposure that lasts longest, `why` its arithmetic."""

    contact: int
    starts: date
    ends: date
    checks_per_day: int
    temperature_required: bool
    why: Text


def last_exposure(first_at: datetime, last_at: datetime, zone: tzinfo) -> date:
    """The local day of the last moment together. Spells are half-open: one ending at midnight ended the day before."""
    inside = last_at - timedelta(microseconds=1) if last_at > first_at else last_at
    return inside.astimezone(zone).date()


def watch(exposures: Iterable[Exposure]) -> Watch | None:
    """The one watch that covers every exposure of a person to one disease; None where nothing asks for one.

    It begins on the first day somebody confirmed one that still counts, ends with the exposure that lasts longest, and
    asks as often as the strictest.
    """
    asked = [(item.exposed_on + timedelta(days=days), days, item, rule) for item, rule, days in _asking(exposures)]
    if not asked:
        return None
    ends, days, longest, _rule = max(asked, key=lambda one: (one[0], one[2].id))
    starts = min(max(item.confirmed_on, item.exposed_on) for _ends, _days, item, _rule in asked)
    checks = max(rule.checks_per_day for _ends, _days, _item, rule in asked)
    temperature = any(rule.temperature_required for _ends, _days, _item, rule in asked)
    return Watch(longest.id, min(starts, ends), ends, checks, temperature, _said(longest, days, checks))


def _asking(exposures: Iterable[Exposure]) -> Iterator[tuple[Exposure, FollowUpRule, int]]:
    for item in exposures:
        if item.rule is None:
            continue
        days = item.rule.days if item.grade in item.rule.for_grades else 0
        days = days if item.observed is None else item.observed
        if days:
            yield item, item.rule, days


def _said(item: Exposure, days: int, checks: int) -> Text:
    ends = item.exposed_on + timedelta(days=days)
    by = Text(zh="本病种方案", en="the disease pack") if item.observed is None or not item.edition else item.edition
    often = "once a day" if checks == 1 else f"{checks} times a day"
    return Text(
        zh=f"{item.grade_name.zh}，末次接触 {chinese(item.exposed_on)}；按“{by.zh}”随访 {days} 天，每天 {checks} 次，"
        f"至 {chinese(ends)}（含当天）。",
        en=f"{item.grade_name.en}, last exposed on {english(item.exposed_on)}. {days} days of follow-up, {often}, "
        f"until {english(ends)} included, by: {by.en}.",
    )


class DayState(StrEnum):
    """What one day of a watch came to."""

    DONE = "done"
    PARTLY = "partly"
    UNWELL = "unwell"
    MISSED = "missed"
    OPEN = "open"
    BEGUN = "begun"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Heard:
    """The checks of one day: how many, and whether one of them told of symptoms."""

    checks: int
    unwell: bool


NOTHING = Heard(0, unwell=False)


def day_state(day: date, today: date, *, starts: date, asked: int, heard: Heard) -> DayState:
    """A day is missed when it passed from its first to its last hour under the watch without a word. The day on which
    the watch began asks for nothing afterwards: nobody had the whole of it."""
    if heard.unwell:
        return DayState.UNWELL
    if heard.checks >= asked:
        return DayState.DONE
    if day > today:
        return DayState.AHEAD
    if day == today:
        return DayState.OPEN
    if day <= starts:
        return DayState.BEGUN
    return DayState.PARTLY if heard.checks else DayState.MISSED


class Closing(StrEnum):
    """Whether a watch may end by rule, and what it lacks."""

    RUNNING = "running"
    COMPLETE = "complete"
    LAST_MISSING = "last_missing"
    LAST_UNWELL = "last_unwell"


def closing(ends: date, today: date, heard: Mapping[date, Heard]) -> Closing:
    """A watch ends after its last day, and only with a word from that day or later which tells of no symptoms: the
    latest such day decides. Silence ends nothing, and neither does a fever."""
    if today <= ends:
        return Closing.RUNNING
    spoken = [day for day, found in heard.items() if day >= ends and found.checks]
    if not spoken:
        return Closing.LAST_MISSING
    return Closing.LAST_UNWELL if heard[max(spoken)].unwell else Closing.COMPLETE


def owes_step(*, starts: date, yesterday: date, heard: Mapping[date, Heard], stepped_on: date | None) -> bool:
    """Whether a silent yesterday is to be handed on to the next who answers: once for each silent day, and not when
    they have been heard of since."""
    spoke = any(heard.get(day, NOTHING).checks for day in (yesterday, yesterday + DAY))
    return yesterday > starts and not spoke and (stepped_on is None or stepped_on < yesterday)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who answers for the person's unit or one above it, nearest first. `tier` counts units upwards from 0;
    `load` is how many people they follow already."""

    person: int
    tier: int
    load: int


def assignee(chain: Sequence[Candidate], tried: Sequence[int] = ()) -> int | None:
    """Who is asked: of the nearest unit somebody who was not asked yet, the least loaded; of equals the one who
    answers first. None when nobody is left."""
    fresh = [candidate for candidate in chain if candidate.person not in tried]
    if not fresh:
        return None
    tier = min(candidate.tier for candidate in fresh)
    return min((c for c in fresh if c.tier == tier), key=lambda c: c.load).person


def share(ids: Sequence[int], loads: Mapping[int, int]) -> dict[int, int]:
    """Follow-up → person, each to whoever has the fewest then; of equals the lower id. Empty when nobody is there."""
    load = dict(loads)
    found: dict[int, int] = {}
    for one in ids if load else ():
        person = min(load, key=lambda who: (load[who], who))
        found[one] = person
        load[person] += 1
    return found
