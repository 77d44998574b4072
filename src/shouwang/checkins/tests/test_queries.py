"""Who sees whom in lists and counts; that the database and the rule put everybody into the same list."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.checkins import actions, queries, rules
from shouwang.checkins.actions.standings import forget
from shouwang.checkins.models import CheckIn, LatestCheckIn
from shouwang.checkins.rules import Answers, State
from shouwang.checkins.tests.builders import TODAY, fever, key, say, well
from shouwang.core.errors import NotFound
from shouwang.core.scope import system_actor
from shouwang.core.tree import subtree
from shouwang.org import actions as org
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast

DAY = timedelta(days=1)


def names(people: Any) -> set[str]:
    return {person.name for person in people}


def test_not_yet_is_everybody_within_reach_and_excuses_nobody(cast: Cast) -> None:
    org.set_situation(cast.person["wang"], situation="abroad", on=TODAY, by=system_actor(), at=NOON)
    say(cast, "lin", well())
    assert names(queries.not_yet(cast.by("meng"), TODAY)) == {"王蕾", "孟欣"}
    assert names(queries.not_yet(cast.by("fang"), TODAY)) == {"王蕾", "孟欣", "赵宁", "方老师"}
    assert names(queries.not_yet(cast.by("xu"), TODAY)) == {"欧阳静", "徐老师"}
    for name in ("lin", "qiu", "tang", "deng", "admin"):
        assert not queries.not_yet(cast.by(name), TODAY).exists()
    org.leave_institution(cast.person["wang"], on=TODAY, by=system_actor(), at=NOON)
    assert names(queries.not_yet(cast.by("meng"), TODAY)) == {"孟欣"}


def test_not_yet_of_a_day_gone_by(cast: Cast) -> None:
    say(cast, "lin", well(), at=NOON - 2 * DAY)
    say(cast, "lin", well())
    say(cast, "wang", well(), at=NOON - DAY)
    say(cast, "wang", well())
    assert "林晓" in names(queries.not_yet(cast.by("meng"), TODAY - DAY))
    assert "王蕾" not in names(queries.not_yet(cast.by("meng"), TODAY - DAY))


def test_counts_of_a_day_gone_by_read_the_last_word_of_that_day(cast: Cast) -> None:
    reach = (subtree(cast.org["CS2301"].path),)
    say(cast, "lin", fever(), at=NOON - DAY)
    say(cast, "lin", well(), at=NOON - DAY + timedelta(hours=2))
    say(cast, "wang", fever(), at=NOON - DAY)
    say(cast, "wang", well())
    gone = queries.status_counts(reach, TODAY - DAY, NOON)
    assert (gone.roster, gone.by_self, gone.unknown, gone.symptomatic, gone.heard) == (3, 2, 1, 1, 2)
    then = queries.status_counts(reach, TODAY - DAY, NOON - DAY + timedelta(hours=1))
    assert (then.by_self, then.symptomatic) == (2, 2)
    now = queries.status_counts(reach, TODAY)
    assert (now.by_self, now.symptomatic, now.unknown) == (1, 0, 2)


def test_somebody_reached_by_a_further_membership_is_counted_once(cast: Cast) -> None:
    org.join(cast.person["ou"], organisation=cast.org["CS2301"], since=TODAY, by=system_actor(), at=NOON)
    org.join(cast.person["ou"], organisation=cast.org["CS2302"], since=TODAY, by=system_actor(), at=NOON)
    board = queries.board(cast.by("fang"), unit=None, at=NOON)
    assert board.counts.roster == 6
    assert sum(board.states.values()) == 6


def test_who_may_see_only_some_answers_sees_only_those_in_attention(cast: Cast) -> None:
    """Meng is monitor of CS2301 and, as deputy counsellor, may read answers in CS2302 alone."""
    from shouwang.org.models import Grant

    Grant.objects.create(account=cast.account["meng"], role="counsellor", organisation=cast.org["CS2302"], starts=TODAY)
    say(cast, "lin", fever())
    say(cast, "zhao", fever())
    meng = cast.by("meng")
    rows = queries.unit_rows(meng, unit=None, state=State.SYMPTOMATIC, at=NOON)
    assert names(rows.rows) == {"赵宁"}
    assert names(queries.unit_rows(meng, unit=None, state=State.IN, at=NOON).rows) == {"林晓"}
    with pytest.raises(NotFound):
        queries.history(meng, cast.person["lin"].pk)
    assert queries.history(meng, cast.person["zhao"].pk).count() == 1


def test_history_is_fourteen_days_of_oneself_or_of_those_in_reach(cast: Cast) -> None:
    say(cast, "lin", well(), at=NOON - 14 * DAY)
    kept = [say(cast, "lin", well(), at=NOON - 13 * DAY), say(cast, "lin", well())]
    pk = cast.person["lin"].pk
    for name in ("lin", "fang", "he"):
        assert [row.pk for row in queries.history(cast.by(name), pk)] == [kept[1].pk, kept[0].pk]
    for name in ("wang", "meng", "xu", "qiu", "su", "tang", "admin"):
        with pytest.raises(NotFound):
            queries.history(cast.by(name), pk)
    assert queries.checks_of([pk], first=date(2026, 2, 17), last=TODAY).count() == 2


def test_who_may_be_entered_for(cast: Cast) -> None:
    assert queries.person_to_enter(cast.by("meng"), cast.person["wang"].pk)
    # not even oneself by proxy without the right
    for name, whom in [("lin", "lin"), ("meng", "zhao"), ("su", "lin"), ("qiu", "lin")]:
        with pytest.raises(NotFound):
            queries.person_to_enter(cast.by(name), cast.person[whom].pk)


heard = st.tuples(st.integers(0, 4), st.sampled_from([well(), fever(), Answers(symptoms=("fatigue",))]))


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["lin", "wang", "zhao", "ou"]), heard))
def test_the_database_and_the_rule_agree(cast: Cast, said: dict[str, tuple[int, Answers]]) -> None:
    forget(TODAY + timedelta(days=999))
    CheckIn.objects.all().delete()
    entries = [
        actions.Entry(cast.person[name], answers, key(), said_at=NOON - ago * DAY)
        for name, (ago, answers) in said.items()
    ]
    assert actions.submit_many(entries, by=system_actor(), at=NOON).refused == 0
    for name in ("meng", "fang", "he", "su"):
        by = cast.by(name)
        found = {
            person.pk: state
            for state in State
            for person in queries.unit_rows(by, unit=None, state=state, at=NOON, size=100).rows
        }
        reach = [p for p in Person.objects.all() if by.holds("checkin.status", p.home_path)]
        assert found.keys() == {person.pk for person in reach}
        for person in reach:
            known = LatestCheckIn.objects.get(person=person).known
            sees = by.holds("checkin.view", person.home_path)
            expected = rules.state_of(known, on=queries.today_of(NOON).of(person.home_path), sees_answers=sees)
            assert found[person.pk] is expected, (name, person)


def test_lists_cost_the_same_for_many(cast: Cast, django_assert_num_queries: Any) -> None:
    home = cast.org["CS2301"]
    Person.objects.bulk_create(
        [Person(number=f"7{n:04}", name=f"人{n}", home=home, home_path=home.path) for n in range(200)]
    )
    actions.sync_standings(at=NOON)
    by = cast.by("fang")
    with django_assert_num_queries(7):
        page = queries.unit_rows(by, unit=None, state=State.SILENT, at=NOON)
        assert [person.home for person in page.rows] and len(page.rows) == 50
    # On PostgreSQL also those that may have committed after a later one was counted.
    with django_assert_num_queries(12 if connection.vendor == "postgresql" else 11):
        queries.board(by, unit=None, at=NOON)
