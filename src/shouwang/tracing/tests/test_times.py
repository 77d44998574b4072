"""A column of moments means what `parse_datetime` says of each of its texts."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.dates import DateError, parse_datetime
from shouwang.tracing.presence.times import unix_seconds

ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Paris", "America/New_York", "Asia/Kathmandu")]
SHANGHAI = ZONES[0]


def _one(text: str, zone: ZoneInfo) -> int | None:
    seconds, good = unix_seconds(pa.array([text], pa.string()), zone)
    return int(seconds[0]) if good[0] else None


def _slow(text: str, zone: ZoneInfo) -> int | None:
    try:
        return int(parse_datetime(text, zone).timestamp() // 1)
    except DateError:
        return None


@st.composite
def stamps(draw: st.DrawFn) -> str:
    """What readers write, right and wrong: months of 13, days of 31, hours of 24, two kinds of separators."""
    year = draw(st.integers(1890, 2060))
    mark, mark2 = draw(st.sampled_from("-/.")), draw(st.sampled_from("-/."))
    if draw(st.integers(0, 5)):
        mark2 = mark
    pad = draw(st.booleans())
    month, day, hour = draw(st.integers(0, 13)), draw(st.integers(0, 32)), draw(st.integers(0, 25))
    head = f"{year}{mark}{month:02d}{mark2}{day:02d}" if pad else f"{year}{mark}{month}{mark2}{day}"
    clock = f"{hour:02d}:{draw(st.integers(0, 61)):02d}" if pad else f"{hour}:{draw(st.integers(0, 61)):02d}"
    return head + draw(st.sampled_from(" T")) + clock + draw(st.sampled_from(["", f":{draw(st.integers(0, 61)):02d}"]))


@given(text=stamps(), zone=st.sampled_from(ZONES))
def test_stamps_are_read_as_parse_datetime_reads_them(text: str, zone: ZoneInfo) -> None:
    assert _one(text, zone) == _slow(text, zone)


@given(text=st.text(max_size=20) | st.integers(0, 10**13).map(str), zone=st.sampled_from(ZONES))
def test_any_text_is_read_or_refused_alike(text: str, zone: ZoneInfo) -> None:
    assert _one(text, zone) == _slow(text, zone)


@pytest.mark.parametrize(
    "text",
    [
        "2019/4/1 0:02",
        "2019-04-01 00:02:00",
        "2019年4月1日 0:02",
        "2019-03-31T16:02:00Z",
        "1554048120",
        "20190401000200",
    ],
)
def test_styles_of_one_moment(text: str) -> None:
    assert _one(text, SHANGHAI) == int(datetime(2019, 3, 31, 16, 2, tzinfo=UTC).timestamp())


def test_many_rows_keep_their_order() -> None:
    texts = ["2019/4/1 0:02", "nonsense", "1554048120", "2019年4月1日 0:02", ""]
    seconds, good = unix_seconds(pa.array(texts, pa.string()), SHANGHAI)
    assert good.tolist() == [True, False, True, True, False]
    assert seconds.tolist() == [1554048120, 0, 1554048120, 1554048120, 0]


def test_clock_changes() -> None:
    paris = ZONES[1]
    assert _one("2026-03-29 02:30", paris) is None  # skipped
    assert _one("2026-03-29 03:00", paris) == int(datetime(2026, 3, 29, 1, 0, tzinfo=UTC).timestamp())
    assert _one("2026-10-25 02:30", paris) == int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp())  # the first
