"""`shouwang lab`: from an order to a result, a file with a row nobody knows, a testing day; each under its scope."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from shouwang.cli.laboratory import lab
from shouwang.core.errors import Forbidden, NotFound
from shouwang.org.tests.cast import Cast


def said(*words: str) -> str:
    result = CliRunner().invoke(lab, [*words, "--as", "he"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def rows(*words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said(*words, "--json").splitlines()[-1])["rows"]
    return found


def test_one_test_in_the_terminal(cast: Cast, noon: Any) -> None:
    (made,) = rows("order", "2023010101", "--method", "pcr", "--disease", "covid19")
    rows("take", "t1", str(made["id"]))
    said("hand-over", "T1", "--from", "He", "--to", "Li", "--laboratory", "CDC")
    assert "positive (version 1)" in said("result", "T1", "positive")
    assert "negative (version 2)" in said("result", "T1", "negative", "--reason", "mistyped")
    said("result", "T1", "positive", "--reason", "the laboratory was right")
    (open_,) = rows("unmatched")
    assert open_["person"] == "2023010101"
    said("settle", str(made["id"]), "--reason", "old infection")
    assert rows("unmatched") == []
    assert [row["outcome"] for row in rows("list", "--show", "all")] == ["positive"]
    legs = {row["step"]: (row["known"], row["of"]) for row in rows("turnaround", "--from", "2026-03-01")}
    assert legs["receive"] == (1, 1) and legs["result"] == (0, 1)


def test_a_file_and_its_queue(cast: Cast, noon: Any, tmp_path: Path) -> None:
    (made,) = rows("order", "2023010101", "--method", "pcr", "--disease", "covid19")
    rows("take", "T1", str(made["id"]))
    path = tmp_path / "r.csv"
    path.write_text("条码,结果\nT1,阴性\nT0l,阳性\nT1,?\n", encoding="utf-8")
    checked = json.loads(said("import", str(path), "--dry-run", "--json").splitlines()[-1])
    assert (checked["state"], checked["counts"]["new"]) == ("checked", 1)
    assert "no result we know" in said("import", str(path)) or "无法识别" in said("import", str(path))
    (item,) = rows("review")
    assert "dismissed" in said("resolve", str(item["id"]), "--reason", "not ours")


def test_a_testing_day(cast: Cast, noon: Any) -> None:
    (day,) = rows("day", "CS2301", "--disease", "covid19", "--capacity", "5")
    assert day["expected"] == 3
    assert "2 taken" in said("station", str(day["day"]), "M1", "2023010101", "2023010102")
    (line,) = rows("missing", str(day["day"]), "--close")
    assert (line["taken"], line["missing"], line["list"]) == (2, 1, 3)


def test_the_scope_holds_in_the_terminal_too(cast: Cast, noon: Any) -> None:
    for words in (("list",), ("unmatched",), ("review",), ("order", "2023010101", "--method", "pcr", "--disease", "c")):
        with pytest.raises((Forbidden, NotFound)):
            CliRunner().invoke(lab, [*words, "--as", "fang"], catch_exceptions=False)
