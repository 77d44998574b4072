"""The one place that asks the operating system for the time. Rules never do: `now` is an argument."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return timezone.now()


def zone() -> ZoneInfo:
    """The institution's time zone (`SHOUWANG_TIME_ZONE`)."""
    zone = timezone.get_default_timezone()
    if not isinstance(zone, ZoneInfo):
        raise TypeError("the default time zone must be a zoneinfo zone")
    return zone


def local_day(at: datetime) -> date:
    """The institution's calendar day that contains `at`."""
    return at.astimezone(zone()).date()


def today() -> date:
    return local_day(now())


def aware(moment: datetime) -> datetime:
    """Local time of the institution where `moment` names no zone."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone())


def day_start(day: date) -> datetime:
    """Local midnight at which `day` begins, aware."""
    return datetime.combine(day, time.min, tzinfo=zone())


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """[start, end) of a local day; 23 or 25 hours apart when clocks change."""
    return day_start(day), day_start(day + timedelta(days=1))


def midnights(first: date, last: date) -> list[int]:
    """Unix seconds of the local midnights from `first` to the end of `last`: one more than there are days."""
    days = (last - first).days + 1
    return [int(day_start(first + timedelta(days=k)).timestamp()) for k in range(days + 1)]
