"""What is assumed about clocks beyond the packs: shipped in `clocks.toml`, replaced by the institution's own file."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Literal

import msgspec
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.core.owned_files import decoded, in_force

SHIPPED = Path(__file__).resolve().parent.parent / "clocks.toml"
LONGEST = 60 * 24 * 30  # minutes: a month


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    kind: str
    text: str


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`minutes` after a clock ran out, this one is told."""

    to: Literal["owner", "deputy", "above"]
    minutes: int


class Escalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    steps: tuple[Step, ...]
    source: str


class Reminding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: tuple[str, ...]
    source: str

    @property
    def times(self) -> tuple[time, ...]:
        return tuple(time.fromisoformat(text) for text in self.at)


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    open_share: float
    source: str


class SevenOneSeven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Targets in days: emergence to detection, detection to notification, notification to the end of the response."""

    detect_days: int
    notify_days: int
    respond_days: int
    source: str


class Outbreak(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    gap_days: int
    least_cases: int
    source: str


class ClockSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: tuple[Source, ...]
    escalation: Escalation
    reminding: Reminding
    reading: Reading
    seven_one_seven: SevenOneSeven
    outbreak: Outbreak

    def source_of(self, name: str) -> str:
        return next(source.text for source in self.sources if source.id == name)


def clock_settings(home: Path) -> ClockSettings:
    """The settings in force: `home`/clocks.toml, else the shipped file. BadInput names what is wrong with it."""
    return in_force(home, SHIPPED, _read)


def _read(content: bytes) -> ClockSettings:
    found = decoded(content, ClockSettings, _refusal)
    try:
        times = found.reminding.times
    except ValueError as error:
        raise _refusal(str(error)) from error
    known = {source.id for source in found.sources}
    tables = (found.escalation, found.reminding, found.reading, found.seven_one_seven, found.outbreak)
    for table in tables:
        if table.source not in known:
            raise _refusal(f"source {table.source!r} is not among [[sources]]")
    minutes = [step.minutes for step in found.escalation.steps]
    if not minutes or minutes != sorted(minutes) or not 0 <= minutes[0] <= minutes[-1] <= LONGEST or len(minutes) > 9:
        raise _refusal("[[escalation.steps]] are one to nine, their minutes 0 to 43200 and never fewer than before")
    if not times or list(times) != sorted(set(times)):
        raise _refusal("[reminding] at: one time or more, each once, in order")
    if not 0 <= found.reading.open_share < 1:
        raise _refusal("[reading] open_share is from 0 to below 1")
    aims = found.seven_one_seven
    days = (aims.detect_days, aims.notify_days, aims.respond_days, found.outbreak.gap_days, found.outbreak.least_cases)
    if not all(1 <= number <= 366 for number in days):
        raise _refusal("days and numbers of cases are 1 to 366")
    return found


def _refusal(reason: str) -> BadInput:
    return BadInput(
        _("clocks.toml cannot be used: %(reason)s. Mend it, or delete the file."), code="clocks_file", reason=reason
    )
