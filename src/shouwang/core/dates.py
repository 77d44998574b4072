"""Dates and moments as people and machines write them. What could mean two days is refused, never guessed."""

from __future__ import annotations

import contextlib
import functools
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Message

EARLIEST = date(1900, 1, 1)
YEARS_AHEAD = 20  # assumption: no date a campus records lies further in the future (graduations, contracts)
LATEST_YEAR = 2200  # of a moment; likewise
EXCEL_EPOCH = date(1899, 12, 30)  # day 0 of the 1900 system for serials from 1 March 1900 on
EXCEL_SERIALS = (10_000, 80_000)  # 1927 to 2119; other five-digit numbers are not taken for days
UNIX_SECONDS = re.compile(r"\d{10}")  # 2001-09-09 to 2286-11-20
_LONGEST = 80  # characters; nothing longer is a date, and patterns need not be tried on it
_SHOWN = 40

_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTHS = {name: n for n, full in enumerate(_MONTH_NAMES, start=1) for name in (full, full[:3])} | {"sept": 9}
_MONTH = "(?P<m>[a-z]{3,9})\\.?"
_YMD = re.compile(r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})")
_STYLES = (
    _YMD,
    re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)"),
    re.compile(r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]?"),
    re.compile(r"(?P<y>\d{4})\s+(?P<m>\d{1,2})\s+(?P<d>\d{1,2})"),
    re.compile(rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s\-.]*{_MONTH}[\s\-,]*(?P<y>\d{{4}})"),
    re.compile(rf"{_MONTH}[\s\-]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s\-]*,?\s*(?P<y>\d{{4}})"),
)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<y>\d{4})")
_INCOMPLETE = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*月?|\d{1,2}\s*[-/.月]\s*\d{1,2}\s*[日号]?|\d{4}\s*年?")
_SHORT_YEAR = re.compile(r"\d{1,2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*[日号]?")
_HALF = "(?P<half>上午|凌晨|早上|中午|下午|晚上|am|pm)?"
_COLON_CLOCK = rf"{_HALF}\s*(?P<h>\d{{1,2}}):(?P<mi>\d\d)(?::(?P<s>\d\d)(?:[.,](?P<f>\d{{1,9}}))?)?\s*(?P<after>am|pm)?"
_HAN_CLOCK = rf"{_HALF}\s*(?P<h>\d{{1,2}})[时点](?:(?P<mi>\d{{1,2}})分?(?:(?P<s>\d{{1,2}})秒)?)?"
_OFFSET = r"\s*(?P<zone>z|utc|gmt|[+-]\d\d:?(?:\d\d)?)?"
_BETWEEN = r"(?P<day>.{4,}?)(?:t|\s*,\s*|\s+|(?<=[日号]))"
_MOMENTS = tuple(
    re.compile(pattern + _OFFSET)
    for pattern in (
        _BETWEEN + _COLON_CLOCK,
        _BETWEEN + _HAN_CLOCK,
        r"(?P<day>\d{8})[t\s]?(?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)?",
    )
)
_PLAIN_MOMENT = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})[ t](\d{1,2}):(\d\d)(?::(\d\d))?")
_MORNING, _AFTERNOON = ("上午", "凌晨", "早上", "am"), ("下午", "晚上", "pm")
_WORDS = {"今天": 0, "今日": 0, "today": 0, "昨天": 1, "昨日": 1, "yesterday": 1, "前天": 2}
_NUMERALS = {character: number for number, character in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}
_CHINESE = re.compile(
    "([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]?"
)


class DateError(BadInput):
    """The text is no usable date or time. `data["value"]` is the text, shortened."""

    code = "date_unreadable"


_SENTENCES: dict[str, Message] = {
    "date_empty": _("The date is empty. Enter it like 2020-02-01."),
    "date_unreadable": _("“%(value)s” cannot be read as a date. Write it like 2020-02-01."),
    "date_ambiguous": _("“%(value)s” can mean two different days. Write the year first, like 2020-02-01."),
    "date_incomplete": _("“%(value)s” lacks the year, the month or the day. Write all three, like 2020-02-01."),
    "date_impossible": _("“%(value)s” is a day that does not exist. Check the month and the day."),
    "date_implausible": _("“%(value)s” lies too far in the past or the future. Check the year."),
    "date_future": _("“%(value)s” lies after %(limit)s, the latest that is possible here. Check it."),
    "time_missing": _("“%(value)s” has no time of day. Write it like 2020-02-01 08:30."),
    "time_unreadable": _("“%(value)s” cannot be read as a date and time. Write it like 2020-02-01 08:30."),
    "time_nonexistent": _(
        "“%(value)s” did not exist in this time zone, because clocks were put forward. Check the hour."
    ),
}


def _refuse(code: str, value: str, **data: Any) -> DateError:
    shown = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
    return DateError(_SENTENCES[code], code=code, value=shown, **data)


def _plain(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("。", ".")
    plain = text.strip().casefold()
    if not plain:
        raise _refuse("date_empty", text)
    if len(plain) > _LONGEST:
        raise _refuse("date_unreadable", text)
    return plain


def parse_date(text: str, *, today: date, not_after: date | None = None, excel_serial: bool = False) -> date:
    """The day `text` means.

    Accepted: 2020-02-01, 2020/2/1, 2020.2.1, 20200201, 2020年2月1日, 二〇二〇年二月一日, 1 Feb 2020,
    Feb 1, 2020, any of these in full-width characters or followed by a time of day (which is dropped), 今天/昨天/前天
    counted from `today`, and Excel serials ("43862") where `excel_serial` allows. 13/02/2020 and 02/13/2020 are
    accepted for only one reading exists; 01/02/2020 is refused.

    Raises `DateError`: date_empty, date_unreadable, date_ambiguous, date_incomplete, date_impossible,
    date_implausible (before 1900 or more than `YEARS_AHEAD` years after `today`), date_future (after `not_after`),
    time_unreadable.
    """
    plain = _plain(text)
    if plain in _WORDS:
        day = today - timedelta(days=_WORDS[plain])
    elif excel_serial and re.fullmatch(r"\d{5}(\.\d+)?", plain):
        serial = int(float(plain))
        if not EXCEL_SERIALS[0] <= serial <= EXCEL_SERIALS[1]:
            raise _refuse("date_implausible", text)
        day = EXCEL_EPOCH + timedelta(days=serial)
    else:
        found = _divide(plain)
        if found is not None and found["zone"]:
            # A moment with an offset is a day only together with a zone: use parse_datetime.
            raise _refuse("date_unreadable", text)
        if found is not None:
            _clock(found, text)
        day = _day(found["day"] if found else plain, text)
    if not EARLIEST <= day <= date(min(today.year + YEARS_AHEAD, 9999), 12, 31):
        raise _refuse("date_implausible", text)
    if not_after is not None and day > not_after:
        raise _refuse("date_future", text, limit=not_after.isoformat())
    return day


def parse_datetime(text: str, tz: tzinfo, *, not_after: datetime | None = None) -> datetime:
    """The moment `text` means, aware, in `tz`.

    Accepted: every day `parse_date` reads, followed by h:mm, h:mm:ss, h:mm:ss.fff, 8时30分, 下午3:05, 3:05 PM or 24:00;
    ISO 8601 with or without offset or Z; 20190401000203; Unix time of 10 (seconds) or 13 (milliseconds) digits.
    Without an offset the text is local time of `tz`. The rule where clocks change: of an hour that happens twice, the
    first is meant; an hour that was skipped is refused.

    Raises `DateError`: those of `parse_date`, and time_missing, time_unreadable, time_nonexistent; date_future when
    the moment is after `not_after`.
    """
    plain = _plain(text)
    try:
        moment = _moment(plain, text, tz)
    except OverflowError as error:  # zone arithmetic at the ends of the calendar
        raise _refuse("date_implausible", text) from error
    if not_after is not None and moment > not_after:
        raise _refuse("date_future", text, limit=not_after.astimezone(tz).isoformat(sep=" ", timespec="minutes"))
    return moment


def _divide(plain: str) -> re.Match[str] | None:
    """Day, clock and offset apart; `None` when there is no time of day."""
    return next((found for style in _MOMENTS if (found := style.fullmatch(plain))), None)


def _day(plain: str, text: str) -> date:
    """A plain calendar day. `text` is the original, for the refusal."""
    for style in _STYLES:
        if found := style.fullmatch(plain):
            month = found["m"]
            number = int(month) if month.isdecimal() else _MONTHS.get(month)
            if number is None:
                break
            return _date(int(found["y"]), number, int(found["d"]), text)
    if found := _YEAR_LAST.fullmatch(plain):
        first, second, year = int(found["a"]), int(found["b"]), int(found["y"])
        if first == second or second > 12:
            return _date(year, first, second, text)
        if first > 12:
            return _date(year, second, first, text)
        raise _refuse("date_ambiguous", text)
    if found := _CHINESE.fullmatch(plain):
        year = int("".join(str(_NUMERALS[character]) for character in found[1]))
        return _date(year, _number(found[2]), _number(found[3]), text)
    if _SHORT_YEAR.fullmatch(plain):
        raise _refuse("date_ambiguous", text)
    if _INCOMPLETE.fullmatch(plain):
        raise _refuse("date_incomplete", text)
    raise _refuse("date_unreadable", text)


def _number(han: str) -> int:
    """十 -> 10, 二十一 -> 21; nonsense such as 十十 gives a number no month has."""
    tens, ten, units = han.rpartition("十")
    if not ten:
        return _NUMERALS[han] if len(han) == 1 else 99
    if len(tens) > 1 or len(units) > 1 or "十" in tens:
        return 99
    return (_NUMERALS[tens] if tens else 1) * 10 + (_NUMERALS[units] if units else 0)


def _date(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise _refuse("date_impossible", text) from error


def _clock(found: re.Match[str], text: str) -> tuple[time, bool]:
    """(time of day, whether it is the midnight that ends the day)."""
    parts = found.groupdict()
    hour, minute, second = int(parts["h"]), int(parts["mi"] or 0), int(parts["s"] or 0)
    micro = int((parts.get("f") or "0").ljust(6, "0")[:6])
    half = parts.get("half") or parts.get("after")
    if half in _MORNING:
        hour = {12: 0}.get(hour, hour if hour < 12 else 99)
    elif half in _AFTERNOON or (half == "中午" and hour < 3):
        hour = hour + 12 if hour < 12 else hour
    if hour == 24 and not (minute or second or micro or half):
        return time(), True
    try:
        return time(hour, minute, second, micro), False
    except ValueError as error:
        raise _refuse("time_unreadable", text) from error


def _moment(plain: str, text: str, tz: tzinfo) -> datetime:
    if plain.isdecimal() and len(plain) in (10, 13):
        whole, milli = divmod(int(plain), 1000) if len(plain) == 13 else (int(plain), 0)
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole, milliseconds=milli)).astimezone(tz)
    if quick := _PLAIN_MOMENT.fullmatch(plain):  # what logs write, by the million
        year, _s, month, day_, hour, minute, second = quick.groups(default="0")
        with contextlib.suppress(ValueError):
            naive = datetime(int(year), int(month), int(day_), int(hour), int(minute), int(second))  # noqa: DTZ001 (`_local` gives it its zone)
            return _local(naive, tz, text)
    found = _divide(plain)
    if found is None:
        _day(plain, text)  # a day that cannot be read is refused as such
        raise _refuse("time_missing", text)
    day = _day(found["day"], text)
    clock, next_day = _clock(found, text)
    naive = datetime.combine(day + timedelta(days=1) if next_day else day, clock)
    zone = found["zone"]
    if zone:
        return _with_offset(naive, zone, text).astimezone(tz)
    return _local(naive, tz, text)


def _local(naive: datetime, tz: tzinfo, text: str) -> datetime:
    if not 1900 <= naive.year <= LATEST_YEAR:
        raise _refuse("date_implausible", text)
    local = naive.replace(tzinfo=tz)  # fold 0: of a repeated hour, the first
    if not _steady(naive.date(), tz) and local.astimezone(UTC).astimezone(tz).replace(tzinfo=None, fold=0) != naive:
        raise _refuse("time_nonexistent", text)
    return local


@functools.lru_cache(maxsize=1024)
def _steady(day: date, tz: tzinfo) -> bool:
    """Whether the zone's offset is the same on the day before, this day and the day after, so no hour is special."""
    noon = datetime.combine(day, time(12), tzinfo=tz)
    return noon.utcoffset() == (noon - timedelta(days=1)).utcoffset() == (noon + timedelta(days=1)).utcoffset()


def _with_offset(naive: datetime, zone: str, text: str) -> datetime:
    if not 1900 <= naive.year <= LATEST_YEAR:
        raise _refuse("date_implausible", text)
    if zone[0] not in "+-":
        return naive.replace(tzinfo=UTC)
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 14 or minutes > 59:  # no zone on Earth is further from UTC
        raise _refuse("time_unreadable", text)
    offset = timedelta(hours=hours, minutes=minutes)
    return naive.replace(tzinfo=timezone(offset if zone[0] == "+" else -offset))


def chinese(day: date) -> str:
    """2026年3月2日"""
    return f"{day.year}年{day.month}月{day.day}日"


def english(day: date) -> str:
    """2 March 2026. Not strftime: its month names follow the locale of the process."""
    return f"{day.day} {_MONTH_NAMES[day.month - 1].capitalize()} {day.year}"
