"""What is assumed about sharing and cleaning rooms: shipped in `beds.toml`, replaced by the institution's own file."""

from __future__ import annotations

from pathlib import Path

import msgspec
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.core.owned_files import decoded, in_force

SHIPPED = Path(__file__).resolve().parent.parent / "beds.toml"


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    kind: str
    text: str


class Sharing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    classifications: frozenset[str]
    source: str


class Cleaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: int
    source: str


class Forecast(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: int
    warn_days: int
    source: str


class BedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: tuple[Source, ...]
    sharing: Sharing
    cleaning: Cleaning
    forecast: Forecast


def bed_settings(home: Path) -> BedSettings:
    """The settings in force: `home`/beds.toml, else the shipped file. BadInput names what is wrong with it."""
    return in_force(home, SHIPPED, _read)


def _read(content: bytes) -> BedSettings:
    found = decoded(content, BedSettings, _refusal)
    known = {source.id for source in found.sources}
    for table in (found.sharing, found.cleaning, found.forecast):
        if table.source not in known:
            raise _refusal(f"source {table.source!r} is not among [[sources]]")
    if not (0 <= found.cleaning.days <= 30 and 1 <= found.forecast.warn_days <= found.forecast.days <= 60):
        raise _refusal("days of cleaning are 0 to 30, days of the forecast 1 to 60 and no fewer than warn_days")
    return found


def _refusal(reason: str) -> BadInput:
    return BadInput(
        _("beds.toml cannot be used: %(reason)s. Mend it, or delete the file."), code="beds_file", reason=reason
    )
