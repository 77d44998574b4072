"""The network of everybody: pairs counted, written without names, only by whoever runs the installation."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyarrow import parquet

from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor, system_actor
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions

DAY = date(2026, 3, 1)
ROWS = """学号,场所,开始时间,结束时间
2023010101,D1,2026-03-01 08:00,2026-03-01 10:00
2023010102,D1,2026-03-01 09:00,2026-03-01 12:00
2023010103,D1,2026-03-01 11:30,2026-03-01 12:30
"""


@pytest.fixture
def seen(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text(ROWS, encoding="utf-8")
    actions.import_presence(file, source_format="visits", by=system_actor("test"), at=NOON)


def test_pairs_are_those_long_enough_together(seen: None, tmp_path: Path) -> None:
    path = tmp_path / "n.parquet"
    found = actions.write_network(path, first=DAY, last=DAY, min_seconds=1800, by=system_actor("test"), at=NOON)
    assert found.pairs >= 2
    rows = parquet.read_table(path).to_pydict()
    assert len(rows["a"]) == found.pairs
    assert all(a < b for a, b in zip(rows["a"], rows["b"], strict=True))
    assert min(rows["seconds"]) >= 1800
    assert max(rows["b"]) < found.people
    longer = actions.write_network(None, first=DAY, last=DAY, min_seconds=86_000, by=system_actor("test"), at=NOON)
    assert longer.pairs < found.pairs


def test_every_run_is_recorded_without_a_person(seen: None) -> None:
    actions.write_network(None, first=DAY, last=DAY, min_seconds=60, by=system_actor("test"), at=NOON)
    entry = AuditEntry.objects.get(verb="network.written")
    assert entry.subject is None


def test_a_day_without_records_is_unknown(cast: Cast) -> None:
    found = actions.write_network(
        None, first=date(2026, 2, 1), last=date(2026, 2, 2), min_seconds=60, by=system_actor("test"), at=NOON
    )
    assert (found.people, found.pairs) == (0, 0)
    assert found.days_missing == [date(2026, 2, 1), date(2026, 2, 2)]


def test_nobody_with_a_mere_role_may(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.write_network(
            None, first=DAY, last=DAY, min_seconds=60, by=Actor(cast.account["su"].pk, None, "su"), at=NOON
        )


@pytest.mark.parametrize(("first", "last"), [(DAY, date(2026, 2, 28)), (date(2026, 1, 1), DAY)])
def test_windows_are_limited(cast: Cast, first: date, last: date) -> None:
    with pytest.raises(BadInput):
        actions.write_network(None, first=first, last=last, min_seconds=60, by=system_actor("test"), at=NOON)
