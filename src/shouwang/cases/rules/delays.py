"""How long the steps of cases took: medians and 90th percentiles, and the 7-1-7 summary of outbreaks."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.core.counting import is_small

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dated:
    """The moments of one case; None is unknown. `open`: it is not closed, so that an unknown date could still come.
    `tested` and `resulted`: the first test ordered for it, and the first result."""

    open: bool
    onset: datetime | None
    detected: datetime | None
    reported: datetime | None = None
    isolated: datetime | None = None
    treated: datetime | None = None
    traced: datetime | None = None
    tested: datetime | None = None
    resulted: datetime | None = None

    def moment(self, name: str) -> datetime | None:
        value: datetime | None = getattr(self, name)
        return value


# Leg -> the moment it begins with, the one it ends with, its name.
LEGS: Mapping[str, tuple[str, str, Promise]] = {
    "detect": ("onset", "detected", _("Onset to detection")),
    "report": ("detected", "reported", _("Detection to report")),
    "isolate": ("reported", "isolated", _("Report to isolation")),
    "treat": ("isolated", "treated", _("Isolation to first treatment")),
    "test": ("tested", "resulted", _("Test to result")),
    "trace": ("detected", "traced", _("Case to contacts traced and told")),
}


@dataclass(frozen=True, slots=True)
class Delay:
    """One leg over some cases. `known` of `total` have both dates; `waiting` have the first, and the second may still
    come (the case is open); `missing` is the rest. Hours are None where nothing is known, and of one to four cases
    (`small`). `early`: those whose second date lies before the first, counted as 0 hours."""

    known: int
    total: int
    waiting: int
    early: int
    median_hours: float | None
    p90_hours: float | None

    @property
    def missing(self) -> int:
        return self.total - self.known - self.waiting

    @property
    def small(self) -> bool:
        return is_small(self.known)


@dataclass(frozen=True, slots=True)
class Group:
    """The delays of one unit or one week (`incomplete`: later ones may still come, short delays are in before long
    ones)."""

    key: Hashable
    cases: int
    incomplete: bool
    delays: Mapping[str, Delay]


def ranked(hours: Sequence[float], share: float) -> float | None:
    """The nearest rank: the smallest value that at least `share` of all do not exceed; it is one that occurred.

    >>> ranked([3.0, 1.0, 2.0, 4.0], 0.5)
    2.0
    """
    return sorted(hours)[math.ceil(share * len(hours)) - 1] if hours else None


def delay(cases: Sequence[Dated], leg: str) -> Delay:
    """One leg over `cases`."""
    first, last, _name = LEGS[leg]
    hours: list[float] = []
    waiting = early = 0
    for case in cases:
        begun, done = case.moment(first), case.moment(last)
        if begun is not None and done is not None:
            early += done < begun
            hours.append(max(done - begun, timedelta(0)) / HOUR)
        elif begun is not None and case.open:
            waiting += 1
    small = is_small(len(hours))
    median, p90 = (None, None) if small else (ranked(hours, 0.5), ranked(hours, 0.9))
    return Delay(len(hours), len(cases), waiting, early, median, p90)


def group(key: Hashable, cases: Sequence[Dated], *, over: bool, open_share: float) -> Group:
    """All legs over `cases`. Incomplete while the time they belong to is not over, or while, on any leg, more than
    `open_share` of those that have begun still wait for their second date."""
    delays = {leg: delay(cases, leg) for leg in LEGS}
    waits = any(item.waiting > open_share * (item.known + item.waiting) for item in delays.values())
    return Group(key, len(cases), not over or waits, delays)


# --- 7-1-7 ---------------------------------------------------------------------------------------------------------

MET, MISSED, RUNNING, UNKNOWN = "met", "missed", "running", "unknown"
ACTIONS = ("isolated", "treated", "traced")


@dataclass(frozen=True, slots=True)
class Interval:
    """One of the three: from `start` to `end` (None: not yet or unknown), allowed `days`. `state`: met, missed (also
    while it still runs past its days), running, unknown (no date to begin with, or none that could still come)."""

    name: str
    days: int
    start: datetime | None
    end: datetime | None
    state: str

    @property
    def taken_days(self) -> float | None:
        return (self.end - self.start) / DAY if self.start is not None and self.end is not None else None


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A fact: of `whole` cases found by the time of notification, `part` have no date of this action; or the action's
    last date came `days` after notification."""

    action: str
    part: int
    whole: int
    days: float | None


@dataclass(frozen=True, slots=True)
class Outbreak:
    """Cases of one disease, from first to last detection, with the three intervals and what held the response up."""

    disease: str
    cases: int
    first: datetime
    last: datetime
    onset_unknown: int
    intervals: tuple[Interval, Interval, Interval]
    bottlenecks: tuple[Bottleneck, ...]

    @property
    def small(self) -> bool:
        return is_small(self.cases)


def outbreaks(
    disease: str, cases: Iterable[Dated], *, gap_days: int, least: int, days: tuple[int, int, int], now: datetime
) -> list[Outbreak]:
    """The outbreaks among the cases of one disease, newest first: cases belong together while no more than `gap_days`
    lie between one detection and the next; fewer than `least` cases are none."""
    rows = sorted(((case.detected, case) for case in cases if case.detected is not None), key=lambda pair: pair[0])
    clusters: list[list[Dated]] = []
    before: datetime | None = None
    for at, case in rows:
        if before is None or at - before > gap_days * DAY:
            clusters.append([])
        clusters[-1].append(case)
        before = at
    return [summary(disease, found, days=days, now=now) for found in reversed(clusters) if len(found) >= least]


def summary(disease: str, cases: Sequence[Dated], *, days: tuple[int, int, int], now: datetime) -> Outbreak:
    """7-1-7 of one outbreak. Emergence is the first onset, detection the first detection, notification the first
    report; the early response is complete when every case found by notification has been isolated and treated and its
    contacts traced (assumption: what of the seven early response actions this system records)."""
    onsets = [case.onset for case in cases if case.onset is not None]
    found = [case.detected for case in cases if case.detected is not None]
    reports = [case.reported for case in cases if case.reported is not None]
    emerged, detected, notified = min(onsets, default=None), min(found), min(reports, default=None)
    if emerged is not None:
        emerged = min(emerged, detected)
    early = [case for case in cases if notified is not None and case.detected is not None and case.detected <= notified]
    facts = tuple(_bottleneck(early, action, notified) for action in ACTIONS) if early else ()
    ends = [moment for case in early for action in ACTIONS if (moment := case.moment(action)) is not None]
    whole = bool(early) and len(ends) == len(early) * len(ACTIONS)
    done = max(*ends, notified) if whole and notified is not None else None
    may_come = any(case.open for case in cases)
    response_open = any(case.open and any(case.moment(action) is None for action in ACTIONS) for case in early)
    return Outbreak(
        disease, len(cases), detected, max(found), len(cases) - len(onsets),
        (
            _interval("detect", days[0], emerged, detected, now, may_come=False),
            _interval("notify", days[1], detected, notified, now, may_come=may_come),
            _interval("respond", days[2], notified, done, now, may_come=response_open),
        ),
        facts,
    )  # fmt: skip


def _interval(
    name: str, days: int, start: datetime | None, end: datetime | None, now: datetime, *, may_come: bool
) -> Interval:
    if start is None:
        state = UNKNOWN
    elif end is not None:
        state = MET if end - start <= days * DAY else MISSED
    elif now - start > days * DAY and may_come:
        state = MISSED
    else:
        state = RUNNING if may_come else UNKNOWN
    return Interval(name, days, start, end, state)


def _bottleneck(cases: Sequence[Dated], action: str, notified: datetime | None) -> Bottleneck:
    known = [moment for case in cases if (moment := case.moment(action)) is not None]
    last = max(known, default=None)
    days = max((last - notified) / DAY, 0.0) if last is not None and notified is not None else None
    return Bottleneck(action, len(cases) - len(known), len(cases), days)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
