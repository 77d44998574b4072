"""Mass-testing days: the list from the roster, counts that equal rows, who is absent and why, nobody ticked off."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shouwang.cases.laboratory import actions, queries
from shouwang.cases.laboratory.models import DayMember, Test, TestDay
from shouwang.cases.laboratory.tests.scenes import HOUR, resulted
from shouwang.checkins.actions.excuses import excuse
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.scope import system_actor
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON, Cast

TODAY = date(2026, 3, 2)


def made(cast: Cast, unit: str = "IE", *, capacity: int = 5, day: date = TODAY) -> TestDay:
    return actions.make_day(
        cast.org[unit], day=day, method="pcr", disease="covid19", capacity=capacity, by=cast.by("he"), at=NOON
    )


def take(cast: Cast, day: TestDay, *who: str, barcode: str = "M1") -> None:
    numbers = [cast.person[name].number for name in who]
    actions.take_on_day(day, barcode=barcode, numbers=numbers, by=cast.by("he"), at=NOON + HOUR)


def test_the_list_comes_from_the_roster_with_its_excuses(cast: Cast) -> None:
    org.set_situation(cast.person["zhao"], situation="intern", on=TODAY, by=system_actor(), at=NOON)
    excuse([cast.person["meng"]], code="leave", starts=TODAY, ends=TODAY, by=cast.by("fang"), at=NOON)
    day = made(cast)
    rows = {m.person.name: (m.state, m.why) for m in day.members.select_related("person")}
    assert rows == {
        "林晓": ("waiting", ""),
        "王蕾": ("waiting", ""),
        "孟欣": ("excused", "leave"),
        "赵宁": ("excused", "away"),
        "方老师": ("waiting", ""),
    }


def test_counts_equal_rows_by_class(cast: Cast) -> None:
    day = made(cast)
    take(cast, day, "lin", "wang")
    by = cast.by("he")
    lines = queries.lines(by, day)
    found = {line.unit.code if line.unit else "": (line.taken, line.waiting, line.excused) for line in lines}
    assert found == {"CS2301": (2, 1, 0), "CS2302": (0, 1, 0), "IE": (0, 1, 0)}
    total = queries.total(lines)
    assert total.expected == day.members.count() == 5 and total.due == 5
    names = [member.person.name for member in queries.not_taken(by, day).rows]
    assert len(names) == total.waiting == 3


def test_only_a_sample_makes_anybody_taken(cast: Cast) -> None:
    day = made(cast)
    take(cast, day, "lin", "wang")
    tests = Test.objects.filter(day=day)
    assert set(tests.values_list("person__name", "purpose", "sample__barcode")) == {
        ("林晓", "mass", "M1"), ("王蕾", "mass", "M1"),
    }  # fmt: skip
    with pytest.raises(Conflict) as again:
        take(cast, day, "lin", barcode="M2")
    assert again.value.error_code == "already_taken"
    with pytest.raises(BadInput) as stranger:
        take(cast, day, "ou", barcode="M2")
    assert (stranger.value.error_code, Test.objects.count()) == ("not_on_list", 2)
    member = day.members.get(person=cast.person["lin"])
    with pytest.raises(Conflict):
        actions.note_reason(member, why="leave", excuse=True, by=cast.by("fang"), at=NOON)


def test_a_failed_tube_leaves_nobody_taken(cast: Cast) -> None:
    day = made(cast, capacity=1)
    take(cast, day, "lin")
    with pytest.raises(Conflict):
        take(cast, day, "wang")  # the same barcode
    assert day.members.get(person=cast.person["wang"]).state == "waiting"
    assert Test.objects.count() == 1


def test_who_is_excused_and_comes_is_taken(cast: Cast) -> None:
    day = made(cast)
    fang, member = cast.by("fang"), day.members.get(person=cast.person["zhao"])
    actions.note_reason(member, why="ill", excuse=True, by=fang, at=NOON)
    assert member.state == "excused"
    take(cast, day, "zhao")
    member.refresh_from_db()
    assert (member.state, member.why) == ("taken", "")


def test_reasons_of_the_absent_are_noted_and_taken_back(cast: Cast) -> None:
    day = made(cast)
    member, fang = day.members.get(person=cast.person["wang"]), cast.by("fang")
    with pytest.raises(BadInput):
        actions.note_reason(member, why="other", by=fang, at=NOON)
    actions.note_reason(member, why="other", note="已请假回家", by=fang, at=NOON)
    assert (member.state, member.why, member.note) == ("waiting", "other", "已请假回家")
    assert queries.total(queries.lines(fang, day)).reasons == 1
    actions.note_reason(member, why="", by=fang, at=NOON)
    assert (member.why, member.note) == ("", "")


def test_each_sees_their_own_part_and_reasons_only_with_health_rights(cast: Cast) -> None:
    day = made(cast, "WCU")
    assert queries.total(queries.lines(cast.by("xu"), day)).expected == 2  # Xu and Ou
    assert queries.total(queries.lines(cast.by("meng"), day)).expected == 3
    assert queries.day_for(cast.by("su"), day.pk) == day
    member = day.members.get(person=cast.person["lin"])
    for who in ("meng", "xu", "su"):
        with pytest.raises((Forbidden, NotFound)):
            queries.member_for(cast.by(who), day, member.pk)
        with pytest.raises(Forbidden):
            actions.note_reason(member, why="leave", by=cast.by(who), at=NOON)
    for who in ("lin", "qiu", "deng"):
        with pytest.raises(Forbidden):
            queries.day_for(cast.by(who), day.pk)
    other = made(cast, "FL")
    with pytest.raises(NotFound):
        queries.day_for(cast.by("fang"), other.pk)


def test_closing_leaves_who_waited_absent(cast: Cast) -> None:
    day = made(cast)
    take(cast, day, "lin")
    actions.close_day(day, by=cast.by("he"), at=NOON + 2 * HOUR)
    assert not day.is_open
    with pytest.raises(Conflict):
        take(cast, day, "wang", barcode="M2")
    assert queries.total(queries.lines(cast.by("he"), day)).waiting == 4
    ahead = made(cast, day=TODAY + timedelta(days=1))
    with pytest.raises(BadInput):
        actions.close_day(ahead, by=cast.by("he"), at=NOON)


def test_the_list_follows_the_roster(cast: Cast) -> None:
    day, operator = made(cast), system_actor()
    org.add_person(
        number="2023010199", name="新同学", kind="student", home=cast.org["CS2301"], since=TODAY, by=operator, at=NOON
    )
    actions.take_on_day(day, barcode="M0", numbers=["2023010199"], by=cast.by("he"), at=NOON)
    take(cast, day, "lin")
    for name in ("lin", "wang"):
        org.leave_institution(cast.person[name], on=TODAY, by=operator, at=NOON)
    assert actions.sync_open_days(at=NOON) == 0  # made a moment ago
    assert actions.sync_open_days(at=NOON + 2 * HOUR) == 1
    rows = dict(day.members.values_list("person__name", "state"))
    assert "新同学" in rows and "王蕾" not in rows
    assert rows["林晓"] == "taken"  # what was done stays done
    actions.sync_day(day, at=NOON)
    assert day.members.count() == len(rows)


def test_a_positive_pool_of_the_day_makes_one_list(cast: Cast) -> None:
    day = made(cast)
    take(cast, day, "lin", "wang", "meng")
    sample = Test.objects.filter(day=day).first()
    assert sample is not None and sample.sample is not None
    resulted(cast, sample.sample, "positive", at=NOON + 3 * HOUR)
    page = queries.desk(cast.by("he"), queries.TestFilter("retest"), at=NOON + 3 * HOUR)
    assert {test.person.name for test in page.rows} == {"林晓", "王蕾", "孟欣"}
    assert DayMember.objects.filter(day=day, state="taken").count() == 3


def test_a_day_is_made_once_and_not_in_the_past(cast: Cast) -> None:
    made(cast)
    with pytest.raises(Conflict):
        made(cast)
    with pytest.raises(BadInput):
        made(cast, "FL", day=TODAY - timedelta(days=1))
    with pytest.raises(Forbidden):
        actions.make_day(cast.org["FL"], day=TODAY, method="pcr", disease="covid19", by=cast.by("xu"), at=NOON)
