"""A task from issue to verified, on both sides; what is refused; who is asked when it is late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwang.command import actions, queries
from shouwang.command.models import Task, TaskEvent
from shouwang.command.queries import tasks as reads
from shouwang.command.rules import tasks as rules
from shouwang.command.tests.papers import LATER, draft, issued, put_in_charge, task_of
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor, system_actor
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON, SINCE, Cast

TODAY = SINCE.replace(year=2026, month=3, day=2)


@pytest.fixture
def task(cast: Cast) -> Task:
    put_in_charge(cast)
    return task_of(cast, issued(cast), "IE")


def act(task: Task, name: str, by: Actor, text: str = "", reason: str = "") -> Task:
    return actions.act_on_task(task, name, text=text, reason=reason, by=by, at=NOON)


def test_every_measure_is_a_task_of_every_recipient(cast: Cast, task: Task) -> None:
    assert set(Task.objects.values_list("unit__code", flat=True)) == {"IE", "FL"}
    assert (task.state, task.due_at, task.evidence_required, task.capability) == ("open", LATER, True, "supplies")
    owner = queries.who_answers([cast.org["CS2302"], cast.org["IE"]], on=TODAY)
    assert owner[cast.org["CS2302"].pk].person == cast.person["fang"]
    assert not owner[cast.org["CS2302"].pk].own


def test_acknowledged_split_evidenced_verified(cast: Cast, task: Task) -> None:
    fang, meng, su = cast.by("fang"), cast.by("meng"), cast.by("su")
    act(task, "acknowledge", fang)
    parts = actions.split_task(task, [cast.org["CS2301"], cast.org["CS2302"]], by=fang, at=NOON)
    assert [part.unit.code for part in parts] == ["CS2301", "CS2302"]
    act(parts[0], "acknowledge", meng)
    with pytest.raises(BadInput) as told:
        act(parts[0], "done", meng)
    assert told.value.error_code == "evidence_missing"
    act(parts[0], "done", meng, "12 点前消毒，登记在班级台账第 3 页")
    with pytest.raises(Forbidden):
        act(parts[0], "verify", meng)
    act(parts[0], "verify", fang)
    with pytest.raises(BadInput) as open_parts:
        act(task, "done", fang, "全院完成")
    assert open_parts.value.error_code == "parts_open"
    act(task, "done", fang, "全院完成", reason="2302 班在外实习")
    with pytest.raises(Forbidden):
        act(task, "verify", fang)
    done = act(task, "verify", su)
    assert done.state == "verified"
    parts[1].refresh_from_db()
    assert parts[1].state == "closed", "a part of what is over is over"
    acts = list(TaskEvent.objects.filter(task=task).values_list("act", "before", "after"))
    assert acts == [
        ("acknowledge", "open", "working"), ("split", "working", "split"), ("done", "split", "done"),
        ("verify", "done", "verified"),
    ]  # fmt: skip
    assert AuditEntry.objects.filter(kind="task", object=str(task.pk)).count() == 4


def test_the_issuer_changes_the_deadline_and_parts_come_forward(cast: Cast, task: Task) -> None:
    fang, su, meng = cast.by("fang"), cast.by("su"), cast.by("meng")
    act(task, "acknowledge", fang)
    late, early = actions.split_task(task, [cast.org["CS2301"], cast.org["CS2302"]], by=fang, at=NOON)
    actions.set_deadline(early, NOON + timedelta(hours=1), text="先做", by=fang, at=NOON)
    Task.objects.filter(pk=task.pk).update(escalation=2, escalated_to=cast.person["tang"])
    sooner = NOON + timedelta(hours=6)
    done = actions.set_deadline(task, sooner, text="明天复课", by=su, at=NOON)
    late.refresh_from_db()
    early.refresh_from_db()
    assert (done.due_at, done.escalation, done.escalated_to, done.state) == (sooner, 0, None, "split")
    assert (late.due_at, early.due_at) == (sooner, NOON + timedelta(hours=1))
    event = TaskEvent.objects.filter(task=late).latest("id")
    assert event.act == "postpone" and event.text.endswith("明天复课") and "2026-03-02 18:00" in event.text
    for who, row in ((fang, task), (meng, late)):
        with pytest.raises(Forbidden):
            actions.set_deadline(row, LATER, text="想晚一点", by=who, at=NOON)
    for moment, code in ((NOON, "due_passed"), (sooner, "due_same")):
        with pytest.raises(BadInput) as refused:
            actions.set_deadline(task, moment, text="改期", by=su, at=NOON)
        assert refused.value.error_code == code
    with pytest.raises(BadInput) as whole:
        actions.set_deadline(late, sooner + timedelta(hours=1), text="改期", by=fang, at=NOON)
    assert whole.value.error_code == "due_too_late"
    with pytest.raises(BadInput):
        actions.set_deadline(task, LATER, text=" ", by=su, at=NOON)
    with pytest.raises(BadInput):
        act(task, "postpone", su, "不经这里")


def test_what_is_over_has_no_new_deadline(cast: Cast, task: Task) -> None:
    su = cast.by("su")
    act(task, "close", su, "不再需要")
    with pytest.raises(Conflict):
        actions.set_deadline(task, LATER + timedelta(days=1), text="改期", by=su, at=NOON)


def test_help_is_asked_and_answered_and_a_task_handed_back(cast: Cast, task: Task) -> None:
    fang, su = cast.by("fang"), cast.by("su")
    with pytest.raises(BadInput):
        act(task, "ask_help", fang, " ")
    assert act(task, "ask_help", fang, "没有消毒液").state == "blocked"
    with pytest.raises(Forbidden):
        act(task, "help", fang, "给自己")
    assert act(task, "help", su, "后勤处下午送到").state == "working"
    assert act(task, "hand_back", fang, "不归我院管").state == "returned"
    assert act(task, "give_again", su, "归你院").state == "open"
    assert act(task, "hand_back", fang, "确实没有场所").state == "returned"
    assert act(task, "close", su, "同意").state == "closed"
    with pytest.raises(Conflict):
        act(task, "note", fang, "晚了")


def test_work_that_is_sent_back_is_done_again(cast: Cast, task: Task) -> None:
    fang, su = cast.by("fang"), cast.by("su")
    act(task, "done", fang, "做了")
    with pytest.raises(BadInput):
        act(task, "send_back", su)
    assert act(task, "send_back", su, "没有登记").state == "working"
    assert act(task, "done", fang, "登记已补").state == "done"
    assert act(task, "verify", su).evidence == "登记已补"


def test_nobody_verifies_their_own_even_under_two_rights(cast: Cast, task: Task) -> None:
    """Su of the office answers for the college for a day as well."""
    org.assign_responsibility(
        organisation=cast.org["IE"], person=cast.person["su"], on=SINCE, by=system_actor("tests"), at=NOON
    )
    su = cast.by("su")
    act(task, "done", su, "自己做的")
    with pytest.raises(Forbidden) as told:
        act(task, "verify", su)
    assert told.value.error_code == "own_work"
    assert "verify" not in [one.name for one in reads.sheet(su, queries.task_for(su, task.pk, on=TODAY), on=TODAY).acts]


@pytest.mark.parametrize("name", ["lin", "wang", "deng", "meng"])
def test_a_task_of_others_is_not_there(cast: Cast, task: Task, name: str) -> None:
    """Meng answers for a class of the college, not for the college."""
    with pytest.raises(NotFound):
        queries.task_for(cast.by(name), task.pk, on=TODAY)
    with pytest.raises(Forbidden):
        act(task, "acknowledge", cast.by(name))


def test_a_leader_looks_and_does_nothing(cast: Cast, task: Task) -> None:
    other = task_of(cast, task.directive, "FL")
    assert queries.task_for(cast.by("tang"), other.pk, on=TODAY) == other
    with pytest.raises(Forbidden):
        act(other, "close", cast.by("tang"), "没权")


def test_parts_go_to_units_below_and_are_not_due_later(cast: Cast, task: Task) -> None:
    fang = cast.by("fang")
    for wrong in ([], [cast.org["IE"]], [cast.org["EN2301"]]):
        with pytest.raises(BadInput):
            actions.split_task(task, wrong, by=fang, at=NOON)
    with pytest.raises(BadInput) as told:
        actions.split_task(task, [cast.org["CS2301"]], due_at=LATER + timedelta(hours=1), by=fang, at=NOON)
    assert told.value.error_code == "due_too_late"
    for _again in range(2):
        actions.split_task(task, [cast.org["CS2301"]], by=fang, at=NOON)
    assert task.children.count() == 1


def test_a_moved_unit_keeps_its_tasks_and_answers_to_whom_it_moved(cast: Cast, task: Task) -> None:
    fang = cast.by("fang")
    part = actions.split_task(task, [cast.org["CS2302"]], by=fang, at=NOON)[0]
    ou = cast.by("ou")
    with pytest.raises(NotFound):
        queries.task_for(ou, part.pk, on=TODAY)
    unit = cast.org["CS2302"]
    unit.parent, unit.path = cast.org["FL"], cast.org["FL"].path + "0009"
    unit.save()
    assert queries.task_for(ou, part.pk, on=TODAY).unit_id == unit.pk
    work = queries.work_of(ou, at=NOON)
    assert part.pk in [item.id for item in work.items if item.kind == "task"], "nobody answers for it: the one above"


def test_late_goes_to_the_deputy_then_above_once_each(cast: Cast, task: Task) -> None:
    act(task, "acknowledge", cast.by("fang"))
    assert actions.sweep_tasks(at=LATER - timedelta(minutes=1)) == 0
    assert actions.sweep_tasks(at=LATER) == 2, "IE has a deputy, FL has none: the unit above is asked at once"
    assert actions.sweep_tasks(at=LATER) == 0
    task.refresh_from_db()
    assert (task.escalation, task.escalated_to) == (rules.DEPUTY, cast.person["xu"])
    other = task_of(cast, task.directive, "FL")
    assert (other.escalation, other.escalated_to) == (rules.ABOVE, cast.person["tang"])
    assert actions.sweep_tasks(at=LATER + rules.DEPUTY_HAS) == 1
    task.refresh_from_db()
    assert task.escalated_to == cast.person["tang"]
    assert actions.sweep_tasks(at=LATER + timedelta(days=9)) == 0
    assert AuditEntry.objects.filter(verb="task.escalated").count() == 3
    queue = queries.work_of(cast.by("tang"), at=LATER)
    assert {item.id for item in queue.items if item.kind == "task"} == {task.pk, other.pk}


def test_who_waits_for_the_issuer_is_not_late(cast: Cast, task: Task) -> None:
    act(task, "done", cast.by("fang"), "做完了")
    act(task_of(cast, task.directive, "FL"), "ask_help", cast.by("ou"), "缺人")
    assert actions.sweep_tasks(at=LATER + timedelta(days=1)) == 0


def test_escalating_many_costs_no_statement_each(cast: Cast) -> None:
    put_in_charge(cast)
    issued(cast, draft(cast, aims=[{"unit": cast.org["WCU"].pk, "kind": "*"}]))
    with CaptureQueriesContext(connection) as seen:
        assert actions.sweep_tasks(at=LATER) == 8
    few = len(seen)
    Task.objects.update(escalation=0)
    with CaptureQueriesContext(connection) as again:
        assert actions.sweep_tasks(at=LATER) == 8
    assert len(again) <= few < 25


def test_the_queue_of_one_person(cast: Cast, task: Task) -> None:
    fang, su = cast.by("fang"), cast.by("su")
    kinds = [(item.kind, item.unit) for item in queries.work_of(fang, at=NOON).items]
    assert kinds == [("acknowledge", "信息工程学院"), ("task", "信息工程学院")]
    actions.acknowledge(task.directive, cast.org["IE"], by=fang, at=NOON)
    act(task, "done", fang, "做完了")
    assert queries.work_of(fang, at=NOON).items == []
    assert [(item.kind, item.id) for item in queries.work_of(su, at=NOON).items] == [("verify", task.pk)]
    assert queries.work_of(cast.by("lin"), at=NOON).total == 0
    late = queries.work_of(su, at=LATER + timedelta(minutes=1))
    assert late.late == 1


def test_lists_and_numbers_speak_of_the_same(cast: Cast, task: Task) -> None:
    su = cast.by("su")
    for show in reads.SHOWS:
        wanted = queries.TaskFilter(show=show, directive=task.directive_id)
        page = queries.tasks_page(su, wanted, None, at=LATER + timedelta(minutes=1))
        assert len(page.rows) == queries.task_numbers(su, wanted, at=LATER + timedelta(minutes=1))[show]
