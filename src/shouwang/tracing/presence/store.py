"""Opens day segments for the kernel: mapped files, the most recent kept open, safe from any thread."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shouwang.epi.contacts import Segment
from shouwang.epi.segments import SegmentError, read_segment
from shouwang.tracing.models import PresenceDay
from shouwang.tracing.presence.files import days_root
from shouwang.tracing.presence.told import View
from shouwang.tracing.presence.told import told as said

KEPT_OPEN = 120
"""Days held mapped: four months. A mapped file costs address space, not memory."""


@dataclass(frozen=True, slots=True)
class OpenDays:
    """What a window finds: segments, each with the name of its file. `missing`: no segment was ever built, or it was
    purged; `damaged`: its file cannot be used; `stale`: records came in after it was built. Missing is not empty:
    nobody knows who was where on such a day."""

    segments: list[Segment]
    names: list[str]
    missing: list[date]
    damaged: list[date]
    stale: list[date]


class _Cache:
    """Least recently used segments by file. Files never change, so that a file's name is enough."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, Segment] = OrderedDict()

    def get(self, path: Path) -> Segment:
        """The segment in this file. OSError or SegmentError when it cannot be read."""
        with self._lock:
            if (found := self._open.get(path)) is not None:
                self._open.move_to_end(path)
                return found
        segment = read_segment(path)  # outside the lock: other days need not wait for this one
        with self._lock:
            self._open[path] = segment
            while len(self._open) > self._size:
                self._open.popitem(last=False)
        return segment

    def forget(self, paths: Iterable[Path]) -> None:
        with self._lock:
            for path in paths:
                self._open.pop(path, None)


_cache = _Cache(KEPT_OPEN)


def open_days(first: date, last: date, *, told: bool = True, view: View = View.STATED) -> OpenDays:
    """The segments of the local days from `first` to `last`; a version switched meanwhile is read again. Two queries.

    With `told`, what people said in interviews is one more segment, as it stands at this moment and as
    `view` reads it.
    """
    rows = _rows(first, last)
    opened = OpenDays([], [], [], [], [])
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(number)
        row = rows.get(day)
        if row is None:
            opened.missing.append(day)
            continue
        try:
            found = _segment(row)
        except (OSError, SegmentError):
            opened.damaged.append(day)
            continue
        if found is None:
            opened.missing.append(day)
            continue
        opened.names.append(found[0])
        opened.segments.append(found[1])
        if row.stale_since is not None:
            opened.stale.append(day)
    statements = said(first, last, view) if told else None
    if statements is not None:
        opened.segments.append(statements)
    return opened


def _rows(first: date, last: date) -> dict[date, PresenceDay]:
    return {row.day: row for row in PresenceDay.objects.filter(day__gte=first, day__lte=last)}


def _segment(row: PresenceDay) -> tuple[str, Segment] | None:
    """The row's file and its segment; when the file has just been replaced, those of the row as it is now; None when
    purged."""
    try:
        return row.stored_as, _cache.get(days_root() / row.stored_as)
    except FileNotFoundError:
        now = PresenceDay.objects.filter(day=row.day).first()
        if now is None:
            return None
        if now.stored_as == row.stored_as:
            raise
        return now.stored_as, _cache.get(days_root() / now.stored_as)


def forget(names: Iterable[str]) -> None:
    """Let go of segments whose files are being deleted."""
    root = days_root()
    _cache.forget(root / name for name in names)
