"""Teams of the demo: one that was dissolved, with its service records, and one that stands at the dormitories."""

from __future__ import annotations

from datetime import datetime, timedelta

from shouwang.cli.demo.stage import Stage
from shouwang.cli.demo.story import actor
from shouwang.command.models import Task, Team
from shouwang.command.rules import tasks as task_rules
from shouwang.command.teams import actions, seconding
from shouwang.core import clock
from shouwang.isolation.queries import absences
from shouwang.org.models import Person, Place

SUMMARY = "寒假期间协助核酸检测三次、转运两人，无遗漏。经验：先电话后上门，夜间两人同行。遗留问题：无。"


def teams_serve(stage: Stage, *, at: datetime) -> None:
    """The counsellor leads both and answers for her own college; a tracer of the office serves with her."""
    serve = [_person("counsellor").pk, _person("tracer").pk]
    if absences(actor("office", at), on=clock.local_day(at)).filter(pk__in=serve).exists():
        return  # on this campus one of them stays apart
    dormitory = Place.objects.filter(kind="building").order_by("code").first()
    assert dormitory is not None
    earlier = _team(stage, "寒假留校服务专班", "Winter break team", "task", at=at - timedelta(days=6), place=dormitory)
    _duty(earlier, dormitory, "counsellor", at=at - timedelta(days=5))
    _duty(earlier, dormitory, "tracer", at=at - timedelta(days=4))
    office = actor("office", at - timedelta(days=2))
    actions.act_on_team(earlier, "dissolve", text=SUMMARY, by=office, at=at - timedelta(days=2))

    team = _team(
        stage, "公寓楼临时党支部", "Dormitory Party branch", "party", at=at - timedelta(days=1), place=dormitory
    )
    _duty(team, dormitory, "tracer", at=at - timedelta(hours=6))
    office, member = actor("office", at), team.members.get(person=_person("counsellor"))
    seconding.plan_shift(
        member, dormitory, starts=at + timedelta(hours=2), ends=at + timedelta(hours=6), by=office, at=at
    )
    # A student of the counsellor's college, for whom no order holds.
    other = Person.objects.filter(
        kind="student", orders=None, home_path__startswith=_person("counsellor").home_path, account=None
    ).earliest("number")  # fmt: skip
    seconding.ask(
        team, other, role="member", starts=clock.local_day(at), text="夜间值守",
        ends=clock.local_day(at) + timedelta(days=6), by=office, at=at,
    )  # fmt: skip
    task = Task.objects.exclude(state__in=task_rules.FINAL).order_by("-unit__path", "pk").first()
    if task is not None:
        actions.give_task(team, task, by=office, at=at)


def _person(role: str) -> Person:
    return Person.objects.get(account__username=role)


def _team(stage: Stage, name: str, name_en: str, kind: str, *, at: datetime, place: Place) -> Team:
    """Under the university, led by the counsellor, with a tracer as deputy; both home units have agreed."""
    office, today = actor("office", at), clock.local_day(at)
    team = actions.create_team(
        stage.university, kind=kind, name=name, name_en=name_en, purpose="公寓楼值守、送餐、消毒，协助流调与转运",
        review_on=today + timedelta(days=14), by=office, at=at,
    )  # fmt: skip
    for who, role, decides in (("counsellor", "leader", "counsellor"), ("tracer", "deputy", "office")):
        row = seconding.ask(
            team, _person(who), role=role, starts=today, ends=today + timedelta(days=13), by=office, at=at
        )
        seconding.act_on_member(row, "approve", by=actor(decides, at), at=at)
    actions.add_place(team, place, by=office, at=at)
    return actions.act_on_team(team, "stand", by=office, at=at)


def _duty(team: Team, place: Place, who: str, *, at: datetime) -> None:
    """Four hours of duty from `at` on, confirmed afterwards by the office."""
    office, member = actor("office", at), team.members.get(person=_person(who))
    shift = seconding.plan_shift(member, place, starts=at, ends=at + timedelta(hours=4), by=office, at=at)
    seconding.act_on_shift(shift, "done", by=office, at=at + timedelta(hours=4))
