"""From a team that is formed to the service records of its people; tasks, duty and what must be said before it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from shouwang.command import actions as command
from shouwang.command.models import ServiceEntry, Task, Team, TeamProposal, TeamTask
from shouwang.command.queries import task_for, work_of
from shouwang.command.teams import actions, queries, seconding
from shouwang.command.teams.tests.conftest import DAY, TODAY, Second
from shouwang.command.tests.papers import issued, task_of
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.org.tests.cast import NOON, Cast

HOUR = timedelta(hours=1)
SUMMARY = "流调二十人，转运三人，未发现遗漏；经验：先电话后上门，夜间两人同行。"


@pytest.fixture
def task(cast: Cast) -> Task:
    return task_of(cast, issued(cast), "IE")


# --- creating, standing ----------------------------------------------------------------------------------------------


def test_only_who_manages_the_unit_creates(cast: Cast) -> None:
    for name in ("fang", "xu", "tang", "lin"):
        with pytest.raises(Forbidden):
            actions.create_team(
                cast.org["IE"], kind="task", name="专班", purpose="支援流调", review_on=TODAY + DAY, by=cast.by(name),
                at=NOON,
            )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "army"}, "kind"),
        ({"name": " "}, "name"),
        ({"purpose": "短"}, "purpose"),
        ({"review_on": TODAY}, "review_on"),
        ({"review_on": TODAY + 91 * DAY}, "review_on"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(cast: Cast, change: dict[str, object], field: str) -> None:
    sound = {"kind": "task", "name": "专班", "purpose": "支援学院流调", "review_on": TODAY + DAY}
    given: dict[str, Any] = {**sound, **change}
    with pytest.raises(BadInput) as refused:
        actions.create_team(cast.org["IE"], by=cast.by("su"), at=NOON, **given)
    assert refused.value.field == field and not Team.objects.exists()


def test_one_name_a_unit_while_it_lives(cast: Cast, team: Team) -> None:
    with pytest.raises(Conflict) as refused:
        actions.create_team(
            cast.org["IE"], kind="task", name=team.name, purpose="支援流调", review_on=TODAY + DAY, by=cast.by("su"),
            at=NOON,
        )  # fmt: skip
    assert refused.value.error_code == "team_name_taken"
    with pytest.raises(IntegrityError), transaction.atomic():
        Team.objects.create(
            organisation=team.organisation, name=team.name, purpose="同时", created_at=NOON, review_on=TODAY,
            purge_on=TODAY,
        )  # fmt: skip


def test_it_stands_only_with_a_leader(cast: Cast, team: Team, second: Second) -> None:
    asked = second("zhao", "leader", approve=False)
    with pytest.raises(Conflict) as refused:
        actions.act_on_team(team, "stand", by=cast.by("su"), at=NOON)
    assert refused.value.error_code == "no_leader"
    seconding.act_on_member(asked, "approve", by=cast.by("fang"), at=NOON)
    done = actions.act_on_team(team, "stand", by=cast.by("su"), at=NOON)
    assert (done.state, done.since) == ("standing", TODAY)
    turn = queries.sheet(cast.by("zhao"), done, at=NOON).turn
    assert turn is not None and turn.side == "lead"


def test_a_review_that_is_over_waits_for_the_office(cast: Cast, standing: Team) -> None:
    late = NOON + 13 * DAY
    assert not [item for item in work_of(cast.by("su"), at=late).items if item.kind == "team"]
    late = NOON + 15 * DAY
    [item] = [item for item in work_of(cast.by("su"), at=late).items if item.kind == "team"]
    assert (item.id, item.late) == (standing.pk, True)
    with pytest.raises(BadInput):
        actions.act_on_team(standing, "review", text="仍有任务", by=cast.by("su"), at=late)
    kept = actions.act_on_team(
        standing, "review", text="仍有任务", review_on=TODAY + 30 * DAY, by=cast.by("su"), at=late
    )
    assert kept.review_on == TODAY + 30 * DAY


# --- who sees it -----------------------------------------------------------------------------------------------------


def test_other_units_do_not_know_of_it(cast: Cast, standing: Team) -> None:
    seen = {
        name for name in cast.account if queries.visible_teams(cast.by(name), at=NOON).filter(pk=standing.pk).exists()
    }
    assert seen == {"su", "tang", "fang", "zhao", "lin"}
    with pytest.raises(NotFound):
        queries.team_for(cast.by("xu"), standing.pk, at=NOON)


def test_the_home_of_one_sees_them_and_who_leads_and_no_more(cast: Cast, standing: Team) -> None:
    """Ou of the other college is asked for: Xu, made answerable for it, sees that, not who else serves."""
    from shouwang.org import actions as org

    org.assign_responsibility(
        organisation=cast.org["FL"], person=cast.person["xu"], on=TODAY, by=cast.by("admin"), at=NOON
    )
    assert not queries.visible_teams(cast.by("xu"), at=NOON).exists()
    seconding.ask(standing, cast.person["ou"], role="member", starts=TODAY, ends=TODAY + DAY, by=cast.by("su"), at=NOON)
    sheet = queries.sheet(cast.by("xu"), queries.team_for(cast.by("xu"), standing.pk, at=NOON), at=NOON)
    assert {seat.row.person.name for seat in sheet.seats} == {"赵宁", "欧阳静"}
    assert not (sheet.whole or sheet.shifts or sheet.events or sheet.records or sheet.given)
    sheet = queries.sheet(cast.by("ou"), queries.team_for(cast.by("ou"), standing.pk, at=NOON), at=NOON)
    assert {seat.row.person.name for seat in sheet.seats} == {"赵宁", "欧阳静"}


# --- tasks -----------------------------------------------------------------------------------------------------------


def test_who_leads_the_team_works_on_its_tasks(cast: Cast, standing: Team, task: Task) -> None:
    with pytest.raises(NotFound):
        task_for(cast.by("zhao"), task.pk, on=TODAY)
    given = actions.give_task(standing, task, by=cast.by("su"), at=NOON)
    assert task_for(cast.by("zhao"), task.pk, on=TODAY) == task
    assert task.pk in [item.id for item in work_of(cast.by("zhao"), at=NOON).items if item.kind == "task"]
    with pytest.raises(NotFound):
        task_for(cast.by("lin"), task.pk, on=TODAY)
    command.act_on_task(task, "acknowledge", by=cast.by("zhao"), at=NOON)
    with pytest.raises(Forbidden):
        command.act_on_task(task, "close", text="不做了", by=cast.by("zhao"), at=NOON)
    actions.hand_back(given, reason="人手不足，交回学院", by=cast.by("zhao"), at=NOON)
    with pytest.raises(NotFound):
        task_for(cast.by("zhao"), task.pk, on=TODAY)
    with pytest.raises(Conflict):
        actions.hand_back(given, reason="再交回一次", by=cast.by("zhao"), at=NOON)


def test_a_task_is_with_one_team(cast: Cast, standing: Team, task: Task) -> None:
    actions.give_task(standing, task, by=cast.by("su"), at=NOON)
    with pytest.raises(Conflict) as refused:
        actions.give_task(standing, task, by=cast.by("su"), at=NOON)
    assert refused.value.error_code == "task_with_team"
    with pytest.raises(IntegrityError), transaction.atomic():
        TeamTask.objects.create(team=standing, task=task, given_at=NOON)


def test_who_stands_on_neither_side_of_a_task_does_not_give_it(cast: Cast, standing: Team, task: Task) -> None:
    for name in ("zhao", "fang", "lin"):
        with pytest.raises(Forbidden):
            actions.give_task(standing, task, by=cast.by(name), at=NOON)


# --- duty ------------------------------------------------------------------------------------------------------------


def test_duty_is_planned_within_the_secondment_at_a_place_of_the_team(cast: Cast, standing: Team) -> None:
    lin, zhao = standing.members.get(person=cast.person["lin"]), cast.by("zhao")
    shift = seconding.plan_shift(lin, cast.place["D1"], starts=NOON, ends=NOON + 4 * HOUR, by=zhao, at=NOON)
    assert [row.pk for row in queries.own_shifts(cast.by("lin"), at=NOON)] == [shift.pk]
    for place, starts, ends, word in (
        ("LIB", NOON + 5 * HOUR, NOON + 6 * HOUR, "place_not_of_team"),
        ("D1", NOON + 30 * DAY, NOON + 30 * DAY + HOUR, "shift_outside"),
        ("D1", NOON + 5 * HOUR, NOON + 18 * HOUR, "shift_too_long"),
        ("D1", NOON + HOUR, NOON + HOUR, "end_before_start"),
        ("D1", NOON + 3 * HOUR, NOON + 5 * HOUR, "shift_clash"),
    ):
        with pytest.raises((BadInput, Conflict)) as refused:
            seconding.plan_shift(lin, cast.place[place], starts=starts, ends=ends, by=zhao, at=NOON)
        assert refused.value.error_code == word
    with pytest.raises(Forbidden):
        seconding.plan_shift(
            lin, cast.place["D1"], starts=NOON + 5 * HOUR, ends=NOON + 6 * HOUR, by=cast.by("lin"), at=NOON
        )


def test_somebody_else_says_that_it_was_done(cast: Cast, standing: Team) -> None:
    lead, su = standing.members.get(role="leader"), cast.by("su")
    shift = seconding.plan_shift(
        lead, cast.place["D1"], starts=NOON + HOUR, ends=NOON + 3 * HOUR, by=cast.by("zhao"), at=NOON
    )
    with pytest.raises(Conflict):
        seconding.act_on_shift(shift, "done", by=su, at=NOON)
    with pytest.raises(Forbidden):
        seconding.act_on_shift(shift, "done", by=cast.by("zhao"), at=NOON + 3 * HOUR)
    assert seconding.act_on_shift(shift, "done", by=su, at=NOON + 3 * HOUR).state == "done"


# --- the end ---------------------------------------------------------------------------------------------------------


def test_it_ends_with_a_summary_and_no_task_forgotten(cast: Cast, standing: Team, task: Task) -> None:
    su, end = cast.by("su"), NOON + 3 * DAY
    actions.give_task(standing, task, by=su, at=NOON)
    with pytest.raises(BadInput):
        actions.act_on_team(standing, "dissolve", text="结束了", by=su, at=end)
    with pytest.raises(Conflict) as refused:
        actions.act_on_team(standing, "dissolve", text=SUMMARY, by=su, at=end)
    assert refused.value.error_code == "team_tasks_open" and task.text[:20] in refused.value.sentence
    assert refused.value.data["ids"] == [task.pk]
    with pytest.raises(Forbidden):
        actions.act_on_team(standing, "dissolve", text=SUMMARY, by=cast.by("zhao"), at=end)
    done = actions.act_on_team(standing, "dissolve", text=SUMMARY, obstacles=[task.pk], by=su, at=end)
    assert (done.state, done.dissolved_at, done.summary) == ("dissolved", end, SUMMARY)
    assert TeamTask.objects.get().outcome == "obstacle"
    assert set(done.members.values_list("state", flat=True)) == {"ended"}
    with pytest.raises(Conflict):
        actions.act_on_team(done, "note", text="还想补充", by=su, at=end)


def test_what_the_team_did_stands_in_the_records_of_its_people(cast: Cast, standing: Team, task: Task) -> None:
    su, zhao, end = cast.by("su"), cast.by("zhao"), NOON + 3 * DAY
    lin = standing.members.get(person=cast.person["lin"])
    actions.give_task(standing, task, by=su, at=NOON)
    command.act_on_task(task, "acknowledge", by=zhao, at=NOON)
    command.act_on_task(task, "done", text="三栋楼全部走访", by=zhao, at=NOON + HOUR)
    command.act_on_task(task, "verify", by=su, at=NOON + 2 * HOUR)
    for hours, name in ((1, "done"), (24, "done"), (30, "absent"), (48, None), (96, None)):
        starts = NOON + hours * HOUR
        shift = seconding.plan_shift(lin, cast.place["D1"], starts=starts, ends=starts + 4 * HOUR, by=zhao, at=NOON)
        if name:
            seconding.act_on_shift(shift, name, text="迟迟未到", by=zhao, at=end)
    actions.act_on_team(standing, "dissolve", text=SUMMARY, by=su, at=end)
    entry = ServiceEntry.objects.get(person=cast.person["lin"])
    assert (entry.shifts_done, entry.shifts_absent, entry.shifts_unsaid, entry.hours) == (2, 1, 1, 8.0)
    assert (entry.tasks_verified, entry.team_name, entry.ends) == (1, "流调专班", TODAY + 3 * DAY)
    assert sorted(lin.shifts.values_list("state", flat=True)) == ["absent", "cancelled", "done", "done", "unsaid"]
    assert TeamTask.objects.get().outcome == "over"


def test_a_record_is_objected_to_and_answered_by_another_hand(cast: Cast, standing: Team) -> None:
    su, fang = cast.by("su"), cast.by("fang")
    actions.act_on_team(standing, "dissolve", text=SUMMARY, by=su, at=NOON + DAY)
    [entry] = queries.own_records(cast.by("lin"))
    with pytest.raises(Conflict):
        seconding.answer_objection(entry, text="没有异议可答", by=fang, at=NOON + DAY)
    with pytest.raises(Forbidden):
        seconding.object_to(entry, text="少算了一班", by=cast.by("wang"), at=NOON + DAY)
    seconding.object_to(entry, text="少算了一班", by=cast.by("lin"), at=NOON + DAY)
    waits = {
        name: [item.id for item in work_of(cast.by(name), at=NOON + DAY).items if item.kind == "objection"]
        for name in ("su", "fang", "tang")
    }
    assert waits == {"su": [], "fang": [entry.pk], "tang": []}
    with pytest.raises(Conflict):
        seconding.object_to(entry, text="再说一遍", by=cast.by("lin"), at=NOON + DAY)
    for name in ("su", "lin", "xu"):  # she ended it, it is theirs, it is not his unit's
        with pytest.raises(Forbidden):
            seconding.answer_objection(entry, text="核实无误", by=cast.by(name), at=NOON + DAY)
    done = seconding.answer_objection(entry, text="核实属实，另记四小时", by=fang, at=NOON + DAY)
    assert (done.answer, done.shifts_done) == ("核实属实，另记四小时", 0)


def test_a_dismissed_proposal_and_a_dissolved_team_do_not_hinder_a_new_one(cast: Cast, standing: Team) -> None:
    actions.act_on_team(standing, "dissolve", text=SUMMARY, by=cast.by("su"), at=NOON)
    again = actions.create_team(
        cast.org["IE"], kind="task", name=standing.name, purpose="再次支援", review_on=TODAY + DAY, by=cast.by("su"),
        at=NOON,
    )  # fmt: skip
    assert again.state == "forming" and not TeamProposal.objects.exists()
