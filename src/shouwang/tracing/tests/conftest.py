"""What tests of presence share: files written in a line, plain interval arithmetic as an oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import pytest

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """`write("doors.csv", text)` puts a file beside the test."""

    def put(name: str, text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return put


def union_length(intervals: Iterable[tuple[int, int]]) -> int:
    """Length of the union of [start, end) intervals, one after another, obviously."""
    total, reach = 0, None
    for start, end in sorted(intervals):
        if end <= start:
            continue
        begin = start if reach is None else max(start, reach)
        total += max(end - begin, 0)
        reach = end if reach is None else max(reach, end)
    return total


def unix(text: str, zone: object = None) -> int:
    """Unix seconds of ISO text; local time of the institution where it names no zone."""
    from shouwang.core import clock

    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=clock.zone())).timestamp())
