"""What a unit's entries of one day say about how they were collected: copied readings, one device, entries in bulk.

Never about a person: a finding holds counts alone, and is told to whoever answers for the unit's process.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import msgspec

FILE = Path(__file__).resolve().parent.parent / "quality.toml"
SAME_READING, ONE_DEVICE, IN_BULK = "same_reading", "one_device", "in_bulk"


class SameReading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    measured: int
    share: float
    source: str


class OneDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    entries: int
    seconds: int
    source: str


class InBulk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    entries: int
    seconds: int
    share: float
    source: str


class Limits(msgspec.Struct, frozen=True):
    same_reading: SameReading
    one_device: OneDevice
    in_bulk: InBulk


@dataclass(frozen=True, slots=True)
class Entered:
    """One entry, without who it is about. `account` 0 where unknown."""

    at: datetime
    source: str
    temperature_c: Decimal | None
    device: str
    account: int


@dataclass(frozen=True, slots=True)
class Finding:
    """`count` of `of` entries; `detail` is the reading, for "same_reading"; "" otherwise."""

    kind: str
    count: int
    of: int
    detail: str = ""


@lru_cache(maxsize=1)
def limits() -> Limits:
    """The limits in force, from `quality.toml`."""
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    document.pop("sources")
    return msgspec.convert(document, Limits, strict=True)


def findings(entries: Sequence[Entered], by: Limits) -> list[Finding]:
    """At most one finding of each kind, the largest; O(n log n)."""
    found = [
        _same_reading(entries, by.same_reading),
        _one_device(entries, by.one_device),
        _in_bulk(entries, by.in_bulk),
    ]
    return [one for one in found if one is not None]


def _same_reading(entries: Sequence[Entered], by: SameReading) -> Finding | None:
    readings = Counter(entry.temperature_c for entry in entries if entry.temperature_c is not None)
    measured = sum(readings.values())
    if measured < by.measured:
        return None
    value, count = max(readings.items(), key=lambda item: (item[1], item[0]))
    return Finding(SAME_READING, count, measured, f"{value}") if count >= by.share * measured else None


def _one_device(entries: Sequence[Entered], by: OneDevice) -> Finding | None:
    times: dict[str, list[datetime]] = defaultdict(list)
    own = [entry for entry in entries if entry.source == "self" and entry.device]
    for entry in own:
        times[entry.device].append(entry.at)
    most = max((_most_within(at, by.seconds) for at in times.values()), default=0)
    return Finding(ONE_DEVICE, most, len(own)) if most >= by.entries else None


def _in_bulk(entries: Sequence[Entered], by: InBulk) -> Finding | None:
    others: dict[int, list[Entered]] = defaultdict(list)
    for entry in entries:
        if entry.source == "proxy" and entry.account:
            others[entry.account].append(entry)
    best: Finding | None = None
    for rows in others.values():
        most = _most_within([row.at for row in rows], by.seconds)
        alike = max(Counter(row.temperature_c for row in rows).values())
        if most >= by.entries and alike >= by.share * len(rows) and (best is None or most > best.count):
            best = Finding(IN_BULK, most, len(rows))
    return best


def _most_within(moments: Iterable[datetime], seconds: int) -> int:
    """The largest number of moments in any window of `seconds`."""
    at, window = sorted(moments), timedelta(seconds=seconds)
    most = first = 0
    for last, moment in enumerate(at):
        while moment - at[first] > window:
            first += 1
        most = max(most, last - first + 1)
    return most
