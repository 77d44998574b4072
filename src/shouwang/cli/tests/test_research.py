"""`shouwang export research`: the same file as page and API write."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from shouwang.cli.export import export
from shouwang.org.tests.cast import Cast
from shouwang.tracing.tests.desk_scene import ill

PURPOSE = "校内聚集性疫情的时间特征研究"


def test_written_with_its_numbers_or_not_at_all(cast: Cast, tmp_path: Path) -> None:
    for who in ("lin", "wang", "meng"):
        ill(cast, who)
    target = tmp_path / "r.csv"
    run = CliRunner().invoke(export, ["research", str(target), "--purpose", PURPOSE, "--k", "3", "--json"])
    assert run.exit_code == 0, run.output
    (row,) = json.loads(run.output)["rows"]
    assert (row["rows"], row["suppressed"]) == (3, 0)
    assert len(target.read_text(encoding="utf-8-sig").splitlines()) == 4
    refused = CliRunner().invoke(export, ["research", str(tmp_path / "x.csv"), "--purpose", "short"])
    assert refused.exit_code != 0
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]
