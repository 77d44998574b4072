"""Moments as people say them. Pure: `now` is an argument, the institution's zone is the measure of "today"."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from shouwang.core import clock

MINUTE, HOUR = 60, 3600


def relative(value: datetime | date, *, now: datetime) -> str:
    """As in "just now", "12 minutes ago", "in 3 hours", "yesterday"; empty when more than 30 days away."""
    if not isinstance(value, datetime):
        return _days((value - clock.local_day(now)).days)
    seconds = (value - now).total_seconds()
    distance = abs(seconds)
    days = (clock.local_day(value) - clock.local_day(now)).days
    if distance < MINUTE:
        return _("just now") if seconds <= 0 else _("in a moment")
    if distance < HOUR:
        count = int(distance // MINUTE)
        if seconds < 0:
            return ngettext("%(count)d minute ago", "%(count)d minutes ago", count) % {"count": count}
        return ngettext("in %(count)d minute", "in %(count)d minutes", count) % {"count": count}
    if distance < 12 * HOUR or days == 0:
        count = int(distance // HOUR)
        if seconds < 0:
            return ngettext("%(count)d hour ago", "%(count)d hours ago", count) % {"count": count}
        return ngettext("in %(count)d hour", "in %(count)d hours", count) % {"count": count}
    return _days(days)


def _days(days: int) -> str:
    named = {0: _("today"), -1: _("yesterday"), 1: _("tomorrow")}
    if days in named:
        return named[days]
    if days < -30 or days > 30:
        return ""
    if days < 0:
        return ngettext("%(count)d day ago", "%(count)d days ago", -days) % {"count": -days}
    return ngettext("in %(count)d day", "in %(count)d days", days) % {"count": days}


def short(value: datetime | date, *, now: datetime) -> str:
    """The least that is exact: 08:40 today, 02-01 08:40 this year, 2020-02-01 08:40 before."""
    today = clock.local_day(now)
    if not isinstance(value, datetime):
        return f"{value:%m-%d}" if value.year == today.year else f"{value:%Y-%m-%d}"
    local = value.astimezone(clock.zone())
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def full(value: datetime | date) -> str:
    """Date, weekday, time with seconds and zone, in the reader's language."""
    if not isinstance(value, datetime):
        return _day_in_words(value, get_language())
    local = value.astimezone(clock.zone())
    return f"{_day_in_words(local.date(), get_language())} {local:%H:%M:%S} {local:%Z}"


@lru_cache(maxsize=2048)
def _day_in_words(day: date, language: str | None) -> str:
    """A list tells the same few days again and again. `language` is the active one: what the words depend on."""
    return f"{date_format(day, 'DATE_FORMAT')} {date_format(day, 'l')}"
