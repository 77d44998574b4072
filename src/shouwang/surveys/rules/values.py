"""Values of formulas, as ODK has them: texts, numbers, truths, days and moments, and lists of texts from repeats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Protocol

Value = str | float | bool | date | datetime | list["str"]
EPOCH = date(1970, 1, 1)


class Env(Protocol):
    """What a formula may ask while it is computed."""

    @property
    def own(self) -> Value: ...
    @property
    def columns(self) -> Mapping[str, str]: ...
    @property
    def now(self) -> datetime: ...
    def value(self, key: str) -> Value: ...
    def every(self, key: str) -> list[str]: ...
    def turn(self) -> int: ...
    def choice_label(self, key: str, name: str) -> str: ...


def as_text(value: Value) -> str:
    """XPath's string(): whole numbers without ".0", days and moments in ISO form, the first of a list."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return value[0] if value else ""
    if isinstance(value, float | int):
        if math.isnan(value):
            return ""
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value


def as_number(value: Value) -> float:
    """XPath's number(); a day is the days since 1970, a moment such days with a fraction. NaN for what is none."""
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, float | int):
        return float(value)
    if isinstance(value, datetime):
        return days_of(value)
    if isinstance(value, date):
        return float((value - EPOCH).days)
    text = as_text(value).strip()
    if not text:
        return math.nan
    try:
        return float(text) if text.isascii() and "_" not in text and text.lstrip("+-")[:1] in _DIGITS else math.nan
    except ValueError:
        return math.nan


_DIGITS = tuple("0123456789.")


def as_bool(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, float | int):
        return bool(value) and not math.isnan(value)
    return bool(value)


def as_day(value: Value) -> date | None:
    """A day from a day, a moment, days since 1970, or ISO text; None for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            pass
    number = as_number(value)
    if math.isnan(number) or abs(number) > 700_000:
        return None
    return EPOCH + timedelta(days=math.floor(number))


def as_moment(value: Value, now: datetime) -> datetime | None:
    """A moment from ISO text or a day, in the zone of `now` where it names none."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time.min, tzinfo=now.tzinfo)
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)
    day = as_day(value)
    if day is None:
        return None
    part = as_number(value) % 1
    return datetime.combine(day, time.min, tzinfo=now.tzinfo) + timedelta(days=part)


def days_of(moment: datetime) -> float:
    """Days since 1970 on the clock of the moment's own zone."""
    start = datetime.combine(EPOCH, time.min, tzinfo=moment.tzinfo)
    return (moment.replace(tzinfo=None) - start.replace(tzinfo=None)) / timedelta(days=1)


def _comparable(value: Value) -> float:
    """A number for `<`: days and texts that are days count as days."""
    if isinstance(value, str | list):
        text = as_text(value)
        if len(text) >= 10 and text[4:5] == "-":
            try:
                return days_of(datetime.fromisoformat(text)) if len(text) > 10 else as_number(date.fromisoformat(text))
            except ValueError:
                return math.nan
        if len(text) >= 5 and text[2:3] == ":":
            try:
                at = time.fromisoformat(text)
            except ValueError:
                return math.nan
            return (at.hour * 3600 + at.minute * 60 + at.second) / 86400
    return as_number(value)


def compare(symbol: str, left: Value, right: Value) -> bool:
    """`<`, `<=`, `>`, `>=`; what is no number and no day is neither."""
    a, b = _comparable(left), _comparable(right)
    if symbol == "<":
        return a < b
    if symbol == "<=":
        return a <= b
    return a > b if symbol == ">" else a >= b


def equal(left: Value, right: Value, *, other: bool = False) -> bool:
    """`=`, and with `other` `!=`. Of a list it is enough when one member is (not) equal."""
    if isinstance(left, list):
        return any(equal(item, right, other=other) for item in left)
    if isinstance(right, list):
        return any(equal(left, item, other=other) for item in right)
    if isinstance(left, bool) or isinstance(right, bool):
        same = as_bool(left) == as_bool(right)
    elif isinstance(left, str) and isinstance(right, str):
        same = left == right
    elif isinstance(left, date) or isinstance(right, date):
        same = _comparable(left) == _comparable(right)
    else:
        same = as_number(left) == as_number(right)
    return not same if other else same
