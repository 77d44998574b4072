"""So many negative results in a row: which samples of a person count, and what ends the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated

import msgspec
from django.utils.translation import gettext as _

from shouwang.core.packs import Text

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class Negatives(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many negative results of one method in a row, samples at least so many hours apart; read from the laboratory.

    A result from a tube shared with others counts only where `pools` says so.
    """

    method: Code
    negatives: Annotated[int, msgspec.Meta(ge=1, le=10)]
    text: Text
    source: str
    hours_apart: Annotated[float, msgspec.Meta(ge=0, le=720)] = 0
    pools: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One sample of a person for a disease. `outcome` is "" while the result is awaited; `pooled`: it came from a tube
    shared with others."""

    method: str
    taken_at: datetime
    outcome: str
    pooled: bool = False


def counted_negatives(asked: Negatives, findings: Sequence[Finding]) -> tuple[list[datetime], str]:
    """When the negative samples that count were taken, newest first, and what ended the run: an outcome, "awaited", or
    "" when there are no more samples.

    Going back from the newest sample: a positive, inconclusive or awaited one ends the run; an invalid one says nothing
    and is passed over, as is a negative too close to the one counted before it, or from a shared tube.
    """
    counted: list[datetime] = []
    gap = timedelta(hours=asked.hours_apart)
    mine = (finding for finding in findings if finding.method == asked.method)
    for finding in sorted(mine, key=lambda one: one.taken_at, reverse=True):
        if finding.outcome == "invalid":
            continue
        if finding.outcome != "negative":
            return counted, finding.outcome or "awaited"
        if (asked.pools or not finding.pooled) and (not counted or counted[-1] - finding.taken_at >= gap):
            counted.append(finding.taken_at)
    return counted, ""


def negatives_met(asked: Negatives, findings: Sequence[Finding], zone: tzinfo) -> tuple[bool, str]:
    """Whether there are as many as asked, and the sentence with the times of their samples."""
    counted, ended = counted_negatives(asked, findings)
    moments = ", ".join(f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in reversed(counted[: asked.negatives])) or "–"
    text = _("%(what)s: %(found)s of %(asked)s (samples of %(moments)s).")
    values = {"what": asked.text, "found": min(len(counted), asked.negatives), "asked": asked.negatives}
    sentence = text % {**values, "moments": moments}
    met = len(counted) >= asked.negatives
    why = ""
    if not met and ended == "awaited":
        why = _("A result is still awaited.")
    elif not met and ended and not counted:
        why = _("The latest sample was not negative.")
    return met, f"{sentence} {why}".strip()
