"""What becomes of a delivery after an attempt. At most once: what may have arrived is never sent again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shouwang.outreach.rules.limits import Limits

MOST_ATTEMPTS = 5
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=30)  # assumption


class Outcome(StrEnum):
    """What the channel made of one attempt.

    `UNREACHED`: it certainly did not arrive (no connection). `UNKNOWN`: it may have (the answer was lost).
    """

    SENT = "sent"
    REFUSED = "refused"
    TOO_FAST = "too_fast"
    UNREACHED = "unreached"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Retry:
    """The next state of the delivery; `at` when it is queued again, `pause_until` when the whole channel rests."""

    state: str
    at: datetime | None = None
    pause_until: datetime | None = None


def after(outcome: Outcome, *, attempts: int, limits: Limits, at: datetime) -> Retry:
    """`attempts` counts the one that just ended. Only what certainly did not arrive is tried again."""
    if outcome is Outcome.SENT:
        return Retry("sent")
    if outcome is Outcome.UNKNOWN:
        return Retry("unknown")
    if outcome is Outcome.TOO_FAST:
        rest = at + timedelta(seconds=limits.pause_seconds)
        return Retry("queued", at=rest, pause_until=rest)
    if outcome is Outcome.REFUSED or attempts >= MOST_ATTEMPTS:
        return Retry("failed")
    return Retry("queued", at=at + min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE))
