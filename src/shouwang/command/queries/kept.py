"""Numbers that were counted already. A kept number is used only while nothing was written that could change it.

Every action writes an audit entry in its own transaction (`core.audit`), or is a check-in, whose row is its own
record. So the newest entry and the newest check-in say how old the data are: they are part of the key, and a late
check-in, a correction or an import makes the kept number unreachable at once.
Numbers of a moment that has passed do not change by what is taken in for the present day; those entries are not looked
at for them, and check-ins of that day are counted instead. On PostgreSQL an act that commits after a later one was
seen could be missed by the key; that is why nothing is kept longer than `PRESENT_SECONDS` or `PAST_SECONDS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from django.core.cache import cache
from django.db import connection

PRESENT_SECONDS = 15  # clocks run late and alerts grow old without anybody writing: the time shown stays true to 15 s
PAST_SECONDS = 600  # only the race of two commits, see above
# Daily intake: it says nothing about a moment that has passed, and there is an entry every few milliseconds of it.
INTAKE = ("checkin.submitted", "alert.raised", "alert.worsened")

Number = TypeVar("Number")


def kept(name: str, path: str, day: date, at: datetime, count: Callable[[], Number], *, past: bool) -> Number:
    """`count()`, or what it said for the same unit, day and moment when nothing that matters was written since.

    `past`: `at` lies before the day on which it is asked; such numbers are kept by the minute. What is kept must not
    depend on who asks, nor on their language.
    """
    moment = at.replace(second=0, microsecond=0) if past else None
    version = _version(day if past else None)
    text = repr((name, path, day, moment, version))
    key = "command:" + hashlib.sha256(text.encode()).hexdigest()
    found: Number | None = cache.get(key)
    if found is None:
        found = count()
        cache.set(key, found, PAST_SECONDS if past else PRESENT_SECONDS)
    return found


NEWEST = "SELECT id FROM core_auditentry WHERE is_read = %s ORDER BY id DESC LIMIT 1"
NEWEST_CHANGE = (
    "SELECT id FROM core_auditentry WHERE is_read = %s AND verb NOT IN (%s, %s, %s) ORDER BY id DESC LIMIT 1"
)


def _version(past: date | None) -> tuple[object, ...]:
    """The newest entry of a change, a walk down the primary key that ends at the first one that fits, and the check-ins
    it may depend on: how many of a `past` day and the newest of them (none is ever overwritten), else the newest of
    all. One statement."""
    with connection.cursor() as cursor:
        if past is None:
            cursor.execute(f"SELECT ({NEWEST}), (SELECT MAX(id) FROM checkins_checkin)", [False])  # noqa: S608 (own names)
        else:
            of_day = "(SELECT COUNT(*) FROM checkins_checkin WHERE day = %s), "
            last = "(SELECT MAX(id) FROM checkins_checkin WHERE day = %s)"
            cursor.execute(f"SELECT ({NEWEST_CHANGE}), {of_day}{last}", [False, *INTAKE, past, past])
        return tuple(cursor.fetchone())
