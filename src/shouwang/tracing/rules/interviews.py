"""What a statement must say, where statements and records contradict each other, and which hours nobody can account
for. Pure: values in, decision out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput

LONGEST_TEXT = 300
LONGEST_PLACE = 120
UNCOVERED_LEAST = timedelta(hours=1)
"""Shorter holes are ways between two places. Assumption of this room."""
MOST_OFF = 240
"""Minutes that a told time may be off; who knows less knows no time. Assumption of this room."""


@dataclass(frozen=True, slots=True)
class Said:
    """One statement as it was entered: where (a known place, or only words), from–to, with whom or what, how sure."""

    starts_at: datetime
    ends_at: datetime
    certainty: str
    place: int | None = None
    place_text: str = ""
    company: str = ""
    companions: tuple[int, ...] = ()
    give_or_take: int | None = None


def check(said: Said, *, person: int, at: datetime, longest: timedelta, certainties: Collection[str]) -> None:
    """BadInput naming the field, unless the statement can be kept: `longest` is the longest stay at such a place."""
    if not said.place_text.strip() and not said.company.strip() and not said.companions:
        raise BadInput(_("Say where the person was, or with whom."), field="where")
    if said.ends_at <= said.starts_at:
        raise BadInput(_("The end must lie after the beginning."), field="ends_at")
    if said.starts_at > at or said.ends_at > at:
        raise BadInput(_("Nobody knows yet where somebody will be. Enter a time that has passed."), field="ends_at")
    if said.ends_at - said.starts_at > longest:
        raise BadInput(
            _("At most %(hours)s hours at one place. Enter longer stays day by day."),
            field="ends_at",
            hours=int(longest.total_seconds() // 3600),
        )
    if said.certainty not in certainties:
        raise BadInput(_("Say how sure the person is."), field="certainty")
    if said.give_or_take is not None and not 0 <= said.give_or_take <= MOST_OFF:
        raise BadInput(_("At most %(limit)s minutes off."), field="give_or_take", limit=MOST_OFF)
    if person in said.companions:
        raise BadInput(_("Nobody is their own company."), field="companions")
    for field, text, most in (("where", said.place_text, LONGEST_PLACE), ("company", said.company, LONGEST_TEXT)):
        if len(text) > most:
            raise BadInput(_("At most %(limit)s characters."), field=field, limit=most)


@dataclass(frozen=True, slots=True)
class Stay:
    """Somewhere from–to, unix seconds; `place` is None where the words name no known place. `key` says whose."""

    start: int
    end: int
    place: int | None
    key: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two stays of one person that cannot both be true in [start, end)."""

    first: Stay
    second: Stay
    start: int
    end: int

    @property
    def seconds(self) -> int:
        return self.end - self.start


def conflicts(
    said: Sequence[Stay], known: Sequence[Stay], same: Callable[[int, int], bool]
) -> tuple[list[Conflict], list[Conflict]]:
    """(statements against records, statements against each other), by time.

    `same` says whether two places can both be true: one lies in the other. A statement without a known place
    contradicts nothing: its words may mean the very place of the record.
    """
    against = [found for one in said for other in known if (found := _conflict(one, other, same))]
    among = [found for k, one in enumerate(said) for other in said[k + 1 :] if (found := _conflict(one, other, same))]
    return sorted(against, key=_when), sorted(among, key=_when)


def _when(found: Conflict) -> tuple[int, int]:
    return found.start, found.end


def _conflict(one: Stay, other: Stay, same: Callable[[int, int], bool]) -> Conflict | None:
    start, end = max(one.start, other.start), min(one.end, other.end)
    if start >= end or one.place is None or other.place is None or same(one.place, other.place):
        return None
    return Conflict(one, other, start, end)


def uncovered(stays: Sequence[Stay], low: int, high: int, least: timedelta = UNCOVERED_LEAST) -> list[tuple[int, int]]:
    """Stretches of [low, high) of `least` or longer that no stay covers, in order of time.

    >>> uncovered([Stay(3600, 7200, 1, 0)], 0, 14400)
    [(0, 3600), (7200, 14400)]
    """
    found, reach = [], low
    for stay in sorted(stays, key=lambda stay: stay.start):
        if stay.start >= high:
            break
        if stay.start - reach >= least.total_seconds():
            found.append((reach, stay.start))
        reach = max(reach, stay.end)
    if high - reach >= least.total_seconds():
        found.append((reach, high))
    return found
