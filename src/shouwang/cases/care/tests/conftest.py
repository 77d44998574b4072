"""The loop of care on the cast: the real wiring, two hospitals on the list, Lin ill."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shouwang.cases import actions as cases
from shouwang.cases.models import Case
from shouwang.core.packs import get_pack
from shouwang.org.tests.cast import NOON, Cast

HOSPITALS = """
[[hospitals]]
code = "first"
name = "市第一人民医院"
phone = "010-5550100"
address = "西城大道 1 号"

[[hospitals]]
code = "lung"
name = "市传染病医院"
phone = "010-5550120"
address = "北郊路 8 号"
units = ["WCU"]
"""


@pytest.fixture(autouse=True)
def listed(own_home: Path) -> Path:
    """The institution's list of hospitals."""
    file = own_home / "hospitals.toml"
    file.write_text(HOSPITALS, encoding="utf-8")
    return file


@pytest.fixture
def ill(cast: Cast) -> Case:
    """Lin's influenza, suspected this morning: no order to stay apart stands in the way."""
    return cases.open_case(
        person=cast.person["lin"], pack=get_pack("influenza-seasonal"), classification="suspected",
        onset_at=NOON - timedelta(hours=20), reason="发热伴咳嗽", by=cast.by("he"), at=NOON,
    )  # fmt: skip
