"""Who decides about whom: two hands, dates, leaders, and the person's own word."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from msgspec.structs import replace

from shouwang.command.models import ServiceEntry, Team, TeamMember
from shouwang.command.queries import work_of
from shouwang.command.queries.answering import answered_by
from shouwang.command.teams import actions, queries, seconding
from shouwang.command.teams.tests.conftest import DAY, TODAY, Second
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.isolation import actions as isolation
from shouwang.isolation.tests.scenes import make_case, make_contact
from shouwang.org import actions as org
from shouwang.org.models import Person, Responsibility
from shouwang.org.tests.cast import NOON, SINCE, Cast

LATER = NOON + timedelta(days=3)


def test_the_home_unit_decides_and_finds_it_in_its_work(cast: Cast, second: Second) -> None:
    row = second("lin", approve=False)
    fang = work_of(cast.by("fang"), at=NOON)
    assert [item.id for item in fang.items if item.kind == "second"] == [row.pk]
    assert fang.counts["second"] == 1
    assert not [item for item in work_of(cast.by("su"), at=NOON).items if item.kind == "second"], "she asked herself"
    assert "second" not in work_of(cast.by("xu"), at=NOON).counts
    done = seconding.act_on_member(row, "approve", by=cast.by("fang"), at=NOON)
    assert (done.state, done.decided_by, done.home) == ("approved", cast.account["fang"], cast.org["CS2301"])


def test_not_whoever_asked(cast: Cast, second: Second) -> None:
    row = second("lin", approve=False)
    for name in ("approve", "refuse"):
        with pytest.raises(Forbidden) as refused:
            seconding.act_on_member(row, name, text="同意抽调", by=cast.by("su"), at=NOON)
        assert refused.value.error_code == "own_asking"


def test_for_their_own_people_whoever_asked_may_where_the_rules_say_so(
    cast: Cast, second: Second, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Su is made answerable for the office she belongs to, and asks for Qiu of it."""
    org.assign_responsibility(
        organisation=cast.org["LGO"], person=cast.person["su"], on=SINCE, by=cast.by("admin"), at=NOON
    )
    row = second("qiu", approve=False)
    assert seconding.act_on_member(row, "approve", by=cast.by("su"), at=NOON).state == "approved"
    other = second("admin", approve=False)
    known = queries.rules_now()
    strict = replace(known, limits=replace(known.limits, own_people=False))
    monkeypatch.setattr(queries, "rules_now", lambda: strict)
    with pytest.raises(Forbidden):
        seconding.act_on_member(other, "approve", by=cast.by("su"), at=NOON)


def test_nobody_of_another_unit_decides(cast: Cast, second: Second) -> None:
    row = second("lin", approve=False)
    for name in ("xu", "he", "meng", "lin"):
        with pytest.raises(Forbidden):
            seconding.act_on_member(row, "approve", by=cast.by(name), at=NOON)


def test_only_the_office_or_who_leads_asks(cast: Cast, standing: Team) -> None:
    for name in ("fang", "lin", "tang"):
        with pytest.raises(Forbidden):
            seconding.ask(
                standing, cast.person["wang"], role="member", starts=TODAY, ends=TODAY, by=cast.by(name), at=NOON
            )
    row = seconding.ask(
        standing, cast.person["wang"], role="member", starts=TODAY, ends=TODAY, by=cast.by("zhao"), at=NOON
    )
    assert row.state == "asked"


def test_one_leader_a_team_and_once_a_person(cast: Cast, team: Team, second: Second) -> None:
    second("zhao", "leader", approve=False)
    with pytest.raises(Conflict) as refused:
        second("lin", "leader")
    assert refused.value.error_code == "led_already"
    with pytest.raises(Conflict) as refused:
        second("zhao")
    assert refused.value.error_code == "in_team"
    # Two at once: the database itself refuses what both believed to be free.
    same = {
        "team": team, "home": cast.org["CS2301"], "starts": TODAY, "ends": TODAY, "asked_at": NOON,
    }  # fmt: skip
    for person, role in (("zhao", "member"), ("lin", "leader")):
        with pytest.raises(IntegrityError), transaction.atomic():
            TeamMember.objects.create(person=cast.person[person], role=role, **same)


def test_nobody_leads_two_teams_in_the_same_days(cast: Cast, team: Team, second: Second) -> None:
    second("zhao", "leader", days=5)
    other = actions.create_team(
        cast.org["FL"], kind="party", name="临时党支部", purpose="公寓楼党员先锋队", review_on=TODAY + DAY,
        by=cast.by("su"), at=NOON,
    )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        second("zhao", "leader", team=other, approve=False)
    assert refused.value.error_code == "leads_another"
    assert second("zhao", team=other).state == "approved", "a member of another they may be"
    TeamMember.objects.filter(team=other).delete()
    assert second("zhao", "leader", team=other, starts=TODAY + 6 * DAY).state == "approved", "one after the other too"


def test_who_left_is_not_asked_nor_approved(cast: Cast, second: Second) -> None:
    asked = second("wang", approve=False)
    Person.objects.filter(pk__in=[cast.person["lin"].pk, cast.person["wang"].pk]).update(left_on=TODAY)
    with pytest.raises(BadInput) as refused:
        second("lin")
    assert refused.value.error_code == "person_left"
    with pytest.raises(BadInput) as refused:
        seconding.act_on_member(asked, "approve", by=cast.by("fang"), at=NOON)
    assert refused.value.error_code == "person_left"


def test_what_stands_in_the_way_is_for_home_and_leader_alone(cast: Cast, standing: Team) -> None:
    row = standing.members.get(person=cast.person["lin"])
    with pytest.raises(Forbidden):
        seconding.act_on_member(row, "cannot", text="别人代说", by=cast.by("wang"), at=NOON)
    row = seconding.act_on_member(row, "cannot", text="家中老人住院", by=cast.by("lin"), at=NOON)
    assert (row.state, row.cannot) == ("asked", "家中老人住院"), "the home unit decides anew"
    read = {}
    for name in ("lin", "fang", "zhao", "su", "tang"):
        seats = queries.sheet(cast.by(name), standing, at=NOON).seats
        read[name] = [seat.cannot for seat in seats if seat.row == row]
    words = ["家中老人住院"]
    assert read == {"lin": words, "fang": words, "zhao": words, "su": [None], "tang": [None]}
    assert not standing.events.filter(text__contains="老人").exists()
    assert "老人" not in str(list(AuditEntry.objects.values()))


def test_an_approval_against_what_the_person_said_has_a_reason(cast: Cast, second: Second) -> None:
    row = second("lin", approve=False)
    seconding.act_on_member(row, "cannot", text="周三有考试", by=cast.by("lin"), at=NOON)
    with pytest.raises(BadInput):
        seconding.act_on_member(row, "approve", by=cast.by("fang"), at=NOON)
    done = seconding.act_on_member(row, "approve", text="已与本人商定避开周三", by=cast.by("fang"), at=NOON)
    assert (done.state, done.reason) == ("approved", "已与本人商定避开周三")


def test_refused_after_it_had_been_approved_it_has_served(cast: Cast, standing: Team) -> None:
    row = standing.members.get(person=cast.person["lin"])
    seconding.act_on_member(row, "cannot", text="身体不适", by=cast.by("lin"), at=LATER)
    done = seconding.act_on_member(row, "refuse", text="同意其退出", by=cast.by("fang"), at=LATER)
    assert (done.state, done.ends) == ("ended", TODAY + 3 * DAY)
    entry = ServiceEntry.objects.get(person=cast.person["lin"])
    assert (entry.starts, entry.ends, entry.role) == (TODAY, TODAY + 3 * DAY, "member")


def test_a_leader_who_cannot_leaves_the_next_step_with_the_office(cast: Cast, standing: Team) -> None:
    row = standing.members.get(role="leader")
    seconding.act_on_member(row, "cannot", text="调往外地", by=cast.by("zhao"), at=NOON)
    sheet = queries.sheet(cast.by("su"), standing, at=NOON)
    assert sheet.turn is not None and sheet.turn.side == "office"
    assert standing.pk in [item.id for item in work_of(cast.by("su"), at=NOON).items if item.kind == "team"]


def test_past_its_last_day_it_ends_by_itself(cast: Cast, second: Second) -> None:
    second("lin", days=2)
    second("wang", days=2, approve=False)
    assert actions.sweep_teams(at=LATER) == 2
    states = dict(TeamMember.objects.values_list("person__name", "state"))
    assert states == {"林晓": "ended", "王蕾": "withdrawn"}
    entry = ServiceEntry.objects.get()
    assert (entry.ends, entry.written_by, entry.shifts_done) == (TODAY + 2 * DAY, None, 0)
    assert actions.sweep_teams(at=LATER) == 0


def test_who_left_serves_no_longer(cast: Cast, standing: Team) -> None:
    Person.objects.filter(pk=cast.person["zhao"].pk).update(left_on=TODAY + DAY)
    assert actions.sweep_teams(at=NOON) == 0
    assert actions.sweep_teams(at=LATER) == 1
    assert standing.members.get(role="leader").state == "ended"
    turn = queries.sheet(cast.by("su"), standing, at=LATER).turn
    assert turn is not None and turn.side == "office"


def test_somebody_of_the_campus_can_act_in_every_state(cast: Cast, standing: Team, second: Second) -> None:
    """Whose turn it is finds an act; and where nobody's turn is, nobody finds one."""
    rows = {
        "asked": second("wang", approve=False),
        "refused": seconding.act_on_member(
            second("meng", approve=False), "refuse", text="班内无人接替", by=cast.by("fang"), at=NOON
        ),
        "withdrawn": seconding.act_on_member(
            second("deng", approve=False), "withdraw", text="另有人选", by=cast.by("su"), at=NOON
        ),
        "approved": standing.members.get(person=cast.person["lin"]),
    }  # fmt: skip
    found: dict[str, set[str]] = {row.state: set() for row in rows.values()}
    for name in cast.account:
        for seat in queries.sheet(cast.by(name), standing, at=NOON).seats:
            found[seat.row.state] |= {act.name for act in seat.acts}
    assert found == {
        "asked": {"approve", "refuse", "cannot", "withdraw"}, "approved": {"cannot", "end"}, "refused": set(),
        "withdrawn": set(),
    }  # fmt: skip


def test_reasons_are_for_those_they_concern(cast: Cast, standing: Team, second: Second) -> None:
    row = second("wang", approve=False)
    seconding.act_on_member(row, "refuse", text="本人近期就医", by=cast.by("fang"), at=NOON)
    read = {
        name: [seat.reason for seat in queries.sheet(cast.by(name), standing, at=NOON).seats if seat.row == row]
        for name in ("su", "fang", "zhao", "wang", "lin")
    }
    words = ["本人近期就医"]
    assert read == {"su": words, "fang": words, "zhao": words, "wang": words, "lin": [""]}
    assert not standing.events.filter(text__contains="就医").exists()


def test_who_served_before_sees_the_whole_again_when_it_is_over(cast: Cast, standing: Team) -> None:
    row = standing.members.get(person=cast.person["lin"])
    assert queries.sheet(cast.by("lin"), standing, at=NOON).whole
    seconding.act_on_member(row, "end", text="任务完成", by=cast.by("su"), at=NOON)
    assert not queries.sheet(cast.by("lin"), standing, at=NOON).whole
    over = actions.act_on_team(
        standing, "dissolve", text="值守结束，人员归队，无遗留问题，经验已记录。", by=cast.by("su"), at=NOON
    )
    assert queries.sheet(cast.by("lin"), over, at=NOON).whole


def test_nobody_decides_about_themselves_where_another_can(cast: Cast, second: Second) -> None:
    """Fang answers for IE alone: nobody above, so she decides herself. With Tang above her, he does."""
    row = second("fang", approve=False)
    assert queries.who_decides([row], on=TODAY) == {row.pk: cast.person["fang"]}
    org.assign_responsibility(
        organisation=cast.org["WCU"], person=cast.person["tang"], on=SINCE, by=cast.by("admin"), at=NOON
    )
    assert queries.who_decides([row], on=TODAY) == {row.pk: cast.person["tang"]}
    with pytest.raises(Forbidden) as refused:
        seconding.act_on_member(row, "approve", by=cast.by("fang"), at=NOON)
    assert refused.value.error_code == "own_seat"
    assert row.pk in [item.id for item in work_of(cast.by("tang"), at=NOON).items if item.kind == "second"]
    assert seconding.act_on_member(row, "approve", by=cast.by("tang"), at=NOON).state == "approved"


def test_who_is_absent_is_not_asked_by_whoever_may_know(cast: Cast, standing: Team) -> None:
    """Wang is in quarantine for two weeks. Su and Fang may know; Zhao, who leads, may not: then Fang says."""
    contact = make_contact(cast, make_case(cast, "meng"), "wang")
    order = isolation.order_for_contact(contact, by=cast.by("qiu"), at=NOON)
    assert order is not None

    def ask(who: str, starts: date = TODAY) -> TeamMember:
        return seconding.ask(
            standing, cast.person["wang"], role="member", starts=starts, ends=TODAY + 40 * DAY, by=cast.by(who), at=NOON
        )

    with pytest.raises(Conflict) as refused:
        ask("su")
    assert refused.value.error_code == "person_absent" and str(order.ends_on) in refused.value.sentence
    read = AuditEntry.objects.filter(verb="absences.listed", subject=cast.person["wang"].pk)
    assert read.values_list("account", flat=True).get() == cast.account["su"].pk
    asked = ask("zhao")
    with pytest.raises(Conflict):
        seconding.act_on_member(asked, "approve", by=cast.by("fang"), at=NOON)
    seconding.act_on_member(asked, "refuse", text="暂不在位", by=cast.by("fang"), at=NOON)
    assert ask("su", order.ends_on + DAY).state == "asked"


def test_it_says_who_decides(cast: Cast, second: Second) -> None:
    second("lin", approve=False)
    second("qiu", approve=False)
    team = second("wang").team
    seats = queries.sheet(cast.by("su"), team, at=NOON).seats
    assert [seat.decides.name if seat.decides else None for seat in seats] == ["方老师", None, None]


def test_ended_before_it_began_nothing_was_served(cast: Cast, second: Second) -> None:
    row = second("lin", starts=TODAY + 5 * DAY)
    assert seconding.act_on_member(row, "end", text="不再需要", by=cast.by("su"), at=NOON).state == "ended"
    assert not ServiceEntry.objects.exists()


def test_where_somebody_new_answers_they_decide(cast: Cast, second: Second) -> None:
    row = second("lin", approve=False)
    Responsibility.objects.filter(organisation=cast.org["IE"]).update(person=cast.person["xu"])
    with pytest.raises(Forbidden):
        seconding.act_on_member(row, "approve", by=cast.by("fang"), at=NOON)
    assert answered_by(cast.by("xu"), on=TODAY)
    assert seconding.act_on_member(row, "approve", by=cast.by("xu"), at=NOON).state == "approved"
