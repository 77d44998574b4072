"""How quickly and how completely cases are traced: shares and delays by week, with what is missing beside them.

Cases are counted in the week (Monday to Sunday, local) in which they were reported. Every share names its denominator,
and what is not counted: `waiting`, where the time in which it could still be done is not over, and `missing`, where a
date is not known. A missing date is never a delay of zero. Negative delays stand as they are: contacts may be traced
before the report. Numbers about one to four cases or contacts are left out, as elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import floor

from django.utils.translation import gettext_lazy as _

from shouwang.command.rules.figures import hidden
from shouwang.core.counting import is_small

WITHIN = timedelta(hours=24)
HOUR = timedelta(hours=1)

SHARES = {
    "known": _("already known as a contact when reported"),
    "traced": _("contacts traced within 24 hours of the report"),
    "told": _("contacts told within 24 hours of being found"),
    "seen": _("contacts who read it within 24 hours of being found"),
}
# (from, to): each step of the chain, and the whole of it.
DELAYS = {
    "onset_detected": ("onset", "detected", _("onset to detection")),
    "detected_confirmed": ("detected", "confirmed", _("detection to confirmation")),
    "detected_reported": ("detected", "reported", _("detection to report")),
    "reported_traced": ("reported", "traced", _("report to contacts traced")),
    "traced_ordered": ("traced", "ordered", _("contacts traced to first quarantine order")),
    "onset_ordered": ("onset", "ordered", _("onset to first quarantine order")),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A confirmed contact who was asked to stay apart. None: has not been told, has not read it."""

    found: datetime
    told: datetime | None
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class Traced:
    """The moments of one reported case; None is unknown, or has not happened. `known` None: its contacts are no
    longer kept, nobody can say."""

    reported: datetime
    detected: datetime
    open: bool
    onset: datetime | None = None
    confirmed: datetime | None = None
    traced: datetime | None = None
    ordered: datetime | None = None
    known: bool | None = None
    contacts: tuple[Told, ...] = ()

    def moment(self, name: str) -> datetime | None:
        value: datetime | None = getattr(self, name)
        return value


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`. `part` is None where nothing is counted, "<5" or "*" where it is left out (see `hidden`)."""

    part: int | str | None
    whole: int
    waiting: int = 0
    missing: int = 0

    @property
    def share(self) -> float | None:
        return self.part / self.whole if isinstance(self.part, int) and self.whole else None


@dataclass(frozen=True, slots=True)
class Delay:
    """Hours, over `cases` with both dates; None without one, and of fewer than five cases (`small`)."""

    cases: int
    median_hours: float | None
    p90_hours: float | None
    waiting: int = 0
    missing: int = 0

    @property
    def small(self) -> bool:
        return is_small(self.cases)


@dataclass(frozen=True, slots=True)
class Week:
    """One week of reports; the whole of all weeks has no `monday`. `over`: the week has ended."""

    monday: date | None
    cases: int
    over: bool
    shares: Mapping[str, Share] = field(default_factory=dict)
    delays: Mapping[str, Delay] = field(default_factory=dict)

    @property
    def incomplete(self) -> bool:
        """More may still come: reports of this week, or the next steps of cases already reported. Short delays are in
        before long ones, so such a week looks quicker than it will have been."""
        waiting = [item.waiting for item in self.shares.values()] + [item.waiting for item in self.delays.values()]
        return not self.over or any(waiting)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which `share` of the values lie, interpolated between neighbours; None of nothing.

    >>> quantile([3.0, 1.0, 2.0, 4.0], 0.5)
    2.5
    """
    if not values:
        return None
    ranked = sorted(values)
    position = share * (len(ranked) - 1)
    low = floor(position)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (position - low)


def measured(cases: Sequence[Traced], mondays: Sequence[date], *, week_of: Mapping[int, date], now: datetime,
             this_week: date) -> tuple[Week, list[Week]]:  # fmt: skip
    """(all weeks together, week by week). `week_of[k]` is the Monday of `cases[k]`; `mondays` are all to be shown.

    Parts about few are left out so that the whole less the weeks shown does not give them away.
    """
    by_week: dict[date, list[Traced]] = {monday: [] for monday in mondays}
    for index, case in enumerate(cases):
        by_week[week_of[index]].append(case)
    weeks = [_week(monday, by_week[monday], now, over=monday < this_week) for monday in mondays]
    whole = _week(None, cases, now, over=True)
    return _guarded([whole])[0], _guarded(weeks)


def _week(monday: date | None, cases: Sequence[Traced], now: datetime, *, over: bool) -> Week:
    contacts = [contact for case in cases for contact in case.contacts]
    shares = {
        "known": _known(cases),
        "traced": _in_time([(case.reported, case.traced) for case in cases], now),
        "told": _in_time([(contact.found, contact.told) for contact in contacts], now),
        "seen": _in_time([(contact.found, contact.seen) for contact in contacts], now),
    }
    delays = {key: _delay(cases, first, last) for key, (first, last, _name) in DELAYS.items()}
    return Week(monday, len(cases), over, shares, delays)


def _known(cases: Sequence[Traced]) -> Share:
    said = [case.known for case in cases if case.known is not None]
    return Share(sum(said) if said else None, len(said), missing=len(cases) - len(said))


def _in_time(pairs: Sequence[tuple[datetime, datetime | None]], now: datetime) -> Share:
    """Done within a day of the beginning. What is not done, but could still be in time, waits and is not counted."""
    waiting = sum(done is None and now < begun + WITHIN for begun, done in pairs)
    whole = len(pairs) - waiting
    part = sum(done is not None and done - begun <= WITHIN for begun, done in pairs)
    return Share(part if whole else None, whole, waiting=waiting)


def _delay(cases: Sequence[Traced], first: str, last: str) -> Delay:
    hours: list[float] = []
    waiting = missing = 0
    for case in cases:
        begun, done = case.moment(first), case.moment(last)
        if begun is not None and done is not None:
            hours.append((done - begun) / HOUR)
        elif begun is not None and case.open:
            waiting += 1
        else:
            missing += 1
    if is_small(len(hours)):
        return Delay(len(hours), None, None, waiting, missing)
    return Delay(len(hours), quantile(hours, 0.5), quantile(hours, 0.9), waiting, missing)


def _guarded(weeks: Sequence[Week]) -> list[Week]:
    """The weeks with parts about one to four left out, and one more where the sum would give a part away."""
    shown: dict[str, dict[int, int | str]] = {}
    for key in SHARES:
        parts = {k: part for k, week in enumerate(weeks) if isinstance(part := week.shares[key].part, int)}
        shown[key] = hidden(parts, {k: weeks[k].shares[key].whole for k in parts})
    return [
        Week(
            week.monday,
            week.cases,
            week.over,
            {
                key: Share(shown[key].get(k), share.whole, share.waiting, share.missing)
                for key, share in week.shares.items()
            },
            week.delays,
        )
        for k, week in enumerate(weeks)
    ]
