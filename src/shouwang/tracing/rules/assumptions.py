"""The shape of `presence.toml`: what is assumed where a record says less than is needed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import time
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.core.packs import Source
from shouwang.tracing.rules.reader_clocks import Limits

HOUR = 3600


class AssumptionError(BadInput):
    code = "assumptions_invalid"


class Residence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Night hours [`from_`, `until`) of local time; `until` lies on the next day unless it is later than `from_`."""

    from_: time
    until: time
    absent_situations: tuple[str, ...]
    source: str


class Lessons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    absent_situations: tuple[str, ...]
    source: str


class MaxStay(msgspec.Struct, frozen=True):
    """Hours by place kind, with a default. Keys that are no place kind are refused where the file is read."""

    hours: Mapping[str, float]
    source: str

    def seconds(self, kind: str) -> int:
        return round(self.hours.get(kind, self.hours["default"]) * HOUR)

    @property
    def longest(self) -> int:
        """Seconds of the longest stay any kind of place allows."""
        return round(max(self.hours.values()) * HOUR)


class Doors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    duplicate_seconds: int
    far_seconds: int
    passages: tuple[str, ...]
    source: str
    max_stay_hours: dict[str, float | str]

    @property
    def max_stay(self) -> MaxStay:
        return _max_stay(self.max_stay_hours, self.source)


class Visits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    max_stay_hours: dict[str, float | str]

    @property
    def max_stay(self) -> MaxStay:
        return _max_stay(self.max_stay_hours, self.source)


class AssumedStay(msgspec.Struct, frozen=True):
    """Minutes by place kind that a stay without an exit is taken to last, with a default."""

    minutes: Mapping[str, float]
    source: str

    def seconds(self, kind: str) -> int:
        return round(self.minutes.get(kind, self.minutes["default"]) * 60)

    @property
    def longest(self) -> int:
        """Seconds of the longest one."""
        return round(max(self.minutes.values()) * 60)


class Scans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    duplicate_seconds: int
    far_seconds: int
    late_hours: float
    longest_hours: float
    source: str
    assumed_stay_minutes: dict[str, float | str]

    @property
    def longest_seconds(self) -> int:
        return round(self.longest_hours * HOUR)

    @property
    def assumed_stay(self) -> AssumedStay:
        return AssumedStay(*_by_kind(self.assumed_stay_minutes, self.source))


class Sensors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    step_seconds: int
    source: str


class Intake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    clock_skew_seconds: int
    source: str


class Transit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    together_seconds: int
    longest_minutes: int
    source: str

    def __post_init__(self) -> None:
        if self.together_seconds < 0 or self.longest_minutes < 1:
            raise ValueError("together_seconds must not be negative, and longest_minutes is at least 1")


class Visitors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    longest_hours: float
    assumed_hours: float
    source: str

    def __post_init__(self) -> None:
        if not 0 < self.assumed_hours <= self.longest_hours <= 48:
            raise ValueError("assumed_hours is above 0 and at most longest_hours, which is at most 48")


class Holes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    within_days: int
    least_days: int
    least_records: float
    source: str

    def __post_init__(self) -> None:
        if min(self.within_days, self.least_days) < 1 or self.least_records <= 0:
            raise ValueError("days are at least 1, and least_records above 0")


class Clocks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    within_days: int
    window_minutes: int
    largest_minutes: int
    least_seconds: int
    least_pairs: int
    least_days: int
    least_agreement: float
    least_gain: float
    alike_seconds: int
    source: str

    @property
    def limits(self) -> Limits:
        return Limits(
            self.window_minutes * 60, self.largest_minutes * 60, self.least_seconds, self.least_pairs, self.least_days,
            self.least_agreement, self.least_gain,
        )  # fmt: skip

    def __post_init__(self) -> None:
        if not 0 < self.largest_minutes <= self.window_minutes <= 720:
            raise ValueError("largest_minutes is above 0 and at most window_minutes, which is at most 720")
        least = (self.within_days, self.least_days, self.least_pairs, self.least_seconds, self.alike_seconds)
        if min(least) < 1:
            raise ValueError("days, pairs and seconds are at least 1")
        if not 0 <= self.least_agreement <= 1 or not 0 <= self.least_gain <= 1:
            raise ValueError("least_agreement and least_gain lie between 0 and 1")


class Interview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far either end of a time lies off that is not told as sure, where the statement does not say."""

    about_minutes: int
    source: str


class Assumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `presence.toml`."""

    sources: tuple[Source, ...]
    residence: Residence
    lessons: Lessons
    doors: Doors
    visits: Visits
    scans: Scans
    sensors: Sensors
    intake: Intake
    interview: Interview
    transit: Transit
    visitors: Visitors
    holes: Holes
    clocks: Clocks

    def __post_init__(self) -> None:
        known = {source.id for source in self.sources}
        parts = (
            self.residence, self.lessons, self.doors, self.visits, self.scans, self.sensors, self.intake,
            self.interview, self.transit, self.visitors, self.holes,
            self.clocks,
        )  # fmt: skip
        tables = (self.doors.max_stay, self.visits.max_stay, self.scans.assumed_stay)
        named = {part.source for part in (*parts, *tables)}
        if missing := named - known:
            raise ValueError(f"unknown source {sorted(missing)[0]!r}")
        if self.residence.from_ == self.residence.until:
            raise ValueError("residence: from and until are the same time")
        if (
            min(self.doors.duplicate_seconds, self.doors.far_seconds) < 0
            or self.intake.clock_skew_seconds < 0
            or self.sensors.step_seconds < 1
        ):
            raise ValueError("seconds must not be negative, and a sensor's step is at least 1")
        if self.interview.about_minutes < 0:
            raise ValueError("interview: about_minutes must not be negative")
        for stay in (self.doors.max_stay, self.visits.max_stay):
            if "default" not in stay.hours or min(stay.hours.values()) <= 0:
                raise ValueError("max_stay_hours needs a default, and every value above 0")
        assumed = self.scans.assumed_stay.minutes
        if "default" not in assumed or min(assumed.values()) <= 0:
            raise ValueError("assumed_stay_minutes needs a default, and every value above 0")
        if min(self.scans.duplicate_seconds, self.scans.far_seconds, self.scans.late_hours) < 0:
            raise ValueError("scans: seconds and hours must not be negative")
        if not 0 < self.scans.longest_hours <= 48:
            raise ValueError("scans: longest_hours lies above 0 and is at most 48")


def _max_stay(table: Mapping[str, float | str], source: str) -> MaxStay:
    return MaxStay(*_by_kind(table, source))


def _by_kind(table: Mapping[str, float | str], source: str) -> tuple[dict[str, float], str]:
    """The numbers of a table by kind of place, and its source: its own, else that of the section."""
    numbers = {kind: float(value) for kind, value in table.items() if not isinstance(value, str)}
    return numbers, str(table.get("source", source))


def parse(shipped: str, own: str | None = None) -> Assumptions:
    """The shipped text with the institution's own values laid over it, table by table.

    AssumptionError names the key that is wrong.
    """
    try:
        document = tomllib.loads(shipped)
        if own is not None:
            document = _overlay(document, tomllib.loads(own))
        return msgspec.convert(document, Assumptions, strict=True)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        raise AssumptionError(
            _("presence.toml cannot be used: %(reason)s. Mend this line, or delete the file."), reason=str(error)
        ) from error


def _overlay(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _overlay(merged[key], value)
        elif key == "sources" and isinstance(value, list):
            merged[key] = [*merged.get(key, []), *value]
        else:
            merged[key] = value
    return merged
