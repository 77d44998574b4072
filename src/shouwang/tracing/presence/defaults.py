"""Loads the assumptions: shipped ones, with the institution's own laid over them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shouwang.org.models import Person, Place
from shouwang.tracing.rules.assumptions import AssumptionError, Assumptions, parse

SHIPPED = Path(__file__).resolve().parent.parent / "presence.toml"


def assumptions() -> Assumptions:
    """The assumptions in force. AssumptionError names what is wrong with `SHOUWANG_HOME/presence.toml`."""
    own: Path = settings.HOME / "presence.toml"
    stamp = own.stat().st_mtime_ns if own.is_file() else None
    return _load(own, stamp)


@lru_cache(maxsize=8)
def _load(own: Path, stamp: int | None) -> Assumptions:
    """`stamp` is the file's time of change: an edited file is read again."""
    found = parse(SHIPPED.read_text("utf-8"), own.read_text("utf-8") if stamp is not None else None)
    kinds = set(Place.Kind.values) | {"default"}
    named = {*found.doors.max_stay.hours, *found.visits.max_stay.hours, *found.doors.passages}
    named |= set(found.scans.assumed_stay.minutes)
    situations = {*found.residence.absent_situations, *found.lessons.absent_situations}
    for word in sorted((named - kinds) | (situations - set(Person.Situation.values))):
        raise AssumptionError(
            _("presence.toml cannot be used: %(reason)s. Mend this line, or delete the file."),
            reason=f"{word!r} is no place kind and no situation",
        )
    return found
