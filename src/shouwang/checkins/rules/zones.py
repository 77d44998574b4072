"""Whose day it is: a person abroad lives by the clock of where they are, told no finer than the clock itself.

What a phone names ("America/Kentucky/Monticello") would tell a town. It is kept as the first of `COARSE` whose clock
runs the same over the next year ("America/New_York"), so that the stored word says the hour and nothing more.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput

# One name for each clock of the tz database that many people live by; west to east.
COARSE = (
    "Pacific/Pago_Pago", "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Phoenix",
    "America/Denver", "America/Mexico_City", "America/Chicago", "America/Bogota", "America/New_York",
    "America/Caracas", "America/Halifax", "America/Santiago", "America/Sao_Paulo", "America/St_Johns",
    "Atlantic/Azores", "UTC", "Europe/London", "Africa/Lagos", "Europe/Paris", "Africa/Johannesburg", "Europe/Athens",
    "Africa/Cairo", "Asia/Jerusalem", "Europe/Moscow", "Asia/Tehran", "Asia/Dubai", "Asia/Kabul", "Asia/Karachi",
    "Asia/Kolkata", "Asia/Kathmandu", "Asia/Dhaka", "Asia/Yangon", "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo",
    "Australia/Darwin", "Australia/Adelaide", "Australia/Brisbane", "Australia/Sydney", "Pacific/Noumea",
    "Pacific/Auckland", "Pacific/Fiji", "Pacific/Tongatapu",
)  # fmt: skip
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+){0,2}")
LONGEST = 40


def coarse(name: str, *, at: datetime) -> str:
    """The name of `COARSE` whose clock runs as that of `name` in the year from `at`, or is nearest to it.

    BadInput (`zone_unknown`) for a name that the tz database does not know.
    """
    if name in COARSE:
        return name
    return _nearest(_known(name).key, at.astimezone(UTC).date().replace(day=1))


@lru_cache(maxsize=64)
def named(name: str) -> ZoneInfo:
    """A zone that stands in `COARSE` or in the database."""
    return ZoneInfo(name)


def _known(name: str) -> ZoneInfo:
    # Checked before it is looked up: a zone is a path to the library.
    if len(name) <= LONGEST and NAME.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    sentence = _("There is no time zone “%(value)s”. Choose one from the list.")
    shown = "".join(letter if letter.isprintable() else "?" for letter in name[:LONGEST])
    raise BadInput(sentence, code="zone_unknown", field="zone", value=shown)


@lru_cache(maxsize=1024)
def _nearest(name: str, month: date) -> str:
    wanted = _clock(name, month)
    return min(
        COARSE, key=lambda zone: sum(abs(a - b) for a, b in zip(wanted, _clock(zone, month), strict=True))
    )  # the first of those that are equally near


@lru_cache(maxsize=256)
def _clock(name: str, month: date) -> tuple[int, ...]:
    """Minutes ahead of UTC, every five days for a year."""
    first, zone = datetime(month.year, month.month, 1, 12, tzinfo=UTC), ZoneInfo(name)
    offsets = ((first + timedelta(days=5 * k)).astimezone(zone).utcoffset() for k in range(73))
    return tuple(int(offset.total_seconds() // 60) if offset else 0 for offset in offsets)


def day_of(at: datetime, zone: ZoneInfo, since: datetime | None, home: ZoneInfo) -> date:
    """The calendar day of `at` for somebody who has lived by `zone` since then (None: always), before by `home`."""
    return at.astimezone(home if since is not None and at < since else zone).date()


def label(name: str) -> str:
    """The zone as people read it: its city."""
    return name.rpartition("/")[2].replace("_", " ")


def ahead(zone: ZoneInfo, at: datetime) -> str:
    """As in "UTC+08:00", at `at`."""
    minutes = int((at.astimezone(zone).utcoffset() or timedelta()).total_seconds() // 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
