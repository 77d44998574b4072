"""What is weak in the demo: gaps found, one correction opened by the office, what a student told without a name; two
reminders about the counsellor's college: one waits for the reply, one for the leader."""

from __future__ import annotations

from datetime import datetime, timedelta

from shouwang.command.account import actions as account
from shouwang.command.account import facts
from shouwang.command.account import queries as matters
from shouwang.command.mending import actions, queries
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation


def gaps_are_found(*, office: Actor, student: Actor, at: datetime) -> None:
    actions.sweep_gaps(at=at, every=timedelta(0))
    gravest = queries.open_gaps(office, limit=50)[:1]
    for gap in gravest:
        actions.open_correction(gap.finding, by=office, at=at)
    unit = queries.units_to_tell(student).first()
    if unit is not None:
        actions.tell(
            unit, text="二号宿舍楼一层洗手池没有水，也没有洗手液。", where="2号宿舍楼一层", wish="早上七点前补上。",
            anonymous=True, by=student, at=at,
        )  # fmt: skip


def a_college_is_reminded(*, office: Actor, counsellor: Actor, at: datetime) -> None:
    """About the topmost unit that the counsellor answers for; decided by nobody yet."""
    ids = matters.concerned_units(counsellor, on=clock.local_day(at))
    unit = Organisation.objects.filter(pk__in=ids).order_by("path").first()
    if unit is None:
        return
    before = at - timedelta(days=2)
    first = account.propose(
        unit, step="reminder", asked="三日内补报隔离点值班表，并说明原因。",
        told=[facts.told("两次电话提醒后仍未报送隔离点值班表。", "办公室督办记录，第三页")], by=office, at=before,
    )  # fmt: skip
    account.serve(first, by=office, at=before)
    account.contest(
        first, first.facts.earliest("pk").pk, text="第二次提醒当天下午已发到办公室邮箱。", by=counsellor,
        at=before + timedelta(hours=3),
    )  # fmt: skip
    account.reply(
        first, text="值班表已报，可能没有收到；现再次报送并附回执。", by=counsellor, at=before + timedelta(hours=3)
    )
    second = account.propose(
        unit, step="reminder", asked="明确每天消毒的责任人和登记办法。",
        told=[facts.told("连续三天宿舍楼公共区域没有消毒登记。", "后勤巡查表")], by=office, at=at,
    )  # fmt: skip
    account.serve(second, by=office, at=at)
