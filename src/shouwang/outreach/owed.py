"""What is asked of people, by whichever room asks it. Rooms register here (`web/wiring.py`); outreach merges.

Everything that falls due at one moment is one message to each person who owes any of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from django.db.models import Q, QuerySet

from shouwang.checkins.rules.reminding import Facts
from shouwang.org.models import Person

MOST_ITEMS = 30  # of one deadline: each is a bit of a message's `owed`, and 31 bits are an integer everywhere


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is asked by a moment. `key` is stable and begins with the contributor's name and a colon.

    `zh` and `en` are a few words that any stranger may read over a shoulder: no word of health, no name. `path` is
    the page on which it is done. `opens`: when reminding of it begins; None leaves that to the institution's timing.
    """

    key: str
    at: datetime
    zh: str
    en: str
    path: str
    opens: datetime | None = None


class Contributor(Protocol):
    """A room that asks something of people."""

    name: str

    def due_on(self, day: date) -> Sequence[Due]:
        """What is to be reminded of on a local day: what falls due then, or later and opens by then."""
        ...

    def owing(self, key: str, due: datetime) -> QuerySet[Person]:
        """Everybody who still owes it now, as one condition: it stands inside other statements."""
        ...

    def among(self, key: str, due: datetime) -> Q:
        """Whose units are told how many still owe it: a condition on people; empty for everybody's."""
        ...

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        """What was true of one person at `until`, for the explanation."""
        ...


_contributors: dict[str, Contributor] = {}


def register(contributor: Contributor) -> None:
    """Say that a room asks something of people; the same name again replaces it."""
    _contributors[contributor.name] = contributor


def contributor_of(key: str) -> Contributor | None:
    """Who asks `key`; None when that room no longer registers."""
    return _contributors.get(key.split(":", 1)[0])


def due_on(day: date) -> dict[datetime, list[Due]]:
    """Moment -> everything that falls due then, in the order of the keys."""
    found: dict[datetime, list[Due]] = {}
    for contributor in _contributors.values():
        for due in contributor.due_on(day):
            found.setdefault(due.at, []).append(due)
    return {at: sorted(dues, key=lambda due: due.key) for at, dues in sorted(found.items())}
