"""Tests of this room hear no room above it; `test_wiring.py` asks for the real wiring again."""

from __future__ import annotations

import pytest

from shouwang.cases import panels
from shouwang.core import events


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody subscribes to our events, nobody adds panels."""
    monkeypatch.setattr(events, "_handlers", {})
    monkeypatch.setattr(panels, "PANELS", [])
