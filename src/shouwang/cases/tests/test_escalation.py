"""A clock that has run out is taken to its owner, the deputy, the units above: each step once, stored, reminded."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases import actions, queries, rules
from shouwang.cases.models import Case, Clock, ClockEvent
from shouwang.cases.rules.clock_settings import SHIPPED, clock_settings
from shouwang.cases.tests.builders import DAY, HOUR, opened
from shouwang.core.errors import BadInput
from shouwang.core.tree import ancestors, step
from shouwang.org.models import Responsibility
from shouwang.org.tests.cast import NOON, SINCE, Cast
from shouwang.outreach.models import Message, Round
from shouwang.web.reminding import LateClocks

STEPS = clock_settings(SHIPPED.parent).escalation.steps
database = pytest.mark.django_db


@pytest.fixture
def grid(cast: Cast) -> Cast:
    """Doctor He answers for the clinic, Xu is deputy there, Tang answers for the university."""
    for code, who, rank in (("HOSP", "he", "first"), ("HOSP", "xu", "deputy"), ("WCU", "tang", "first")):
        Responsibility.objects.create(organisation=cast.org[code], person=cast.person[who], rank=rank, starts=SINCE)
    return cast


def told(case: Case, code: str = "report") -> list[tuple[str, str | None]]:
    rows = case.clock_events.filter(code=code, step__isnull=False).order_by("step")
    return [(row.what, row.person.name if row.person else None) for row in rows]


@database
def test_a_late_clock_goes_up_step_by_step(grid: Cast) -> None:
    case = opened(grid)
    clock = case.clocks.get(code="report")
    assert (clock.owner, clock.unit, clock.awaited) == (grid.person["he"], grid.org["HOSP"], True)
    assert actions.escalate_clocks(at=clock.due_at) == 0  # due at exactly now is not yet late
    late = clock.due_at + timedelta(minutes=1)
    assert actions.escalate_clocks(at=late) == 2  # report and isolate, both after two hours
    assert actions.escalate_clocks(at=late) == 0
    assert told(case) == [("owner", "何医生")]
    actions.escalate_clocks(at=late + timedelta(minutes=61))
    assert told(case) == [("owner", "何医生"), ("deputy", "徐老师")]
    actions.escalate_clocks(at=late + timedelta(minutes=123))
    assert told(case)[2:] == [("above", "唐书记")]
    assert actions.escalate_clocks(at=late + 2 * DAY) > 0
    assert told(case)[3:] == [("above", None)]  # nobody above the university
    assert case.clocks.get(code="report").step_at is None


@database
def test_steps_that_name_nobody_are_stored_and_passed(cast: Cast) -> None:
    case = opened(cast)
    assert case.clocks.get(code="report").owner is None
    actions.escalate_clocks(at=NOON + 3 * HOUR)
    assert told(case) == [("owner", None), ("deputy", None), ("above", None), ("above", None)]
    Responsibility.objects.create(organisation=cast.org["HOSP"], person=cast.person["he"], starts=SINCE)
    other = opened(cast, "wang")
    actions.escalate_clocks(at=NOON + 3 * HOUR)
    assert told(other) == [("owner", "何医生")]


@database
def test_a_met_clock_stops_and_a_moved_one_is_told_anew(grid: Cast) -> None:
    case, by = opened(grid), grid.by("he")
    at = NOON + 3 * HOUR
    actions.escalate_clocks(at=at)
    actions.set_dates(case, reported_at=at, by=by, at=at)
    clock = case.clocks.get(code="report")
    assert (clock.awaited, clock.step_at) == (False, None)
    actions.escalate_clocks(at=at + 9 * DAY)
    assert told(case) == [("owner", "何医生")]
    # Taken back: the same due time is not told of a second time, the next step follows.
    actions.set_dates(case, reported_at=None, by=by, at=at + HOUR)
    actions.escalate_clocks(at=at + 3 * HOUR)
    assert told(case) == [("owner", "何医生"), ("deputy", "徐老师")]
    # Corrected: the due time moves, what it was is kept, and whoever answers is told again.
    actions.set_dates(case, detected_at=NOON - HOUR, by=by, at=at + 3 * HOUR)
    moved = case.clock_events.get(code="report", what="moved")
    assert (moved.was_due_at, moved.due_at) == (NOON + 2 * HOUR, NOON + HOUR)
    actions.escalate_clocks(at=at + 4 * HOUR)
    assert case.clock_events.filter(code="report", what="owner").count() == 2


@database
def test_killed_between_steps_nobody_is_told_twice(grid: Cast) -> None:
    case = opened(grid)
    actions.escalate_clocks(at=NOON + 3 * HOUR)
    # As if the program had died after the events and a restore had brought back the clock as it was before.
    Clock.objects.update(steps=0, step_at=NOON)
    actions.escalate_clocks(at=NOON + 3 * HOUR)
    assert told(case) == [("owner", "何医生")]


@database
def test_a_deadline_that_was_past_when_known_counts_from_then(grid: Cast) -> None:
    case = opened(grid, detected_at=NOON - 3 * DAY)
    assert actions.escalate_clocks(at=NOON) == 0
    actions.escalate_clocks(at=NOON + timedelta(minutes=1))
    assert told(case) == [("owner", "何医生")]


@database
def test_closing_and_discarding_await_nothing(grid: Cast) -> None:
    case = opened(grid)
    actions.classify(case, new="discarded", reason="阴性", by=grid.by("he"), at=NOON)
    assert not Clock.objects.filter(awaited=True).exists()
    assert actions.escalate_clocks(at=NOON + DAY) == 0
    actions.classify(case, new="suspected", reason="复核", by=grid.by("he"), at=NOON)
    assert Clock.objects.filter(awaited=True).count() == 3


@database
def test_one_message_that_closes_itself(grid: Cast) -> None:
    case = opened(grid)
    opened(grid, "wang")
    at = NOON + 2 * HOUR + timedelta(minutes=5)  # 14:05 in Shanghai
    actions.escalate_clocks(at=at)
    asks = LateClocks()
    (due,) = asks.due_on(date(2026, 3, 2))
    assert (due.key, due.path) == ("clock:15:20", "/cases/clocks/")
    assert [person.name for person in asks.owing(due.key, due.at)] == ["何医生"]
    assert asks.facts(due.key, due.at, grid.person["he"], until=due.at, reached=True, already=False).asked
    assert not asks.facts(due.key, due.at, grid.person["xu"], until=due.at, reached=True, already=False).asked
    for row in Case.objects.all():
        actions.set_dates(row, reported_at=at, isolated_at=at, by=grid.by("he"), at=at)
    assert not asks.owing(due.key, due.at).exists()
    assert asks.facts(due.key, due.at, grid.person["he"], until=due.at, reached=True, already=False).heard
    assert case.clock_events.exists()


@database
def test_through_outreach_once_however_often_it_plans(grid: Cast) -> None:
    from shouwang.core.scope import system_actor
    from shouwang.outreach.actions.planning import plan_due
    from shouwang.outreach.owed import _contributors

    opened(grid)
    opened(grid, "wang")
    actions.escalate_clocks(at=NOON + 2 * HOUR + timedelta(minutes=5))
    end = datetime.fromisoformat("2026-03-02T15:20:00+08:00")
    before = Message.objects.filter(round__due_at=end)
    assert "clock" in _contributors
    for late in (0, 1, 5):
        plan_due(by=system_actor("tests"), at=end + timedelta(minutes=late))
    row = Round.objects.get(due_at=end)
    assert [item["key"] for item in row.items] == ["clock:15:20"]
    assert [row.person for row in before.filter(purpose="reminder")] == [grid.person["he"]]


@database
def test_whoever_sees_no_case_finds_numbers_alone(grid: Cast, noon: object) -> None:
    opened(grid, at=NOON - DAY, detected_at=NOON - DAY)
    client = Client()
    client.force_login(grid.account["tang"])
    assert client.get("/cases/clocks/").status_code == 403
    for minutes in (-600, -500, -400):
        actions.escalate_clocks(at=NOON + timedelta(minutes=minutes))
    assert [item.count for item in queries.taken_to(grid.by("tang"))] == [3]
    page = client.get("/cases/clocks/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "校医院" in text
    assert "林晓" not in text


@database
def test_lists_are_paged_and_scoped(grid: Cast, noon: object) -> None:
    for who in ("lin", "wang", "ou"):
        opened(grid, who, at=NOON - DAY, detected_at=NOON - DAY)
    by = grid.by("he")
    first = queries.clock_page(queries.late_clocks(by, NOON), "", 5)
    second = queries.clock_page(queries.late_clocks(by, NOON), first.next or "", 5)
    assert (len(first.rows), len(second.rows), second.next) == (5, 4, None)
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}
    assert queries.clock_counts(NOON, queries.awaited_in_reach(by)) == {"late": 9, "soon": 0}
    assert not queries.late_clocks(grid.by("fang"), NOON).exists()


@given(st.integers(1, 4), st.sets(st.integers(0, 4)), st.sets(st.integers(0, 4)))
def test_every_step_is_reached_and_the_last_ends(depth: int, firsts: set[int], deputies: set[int]) -> None:
    unit = step(1) * depth
    nodes = ancestors(unit)
    grid = rules.Grid(
        {nodes[k]: k + 1 for k in firsts if k < depth}, {nodes[k]: 100 + k for k in deputies if k < depth}
    )
    taken, found, at = 0, [], NOON
    while taken < len(STEPS):
        now = rules.steps_now(STEPS, taken, unit, unit, grid)
        assert now
        assert [one.person for one in now[:-1]] == [None] * (len(now) - 1)
        found += now
        taken += len(now)
        coming = rules.next_step(STEPS, taken, at=at)
        assert (coming is None) == (taken == len(STEPS))
        assert coming is None or coming >= at
    assert [one.number for one in found] == list(range(len(STEPS)))
    above = [one.person for one in found if one.to == "above"]
    assert above == [*sorted((k + 1 for k in firsts if k < depth - 1), reverse=True), None, None][:2]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minutes = 60", "minutes = 9999999", "steps"),
        ("open_share = 0.05", "open_share = 2", "open_share"),
        ('"07:20"', '"25:99"', "hour"),
        ('"07:20", "09:20"', '"09:20", "07:20"', "in order"),
        ("gap_days = 14", "gap_days = 0", "days"),
        ('source = "frieden2021"', 'source = "nobody"', "nobody"),
        ("[reminding]", "[reminding", "table"),
    ],
)
def test_a_damaged_file_is_refused_with_its_fault(own_home: object, old: str, new: str, said: str) -> None:
    from pathlib import Path

    home = Path(str(own_home))
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    (home / "clocks.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        clock_settings(home)
    assert said in str(caught.value)


@database
def test_history_keeps_a_clock_that_is_counted_no_more(grid: Cast) -> None:
    case = opened(grid, onset_at=NOON - 9 * HOUR)
    actions.set_dates(case, onset_at=None, by=grid.by("he"), at=NOON)
    assert ClockEvent.objects.get(case=case, code="detect").what == "gone"
    assert [event.code for event in queries.clock_events(case)] == ["detect"]
