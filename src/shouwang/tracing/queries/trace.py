"""The trace: everyone whose records overlap those of one person in a window."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shouwang.core import clock
from shouwang.tracing.presence.store import open_days

if TYPE_CHECKING:
    from shouwang.epi.contacts import Contacts, Encounters, TraceResult

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TraceAnswer:
    """What `epi.contacts.trace` found for `person_id` in [window_start, window_end), unix seconds.

    `elapsed_us`: microseconds for opening the days and tracing. `days_missing` have no usable segment, so that nobody
    knows who was where; on `days_stale` records came in that the segment does not hold yet. `boundaries` are the local
    midnights of the window's days from `first_day` on, one more than there are days.
    """

    person_id: int
    window_start: int
    window_end: int
    result: TraceResult
    elapsed_us: int
    first_day: date
    boundaries: Int64
    days_missing: list[date] = field(default_factory=list)
    days_damaged: list[date] = field(default_factory=list)
    days_stale: list[date] = field(default_factory=list)

    @property
    def contacts(self) -> Contacts:
        """The people met, rising by id, with union seconds, first, last and number of encounters."""
        return self.result.contacts

    @property
    def encounters(self) -> Encounters:
        """Every overlap, by person and start, with place (−1 for a sensor pair) and both sources."""
        return self.result.encounters

    @property
    def visits_searched(self) -> int:
        """Visits and sensor records of anybody in the window: what a full scan would have to read."""
        return self.result.visits_searched

    @property
    def visits_examined(self) -> int:
        """Records that were read instead."""
        return self.result.visits_examined

    def seconds_by_day(self) -> list[dict[str, int]]:
        """For each contact, ISO day -> union seconds on that day."""
        from shouwang.epi.contacts import seconds_by_day

        found: list[dict[str, int]] = [{} for _contact in range(len(self.contacts))]
        if not found:
            return found
        names = [self.day(number).isoformat() for number in range(len(self.boundaries) - 1)]
        columns = (column.tolist() for column in seconds_by_day(self.result, self.boundaries))
        for contact, day, seconds in zip(*columns, strict=True):
            found[contact][names[day]] = seconds
        return found

    def day(self, number: int) -> date:
        """The `number`-th local day of the window."""
        return date.fromordinal(self.first_day.toordinal() + number)

    def day_numbers(self, moments: Int64) -> Int64:
        """The local day of each moment, counted from `first_day`."""
        numbers: Int64 = np.searchsorted(self.boundaries, moments, side="right") - 1
        return numbers


def trace_person(person_id: int, *, window_start: int, window_end: int) -> TraceAnswer:
    """Everyone who overlapped with this person in [window_start, window_end), unix seconds.

    Asks no permission: callers hold trace.work over the person. An empty window (start == end) finds nobody.
    """
    # Loading compiled code is the start of the program, not part of the trace: it happens before the watch runs.
    from shouwang.epi import kernels  # noqa: F401
    from shouwang.epi.contacts import trace

    started = time.perf_counter_ns()
    first, last = _day(window_start), _day(max(window_start, window_end - 1))
    opened = open_days(first, last)
    if window_end > window_start:
        result = trace(opened.segments, person_id, window_start, window_end)
    else:
        result = trace([], person_id, window_start, window_start + 1)
    elapsed = (time.perf_counter_ns() - started) // 1000
    return TraceAnswer(
        person_id=person_id,
        window_start=window_start,
        window_end=window_end,
        result=result,
        elapsed_us=elapsed,
        first_day=first,
        boundaries=np.array(clock.midnights(first, last), np.int64),
        days_missing=opened.missing,
        days_damaged=opened.damaged,
        days_stale=opened.stale,
    )


def _day(moment: int) -> date:
    return clock.local_day(datetime.fromtimestamp(moment, tz=clock.zone()))
