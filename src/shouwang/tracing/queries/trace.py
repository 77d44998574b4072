"""The trace: everyone whose records overlap those of one person in a window."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shouwang.core import clock
from shouwang.tracing.presence import on_spark
from shouwang.tracing.presence.lake import lake_files
from shouwang.tracing.presence.on_spark import Engine
from shouwang.tracing.presence.store import OpenDays, open_days
from shouwang.tracing.presence.told import View

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


def trace_person(
    person_id: int,
    *,
    window_start: int,
    window_end: int,
    engine: Engine = "embedded",
    view: View = View.STATED,
    opened: OpenDays | None = None,
) -> TraceAnswer:
    """Everyone who overlapped with this person in [window_start, window_end), unix seconds.

    Asks no permission: callers hold trace.work over the person. An empty window (start == end) finds nobody. `engine`
    "spark" asks the cluster the same; days that its lake lacks are written first. BadInput where there is no Spark.
    `view` says how far statements of interviews are trusted; `opened` are the days where the caller has them open
    (`elapsed_us` then counts the tracing alone).
    """
    trace = _kernel() if engine == "embedded" else _on_spark()
    started = time.perf_counter_ns()
    first, last = local_day(window_start), local_day(max(window_start, window_end - 1))
    opened = open_days(first, last, view=view) if opened is None else opened
    if window_end > window_start:
        result = trace(opened, person_id, window_start, window_end)
    else:
        result = trace(OpenDays([], [], [], [], []), person_id, window_start, window_start + 1)
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


def trace_people(
    people: Sequence[int], since: Sequence[int], until: Sequence[int], *, view: View = View.STATED
) -> list[TraceAnswer]:
    """`trace_person` for each of `people` in their own window [since, until), the days opened once. An empty window
    is left out. Asks no permission: callers hold it over the case that leads to these people."""
    from shouwang.epi.rings import trace_many

    _kernel()
    asked = [row for row in zip(people, since, until, strict=True) if row[2] > row[1]]
    if not asked:
        return []
    first, last = local_day(min(row[1] for row in asked)), local_day(max(row[2] - 1 for row in asked))
    opened = open_days(first, last, view=view)
    boundaries = np.array(clock.midnights(first, last), np.int64)
    started = time.perf_counter_ns()
    results = trace_many(opened.segments, *zip(*asked, strict=True))
    elapsed = (time.perf_counter_ns() - started) // 1000
    return [
        TraceAnswer(
            result.person, result.window_start, result.window_end, result, elapsed // len(asked), first, boundaries,
            opened.missing, opened.damaged, opened.stale,
        )
        for result in results
    ]  # fmt: skip


def _kernel() -> Callable[[OpenDays, int, int, int], TraceResult]:
    """`epi.contacts.trace`. Loading compiled code is the start of the program and no part of a trace: it happens here,
    before a watch runs."""
    import_module("shouwang.epi.kernels")
    from shouwang.epi.contacts import trace

    return lambda days, person, low, high: trace(days.segments, person, low, high)


def _on_spark() -> Callable[[OpenDays, int, int, int], TraceResult]:
    """The same on the cluster; starting it is no part of a trace either."""
    session = on_spark.start()
    return lambda days, person, low, high: on_spark.trace(session, lake_files(days), person, low, high)


def local_day(moment: int) -> date:
    """The local day of unix seconds."""
    return clock.local_day(datetime.fromtimestamp(moment, tz=clock.zone()))
