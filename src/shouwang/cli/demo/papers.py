"""What the demo's office issues: one directive, and tasks of it in several states."""

from __future__ import annotations

from datetime import datetime, timedelta

from shouwang.cli.demo.stage import Stage
from shouwang.cli.demo.story import actor
from shouwang.command import actions
from shouwang.command.models import Directive, Task
from shouwang.core.scope import Actor, system_actor
from shouwang.org.models import Organisation

TEXT = """为落实上级一级响应要求，现就有关事项通知如下：
一、压实责任。各学院要明确每个班级的第一责任人和联络人，做到守土有责、守土负责。
二、开展摸排。各学院要摸清返校学生行程，不得漏报、瞒报。
三、做好消毒
（一）教室、宿舍每日消毒并登记。
（二）登记表由学院留存备查。"""
MEASURES = (
    ("明确每个班级的第一责任人和联络人", "responsibility", False),
    ("摸清返校学生行程，不得漏报、瞒报", "screening", True),
    ("教室、宿舍每日消毒并登记", "supplies", True),
)


def issue_directive(stage: Stage, *, at: datetime) -> Directive:
    """Written by the office yesterday, signed off by the leader, issued to all colleges; some have begun."""
    office, leader, root = actor("office", at), actor("leader", at), stage.university
    written = at - timedelta(hours=20)
    values = {
        "title": f"{root.name}关于进一步做好防控工作的通知", "body": TEXT, "addressees": "各学院", "prefix": "望校防",
        "aims": [{"unit": root.pk, "kind": "college"}], "acknowledge_by": at - timedelta(hours=2),
        "due_at": at + timedelta(days=2), "copies": "各职能部门",
        "attachments": [{"title": "消毒登记表", "text": "日期、时间、地点、消毒方式、登记人"}],
    }  # fmt: skip
    row = actions.write_directive(organisation=root, values=values, by=office, at=written)
    for text, capability, evidence in MEASURES:
        actions.add_measure(
            row, values={"text": text, "capability": capability, "evidence": evidence}, by=office, at=written
        )
    actions.submit(row, by=office, at=written)
    actions.sign(row, by=leader, at=written + timedelta(hours=1))
    row = actions.issue(row, by=office, at=written + timedelta(hours=2))
    _some_have_begun(row, office, at)
    return row


def _some_have_begun(row: Directive, office: Actor, at: datetime) -> None:
    """All colleges but the last acknowledged it; the first one's tasks stand in several states."""
    by = system_actor("demo colleges")
    colleges = list(Organisation.objects.filter(receipts__directive=row).order_by("path"))
    for college in colleges[:-1]:
        actions.acknowledge(row, college, by=by, at=at - timedelta(hours=10))
    tasks = list(Task.objects.filter(directive=row, unit=colleges[0]).order_by("measure"))
    for task in tasks:
        actions.act_on_task(task, "acknowledge", by=by, at=at - timedelta(hours=9))
    actions.act_on_task(tasks[0], "done", text="42 个班级均已明确，名单在学院台账", by=by, at=at - timedelta(hours=5))
    actions.act_on_task(tasks[0], "verify", by=office, at=at - timedelta(hours=3))
    classes = list(Organisation.objects.filter(parent__path__startswith=colleges[0].path, kind="class")[:4])
    if classes:
        parts = actions.split_task(tasks[1], classes, by=by, at=at - timedelta(hours=8))
        actions.act_on_task(parts[0], "acknowledge", by=by, at=at - timedelta(hours=7))
        actions.act_on_task(parts[0], "done", text="全班行程已摸清，表在班级群文件", by=by, at=at - timedelta(hours=4))
    if len(tasks) > 2:
        actions.act_on_task(tasks[2], "ask_help", text="消毒液只够两天", by=by, at=at - timedelta(hours=6))
