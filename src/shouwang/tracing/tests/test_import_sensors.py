"""Proximity files: every layout they come in, and what is no such file."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.core.errors import BadInput, ShouwangError
from shouwang.core.scope import Actor
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.actions import ImportOptions, ImportResult
from shouwang.tracing.models import PresenceBatch, PresenceDay
from shouwang.tracing.presence.sensors import read_pairs
from shouwang.tracing.tests.conftest import Write, unix

LIN, MENG, ZHAO, OU = "2023010101", "2023010103", "2023010201", "2023020101"
T = 1_772_337_600  # 12:00 of 1 March 2026 in Shanghai


def _pairs(path: Path, by: Actor, **options: object) -> ImportResult:
    made = ImportOptions(**options)  # type: ignore[arg-type]
    return actions.import_presence(path, source_format="proximity", options=made, by=by, at=NOON)


def _seconds(by: Actor, number: str) -> dict[str, int]:
    answer = queries.answer_json(by, number=number, onset=NOON, lookback_days=2, at=NOON)
    return {c["person"]: c["seconds"] for c in answer["contacts"] if c["evidence"][0]["source_case"] == "proximity"}


LAYOUTS = {
    "spaces": f"{T} {LIN} {MENG} 2BIO1 MP\n{T + 20} {MENG} {LIN} 2BIO1 MP\n",
    "commas": f"{T},{LIN},{MENG}\n{T + 20},{LIN},{MENG}\n",
    "tabs": f"{T}\t{LIN}\t{MENG}\n{T + 20}\t{LIN}\t{MENG}\n",
    "header": f"t,i,j,class_i\n{T},{LIN},{MENG},a\n{T + 20},{LIN},{MENG},b\n",
    "header with spaces": f"time person1 person2\n{T} {LIN} {MENG}\n{T + 20} {LIN} {MENG}\n",
    "aligned": f"  {T}   {LIN}    {MENG}  \n  {T + 20}   {LIN}    {MENG}  \n",
    "windows ends": f"{T},{LIN},{MENG}\r\n{T + 20},{LIN},{MENG}\r\n",
    "byte-order mark": f"\ufeff{T},{LIN},{MENG}\n{T + 20},{LIN},{MENG}\n",
    "blank lines": f"{T},{LIN},{MENG}\n\n{T + 20},{LIN},{MENG}\n\n",
    "no last newline": f"{T},{LIN},{MENG}\n{T + 20},{LIN},{MENG}",
    "quotes": f'"{T}","{LIN}","{MENG}"\n"{T + 20}","{LIN}","{MENG}"\n',
    "spaces after commas": f"{T}, {LIN}, {MENG}\n{T + 20}, {LIN}, {MENG}\n",
    "whole fractions": f"{T}.0,{LIN},{MENG}\n{T + 20}.00,{LIN},{MENG}\n",
    "uneven": f"{T} {LIN} {MENG}\n{T + 20} {LIN} {MENG} further columns\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packed", [False, True])
def test_layouts(cast: Cast, operator: Actor, tmp_path: Path, layout: str, packed: bool) -> None:
    data = LAYOUTS[layout].encode()
    path = tmp_path / ("pairs.csv.gz" if packed else "pairs.dat")
    path.write_bytes(gzip.compress(data) if packed else data)
    result = _pairs(path, operator)
    assert (result.read, result.accepted, result.refused) == (2, 2, {})
    assert _seconds(operator, LIN) == {MENG: 40}


def test_reasons_and_duplicates(cast: Cast, operator: Actor, write: Write) -> None:
    rows = [
        f"{T} {LIN} {MENG}",
        f"{T} {MENG} {LIN}",  # the same slot again
        f"{T} {LIN} {LIN}",
        f"{T} {LIN} 999",
        f"soon {LIN} {MENG}",
        f"{T}.5 {LIN} {MENG}",
        f"{T + 10**8} {LIN} {MENG}",
        f"{T} {LIN}",
        f"{T - 100} {LIN} ",
    ]
    result = _pairs(write("p.csv", "\n".join(rows)), operator)
    assert result.refused == {
        "same_person": 1, "person_unknown": 1, "time_invalid": 2, "in_future": 1, "row_malformed": 1,
        "person_missing": 1,
    }  # fmt: skip
    assert (result.read, result.accepted) == (9, 2)
    assert result.remarks["duplicate"] == 1
    short = next(problem for problem in result.problems if problem.code == "row_malformed")
    assert (short.row, short.value) == (8, LIN)
    assert next(problem for problem in result.problems if problem.code == "person_missing").row == 9
    assert _seconds(operator, LIN) == {MENG: 20}


def test_rows_are_numbered_with_the_header(cast: Cast, operator: Actor, write: Write) -> None:
    result = _pairs(write("p.csv", f"t,i,j\n{T},{LIN},{MENG}\n{T},{LIN}\n{T},{LIN},999\n"), operator)
    assert {problem.code: problem.row for problem in result.problems} == {"row_malformed": 3, "person_unknown": 4}


def test_the_step_is_the_length_of_a_record(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("p.csv", f"{T} {LIN} {MENG}\n{T + 300} {LIN} {MENG}\n")
    _pairs(path, operator, step=300)
    assert _seconds(operator, LIN) == {MENG: 600}
    # Read with another step it is another import, not the same file again.
    assert not _pairs(path, operator, step=20).already_imported
    assert _pairs(path, operator, step=20).already_imported


@pytest.mark.parametrize("step", [0, -1, 86_401])
def test_steps_that_cannot_be(cast: Cast, operator: Actor, write: Write, step: int) -> None:
    with pytest.raises(BadInput):
        _pairs(write("p.csv", f"{T} {LIN} {MENG}\n"), operator, step=step)


def test_a_slot_across_midnight_is_cut(cast: Cast, operator: Actor, write: Write) -> None:
    midnight = unix("2026-03-01 00:00")
    result = _pairs(write("p.csv", f"{midnight + 10} {LIN} {MENG}\n{midnight + 20} {LIN} {OU}\n"), operator)
    assert result.days == (date(2026, 2, 28), date(2026, 3, 1))
    answer = queries.answer_json(operator, number=LIN, onset=NOON, lookback_days=3, at=NOON)
    days = {c["person"]: c["days"] for c in answer["contacts"]}
    assert days[MENG] == {"2026-02-28": 10, "2026-03-01": 10}
    assert days[OU] == {"2026-03-01": 20}
    assert [day.pairs for day in PresenceDay.objects.order_by("day")] == [1, 2]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"%PDF-1.7 and so on", "file_kind_unknown"),
        (b"PK\x03\x04 a workbook", "file_kind_unknown"),
        (b"\x89PNG\r\n\x1a\n", "file_kind_unknown"),
        (b"<html><body>1 2 3</body></html>", "file_kind_unknown"),
        (bytes(range(256)) * 40, "file_kind_unknown"),
        (b"1772337600 5\n", "columns_missing"),
        (b"1772337600 5 6\n"[:5], "columns_missing"),
        (gzip.compress(b"1772337600 5 6\n" * 999, mtime=0)[:-40], "file_damaged"),
        (gzip.compress(b"%PDF-1.7", mtime=0), "file_kind_unknown"),
        ("1772337600 5 6\n".encode("utf-16"), "file_kind_unknown"),
    ],
)
def test_what_is_no_sensor_file(cast: Cast, operator: Actor, tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(data)
    with pytest.raises(ShouwangError) as refusal:
        _pairs(path, operator)
    assert refusal.value.error_code == code
    assert refusal.value.sentence
    assert not PresenceBatch.objects.exists()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400) | st.text('0123456789 ,\t\n"x;.', max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    try:
        pairs = read_pairs(path, name="any.csv", max_rows=1000)
    except ShouwangError as refusal:
        assert refusal.sentence
        return
    assert len(pairs.t) == len(pairs.i) == len(pairs.j) == len(pairs.readable) == len(pairs.row) == len(pairs.malformed)
    assert not np.any(pairs.readable & (pairs.t < 0))


def test_too_many_rows(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("1772337600 5 6\n" * 11)
    with pytest.raises(ShouwangError) as refusal:
        read_pairs(path, name="p.csv", max_rows=10)
    assert refusal.value.error_code == "too_many_rows"
    assert len(read_pairs(path, name="p.csv", max_rows=11).t) == 11
