"""`shouwang case card`: the same draft as page and API."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from shouwang.cli.clinic import case
from shouwang.org.tests.cast import Cast
from shouwang.tracing.tests.desk_scene import ill


def test_the_draft_and_its_file(cast: Cast, tmp_path: Path) -> None:
    row, out = ill(cast, "lin"), tmp_path / "card.docx"
    run = CliRunner().invoke(case, ["card", row.number, "--out", str(out), "--json"])
    assert run.exit_code == 0, run.output
    told = json.loads(run.output)
    assert told["case"] == row.number
    assert "identity" in told["lacking"]
    assert out.read_bytes()[:2] == b"PK"
    plain = CliRunner().invoke(case, ["card", row.number])
    assert cast.person["lin"].name in plain.output
