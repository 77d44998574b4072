"""Kept numbers are never wrong ones: late words, corrections and moves are in the next report."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwang.checkins import actions as checkins
from shouwang.checkins.rules import Answers
from shouwang.command import queries, rules
from shouwang.core.scope import system_actor
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON, PEOPLE

if TYPE_CHECKING:
    from shouwang.org.tests.cast import Cast

TODAY = NOON.date()
DAY = timedelta(days=1)
BY = system_actor("tests")


def say(cast: Cast, name: str, at: Any, *, ill: bool = False, asked_at: Any = None) -> None:
    answers = Answers(
        symptoms=("fever",) if ill else (), temperature_c=Decimal("38.6") if ill else None, exposure=False
    )
    entry = checkins.Entry(cast.person[name], answers, f"{name}-{at:%d%H%M}", said_at=at)
    (row,) = checkins.submit_many([entry], by=BY, at=asked_at or at).rows
    assert row.error is None


def report(cast: Cast, day: Any = TODAY, at: Any = NOON, code: str = "WCU") -> rules.Figures:
    return queries.figures(cast.by("tang"), cast.org[code], day, at)


def test_a_late_word_about_yesterday_changes_yesterday(cast: Cast) -> None:
    say(cast, "lin", NOON - DAY - timedelta(hours=1), ill=True)
    assert (report(cast).before["checked_in"], report(cast).before["symptomatic"]) == (1, 1)
    say(cast, "wang", NOON - DAY - timedelta(hours=2), ill=True, asked_at=NOON)
    assert (report(cast).before["checked_in"], report(cast).before["symptomatic"]) == (2, 2)
    assert report(cast, TODAY - DAY).values["symptomatic"] == 2


def test_yesterday_is_kept_through_the_intake_of_today(cast: Cast) -> None:
    say(cast, "lin", NOON - DAY - timedelta(hours=1))
    first = report(cast)
    say(cast, "wang", NOON)
    with CaptureQueriesContext(connection) as second:
        found = report(cast)
    assert (first.values["checked_in"], found.values["checked_in"]) == (0, 1)
    assert found.before == first.before
    assert len([query for query in second if "said" in query["sql"]]) == 1  # today's words, not yesterday's
    with CaptureQueriesContext(connection) as third:
        assert report(cast) == found
    assert len(third) < len(second)


def test_who_leaves_is_missing_at_once(cast: Cast) -> None:
    assert report(cast).values["roster"] == len(PEOPLE)
    org.leave_institution(cast.person["lin"], on=TODAY - DAY, by=BY, at=NOON)
    assert report(cast).values["roster"] == len(PEOPLE) - 1


def test_units_are_known_on_days_gone_by_as_long_as_check_ins_are_kept(cast: Cast) -> None:
    say(cast, "lin", NOON - 3 * DAY, ill=True)
    say(cast, "lin", NOON)
    units = {unit["title"]: unit for unit in report(cast, TODAY - 3 * DAY).units}
    college = units[cast.org["IE"].title]  # in whatever language is active
    assert (college["checked_in"], college["roster"]) == (1, 5)
    assert college["apart"] is None
    assert report(cast, TODAY - 30 * DAY).units == []
    assert report(cast, TODAY - 30 * DAY).values["checked_in"] is None


@pytest.mark.parametrize("days", [0, 1, 3])
def test_units_add_up_to_the_figures(cast: Cast, days: int) -> None:
    for name in ("lin", "wang", "ou", "zhao"):
        say(cast, name, NOON - days * DAY, ill=name == "ou")
    found = report(cast, TODAY - days * DAY)
    assert sum(unit["checked_in"] for unit in found.units) <= (found.values["checked_in"] or 0) == 4
    assert found.values["symptomatic"] == 1
