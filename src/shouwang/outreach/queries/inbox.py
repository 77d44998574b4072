"""One's own messages, and how one wants to be reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.outreach.models import Message, Preference
from shouwang.outreach.queries.people import still_owed
from shouwang.outreach.queries.units import counts_for
from shouwang.outreach.words import Counts, Said, say

DAYS = 7
MOST = 50


@dataclass(frozen=True, slots=True)
class Received:
    """A message as its reader sees it. `open`: it still asks for something, looked up at this moment."""

    message: Message
    said: Said
    open: bool


def _own(by: Actor, at: datetime) -> QuerySet[Message]:
    if by.person_id is None:
        raise NotFound
    rows = Message.objects.filter(person_id=by.person_id, next_at__lte=at, next_at__gt=at - timedelta(days=DAYS))
    return rows.select_related("round", "organisation").order_by("-next_at", "-pk")


def inbox(by: Actor, *, at: datetime) -> list[Received]:
    """The last week, newest first. NotFound for accounts that belong to no person."""
    return [_seen(row, at) for row in _own(by, at)[:MOST]]


def unread(by: Actor, *, at: datetime) -> list[Received]:
    """What still asks for something, for the home page."""
    rows = _own(by, at).filter(state__in=(Message.State.OPEN, Message.State.QUEUED), round__ends_at__gt=at)
    return [one for one in (_seen(row, at) for row in rows[:10]) if one.open]


def _seen(row: Message, at: datetime) -> Received:
    """Closed by what is true now, also where the sweeper has not come by yet."""
    running = row.state in (Message.State.OPEN, Message.State.QUEUED) and row.round.ends_at > at
    counts = None
    if row.purpose == Message.Purpose.REMINDER:
        open_ = running and bool(still_owed(row.round, {row.person_id or 0: row.owed})[row.person_id or 0])
    elif row.purpose == Message.Purpose.ALL_IN:
        open_ = False
    else:
        counts = counts_for(row) if running else Counts(0, 0)
        open_ = running and counts.missing > 0
    return Received(row, say(row, counts), open_)


def own_preference(by: Actor) -> Preference | None:
    """How the asker wants to be reached; None: never said. NotFound for accounts that belong to no person."""
    if by.person_id is None:
        raise NotFound
    return Preference.objects.filter(person_id=by.person_id).first()
