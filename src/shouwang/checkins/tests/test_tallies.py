"""Counts that are kept equal counts that are made: through check-ins, corrections, moves, excuses, midnight, purges."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.checkins import actions, queries, rules
from shouwang.checkins.actions import tallies
from shouwang.checkins.models import CheckIn, LatestCheckIn
from shouwang.checkins.queries.figures import on_roster
from shouwang.checkins.rules import State
from shouwang.checkins.tests.builders import TODAY, fever, key, well
from shouwang.core import clock, purging
from shouwang.core.scope import system_actor
from shouwang.org import actions as org
from shouwang.org.models import Person
from shouwang.org.queries import reachable
from shouwang.org.tests.cast import NOON, Cast

WHO = ["lin", "wang", "zhao", "ou", "meng"]
UNITS = ["CS2301", "CS2302", "EN2301"]
MOUTHS = ["meng", "fang", "xu", "he", "su"]
step = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(WHO), st.sampled_from(["self", "proxy", "clinic"]), st.booleans()),
    st.tuples(st.just("move"), st.sampled_from(WHO), st.sampled_from(UNITS)),
    st.tuples(st.just("join"), st.sampled_from(WHO), st.sampled_from(UNITS)),
    st.tuples(st.just("excuse"), st.sampled_from(WHO), st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("leave"), st.sampled_from(WHO), st.integers(0, 2)),
    st.tuples(st.just("night"), st.integers(1, 3)),
    st.tuples(st.just("purge")),
    st.tuples(st.just("sweep")),
)


class Play:
    def __init__(self, cast: Cast, traveller: Any) -> None:
        self.cast, self.traveller, self.now = cast, traveller, NOON

    def do(self, verb: str, *words: Any) -> None:
        getattr(self, verb)(*words)

    def person(self, name: str) -> Person:
        return Person.objects.select_related("home").get(pk=self.cast.person[name].pk)

    def say(self, name: str, source: str, ill: bool) -> None:
        entry = actions.Entry(self.person(name), fever() if ill else well(), key(), source, "asked")
        actions.submit_many([entry], by=system_actor(), at=self.now)

    def move(self, name: str, unit: str) -> None:
        day = clock.local_day(self.now)
        org.move_home(self.person(name), to=self.cast.org[unit], on=day, by=system_actor(), at=self.now)

    def join(self, name: str, unit: str) -> None:
        day = clock.local_day(self.now)
        org.join(self.person(name), organisation=self.cast.org[unit], since=day, by=system_actor(), at=self.now)

    def excuse(self, name: str, ahead: int, length: int) -> None:
        starts = clock.local_day(self.now) + timedelta(days=ahead)
        actions.excuse(
            [self.person(name)], code="leave", starts=starts, ends=starts + timedelta(days=length),
            by=system_actor(), at=self.now,
        )  # fmt: skip

    def leave(self, name: str, ahead: int) -> None:
        person = self.person(name)
        if person.left_on is None:
            on = clock.local_day(self.now) + timedelta(days=ahead)
            org.leave_institution(person, on=on, by=system_actor(), at=self.now)

    def night(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.traveller.move_to(self.now, tick=False)
        actions.catch_up(at=self.now)  # the sweeper, seconds after midnight

    def purge(self) -> None:
        purging.purge(on=clock.local_day(self.now) + timedelta(days=29), at=self.now)

    def sweep(self) -> None:
        actions.catch_up(at=self.now)


def check(cast: Cast, now: datetime) -> None:
    """For everybody who looks: tab counts are the rows of the tabs, and both are what the rule says of each person."""
    on = queries.today_of(now)
    for name in MOUTHS:
        by = cast.by(name, now)
        board = queries.board(by, unit=None, at=now)
        rows = {state: queries.unit_rows(by, unit=None, state=state, at=now, size=100).rows for state in State}
        found = {person.pk: state for state, people in rows.items() for person in people}
        assert sum(len(people) for people in rows.values()) == len(found)
        visible = Person.objects.filter(reachable(by, "checkin.status"), on_roster(on.day))
        answers = set(Person.objects.filter(reachable(by, "checkin.view")).values_list("pk", flat=True))
        expected = {}
        sources: Counter[str] = Counter()
        for person in visible.select_related("latest_checkin"):
            latest = person.latest_checkin
            assert (latest.home_path, latest.number) == (person.home_path, person.number)
            expected[person.pk] = rules.state_of(
                latest.known, on=on.of(latest.home_path), sees_answers=person.pk in answers
            )
            sources[latest.source if latest.day >= on.day else ""] += 1
        assert found == expected, name
        assert {state: n for state, n in board.states.items() if n} == dict(Counter(expected.values())), name
        counts = board.counts
        assert (counts.by_self, counts.by_proxy, counts.by_clinic, counts.unknown) == (
            sources["self"], sources["proxy"], sources["clinic"], sources[""],
        )  # fmt: skip
        assert counts.roster == len(expected)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(step, min_size=1, max_size=8), st.sampled_from([1, 3, 1000]))
def test_counts_rows_and_the_rule_agree(
    cast: Cast, noon: time_machine.Traveller, drawn: list[tuple[Any, ...]], tally_from: int
) -> None:
    from django.db import transaction

    before, tallies.TALLY_FROM = tallies.TALLY_FROM, tally_from
    try:
        with transaction.atomic():
            play = Play(cast, noon)
            actions.catch_up(at=NOON)
            for one in drawn:
                play.do(*one)
            check(cast, play.now)  # the reader adds what is outstanding
            actions.catch_up(at=play.now)
            assert tallies.different() == set()
            check(cast, play.now)
            transaction.set_rollback(True)
    finally:
        tallies.TALLY_FROM = before
        noon.move_to(NOON, tick=False)


def test_too_much_outstanding_is_left_to_the_sweeper_and_the_moment_says_so(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shouwang.checkins.queries import counts

    monkeypatch.setattr(tallies, "TALLY_FROM", 1)
    monkeypatch.setattr(counts, "OUTSTANDING", 1)
    actions.catch_up(at=NOON)
    for name in ("lin", "wang"):
        actions.submit(person=cast.person[name], answers=well(), client_key=key(), by=cast.by(name), at=NOON)
    later = NOON + timedelta(seconds=3)
    board = queries.board(cast.by("su"), unit=None, at=later)
    assert (board.counts.as_of, board.counts.by_self) == (NOON, 0)
    assert actions.catch_up(at=later) == 2
    board = queries.board(cast.by("su"), unit=None, at=later)
    assert (board.counts.as_of, board.counts.by_self) == (later, 2)
    assert actions.catch_up(at=later) == 0


def test_whoever_lacks_a_row_is_found_and_whoever_returns_brings_their_last_word(cast: Cast) -> None:
    lin = cast.person["lin"]
    actions.submit(person=lin, answers=fever(), client_key=key(), by=cast.by("lin"), at=NOON)
    stood = LatestCheckIn.objects.filter(pk=lin.pk).values().get()
    LatestCheckIn.objects.filter(pk__in=[lin.pk, cast.person["ou"].pk]).delete()
    assert actions.sync_standings(at=NOON) == 2
    assert LatestCheckIn.objects.filter(pk=lin.pk).values().get() == stood
    assert actions.sync_standings(at=NOON) == 0
    org.leave_institution(lin, on=TODAY, by=system_actor(), at=NOON)
    assert not LatestCheckIn.objects.filter(pk=lin.pk).exists() and CheckIn.objects.filter(person=lin).exists()
