"""Shares and delays of tracing: against a plain recomputation, with what waits and what is missing kept apart."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.cli.main import shouwang
from shouwang.command import queries
from shouwang.command.rules import tracing_quality as rules
from shouwang.command.rules.tracing_quality import Told, Traced
from shouwang.core import clock
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.scope import Actor
from shouwang.core.tree import subtree
from shouwang.isolation.models import Order
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions as tracing
from shouwang.tracing.models import Contact
from shouwang.tracing.tests.chain_scene import day, sick, together

SignIn = Callable[[str], Client]
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
MONDAY = date(2026, 3, 2)
PAGE = "/command/tracing/"


def measured(cases: list[Traced], weeks: int = 2) -> tuple[rules.Week, list[rules.Week]]:
    """`cases` by the week of their report, as of NOON of this Monday."""
    mondays = [MONDAY - back * WEEK for back in range(weeks - 1, -1, -1)]
    week_of = {k: (day_ := case.reported.date()) - timedelta(days=day_.weekday()) for k, case in enumerate(cases)}
    return rules.measured(cases, mondays, week_of=week_of, now=NOON, this_week=MONDAY)


def reported(ago: timedelta, **more: Any) -> Traced:
    at = NOON - ago
    return Traced(**{"reported": at, "detected": at - HOUR, "open": False, "known": False, **more})


# --- rules ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=40), st.sampled_from([0.0, 0.5, 0.9, 1.0]))
def test_a_quantile_is_the_one_everybody_computes(values: list[float], share: float) -> None:
    assert rules.quantile(values, share) == pytest.approx(float(np.quantile(values, share)))
    assert rules.quantile([], share) is None


OFFSETS = st.one_of(st.none(), st.integers(-48, 240))


@given(st.lists(st.tuples(st.integers(0, 300), OFFSETS, OFFSETS, st.booleans()), max_size=30))
def test_every_case_is_counted_once_waits_or_is_missing(drawn: list[tuple[int, int | None, int | None, bool]]) -> None:
    cases = []
    for ago, onset, traced, is_open in drawn:
        at = NOON - ago * HOUR
        moment = None if traced is None else min(NOON, at + traced * HOUR)
        begun = None if onset is None else at - onset * HOUR
        cases.append(reported(ago * HOUR, onset=begun, traced=moment, open=is_open))
    together_, weeks = measured(cases, weeks=3)
    for key, (first, last, _name) in rules.DELAYS.items():
        item = together_.delays[key]
        hours = [
            (case.moment(last) - case.moment(first)) / HOUR  # type: ignore[operator]
            for case in cases
            if case.moment(first) and case.moment(last)
        ]
        assert item.cases == len(hours)
        assert item.cases + item.waiting + item.missing == len(cases)
        if len(hours) >= 5:
            assert item.median_hours == pytest.approx(float(np.quantile(hours, 0.5)))
            assert item.p90_hours == pytest.approx(float(np.quantile(hours, 0.9)))
        else:
            assert item.median_hours is None
            assert item.small is (len(hours) > 0)
    share = together_.shares["traced"]
    assert share.whole + share.waiting == len(cases)
    if share.whole >= 5:
        assert share.part == sum(case.traced is not None and case.traced - case.reported <= DAY for case in cases)
    assert sum(week.cases for week in weeks) == len(cases)


def test_a_missing_date_is_missing_and_what_may_still_come_waits() -> None:
    week = measured([reported(2 * HOUR, open=True), reported(3 * HOUR, onset=NOON - DAY)])[1][-1]
    assert week.delays["reported_traced"] == rules.Delay(0, None, None, waiting=1, missing=1)
    assert week.delays["onset_detected"] == rules.Delay(1, None, None, waiting=0, missing=1)
    assert week.shares["traced"] == rules.Share(None, 0, waiting=2)


def test_a_week_is_complete_when_it_is_over_and_nothing_waits() -> None:
    done = reported(6 * DAY, traced=NOON - 6 * DAY + HOUR)
    weeks = measured([done, reported(HOUR)], weeks=3)[1]
    assert [week.incomplete for week in weeks] == [False, False, True]
    assert measured([reported(6 * DAY, open=True, onset=NOON - 7 * DAY)])[1][0].incomplete


def test_parts_about_few_are_left_out_and_cannot_be_subtracted() -> None:
    many = [reported(6 * DAY, known=k < 3) for k in range(9)]
    few = [reported(HOUR, known=True) for _k in range(2)]
    together_, weeks = measured(many + few)
    assert [week.shares["known"].part for week in weeks] == ["*", "<5"]
    assert (together_.shares["known"].part, together_.shares["known"].whole) == (5, 11)
    assert [week.shares["known"].share for week in weeks] == [None, None]


def test_contacts_are_told_and_read_within_a_day_of_being_found() -> None:
    found = NOON - 3 * DAY
    contacts = tuple(Told(found, found + hours * HOUR, found + 2 * hours * HOUR) for hours in (1, 5, 12, 24, 25))
    share = measured([reported(3 * DAY, contacts=(*contacts, Told(NOON, None, None)))])[0].shares
    assert (share["told"].part, share["told"].whole, share["told"].waiting) == (4, 5, 1)
    assert (share["seen"].part, share["seen"].whole, share["seen"].waiting) == (3, 5, 1)


def test_where_contacts_are_no_longer_kept_nobody_can_say() -> None:
    share = measured([reported(HOUR, known=None) for _k in range(6)])[0].shares["known"]
    assert (share.part, share.whole, share.missing, share.share) == (None, 0, 6, None)


# --- the same from the database ------------------------------------------------------------------------------------


@pytest.fixture
def six(cast: Cast) -> list[Case]:
    """Six reported cases of the last days; Wang was Lin's contact before, confirmed and told; Meng has no report."""
    he, qiu = cast.by("he"), cast.by("qiu")
    found = []
    for ago, who in ((8, "lin"), (5, "wang"), (4, "zhao"), (3, "ou"), (2, "fang"), (1.5, "xu")):
        case = sick(cast, who, ago)
        at = case.detected_at + HOUR
        case_actions.set_dates(case, reported_at=at, by=he, at=at)
        if who == "lin":
            contact = together(case, cast.person["wang"], [day(8)], found=NOON - 6.5 * DAY)
            tracing.confirm(contact, by=qiu, at=NOON - 6.4 * DAY)
        if who != "xu":
            case_actions.set_dates(case, traced_at=at + 6 * HOUR, by=qiu, at=at + 6 * HOUR)
        found.append(case)
    sick(cast, "meng", 1)
    return found


def test_the_query_agrees_with_a_walk_through_the_rows(cast: Cast, six: list[Case]) -> None:
    found = queries.tracing_quality(cast.by("su"), weeks=3, at=NOON)
    cases = [Case.objects.get(pk=case.pk) for case in six]
    known = sum(
        Contact.objects.filter(person=case.person, found_at__lte=case.reported_at).exclude(case=case).exists()
        for case in cases
    )
    shares = found.together.shares
    assert (shares["known"].part, shares["known"].whole) == (known, 6) == (1, 6)
    assert (shares["traced"].part, shares["traced"].whole, shares["traced"].waiting) == (5, 5, 1)
    assert (shares["told"].part, shares["told"].whole) == ("<5", 1)
    assert Order.objects.filter(kind="quarantine").count() == 1
    delay = found.together.delays["onset_detected"]
    assert (delay.cases, delay.median_hours, delay.p90_hours) == (6, 24.0, 24.0)
    assert found.together.delays["reported_traced"] == rules.Delay(5, 6.0, 6.0, waiting=1, missing=0)
    assert found.together.delays["traced_ordered"].cases == 1
    assert found.not_reported == 1
    by_week = Counter(_monday(case.reported_at) for case in cases)
    assert {week.monday: week.cases for week in found.weeks if week.cases} == by_week


def _monday(at: datetime | None) -> date:
    assert at is not None
    day_ = clock.local_day(at)
    return day_ - timedelta(days=day_.weekday())


def test_contacts_past_their_keeping_make_the_share_unknown(cast: Cast, six: list[Case]) -> None:
    found = queries.tracing_quality(cast.by("su"), weeks=40, at=NOON + 200 * DAY)
    assert (found.together.shares["known"].part, found.together.shares["known"].missing) == (None, 6)


def test_only_within_reach_and_not_of_few(cast: Cast, six: list[Case]) -> None:
    assert queries.tracing_quality(cast.by("fang"), weeks=3, at=NOON).together.cases == 4
    few = Actor(None, None, "few", reach={"report.view": (subtree(cast.org["EN2301"].path),)})
    for by in (few, cast.by("lin")):
        with pytest.raises(Forbidden):
            queries.tracing_quality(by, weeks=3, at=NOON)
    with pytest.raises(BadInput):
        queries.tracing_quality(cast.by("su"), weeks=0, at=NOON)
    assert queries.tracing_quality(cast.by("su"), weeks=3, at=NOON, disease="influenza").together.cases == 0


@pytest.mark.parametrize(
    ("who", "status"), [("su", 200), ("tang", 200), ("qiu", 200), ("fang", 200), ("lin", 404), ("admin", 404)]
)
def test_the_page_shows_numbers_and_no_name(
    cast: Cast, sign_in: SignIn, six: list[Case], who: str, status: int
) -> None:
    response = sign_in(who).get(PAGE)
    assert response.status_code == status
    text = response.content.decode()
    assert not any(case.number in text for case in six)
    assert sign_in(who).get(f"{PAGE}?weeks=99").status_code == (422 if status == 200 else 404)


def test_api_and_terminal_say_the_same(cast: Cast, sign_in: SignIn, six: list[Case]) -> None:
    body = sign_in("su").get("/api/v1/command/tracing-quality?weeks=3").json()
    assert body["together"]["shares"]["traced"] == {
        "part": 5, "whole": 5, "share": 1.0, "left_out": None, "waiting": 1, "missing": 0,
    }  # fmt: skip
    assert body["together"]["shares"]["told"]["left_out"] == "<5"
    assert sign_in("lin").get("/api/v1/command/tracing-quality").status_code == 404
    words = ["report", "tracing", "--weeks", "3", "--as", "su"]
    told = json.loads(CliRunner().invoke(shouwang, [*words, "--json"], catch_exceptions=False).output.splitlines()[-1])
    assert told["weeks"] == json.loads(json.dumps(body["weeks"]))
    assert "<5/1" in CliRunner().invoke(shouwang, words, catch_exceptions=False).output


def test_what_came_first_is_negative_and_stands() -> None:
    early = reported(6 * DAY, traced=NOON - 7 * DAY)
    assert measured([early] * 5)[0].delays["reported_traced"].median_hours == -24.0
