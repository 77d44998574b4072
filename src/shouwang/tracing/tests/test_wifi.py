"""Wi-Fi associations: visits under a source of their own, against an oracle over random tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.core.scope import Actor
from shouwang.epi.tests.oracle import Visit
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import PresenceBatch, PresenceDay, PresenceSource
from shouwang.tracing.presence.building import Run
from shouwang.tracing.tests.conftest import Write, unix

SUNDAY = date(2026, 3, 1)
HEAD = "学号,接入点,连接时间,断开时间\n"
NUMBERS = {"fang": "T0001", "xu": "T0002", "he": "T0003"}
MIDNIGHT = unix("2026-03-01 00:00")


def bring(path: Path, by: Actor, source_format: str = "wifi", **options: Any) -> actions.ImportResult:
    made = actions.ImportOptions(**options)
    return actions.import_presence(path, source_format=source_format, options=made, by=by, at=NOON)


def test_the_source_is_told_apart_from_visits(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("wifi.csv", HEAD + "T0001,LIB,2026-03-01 10:00,2026-03-01 11:00\n"
                                    "T0002,LIB,2026-03-01 10:30,\n"
                                    "T0003,月球,2026-03-01 10:30,2026-03-01 11:00\n")  # fmt: skip
    first = bring(path, operator)
    assert (first.read, first.accepted) == (3, 1)
    assert dict(first.refused) == {"end_missing": 1, "place_unknown": 1}
    assert PresenceBatch.objects.get().source == PresenceSource.WIFI
    assert PresenceDay.objects.get(day=SUNDAY).by_source["wifi"] == 1
    assert bring(path, operator).already_imported
    # The same table as visits is another statement: it counts beside it, under its own source.
    assert not bring(path, operator, "visits").already_imported
    assert PresenceDay.objects.get(day=SUNDAY).by_source["visit"] == 1


rows = st.lists(
    st.tuples(st.sampled_from(sorted(NUMBERS)), st.sampled_from(["C1", "LIB"]), st.integers(-6, 30),
              st.integers(1, 12)),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=rows)
def test_a_built_day_holds_every_association_cut_at_midnight(
    cast: Cast, operator: Actor, tmp_path: Path, rows: Any
) -> None:
    lines, expected = [], []
    for who, place, start, length in rows:
        low, high = MIDNIGHT + start * 3600, MIDNIGHT + (start + length) * 3600
        # What ends after now lies in the future and is refused.
        if high > NOON.timestamp():
            continue
        lines.append(f"{NUMBERS[who]},{place},{_iso(low)},{_iso(high)}")
        begin, finish = max(low, MIDNIGHT), min(high, MIDNIGHT + 86_400)
        if begin < finish:
            expected.append(Visit(cast.place[place].pk, begin, finish, cast.person[who].pk, 10))
    path = tmp_path / "wifi.csv"
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    with transaction.atomic():
        bring(path, operator, build=False)
        built = Run(SUNDAY, SUNDAY).build(0).visits
        transaction.set_rollback(True)
    columns = (c.tolist() for c in (built.place, built.start, built.end, built.person, built.source))
    found = [Visit(*row) for row in zip(*columns, strict=True) if row[4] == PresenceSource.WIFI]
    assert sorted(found) == sorted(expected)


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, tz=UTC).isoformat()
