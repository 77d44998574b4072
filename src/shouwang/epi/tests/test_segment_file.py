"""Segment files: whole or not at all, mapped, and refused when they are something else."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from shouwang.epi.contacts import Segment, trace
from shouwang.epi.segments import PairSegment, SegmentError, VisitSegment, read_segment, write_segment
from shouwang.epi.tests.build import segment
from shouwang.epi.tests.oracle import Pair, Visit

MONDAY = segment([Visit(k % 5, k, k + 200, k % 30, k % 3) for k in range(500)], [Pair(1, 2, 0, 20), Pair(3, 2, 5, 50)])
TUESDAY = segment([Visit(9, 1000, 1100, 1)])


def same(one: Segment, other: Segment) -> bool:
    """Equal in every column and index."""
    parts: list[tuple[VisitSegment | PairSegment, VisitSegment | PairSegment]] = [
        (one[0], other[0]),
        (one[1], other[1]),
    ]
    columns = [(getattr(a, f.name), getattr(b, f.name)) for a, b in parts for f in fields(a)]
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in columns)


@pytest.mark.parametrize("day", [MONDAY, TUESDAY, segment(), segment([], [Pair(1, 2, 0, 20)])])
def test_what_is_read_is_what_was_written(tmp_path: Path, day: Segment) -> None:
    write_segment(tmp_path / "day.arrow", *day)
    assert same(read_segment(tmp_path / "day.arrow", verify=True), day)
    assert [p.name for p in tmp_path.iterdir()] == ["day.arrow"]


def test_columns_are_mapped_not_copied_and_trace_alike(tmp_path: Path) -> None:
    write_segment(tmp_path / "day.arrow", *MONDAY)
    before = pa.total_allocated_bytes()
    read = read_segment(tmp_path / "day.arrow")
    assert pa.total_allocated_bytes() - before < read[0].start.nbytes
    assert not read[0].start.flags.writeable
    for who in range(30):
        mapped, built = trace([read], who, 0, 700), trace([MONDAY], who, 0, 700)
        assert len(built.contacts) > 0
        for name in ("person", "seconds", "first", "last", "encounters"):
            assert np.array_equal(getattr(mapped.contacts, name), getattr(built.contacts, name))
        assert mapped.visits_examined == built.visits_examined


def test_any_arrow_reader_can_open_it(tmp_path: Path) -> None:
    write_segment(tmp_path / "day.arrow", *MONDAY)
    table = pa.ipc.open_file(pa.memory_map(str(tmp_path / "day.arrow"))).read_all()
    assert table.schema.metadata[b"format"] == b"shouwang.segment"
    assert table.schema.metadata[b"version"] == b"2"
    assert table["visits.person"][0].as_py() == MONDAY[0].person.tolist()


def test_a_mapped_reader_keeps_the_old_file(tmp_path: Path) -> None:
    write_segment(tmp_path / "day.arrow", *MONDAY)
    read = read_segment(tmp_path / "day.arrow")
    write_segment(tmp_path / "day.arrow", *TUESDAY)
    assert same(read, MONDAY)
    assert same(read_segment(tmp_path / "day.arrow"), TUESDAY)


@pytest.mark.parametrize("moment", ["os.fsync", "pathlib.Path.replace"])
def test_killed_before_the_rename_leaves_the_old_file(tmp_path: Path, moment: str) -> None:
    """The process dies at `moment`, with no chance to clean up."""
    path = tmp_path / "day.arrow"
    write_segment(path, *MONDAY)
    program = (
        "import os, pathlib, sys\n"
        f"{moment} = lambda *_: os._exit(9)\n"
        "from shouwang.epi.segments import write_segment\n"
        "from shouwang.epi.tests.test_segment_file import TUESDAY\n"
        f"write_segment({str(path)!r}, *TUESDAY)\n"
    )
    died = subprocess.run([sys.executable, "-c", program], check=False, env={"PYTHONPATH": ":".join(sys.path)})
    assert died.returncode == 9
    assert same(read_segment(path, verify=True), MONDAY)
    assert [p.suffix for p in tmp_path.iterdir() if p != path] == [".tmp"]


def test_a_disk_that_refuses_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_segment(tmp_path / "day.arrow", *MONDAY)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_segment(tmp_path / "day.arrow", *TUESDAY)
    assert same(read_segment(tmp_path / "day.arrow"), MONDAY)
    assert [p.name for p in tmp_path.iterdir()] == ["day.arrow"]


@pytest.mark.parametrize("keep", [0, 1, 7, 100, 0.5, 0.9, -1])
def test_a_truncated_file_is_refused(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "day.arrow"
    write_segment(path, *MONDAY)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if 0 < keep < 1 else int(keep)])
    with pytest.raises(SegmentError, match=r"day\.arrow: not a whole Arrow file"):
        read_segment(path)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "day.arrow"
    path.write_bytes(b"person,place\n1,2\n" * 100)
    with pytest.raises(SegmentError, match="not a whole Arrow file"):
        read_segment(path)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, pa.schema([("x", pa.int32())])) as writer:
        writer.write_batch(pa.record_batch({"x": pa.array([1, 2], pa.int32())}))
    with pytest.raises(SegmentError, match="not a segment"):
        read_segment(path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (b"version", b"1", "another version"),
        (b"rows_per_block", b"32", "another version"),
        (b"crc32", None, "checksum"),
        (b"format", b"other", "not a segment"),
    ],
)
def test_another_version_is_refused(tmp_path: Path, key: bytes, value: bytes | None, message: str) -> None:
    path = rewritten(tmp_path, metadata={key: value})
    with pytest.raises(SegmentError, match=message):
        read_segment(path)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("visits.end", pa.array([1, 2, 3], pa.int64()), "visit columns differ in length"),
        ("visits.end", pa.array([1, 2, 3], pa.int32()), "of another type"),
        ("visits.end", pa.array([1, None, 3], pa.int64()), "not one full list"),
        ("visits.place_offsets", pa.array([0, 999], pa.int64()), "an index does not fit its rows"),
        ("visits.block_offsets", pa.array([0, 2, 4, 6, 8, 11], pa.int64()), "an index does not fit its rows"),
        ("visits.block_offsets", pa.array([0, 1, 4, 6, 8, 10], pa.int64()), "blocks do not fit"),
        ("pairs.b", pa.array([1], pa.int32()), "pair columns differ in length"),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(
    tmp_path: Path, name: str, values: pa.Array, message: str
) -> None:
    """A kernel would read outside the memory."""
    path = rewritten(tmp_path, columns={name: values})
    with pytest.raises(SegmentError, match=message):
        read_segment(path)


def test_verify_finds_a_damaged_byte(tmp_path: Path) -> None:
    path = tmp_path / "day.arrow"
    write_segment(path, *MONDAY)
    data = bytearray(path.read_bytes())
    at = bytes(data).index(MONDAY[0].start.tobytes())
    data[at + 8] ^= 1
    path.write_bytes(bytes(data))
    assert len(read_segment(path)[0]) == 500
    with pytest.raises(SegmentError, match="checksum does not match"):
        read_segment(path, verify=True)


def test_an_absent_file_is_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_segment(tmp_path / "none.arrow")


def rewritten(
    folder: Path, metadata: dict[bytes, bytes | None] | None = None, columns: dict[str, pa.Array] | None = None
) -> Path:
    """Monday's file with some metadata or columns replaced."""
    path = folder / "day.arrow"
    write_segment(path, *MONDAY)
    batch = pa.ipc.open_file(pa.BufferReader(path.read_bytes())).get_batch(0)
    kept = {**batch.schema.metadata, **(metadata or {})}
    arrays = []
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        values = (columns or {}).get(name)
        if values is not None:
            array = pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), values)
        arrays.append(array)
    named = [pa.field(name, array.type) for name, array in zip(batch.schema.names, arrays, strict=True)]
    schema = pa.schema(named, metadata={k: v for k, v in kept.items() if v is not None})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    return path
