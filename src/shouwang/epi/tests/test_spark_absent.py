"""Without Spark or Java the embedded engine is untouched, and the other says what to install."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shouwang.epi import spark


def _java(folder: Path, says: str) -> str:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\n", encoding="ascii")
    program.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("says", "version"),
    [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_401"', 8), ('openjdk version "21"', 21),
     ("no such thing", None)],
)  # fmt: skip
def test_the_version_of_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, version: int | None) -> None:
    monkeypatch.setenv("JAVA_HOME", _java(tmp_path / "java", says))
    assert spark.java_version() == version


def test_no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    assert spark.java_version() is None
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert spark.java_version() is None


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(spark, "import_module", absent)
    with pytest.raises(spark.SparkUnavailable, match=r"shouwang\[spark\]") as refused:
        spark.session()
    assert refused.value.lacks == "pyspark"


@pytest.mark.parametrize("version", [None, 11])
def test_an_old_java_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch, version: int | None) -> None:
    class Sql:
        SparkSession = type("SparkSession", (), {"builder": None})

    monkeypatch.setattr(spark, "import_module", lambda name: Sql)
    monkeypatch.setattr(spark, "java_version", lambda: version)
    with pytest.raises(spark.SparkUnavailable, match="JAVA_HOME") as refused:
        spark.session()
    assert refused.value.lacks == "java"


def test_nothing_of_spark_is_imported_before_it_is_asked_for() -> None:
    import subprocess
    import sys

    code = (
        "import sys, shouwang.epi.spark; sys.exit(any(name.startswith(('pyspark', 'pandas')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_senseless_windows_are_refused_before_anything_starts() -> None:
    with pytest.raises(ValueError, match="window"):
        spark.trace_many(None, "", [], [1], 5, 5)
    with pytest.raises(ValueError, match="window"):
        spark.network_frame(None, "", ["x"], 5, 5)
    with pytest.raises(ValueError, match="min_seconds"):
        spark.network_frame(None, "", ["x"], 0, 5, min_seconds=0)
    assert len(spark.contact_network(None, "", [], 0, 5)) == 0
    assert [len(found.contacts) for found in spark.trace_many(None, "", [], [1, 2], 0, 5)] == [0, 0]
