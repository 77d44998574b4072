"""A process killed anywhere in an import leaves every day whole, and the next one carries on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.serving import installed

pytestmark = pytest.mark.slow
Step = Callable[[str], dict[str, Any] | None]
BEFORE = {"B": 600}
AFTER = {"B": 600, "C": 600}


@pytest.fixture
def step(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Step:
    """Runs a step of `crash_story` in its own process; its state, or None when it was killed."""
    home = installed(tmp_path / "home", tmp_path_factory.getbasetemp())
    environment = home.environment | {"DJANGO_SETTINGS_MODULE": "shouwang.web.settings"}

    def run(name: str) -> dict[str, Any] | None:
        command = [sys.executable, "-m", "shouwang.tracing.tests.crash_story", name]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=_source())
        if done.returncode == -signal.SIGKILL:
            return None
        assert done.returncode == 0, done.stderr[-3000:]
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    return run


def _source() -> Path:
    return Path(__file__).resolve().parents[3]


def test_killed_at_every_step_of_an_import(step: Step) -> None:
    first = step("first")
    assert first is not None
    assert first["contacts"] == BEFORE

    for death in ("die_before_batch_row", "die_before_commit"):
        assert step(death) is None
        state = step("look")
        assert state is not None
        assert (state["contacts"], state["batches"], state["version"], state["stale"]) == (BEFORE, 1, 1, [])
    state = step("look")
    assert state is not None
    assert state["batch_files"] == 3  # two raw files that nobody speaks of

    assert step("die_before_switch") is None
    state = step("look")
    assert state is not None
    # The records are in, the old segment stands and says that it is old.
    assert (state["contacts"], state["batches"], state["version"]) == (BEFORE, 2, 1)
    assert (state["stale"], state["damaged"], state["day_files"]) == (["2026-03-01"], [], 2)

    state = step("mend")
    assert state is not None
    assert (state["contacts"], state["version"], state["stale"]) == (AFTER, 2, [])
    assert (state["batch_files"], state["day_files"]) == (2, 1)

    state = step("again")
    assert state is not None
    assert (state["contacts"], state["batches"], state["version"]) == (AFTER, 2, 2)


def test_killed_after_the_switch(step: Step) -> None:
    assert step("first") is not None
    assert step("die_before_removal") is None
    state = step("look")
    assert state is not None
    assert (state["contacts"], state["version"], state["stale"], state["day_files"]) == (AFTER, 2, [], 2)
    state = step("mend")
    assert state is not None
    assert (state["contacts"], state["day_files"]) == (AFTER, 1)
