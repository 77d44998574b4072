"""The loop of care on the cast: the real wiring, two hospitals on the list, Lin ill."""

from __future__ import annotations

from pathlib import Path

import pytest

from shouwang.cases.care.tests.builders import open_influenza, write_hospitals
from shouwang.cases.models import Case
from shouwang.org.tests.cast import Cast


@pytest.fixture(autouse=True)
def listed(own_home: Path) -> Path:
    return write_hospitals(own_home)


@pytest.fixture
def ill(cast: Cast) -> Case:
    return open_influenza(cast)
