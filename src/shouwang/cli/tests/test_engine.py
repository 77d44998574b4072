"""`--engine spark`: the same answer as without it, and what is missing said with its remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from click.testing import CliRunner
from django.utils import translation
from pyarrow import parquet

from shouwang.cases.models import Case
from shouwang.cli.main import shouwang
from shouwang.cli.network import network
from shouwang.cli.trace import trace
from shouwang.core.errors import BadInput
from shouwang.core.models import AuditEntry
from shouwang.epi import spark
from shouwang.tracing.presence import on_spark

TRACE = ["--person", "2023010101", "--onset", "2026-03-02T06:00:00+08:00", "--lookback-days", "2", "--json"]
NETWORK = ["--last", "2026-03-01", "--days", "2", "--min-minutes", "1", "--json"]


def _json(words: list[str], command: Any) -> dict[str, Any]:
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 0, result.output
    body: dict[str, Any] = json.loads(result.output.splitlines()[-1])
    return body


@pytest.mark.spark
def test_both_engines_print_the_same(cluster: Any, traced: Case, tmp_path: Path) -> None:
    embedded, asked = _json(TRACE, trace), _json([*TRACE, "--engine", "spark"], trace)
    assert len(embedded["contacts"]) == 4
    for answer in (embedded, asked):
        assert answer.pop("elapsed_ms") > 0
        assert answer.pop("visits_examined") > 0
    assert asked == embedded
    out = tmp_path / "pairs.parquet"
    assert _json([*NETWORK, "--engine", "spark", "--out", str(out)], network) == _json(NETWORK, network)
    assert parquet.read_metadata(out).num_rows == _json(NETWORK, network)["pairs"] > 0
    told = AuditEntry.objects.filter(verb="network.written").order_by("pk").values_list("new__engine", flat=True)
    assert list(told) == ["spark", None, None]
    nobody = _json([*TRACE, "--engine", "spark", "--lookback-days", "0"], trace)
    assert (nobody["contacts"], nobody["visits_searched"]) == ([], 0)
    long_ago = ["--last", "2025-01-01", "--days", "1", "--json", "--engine", "spark"]
    assert _json(long_ago, network)["days_missing"] == ["2025-01-01"]


@pytest.mark.parametrize(("lacks", "remedy"), [("pyspark", "pip install 'shouwang[spark]'"), ("java", "JAVA_HOME")])
def test_what_is_missing_is_said_in_both_languages(
    traced: Case, monkeypatch: pytest.MonkeyPatch, lacks: Literal["pyspark", "java"], remedy: str
) -> None:
    def absent(_master: str) -> None:
        raise spark.SparkUnavailable(lacks)

    monkeypatch.setattr(spark, "session", absent)
    sentences = set()
    for language in ("zh-hans", "en"):
        with translation.override(language), pytest.raises(BadInput) as refused:
            on_spark.start()
        with translation.override(language):
            sentences.add(refused.value.sentence)
        assert (refused.value.error_code, refused.value.field) == ("spark_unavailable", "engine")
    assert len(sentences) == 2
    assert all(remedy in sentence for sentence in sentences)
    result = CliRunner().invoke(shouwang, ["trace", *TRACE, "--engine", "spark"])
    assert result.exit_code == 1
    assert "spark_unavailable [engine]" in result.output
    assert remedy in result.output
