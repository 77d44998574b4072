"""Teams of the demo: one that was dissolved, with its service records, and one that stands at the dormitories."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F

from shouwang.cli.demo.stage import Stage
from shouwang.cli.demo.story import actor
from shouwang.command.models import Task, Team
from shouwang.command.rules import tasks as task_rules
from shouwang.command.teams import actions, seconding
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.isolation.queries import absences
from shouwang.org.models import Person, Place, Responsibility
from shouwang.org.queries import current

SUMMARY = "寒假期间协助核酸检测三次、转运两人，无遗漏。经验：先电话后上门，夜间两人同行。遗留问题：无。"
Two = tuple[Person, Person]


def teams_serve(stage: Stage, *, at: datetime) -> None:
    """Two who answer for colleges, of whom none stays apart, lead both teams; a student is asked for."""
    people = _free(at)
    dormitory = Place.objects.filter(kind="building").order_by("code").first()
    if len(people) < 2 or dormitory is None:
        return
    two = people[0], people[1]
    earlier = _team(stage, "寒假留校服务专班", "Winter break team", "task", two, dormitory, at=at - timedelta(days=6))
    for days, person in zip((5, 4), two, strict=True):
        _duty(earlier, dormitory, person, at=at - timedelta(days=days))
    office = actor("office", at - timedelta(days=2))
    actions.act_on_team(earlier, "dissolve", text=SUMMARY, by=office, at=at - timedelta(days=2))

    office, today = actor("office", at), clock.local_day(at)
    since = at - timedelta(days=1)
    team = _team(stage, "公寓楼临时党支部", "Dormitory Party branch", "party", two, dormitory, at=since)
    _duty(team, dormitory, two[1], at=at - timedelta(hours=6))
    seconding.plan_shift(
        team.members.get(person=two[0]), dormitory, starts=at + timedelta(hours=2), ends=at + timedelta(hours=6),
        by=office, at=at,
    )  # fmt: skip
    students = Person.objects.filter(kind="student", home_path__startswith=two[0].home_path, account=None)
    student = students.exclude(pk__in=absences(office, on=today).values("pk")).order_by("number").first()
    if student is not None:
        seconding.ask(
            team,
            student,
            role="member",
            starts=today,
            ends=today + timedelta(days=6),
            text="夜间值守",
            by=office,
            at=at,
        )
    task = Task.objects.exclude(state__in=task_rules.FINAL).order_by("-unit__path", "pk").first()
    if task is not None:
        actions.give_task(team, task, by=office, at=at)


def _free(at: datetime) -> list[Person]:
    """Who answers for the college they belong to and does not stay apart; the demo's counsellor before others."""
    on = clock.local_day(at)
    rows = Responsibility.objects.filter(
        current(on), rank=Responsibility.Rank.FIRST, organisation__kind="college", person__home=F("organisation")
    ).exclude(person__in=absences(actor("office", at), on=on).values("pk"))  # fmt: skip
    people = [row.person for row in rows.select_related("person").order_by("organisation__path")]
    first = actor("counsellor", at).person_id
    return sorted(people, key=lambda person: person.pk != first)


def _team(stage: Stage, name: str, name_en: str, kind: str, two: Two, place: Place, *, at: datetime) -> Team:
    """Under the university; each answers for their own college, with nobody above, and agrees."""
    office, today = actor("office", at), clock.local_day(at)
    team = actions.create_team(
        stage.university, kind=kind, name=name, name_en=name_en, purpose="公寓楼值守、送餐、消毒，协助流调与转运",
        review_on=today + timedelta(days=14), by=office, at=at,
    )  # fmt: skip
    for person, role in zip(two, ("leader", "deputy"), strict=True):
        row = seconding.ask(
            team, person, role=role, starts=today, ends=today + timedelta(days=13), by=office, at=at
        )  # fmt: skip
        by = Actor(account_id=None, person_id=person.pk, label=person.name)
        seconding.act_on_member(row, "approve", by=by, at=at)
    actions.add_place(team, place, by=office, at=at)
    return actions.act_on_team(team, "stand", by=office, at=at)


def _duty(team: Team, place: Place, person: Person, *, at: datetime) -> None:
    """Four hours of duty from `at` on, confirmed afterwards by the office."""
    office, member = actor("office", at), team.members.get(person=person)
    shift = seconding.plan_shift(member, place, starts=at, ends=at + timedelta(hours=4), by=office, at=at)
    seconding.act_on_shift(shift, "done", by=office, at=at + timedelta(hours=4))
