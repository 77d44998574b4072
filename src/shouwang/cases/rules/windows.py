"""When a case could infect others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.cases.rules.dates import Dates
from shouwang.cases.rules.protocols import Infectious


@dataclass(frozen=True, slots=True)
class Window:
    """When a case could infect others: [start, end]. Unpacks as ``start, end = window``.

    `basis` is the date it was counted from ("onset" or "detected"), `ended_by` what ends it ("isolated", "pack": the
    pack's last day, or "now").
    """

    start: datetime
    end: datetime
    basis: str
    ended_by: str
    days_before: float
    days_after: float

    def __iter__(self) -> Iterator[datetime]:
        return iter((self.start, self.end))

    @property
    def because(self) -> str:
        """The window in words, in the reader's language."""
        begin = BEGIN_WORDS[self.basis] % {"days": f"{self.days_before:g}"}
        return f"{begin} {END_WORDS[self.ended_by] % {'days': f'{self.days_after:g}'}}"


BEGIN_WORDS: Mapping[str, Promise] = {
    "onset": _("Begins %(days)s days before onset."),
    "detected": _("Onset is unknown: begins %(days)s days before detection instead."),
}
END_WORDS: Mapping[str, Promise] = {
    "isolated": _("Ends with isolation."),
    "pack": _("Not isolated: ends %(days)s days after that date."),
    "now": _("Not isolated yet: reaches to this moment."),
}


def infectious_window(dates: Dates, spec: Infectious, now: datetime) -> Window:
    """From `days_before_onset` before onset to isolation, else to the pack's last day, at most to `now`.

    Without onset it is counted from detection, and `basis` says so. A case isolated before it became infectious has
    an empty window (start == end).
    """
    anchor, basis = (dates.onset, "onset") if dates.onset is not None else (dates.detected, "detected")
    start = anchor - timedelta(days=spec.days_before_onset)
    last = anchor + timedelta(days=spec.days_after_onset)
    if dates.isolated is not None:
        end, ended_by = dates.isolated, "isolated"
    else:
        end, ended_by = (last, "pack") if last <= now else (now, "now")
    return Window(start, max(start, end), basis, ended_by, spec.days_before_onset, spec.days_after_onset)
