"""Files that are no tables, tables that are no presence: a typed refusal, never a crash, nothing half-written."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.core.errors import BadInput, ShouwangError
from shouwang.core.files.sheets import CellValue, SheetSpec, write_xlsx
from shouwang.core.scope import Actor
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import PresenceBatch

VISITS = "学号,场所,开始时间,结束时间\n"
GATES = "卡号,时间,地点\n"
FORMATS = ("gate", "visits", "proximity")


def _take(path: Path, source_format: str, by: Actor) -> actions.ImportResult:
    return actions.import_presence(path, source_format=source_format, by=by, at=NOON)


@pytest.mark.parametrize("source_format", FORMATS)
@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 999, b"%PDF-1.7", b"PK\x03\x04broken", b"\x1f\x8b\x08broken", b"<html>", "姓名\n".encode("utf-16")],
)
def test_no_table(cast: Cast, operator: Actor, tmp_path: Path, source_format: str, data: bytes) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    with pytest.raises(BadInput) as refusal:
        _take(path, source_format, operator)
    assert refusal.value.sentence
    assert not PresenceBatch.objects.exists()


@pytest.mark.parametrize(
    ("source_format", "text", "code"),
    [
        ("visits", "学号,场所\nA,B\n", "column_missing"),
        ("visits", "学号,场所,开始时间\nA,B,C\n", "column_missing"),
        ("visits", "学号,学号,场所,开始时间,结束时间\n", "header_duplicate"),
        ("visits", "开始时间,结束时间,场所\n", "column_missing"),
        ("gate", "卡号,地点\nA,B\n", "column_missing"),
        ("gate", '卡号,时间,地点\n"A,B,C\n', "quote_unclosed"),
        ("teleport", VISITS, "bad_input"),
    ],
)
def test_wrong_tables(cast: Cast, operator: Actor, tmp_path: Path, source_format: str, text: str, code: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as refusal:
        _take(path, source_format, operator)
    assert refusal.value.error_code == code


def test_too_large(cast: Cast, operator: Actor, tmp_path: Path, settings: object) -> None:
    settings.IMPORT_MAX_BYTES = 100  # type: ignore[attr-defined]
    path = tmp_path / "file.csv"
    path.write_text(VISITS + "x" * 100)
    for source_format in FORMATS:
        with pytest.raises(BadInput) as refusal:
            _take(path, source_format, operator)
        assert refusal.value.error_code == "file_too_large"


def test_a_workbook_with_dates_as_dates(cast: Cast, operator: Actor, tmp_path: Path) -> None:
    from datetime import datetime

    stream = io.BytesIO()
    rows: list[tuple[CellValue, ...]] = [
        ("2023010101", "C1", datetime(2026, 3, 1, 12, 0), datetime(2026, 3, 1, 12, 30)),  # noqa: DTZ001
        ("2023010103", "C1", "2026年3月1日 12:00", "2026/3/1 12:30"),
        (4.40000199901011e17, "C1", "2026年3月1日 12:00", "2026/3/1 12:30"),  # digits lost
    ]
    write_xlsx(stream, [SheetSpec("到访", ("学号*", "场所（编码）", "开始时间", "结束时间"), rows)])
    path = tmp_path / "visits.xlsx"
    path.write_bytes(stream.getvalue())
    result = _take(path, "visits", operator)
    assert (result.read, result.accepted, result.refused) == (3, 2, {"row_malformed": 1})
    assert result.problems[0].code == "digits_lost"


CELLS = st.sampled_from(
    [
        "2023010101",
        "C1",
        "图书馆[进门]",
        "2026-03-01 12:00",
        "2026/3/1 12:30",
        "",
        "=1+1",
        "#N/A",
        "4.4E+17",
        "0",
        "1",
        "１２",
    ]
) | st.text(max_size=8)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=6), kind=st.sampled_from(["gate", "visits"]))
def test_any_cells_are_counted(cast: Cast, operator: Actor, tmp_path: Path, rows: list[list[str]], kind: str) -> None:
    """Whatever the rows hold: every row is accepted, or refused for one reason; or the whole file is, in words."""
    quoted = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    path = tmp_path / "any.csv"
    path.write_text((GATES if kind == "gate" else VISITS) + quoted, encoding="utf-8")
    try:
        result = _take(path, kind, operator)
    except ShouwangError as refusal:
        assert refusal.sentence
        return
    assert result.read == result.accepted + result.updated + sum(result.refused.values())


def test_progress_runs_forward(cast: Cast, operator: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shouwang.tracing.presence.reading.CHUNK", 10)
    path = tmp_path / "file.csv"
    path.write_text(VISITS + "2023010101,C1,2026-03-01 12:00,2026-03-01 12:30\n" * 35, encoding="utf-8")
    told: list[tuple[int, int | None]] = []
    record: Callable[[int, int | None], None] = lambda done, total: told.append((done, total))  # noqa: E731
    actions.import_presence(path, source_format="visits", by=operator, at=NOON, progress=record)
    reading = [done for done, _total in told[:4]]
    assert reading == [10, 20, 30, 35]
    assert all(total is None or done <= total for done, total in told)
