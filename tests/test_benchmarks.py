"""Benchmarks that write rows by SQL of their own, run on a handful of people: a new column makes them wrong in silence
otherwise, and a figure that nobody can repeat is no figure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["lists", "--people", "16000", "--bulk", "100", "--repeat", "1"],
        ["reminders", "--people", "2000", "--sample", "20"],
    ],
    ids=lambda command: str(command[0]),
)
def test_benchmark_still_runs_and_its_peer_agrees(command: list[str]) -> None:
    name, *options = command
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *options], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["name"] == name
    assert told["answers_equal"] is True
