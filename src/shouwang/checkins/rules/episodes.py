"""When a finding becomes a new alert, worsens the open one, or belongs to what the clinic already knows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from shouwang.checkins.rules.protocols import RANK


class AlertStep(Enum):
    RAISE = "raise"
    WORSEN = "worsen"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest alert of a person and disease: its state ("open", "case", "closed") and severity."""

    state: str
    severity: str


def step(*, severity: str, newest: Standing | None, previous_severity: str) -> AlertStep:
    """What a finding of `severity` does; `previous_severity` is that of the person's check-in before ("none": well).

    One open alert a disease: a worse finding worsens it, any other leaves it. While a case was opened from the newest
    alert and the person has reported ill ever since, the same symptoms are no news; worse ones, or the same after a
    healthy check-in, are. An alert that was closed with a reason never silences a later finding.
    """
    if newest is None or newest.state == "closed":
        return AlertStep.RAISE
    worse = RANK[severity] > RANK[newest.severity]
    if newest.state == "open":
        return AlertStep.WORSEN if worse else AlertStep.LEAVE
    return AlertStep.RAISE if worse or previous_severity == "none" else AlertStep.LEAVE
