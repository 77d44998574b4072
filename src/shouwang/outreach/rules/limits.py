"""What a channel allows, and when the next message may go: rates and sizes are data (`reminding.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one channel. Rates hold in every window of that length, not only from one full minute to the next.

    `avoid_minutes`: minutes of the hour in which nothing is sent. `pause_seconds`: rest after "too fast".
    """

    max_bytes: int
    per_minute: int | None = None
    per_second: int | None = None
    avoid_minutes: tuple[int, ...] = ()
    too_fast_codes: tuple[int, ...] = ()
    pause_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Timing:
    """Minutes around a deadline, from `reminding.toml`."""

    opens_before_minutes: int
    ends_after_minutes: int
    digest_after_minutes: int
    deputy_after_minutes: int
    above_after_minutes: int
    top_after_minutes: int

    def opens(self, due: datetime) -> datetime:
        return due - timedelta(minutes=self.opens_before_minutes)

    def ends(self, due: datetime) -> datetime:
        return due + timedelta(minutes=self.ends_after_minutes)


def read_plan(shipped: str, own: str = "") -> tuple[Timing, Mapping[str, Limits]]:
    """Timing and limits from the shipped TOML, each value replaced by the institution's own where there is one.

    ValueError for a key that does not exist or a value of another type, so that a slip of the pen is not silent.
    """
    table, changes = tomllib.loads(shipped), tomllib.loads(own)
    _merge(table, changes, "")
    timing = Timing(**{**table["reminder"], **table["notes"]})
    limits = {kind: _limits(row) for kind, row in table["limits"].items()}
    return timing, limits


def _limits(row: Mapping[str, Any]) -> Limits:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Limits(**values)


LIMIT_KEYS = {field.name for field in fields(Limits)}


def _merge(table: dict[str, Any], changes: Mapping[str, Any], where: str) -> None:
    for key, value in changes.items():
        place = f"{where}.{key}".lstrip(".")
        known = key in table or (where.startswith("limits.") and key in LIMIT_KEYS)
        if not known:
            raise ValueError(f"reminding.toml: unknown key {place}")
        if isinstance(value, dict):
            if not isinstance(table[key], dict):
                raise ValueError(f"reminding.toml: {place} is a value, not a table")
            _merge(table[key], value, place)
            continue
        numbers = value if isinstance(value, list) else [value]
        if not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers):
            raise ValueError(f"reminding.toml: {place} = {value!r}: whole numbers from 0 are expected")
        table[key] = value


def next_free(sent: Sequence[datetime], limits: Limits, *, now: datetime) -> datetime:
    """The earliest moment from `now` on at which one more message may go; `sent` are earlier ones, in any order."""
    moment = now
    for count, window in ((limits.per_minute, MINUTE), (limits.per_second, SECOND)):
        if count is None:
            continue
        recent = sorted(one for one in sent if one > moment - window)
        if len(recent) >= count:
            moment = max(moment, recent[-count] + window)
    while moment.minute in limits.avoid_minutes:
        moment = moment.replace(second=0, microsecond=0) + MINUTE
    return moment


def shortened(text: str, max_bytes: int) -> str:
    """`text`, cut at a whole character so that its UTF-8 fits `max_bytes`, with an ellipsis where it was cut."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    room = max_bytes - len(ELLIPSIS.encode())
    if room < 0:
        return ""
    return encoded[:room].decode(errors="ignore") + ELLIPSIS
