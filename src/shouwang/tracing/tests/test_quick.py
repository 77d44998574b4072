"""The short way gives what the long way gives, or declines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.core.errors import ShouwangError
from shouwang.tracing.presence import quick
from shouwang.tracing.presence.headers import VISITS
from shouwang.tracing.presence.reading import Columns, read_columns

HEAD = "学号,场所,开始时间,结束时间"


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are tried too."""
    monkeypatch.setattr(quick, "SMALLEST", 0)


def _read(path: Path, monkeypatch: pytest.MonkeyPatch, *, long: bool) -> Columns | str:
    with monkeypatch.context() as patch:
        if long:
            patch.setattr("shouwang.tracing.presence.reading.read_quickly", lambda *args, **named: None)
        try:
            return read_columns(path, name=path.name, spec=VISITS, max_rows=100)
        except ShouwangError as refusal:
            return refusal.error_code


def _alike(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (_read(path, monkeypatch, long=long) for long in (False, True))
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert one.row.tolist() == other.row.tolist()
    assert {key: column.to_pylist() for key, column in one.text.items()} == {
        key: column.to_pylist() for key, column in other.text.items()
    }
    assert one.malformed.tolist() == other.malformed.tolist()
    assert (one.problems, one.remarks) == (other.problems, other.remarks)


def _was_quick(path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    taken: list[bool] = []
    real = quick.read_quickly

    def watch(*args: object, **named: object) -> object:
        answer = real(*args, **named)  # type: ignore[arg-type]
        taken.append(answer is not None)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr("shouwang.tracing.presence.reading.read_quickly", watch)
        read_columns(path, name=path.name, spec=VISITS, max_rows=100)
    return taken == [True]


PLAIN = "A1,图书馆,2026-03-01 12:00,2026-03-01 12:30"
TABLES = {
    "plain": (f"{HEAD}\n{PLAIN}\n{PLAIN}\n", True),
    "windows": (f"{HEAD}\r\n{PLAIN}\r\n{PLAIN}", True),
    "mark": (f"\ufeff{HEAD}\n{PLAIN}\n", True),
    "quoted": (f'{HEAD}\n"A1","图书馆","2026-03-01 12:00","2026-03-01 12:30"\n', True),
    "comma inside": (f'{HEAD}\n"A1","图书馆, 二层","2026-03-01 12:00","x"\n', True),
    "spaces": (f"{HEAD}\n A1 , 图书馆 ,2026-03-01 12:00 , x\n", True),
    "further columns": (f"{HEAD},备注\n{PLAIN},=1+1\n{PLAIN},\n", True),
    "zone": (f"{HEAD}\nA1,图书馆,2026-03-01T12:00+08:00,x\n", True),
    "blank line": (f"{HEAD}\n{PLAIN}\n\n{PLAIN}\n", False),
    "blank cells": (f"{HEAD}\n{PLAIN}\n,,,\n{PLAIN}\n", False),
    "formula": (f"{HEAD}\n=1+1,图书馆,x,y\n", False),
    "text formula": (f'{HEAD}\n"=""007""",图书馆,x,y\n', False),
    "apostrophe": (f"{HEAD}\n'=1,图书馆,x,y\n", False),
    "error": (f"{HEAD}\n#N/A,图书馆,x,y\n", False),
    "shortened": (f"{HEAD}\n4.4E+17,图书馆,x,y\n", False),
    "short row": (f"{HEAD}\nA1,图书馆\n{PLAIN}\n", False),
    "long row": (f"{HEAD}\n{PLAIN},x\n{PLAIN}\n", False),
    "footer": (f"{HEAD}\n{PLAIN}\n※ 共 1 行,,,\n", False),
    "wide space": (f"{HEAD}\nA1\u3000,图书馆,x,y\n", False),
    "invisible": (f"{HEAD}\nA1\u200b,图书馆,x,y\n", False),
    "line in cell": (f'{HEAD}\nA1,"图书\n馆",x,y\n', False),
    "title": (f"到访登记表\n{HEAD}\n{PLAIN}\n", False),
    "quote inside": (f'{HEAD}\nA1,图"书"馆,x,y\n', False),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text, short = TABLES[name]
    path = tmp_path / "visits.csv"
    path.write_bytes(text.encode())
    _alike(path, monkeypatch)
    assert _was_quick(path, monkeypatch) is short


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_other_encodings_take_the_long_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    path = tmp_path / "visits.csv"
    path.write_bytes(f"{HEAD}\n{PLAIN}\n".encode(encoding))
    _alike(path, monkeypatch)
    assert not _was_quick(path, monkeypatch)


def test_mixed_encodings_far_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "visits.csv"
    path.write_bytes(f"{HEAD}\n{PLAIN}\n{PLAIN}\n".encode() + f"{PLAIN}\n".encode("gbk"))
    _alike(path, monkeypatch)
    assert not _was_quick(path, monkeypatch)


CELL = st.text(alphabet="A1图 \t,;\"'=#+-.Ee\u3000\u200b\r\n※é\x00", max_size=6)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=3, max_size=5), max_size=5), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[list[str]], end: str) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes((HEAD + end + end.join(",".join(row) for row in rows)).encode())
    _alike(path, monkeypatch)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.binary(max_size=60))
def test_any_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tail: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(f"{HEAD}\n{PLAIN}\n".encode() + tail)
    _alike(path, monkeypatch)
