"""What must be said of a contact whom nobody knows yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput

LONGEST_TEXT, LONGEST_PLACE = 300, 120
LONGEST = timedelta(hours=24)
"""Longer together is entered day by day, as statements are. Assumption of this room."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """Whom the case met: what is known of them, when, where, and how they could be found."""

    description: str
    starts_at: datetime
    ends_at: datetime | None = None
    place_text: str = ""
    find_by: str = ""


def check(sketch: Sketch, *, at: datetime) -> None:
    """BadInput naming the field that cannot be kept."""
    if not sketch.description.strip():
        raise BadInput(_("Describe the person: what did the case notice?"), field="description")
    check_span(sketch.starts_at, sketch.ends_at, at=at)
    texts = (
        ("description", sketch.description, LONGEST_TEXT),
        ("place_text", sketch.place_text, LONGEST_PLACE),
        ("find_by", sketch.find_by, LONGEST_TEXT),
    )
    for field, text, most in texts:
        if len(text) > most:
            raise BadInput(_("At most %(limit)s characters."), field=field, limit=most)


def check_span(starts_at: datetime, ends_at: datetime | None, *, at: datetime) -> None:
    """BadInput unless the two were together at a time that has passed, at most `LONGEST`."""
    if starts_at > at:
        raise BadInput(_("Nobody knows yet where somebody will be. Enter a time that has passed."), field="starts_at")
    if ends_at is None:
        return
    if ends_at <= starts_at:
        raise BadInput(_("The end must lie after the beginning."), field="ends_at")
    if ends_at > at:
        raise BadInput(_("Nobody knows yet where somebody will be. Enter a time that has passed."), field="ends_at")
    if ends_at - starts_at > LONGEST:
        hours = int(LONGEST.total_seconds() // 3600)
        raise BadInput(
            _("At most %(hours)s hours at one place. Enter longer stays day by day."), field="ends_at", hours=hours
        )
