"""Real processes on a real file: init twice is harmless, a damaged database is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.serving import Installation

pytestmark = pytest.mark.slow


def test_init_twice_changes_nothing_and_doctor_names_a_damaged_database(tmp_path: Path) -> None:
    made = Installation(tmp_path / "home")
    first = json.loads(made.run("init", "--json").splitlines()[-1])
    key = (made.home / "secret_key").read_bytes()
    made.run("account", "create", "admin", "--password", "correct horse 77")
    second = json.loads(made.run("init", "--json").splitlines()[-1])
    assert (first["new"], second["new"]) == (True, False)
    assert (made.home / "secret_key").read_bytes() == key
    assert "admin" in made.run("account", "list")
    assert (made.home.stat().st_mode & 0o777, (made.home / "secret_key").stat().st_mode & 0o777) == (0o700, 0o600)

    database = made.home / "shouwang.sqlite3"
    whole = database.read_bytes()
    assert len(whole) > 40_000
    database.write_bytes(whole[:20_000] + b"\x00\xff" * 8000 + whole[36_000:])
    for word in ("-wal", "-shm"):
        database.with_name(database.name + word).unlink(missing_ok=True)
    report = made.run("doctor", status=1)
    assert "restore the last backup" in report

    database.write_bytes(b"this is a letter, not a database" * 100)
    report = made.run("doctor", status=1)
    assert "not a database" in report
    assert "restore the last backup" in report
