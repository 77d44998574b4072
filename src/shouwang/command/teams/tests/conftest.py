"""A team at the college IE: Su makes it, Fang answers for IE and decides, Xu has nothing to do with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from shouwang.command.models import Team, TeamMember
from shouwang.command.teams import actions, seconding
from shouwang.org.tests.cast import NOON, Cast

TODAY, DAY = date(2026, 3, 2), timedelta(days=1)
Second = Callable[..., TeamMember]


@pytest.fixture
def team(cast: Cast) -> Team:
    return actions.create_team(
        cast.org["IE"], kind="task", name="流调专班", name_en="Tracing team", purpose="支援学院流调与转运",
        review_on=TODAY + 14 * DAY, by=cast.by("su"), at=NOON,
    )  # fmt: skip


@pytest.fixture
def second(cast: Cast, team: Team) -> Second:
    """Su asks for a person of IE, and Fang approves unless told not to."""

    def made(who: str, role: str = "member", *, approve: bool = True, days: int = 13, **more: Any) -> TeamMember:
        row = seconding.ask(
            more.pop("team", team), cast.person[who], role=role, starts=more.pop("starts", TODAY),
            ends=more.pop("ends", TODAY + days * DAY), by=cast.by("su"), at=NOON,
        )  # fmt: skip
        return seconding.act_on_member(row, "approve", by=cast.by("fang"), at=NOON) if approve else row

    return made


@pytest.fixture
def standing(cast: Cast, team: Team, second: Second) -> Team:
    """Led by Zhao, with Lin as a member; it works at the dormitory."""
    second("zhao", "leader")
    second("lin")
    actions.add_place(team, cast.place["D1"], by=cast.by("su"), at=NOON)
    return actions.act_on_team(team, "stand", by=cast.by("su"), at=NOON)
