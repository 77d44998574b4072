"""Timing and limits in force: the shipped file with the institution's own changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from shouwang.core.errors import BadInput
from shouwang.outreach.rules import Limits, Timing, read_plan

SHIPPED = Path(__file__).resolve().parents[1] / "reminding.toml"


@lru_cache(maxsize=8)
def _read(own: str) -> tuple[Timing, Mapping[str, Limits]]:
    try:
        return read_plan(SHIPPED.read_text(encoding="utf-8"), own)
    except (ValueError, TypeError) as error:
        raise BadInput(str(error), code="bad_plan") from error


def _plan() -> tuple[Timing, Mapping[str, Limits]]:
    file = settings.HOME / "reminding.toml"
    return _read(file.read_text(encoding="utf-8") if file.is_file() else "")


def timing() -> Timing:
    """Minutes around a deadline. BadInput when `SHOUWANG_HOME/reminding.toml` cannot be read as such."""
    return _plan()[0]


def limits_of(kind: str) -> Limits:
    """What channels of `kind` allow."""
    return _plan()[1][kind]
