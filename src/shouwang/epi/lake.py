"""Days of presence as Parquet, for engines that run on many machines: one file a day and version.

`ROOT/day=2026-03-02/VERSION.parquet` holds visits and pair records of one local day in one table, sorted by place, so
that the few places somebody was at are found in a few row groups. A segment file (`segments`) is several times larger
and is opened without work; a lake file is small, knows no index, and is read by anything that reads Parquet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from shouwang.epi.columns import AnyColumn
from shouwang.epi.contacts import Segment
from shouwang.epi.segment_file import whole_file
from shouwang.epi.segments import build_pair_segment, build_visit_segment

NOBODY = -1
"""`other` of a visit, and `place` of a pair record."""

SCHEMA = pa.schema(
    [
        pa.field("place", pa.int32(), nullable=False),
        pa.field("person", pa.int32(), nullable=False),
        pa.field("other", pa.int32(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
        pa.field("source", pa.int16(), nullable=False),
    ]
)
"""A visit is (place, person, NOBODY, ...), a pair record (NOBODY, the lower id, the higher id, ...), each once. Unix
seconds, half-open. `source` is an unsigned byte in 16 bits, since Spark has no unsigned ones."""

ROWS_PER_GROUP = 2**18
"""Rows that share one least and one greatest place; a case's own places are searched for group by group."""


def day_file(root: Path, day: date, version: str) -> Path:
    """Where the lake keeps this version of the day."""
    if not version or version[0] in "._" or "/" in version:
        raise ValueError(f"version: {version!r} is no name of a file that engines read")
    return root / f"day={day.isoformat()}" / f"{version}.parquet"


def write_day(
    root: Path, day: date, segments: Sequence[Segment], midnights: tuple[int, int], *, version: str = "day"
) -> Path:
    """Write the records of one local day, from `midnights[0]` to `midnights[1]`; the file is there whole or not at all.

    Raises ValueError for a record that reaches beyond the day: engines compare records of one day with each other and
    with nothing else, so that it would be missed there (`split_by_day` cuts). OSError if the disk refuses.

    >>> import tempfile
    >>> visits = build_visit_segment([7, 7], [100, 50], [160, 120], [1, 2], [0, 0])
    >>> day = visits, build_pair_segment([], [], [], [], [])
    >>> with tempfile.TemporaryDirectory() as root:
    ...     file = write_day(Path(root), date(1970, 1, 1), [day], (0, 86_400))
    ...     parquet.read_table(file, columns=["person", "start"], partitioning=None).to_pydict()
    {'person': [2, 1], 'start': [50, 100]}
    """
    path = day_file(root, day, version)
    table = pa.concat_tables([SCHEMA.empty_table(), *(_table(segment) for segment in segments)])
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    if len(table) and (start.min() < midnights[0] or end.max() > midnights[1]):
        raise ValueError(f"{day}: a record reaches beyond the day; cut at midnight first")
    if len(segments) > 1:
        table = table.sort_by([("place", "ascending"), ("start", "ascending"), ("end", "ascending")])
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with whole_file(path) as file:
        parquet.write_table(
            table, file, row_group_size=ROWS_PER_GROUP, compression="zstd", use_dictionary=False,
            column_encoding=dict.fromkeys(SCHEMA.names, "DELTA_BINARY_PACKED"),
        )  # fmt: skip
    return path


def segment_of(table: Any) -> Segment:
    """Visits and pair records of an Arrow table with the columns of `SCHEMA`, in any order, indexed for the kernel."""
    place, person, other, start, end, source = (table[name].to_numpy() for name in SCHEMA.names)
    visit = other == NOBODY
    visits = build_visit_segment(*(column[visit] for column in (place, start, end, person, source)))
    return visits, build_pair_segment(*(column[~visit] for column in (person, other, start, end, source)))


def _table(segment: Segment) -> Any:
    """The rows of a segment: pair records first, for their place is the least; then visits by place and start."""
    visits, pairs = segment
    once = pairs.a < pairs.b  # a segment holds each record in both directions
    nobody = np.full(len(pairs), NOBODY, np.int32), np.full(len(visits), NOBODY, np.int32)
    columns: list[tuple[AnyColumn, AnyColumn]] = [
        (nobody[0], visits.place), (pairs.a[once], visits.person), (pairs.b[once], nobody[1]),
        (pairs.start[once], visits.start), (pairs.end[once], visits.end), (pairs.source[once], visits.source),
    ]  # fmt: skip
    arrays = [
        pa.array(np.concatenate(both).astype(field.type.to_pandas_dtype(), copy=False))
        for both, field in zip(columns, SCHEMA, strict=True)
    ]
    return pa.table(arrays, schema=SCHEMA)
