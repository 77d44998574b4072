"""What tests of presence share: an operator, files written in a line, plain interval arithmetic as an oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import pytest

from shouwang.cases.models import Case
from shouwang.core.scope import CLI, Actor, system_actor
from shouwang.org.tests.cast import NOON, Cast

Write = Callable[[str, str], Path]


@pytest.fixture
def operator() -> Actor:
    """Whoever owns the database."""
    return system_actor("operator", mouth=CLI)


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


@pytest.fixture
def traced(cast: Cast, operator: Actor, tmp_path: Path) -> Case:
    """Lin's case with its four contacts: see `desk_scene`."""
    from shouwang.tracing import actions
    from shouwang.tracing.tests import desk_scene

    desk_scene.presence(tmp_path, operator)
    case = desk_scene.ill(cast)
    actions.trace_case(case, by=cast.by("qiu"), at=NOON)
    case.refresh_from_db()
    return case
