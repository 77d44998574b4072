"""Directives and tasks for tests: the cast's college and classes, with somebody who answers for each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shouwang.command import actions
from shouwang.command.models import Directive, Task
from shouwang.core.scope import system_actor
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON, SINCE, Cast

SOON = NOON + timedelta(days=1)
LATER = NOON + timedelta(days=3)


def put_in_charge(cast: Cast) -> None:
    """Fang answers for IE already; Xu is her deputy; Meng answers for CS2301, Ou for FL; nobody for CS2302."""
    by = system_actor("tests")
    for code, name, rank in (
        ("WCU", "tang", "first"), ("IE", "xu", "deputy"), ("CS2301", "meng", "first"), ("FL", "ou", "first"),
    ):  # fmt: skip
        org.assign_responsibility(
            organisation=cast.org[code], person=cast.person[name], rank=rank, on=SINCE, by=by, at=NOON
        )


def draft(cast: Cast, **values: Any) -> Directive:
    """A draft of Su's with one measure that asks for evidence, for both colleges."""
    given = {
        "title": "关于做好消毒工作的通知", "body": "一、压实责任\n各学院每日消毒。", "prefix": "望校防",
        "aims": [{"unit": cast.org["WCU"].pk, "kind": "college"}], "acknowledge_by": SOON, "due_at": LATER, **values,
    }  # fmt: skip
    su = cast.by("su")
    row = actions.write_directive(organisation=cast.org["WCU"], values=given, by=su, at=NOON)
    actions.add_measure(
        row, values={"text": "每日消毒并登记", "capability": "supplies", "evidence": True}, by=su, at=NOON
    )
    return row


def in_review(cast: Cast, row: Directive | None = None) -> Directive:
    return actions.submit(row or draft(cast), by=cast.by("su"), at=NOON)


def issued(cast: Cast, row: Directive | None = None, *, at: datetime = NOON) -> Directive:
    """Submitted by Su, signed off by Tang, issued by Su."""
    row = actions.sign(in_review(cast, row), by=cast.by("tang"), at=at)
    return actions.issue(row, by=cast.by("su"), at=at)


def task_of(cast: Cast, row: Directive, code: str) -> Task:
    return Task.objects.select_related("unit", "directive__organisation").get(directive=row, unit=cast.org[code])
