"""Daily reports for tests: classes report by 10:00, colleges by 16:00; Meng for CS2301, Fang for IE, Xu for FL."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shouwang.command import actions
from shouwang.command.models import ReportReview, UnitReport
from shouwang.command.queries import daily as reads
from shouwang.command.rules.daily import Words
from shouwang.command.tests.papers import put_in_charge
from shouwang.org.tests.cast import NOON, Cast

TODAY = NOON.date()
EARLY = NOON - timedelta(hours=4)  # 8:00 in Shanghai


def asked(cast: Cast) -> None:
    """Su asks the classes and the colleges."""
    put_in_charge(cast)
    actions.set_report_plan(
        organisation=cast.org["WCU"], deadlines={"class": "10:00", "college": "16:00"},
        until=TODAY + timedelta(days=14), reason="校防〔2026〕3号", by=cast.by("su"), at=EARLY,
    )  # fmt: skip


def hand_in(cast: Cast, code: str, name: str, *, at: datetime = EARLY, **given: Any) -> UnitReport:
    words = given.pop("words", Words(done="消毒"))
    return actions.hand_in(unit=cast.org[code], day=TODAY, words=words, by=cast.by(name), at=at, **given)


def take_in(cast: Cast, code: str, name: str, reason: str = "", *, at: datetime = NOON) -> ReportReview:
    stamp = reads.sheet_of(cast.org[code], TODAY, at).stamp
    return actions.take_in(unit=cast.org[code], day=TODAY, stamp=stamp, reason=reason, by=cast.by(name), at=at)
