"""The board: what is kept equals what is counted anew, whatever happened; its age; who sees it; small groups."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from shouwang.cases import actions as cases
from shouwang.cases.models import Case
from shouwang.checkins import actions as checkins
from shouwang.checkins.models import SymptomAlert
from shouwang.checkins.rules import Answers
from shouwang.command import actions, queries
from shouwang.command.actions import board as board_actions
from shouwang.command.models import BoardCell, BoardPoint, BoardState
from shouwang.command.queries.figures import counted
from shouwang.command.rules import board as signs
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.packs import get_pack
from shouwang.isolation import actions as isolation
from shouwang.isolation.models import Order
from shouwang.org import actions as org
from shouwang.org.models import Organisation, Person
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
STUDENTS = ("lin", "wang", "meng", "zhao", "ou")
MINUTE = timedelta(minutes=1)
# Not kept for the board: `values` of the situation report that need another question.
NOT_KEPT = {"beds", "beds_free"}


def say(cast: Cast, who: str, at: datetime, *, ill: bool) -> None:
    well = Answers(temperature_c=Decimal("36.5"), exposure=False)
    sick = Answers(symptoms=("fever",), temperature_c=Decimal("38.6"), exposure=False)
    answers = sick if ill else well
    checkins.submit(
        person=cast.person[who], answers=answers, client_key=f"{who}-{at:%H%M%S}", by=cast.by(who, at), at=at
    )


def act(cast: Cast, dice: random.Random, at: datetime) -> None:
    """One thing that happens on a campus, if it can."""
    who = dice.choice(STUDENTS)
    what = dice.choice(("well", "ill", "case", "confirm", "close", "release", "move", "alert"))
    he, person = cast.by("he", at), cast.person[who]
    open_case = Case.objects.filter(person=person, closed_at__isnull=True).first()
    if what in ("well", "ill"):
        say(cast, who, at, ill=what == "ill")
    elif what == "case" and open_case is None:
        cases.open_case(
            person=person, pack=get_pack("covid19-2020-6"), classification="suspected", reason="发热",
            onset_at=at - timedelta(hours=9), by=he, at=at,
        )  # fmt: skip
    elif what == "confirm" and open_case is not None and open_case.classification == "suspected":
        cases.classify(open_case, new="confirmed", reason="核酸阳性", by=he, at=at)
    elif what == "close" and open_case is not None and open_case.classification != "suspected":
        cases.close_case(open_case, reason="康复", by=he, at=at)
    elif what == "release" and (order := Order.objects.filter(person=person, ended_at__isnull=True).first()):
        isolation.end_order(order, reason="复核", by=he, at=at)
    elif what == "move":
        unit = cast.org[dice.choice(("CS2301", "CS2302", "EN2301"))]
        person.refresh_from_db()
        if person.home_id != unit.pk:
            org.move_home(person, to=unit, on=clock.local_day(at), by=cast.by("admin", at), at=at)
    elif what == "alert" and (alert := SymptomAlert.objects.filter(person=person, state="open").first()):
        checkins.close_alert(alert, reason="已看", by=he, at=at)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_equals_what_is_counted_anew(cast: Cast, seed: int) -> None:
    dice, at = random.Random(seed), NOON
    for _turn in range(12):
        for _step in range(dice.randint(1, 4)):
            at += timedelta(minutes=dice.randint(1, 50))
            act(cast, dice, at)
        actions.refresh_board(at=at)
        for code in ("WCU", "IE", "FL", "CS2301", "EN2301"):
            unit = Organisation.objects.get(code=code)
            cache.clear()  # the report keeps its numbers for some seconds; here hours pass within one
            found = queries.board(cast.by("su", at), unit, at)
            assert found.figures is not None
            anew = counted(unit, clock.local_day(at), at).values
            kept = {key: value for key, value in found.figures.values.items() if key in anew}
            assert kept == {key: anew[key] for key in kept}, (seed, code, at)
            assert {row["key"] for row in found.figures.rows()} - set(kept) <= NOT_KEPT


def test_a_check_in_touches_one_cell(cast: Cast) -> None:
    actions.refresh_board(at=NOON)
    state = BoardState.objects.get()
    say(cast, "lin", NOON + MINUTE, ill=False)
    assert actions.refresh_board(at=NOON + 2 * MINUTE) == 1
    after = BoardState.objects.get()
    assert after.compared_at == state.compared_at, "nobody else was counted"
    assert BoardCell.objects.get(path=cast.org["CS2301"].path).by_self == 1


def test_nothing_changed_costs_nothing(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    actions.refresh_board(at=NOON)
    with django_assert_max_num_queries(9):
        assert actions.refresh_board(at=NOON + timedelta(seconds=5)) == 0
    assert BoardState.objects.get().as_of == NOON + timedelta(seconds=5)
    assert actions.refresh_board(at=NOON) == 0, "a clock set back does not make the board younger"
    assert BoardState.objects.get().as_of == NOON + timedelta(seconds=5)


def test_a_roster_that_changed_while_resting_is_not_forgotten(cast: Cast) -> None:
    actions.refresh_board(at=NOON)
    BoardState.objects.update(compare_ms=60_000)  # counting everybody took a minute: then it rests for twenty
    org.move_home(cast.person["lin"], to=cast.org["EN2301"], on=NOON.date(), by=cast.by("admin"), at=NOON + MINUTE)
    for minutes, moved in ((2, 0), (3, 0), (21, 1)):
        actions.refresh_board(at=NOON + minutes * MINUTE)
        before, after = (
            BoardCell.objects.get(path=cast.org[code].path).roster
            == Person.objects.filter(home=cast.org[code], left_on__isnull=True).count()
            for code in ("CS2301", "EN2301")
        )
        assert before == after == bool(moved), minutes


def test_of_two_rounds_at_once_the_slower_one_is_thrown_away(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    actions.refresh_board(at=NOON)
    counted_anew = board_actions._round

    def slow(state: BoardState, at: datetime) -> object:
        found = counted_anew(state, at)
        BoardState.objects.update(as_of=at + MINUTE)  # another has written in the meantime
        return found

    monkeypatch.setattr(board_actions, "_round", slow)
    say(cast, "lin", NOON + MINUTE, ill=False)
    assert actions.refresh_board(at=NOON + 2 * MINUTE) == 0
    assert BoardState.objects.get().as_of == NOON + 3 * MINUTE
    assert BoardCell.objects.get(path=cast.org["CS2301"].path).by_self == 0
    monkeypatch.undo()
    actions.refresh_board(at=NOON + 4 * MINUTE)
    assert BoardCell.objects.get(path=cast.org["CS2301"].path).by_self == 1, "and counted by the next one"


def test_a_clock_that_runs_out_is_seen_without_an_entry(cast: Cast) -> None:
    case = cases.open_case(
        person=cast.person["lin"], pack=get_pack("covid19-2020-6"), classification="suspected", reason="发热",
        onset_at=NOON - timedelta(hours=1), by=cast.by("he"), at=NOON,
    )  # fmt: skip
    actions.refresh_board(at=NOON)
    due = BoardState.objects.get().next_due
    assert due is not None and due > NOON
    before = BoardCell.objects.get(path=case.person.home_path).clocks_late
    actions.refresh_board(at=due + timedelta(seconds=1))
    assert BoardCell.objects.get(path=case.person.home_path).clocks_late > before


def test_the_trend_compares_with_the_hour_and_the_day_before(cast: Cast) -> None:
    actions.refresh_board(at=NOON)
    say(cast, "lin", NOON + MINUTE, ill=False)
    at = NOON + 2 * timedelta(hours=1)
    actions.refresh_board(at=at)
    found = queries.board(cast.by("su", at), cast.org["WCU"], at)
    assert (found.since, found.moved) == (NOON, {"checked_in": 1})
    trend = found.trends["checked_in"]
    assert trend.values[-1] == 1 and len(trend.values) == len(found.hours) + 1
    assert trend.values[:-4] == (None,) * (len(trend.values) - 4), "an hour of which nothing is kept is no zero"
    tomorrow = NOON + timedelta(days=1)
    actions.refresh_board(at=tomorrow)
    rows = {row["key"]: row for row in queries.board(cast.by("su", tomorrow), cast.org["WCU"], tomorrow).main}
    assert rows["checked_in"]["change"] == 0
    assert not BoardPoint.objects.filter(path=cast.org["CS2301"].path).exists(), "a class has no units to compare"


def test_a_reader_keeps_the_board_fresh(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in("su").get("/command/board/")
    assert page.status_code == 200
    assert BoardState.objects.get().as_of == NOON
    text = page.content.decode()
    assert "信息工程学院" in text and "data-as-of" in text


def test_the_board_names_no_person(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", NOON, ill=True)
    cases.open_case(
        person=cast.person["lin"], pack=get_pack("covid19-2020-6"), classification="suspected", reason="发热",
        onset_at=NOON - timedelta(hours=1), by=cast.by("he"), at=NOON,
    )  # fmt: skip
    client = sign_in("tang")
    for address in ("/command/board/", "/command/board/?screen=1", f"/command/board/?unit={cast.org['IE'].pk}"):
        text = client.get(address).content.decode()
        assert not any(person.name in text or person.number in text for person in cast.person.values()), address
    body = client.get("/api/v1/command/board").json()
    assert not any(person.name in str(body) for person in cast.person.values())
    assert body["age_seconds"] == 0


def test_of_a_small_unit_nothing_is_said_about_health(cast: Cast) -> None:
    say(cast, "lin", NOON, ill=True)
    actions.refresh_board(at=NOON)
    found = queries.board(cast.by("su"), cast.org["IE"], NOON)
    classes = {unit.title: unit for unit in found.units}
    assert classes["计科2301班"].roster < 5
    assert not any("异常" in word or "alert" in word for unit in found.units for word in unit.attention.words)


def test_who_may_not_read_numbers_sees_no_board(cast: Cast, sign_in: SignIn) -> None:
    with pytest.raises(NotFound):
        queries.board(cast.by("fang"), cast.org["FL"], NOON)
    assert sign_in("lin").get("/command/board/").status_code in (403, 404)
    assert sign_in("lin").get("/api/v1/command/board").status_code in (403, 404)


def test_the_page_costs_the_same_whatever_is_there(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in("su")
    client.get("/command/board/")
    with django_assert_max_num_queries(20):
        client.get("/command/board/live/")


# --- rules -----------------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from([sign.key for sign in signs.SIGNS]), st.integers(0, 99)), st.integers(0, 4000))
def test_attention_is_quiet_only_without_a_reason(numbers: dict[str, int], roster: int) -> None:
    found = signs.attention(numbers, roster=roster)
    reasons = {key for key, number in numbers.items() if number}
    if 0 < roster < 5:
        reasons &= signs.OF_NO_HEALTH
    assert (found.band == signs.QUIET) == (not reasons) == (not found.words)
    if reasons & {sign.key for sign in signs.SIGNS if sign.band == signs.NOW}:
        assert found.band == signs.NOW


@given(st.lists(st.none() | st.integers(0, 10**7), max_size=30))
def test_a_line_shows_each_known_value_once_inside_its_frame(values: list[int | None]) -> None:
    points = [point for line in signs.polyline(values) for point in line.split()]
    assert len(points) == sum(value is not None for value in values)
    for point in points:
        x, y = (float(part) for part in point.split(","))
        assert 0 <= x <= signs.WIDTH and 0 <= y <= signs.HEIGHT
