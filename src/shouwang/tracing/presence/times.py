"""A column of written moments as unix seconds, a million at a time.

`core.dates.parse_datetime` says what a text means; this module gives the same answers for the two styles that
machines write ("2019/4/1 0:02" with any of - / . and optional seconds, and 10-digit unix time) by arithmetic on whole
columns, and asks `parse_datetime` once for every other distinct text.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shouwang.core.dates import DateError, parse_datetime

Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

_STAMP = (
    r"^(?P<y>\d{4})(?P<s1>[-/.])(?P<mo>\d{1,2})(?P<s2>[-/.])(?P<d>\d{1,2})[ T](?P<h>\d{1,2}):(?P<mi>\d{2})"
    r"(?::(?P<s>\d{2}))?$"
)
_UNIX = r"^\d{10}$"


def unix_seconds(texts: pa.Array, zone: tzinfo) -> tuple[Int64, Bool]:
    """(unix seconds, readable) for each text; 0 where it is not readable. Moments are cut to whole seconds."""
    seconds = np.zeros(len(texts), np.int64)
    done = np.zeros(len(texts), np.bool_)
    if len(texts) == 0:
        return seconds, done
    _take_unix(texts, seconds, done)
    _take_stamps(texts, zone, seconds, done)
    rest = np.flatnonzero(~done)
    if len(rest):
        coded = pc.dictionary_encode(texts.take(pa.array(rest)))
        values = [_slow(text, zone) for text in coded.dictionary.to_pylist()]
        number = coded.indices.to_numpy(zero_copy_only=False)
        good = np.array([value is not None for value in values], np.bool_)[number]
        seconds[rest] = np.array([value or 0 for value in values], np.int64)[number]
        done[rest] = good
    return seconds, done


def _slow(text: str | None, zone: tzinfo) -> int | None:
    """What `parse_datetime` says; None for a text it refuses."""
    try:
        return int(parse_datetime(text or "", zone).timestamp() // 1)
    except DateError:
        return None


def _take_unix(texts: pa.Array, seconds: Int64, done: Bool) -> None:
    rows = np.flatnonzero(pc.match_substring_regex(texts, _UNIX).to_numpy(zero_copy_only=False))
    if len(rows):
        seconds[rows] = pc.cast(texts.take(pa.array(rows)), pa.int64()).to_numpy()
        done[rows] = True


def _take_stamps(texts: pa.Array, zone: tzinfo, seconds: Int64, done: Bool) -> None:
    parts = pc.extract_regex(texts, _STAMP)
    rows = np.flatnonzero(parts.is_valid().to_numpy(zero_copy_only=False))
    if not len(rows):
        return
    parts = parts.take(pa.array(rows))
    alike = pc.equal(parts.field("s1"), parts.field("s2")).to_numpy(zero_copy_only=False)
    year, month, day, hour, minute = (_numbers(parts, key) for key in ("y", "mo", "d", "h", "mi"))
    second = _numbers(parts, "s")
    # One number a distinct day, so that a calendar is asked once for each day and not for each row.
    key = (year * 100 + month) * 100 + day
    days, of_row = np.unique(key, return_inverse=True)
    midnight = np.zeros(len(days), np.int64)
    plain = np.zeros(len(days), np.bool_)
    for index, packed in enumerate(days.tolist()):
        found = _plain_midnight(packed, zone)
        if found is not None:
            midnight[index], plain[index] = found, True
    good = plain[of_row] & alike & (hour < 24) & (minute < 60) & (second < 60)
    seconds[rows[good]] = (midnight[of_row] + hour * 3600 + minute * 60 + second)[good]
    done[rows[good]] = True


def _numbers(parts: Any, key: str) -> Int64:
    """A group of the pattern as integers; a group that did not take part is 0."""
    text = parts.field(key)
    text = pc.if_else(pc.equal(text, ""), "0", text)
    found: Int64 = pc.cast(text, pa.int64()).to_numpy(zero_copy_only=False)
    return found


def _plain_midnight(packed: int, zone: tzinfo) -> int | None:
    """Unix seconds of the local midnight of yyyymmdd; None for a day that does not exist, lies outside what
    `parse_datetime` accepts without asking, or on which clocks change."""
    year, month, day = packed // 10000, packed // 100 % 100, packed % 100
    try:
        today = date(year, month, day)
        start = datetime.combine(today, time.min, tzinfo=zone)
        end = datetime.combine(today + timedelta(days=1), time.min, tzinfo=zone)
    except (ValueError, OverflowError):
        return None
    if not 1971 <= year <= 2037 or end.timestamp() - start.timestamp() != 86_400:
        return None
    return int(start.timestamp())
