"""An empty home gets its tables from the models at once; walking through every migration must end at the same."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shouwang.cli.setup import make_home, put_in_place

pytestmark = [pytest.mark.slow, pytest.mark.files]


def shouwang(home: Path, *words: str) -> None:
    environment = os.environ | {"SHOUWANG_HOME": str(home), "DJANGO_SETTINGS_MODULE": "shouwang.web.settings"}
    environment.pop("SHOUWANG_DATABASE_URL", None)
    subprocess.run([sys.executable, "-m", *words], env=environment, check=True, capture_output=True)


def shape(path: Path) -> dict[str, Any]:
    """By table: columns, indexes with their columns, foreign keys, and the names of its checks. Their order is free."""
    with closing(sqlite3.connect(path)) as there:
        tables = dict(there.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
        found: dict[str, Any] = {}
        for table, sql in tables.items():
            indexes = {}
            for _n, name, unique, origin, partial in there.execute(f'PRAGMA index_list("{table}")'):
                columns = tuple(row[2] for row in there.execute(f'PRAGMA index_info("{name}")'))
                label = name if origin == "c" else origin
                indexes[label, columns] = (unique, partial)
            found[table] = {
                "columns": {row[1]: row[2:4] + row[5:7] for row in there.execute(f'PRAGMA table_xinfo("{table}")')},
                "indexes": indexes,
                "keys": {row[2:] for row in there.execute(f'PRAGMA foreign_key_list("{table}")')},
                "checks": set(re.findall(r'CONSTRAINT "(\w+)" CHECK', sql)),
            }
        found["django_migrations"] = set(there.execute("SELECT app, name FROM django_migrations").fetchall())
        return found


def test_both_ways_end_at_the_same_tables(tmp_path: Path) -> None:
    walked, laid = tmp_path / "walked", tmp_path / "laid"
    make_home(walked)
    shouwang(walked, "django", "migrate")
    shouwang(laid, "shouwang.cli", "init")
    old, new = shape(walked / "shouwang.sqlite3"), shape(laid / "shouwang.sqlite3")
    assert old.keys() == new.keys()
    assert {table: (old[table], new[table]) for table in old if old[table] != new[table]} == {}
    assert [path.name for path in laid.glob("shouwang.sqlite3*")] == ["shouwang.sqlite3"]


def test_an_init_that_was_quicker_is_not_overwritten(tmp_path: Path) -> None:
    """Between our look and our last step somebody else has made the database, and perhaps an account in it."""
    path, beside = tmp_path / "there", tmp_path / "there.new"
    beside.write_text("ours")
    assert put_in_place(beside, path)
    assert (path.read_text(), beside.exists()) == ("ours", False)
    beside.write_text("second")
    assert not put_in_place(beside, path)
    assert (path.read_text(), beside.exists()) == ("ours", False)
