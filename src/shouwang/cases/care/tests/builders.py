"""A patient, a list of hospitals, and the acts of care in one line each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shouwang.cases import actions as cases
from shouwang.cases.care import actions
from shouwang.cases.care.models import Care, Referral, ReferralStep, Treatment
from shouwang.cases.models import Case
from shouwang.core.errors import ShouwangError
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
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = date(2026, 3, 2)


def refer(cast: Cast, ill: Case, *, at: datetime = NOON, **more: Any) -> Referral:
    given = {"hospital": "lung", "reason": "高热不退", "absent_until": TODAY + 7 * DAY, **more}
    return actions.refer(ill, by=cast.by("he"), at=at, **given)


def step(cast: Cast, referral: Referral, what: str, when: datetime, *, at: datetime | None = None) -> ReferralStep:
    return actions.add_step(referral, what=what, happened_at=when, by=cast.by("he"), at=at or when)


def treat(cast: Cast, ill: Case, *, when: datetime = NOON, at: datetime | None = None) -> Treatment:
    return actions.treat(
        ill, kind="antiviral", place="clinic", text="奥司他韦 75 mg", happened_at=when, by=cast.by("he"), at=at or when
    )


def discharge(cast: Cast, ill: Case, at: datetime) -> None:
    actions.discharge(ill, outcome="recovered", instructions="多休息，三天内不剧烈运动", by=cast.by("he"), at=at)


def code(refused: pytest.ExceptionInfo[ShouwangError]) -> str:
    return refused.value.error_code


def care(ill: Case) -> Care:
    return Care.objects.get(case=ill)


def write_hospitals(home: Path) -> Path:
    """The institution's list of hospitals, in the installation's home."""
    file = home / "hospitals.toml"
    file.write_text(HOSPITALS, encoding="utf-8")
    return file


def open_influenza(cast: Cast) -> Case:
    """Lin's influenza, suspected this morning: no order to stay apart stands in the way."""
    return cases.open_case(
        person=cast.person["lin"], pack=get_pack("influenza-seasonal"), classification="suspected",
        onset_at=NOON - timedelta(hours=20), reason="发热伴咳嗽", by=cast.by("he"), at=NOON,
    )  # fmt: skip
