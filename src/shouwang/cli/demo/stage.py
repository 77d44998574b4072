"""Putting the demo campus on its stage: organisations, places, people, accounts, responsibilities, presence."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q

from shouwang.cli.demo.campus import CANTEENS, GATES, OFFICES, Campus
from shouwang.cli.demo.files import Files
from shouwang.core import clock
from shouwang.core.actions import activate_pack
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors
from shouwang.org import actions, roster
from shouwang.org.models import Account, Grant, Organisation, Person, Place
from shouwang.tracing import actions as tracing

UNIVERSITY = "望川大学"
PACK = "covid19-2020-6"
TERM_DAYS = 80  # people have belonged to their classes since the beginning of term

Progress = Callable[[int, int | None], None]


@dataclass
class Stage:
    """What the story needs to find again."""

    university: Organisation
    password: str
    people: int = 0
    accounts: dict[str, str] = field(default_factory=dict)  # role -> user name


def import_people(files: Files, *, by: Actor, at: datetime, progress: Progress) -> Stage:
    """The roster: organisations, dormitories and people come out of the school's own list."""
    since = clock.local_day(at) - timedelta(days=TERM_DAYS)
    answer = roster.import_file(files.roster, root_name=UNIVERSITY, since=since, by=by, at=at, progress=progress)
    if answer.problems:
        raise RuntimeError(f"the demo roster has problems: {answer.problems[:3]}")
    university = Organisation.objects.get(parent__isnull=True)
    return Stage(university, secrets.token_urlsafe(9), people=Person.objects.count())


@transaction.atomic
def build_places(campus: Campus, *, by: Actor, at: datetime) -> None:
    """Teaching buildings, canteens, library, gates, clinic, isolation facility, beside the roster's dormitories."""
    since = clock.local_day(at) - timedelta(days=TERM_DAYS)

    def add(parent: Place | None, kind: str, code: str, name: str, capacity: int | None = None) -> Place:
        return actions.add_place(
            parent=parent, kind=kind, code=code, name=name, capacity=capacity, starts=since, by=by, at=at
        )

    root = Place.objects.filter(parent__isnull=True).order_by("path").first()
    ground = root if root is not None and root.kind == "campus" else add(None, "campus", "MAIN", "主校区")
    for index in range(campus.size.teaching_buildings):
        building = add(ground, "building", f"T{index + 1}", f"第{index + 1}教学楼")
        for room in range(campus.size.classrooms_per_building):
            code, name = campus.classroom(index * campus.size.classrooms_per_building + room)
            add(building, "classroom", code, name, 60)
    for index, name in enumerate(CANTEENS):
        add(ground, "canteen", f"C{index + 1}", name, 1200)
    add(ground, "library", "LIB", "图书馆", 3000)
    for index, name in enumerate(GATES):
        add(ground, "gate", f"G{index + 1}", name)
    add(ground, "clinic", "CLINIC", "校医院")
    facility = add(ground, "facility", "ISO", "东苑隔离点")
    for index in range(campus.size.isolation_rooms):
        add(facility, "isolation_room", f"ISO-{index + 1:03d}", f"东苑{index // 20 + 1}{index % 20 + 1:02d}", 1)


def put_in_force(stage: Stage, *, by: Actor, at: datetime) -> None:
    activate_pack(PACK, since=clock.local_day(at), by=by, at=at)


def import_presence(files: Files, *, now: datetime, first: datetime, by: Actor, progress: Progress) -> dict[str, int]:
    """Timetable, canteen visits and door log; then one segment a day. Returns what was counted."""
    timetable = tracing.import_timetable(files.timetable, by=by, at=now)
    counts = {"timetable_rows": timetable.read}
    for kind, file in (("visits", files.canteens), ("gate", files.doors)):
        options = tracing.ImportOptions(build=False)
        result = tracing.import_presence(file, source_format=kind, options=options, by=by, at=now, progress=progress)
        counts[f"{kind}_rows"] = result.read
        counts[f"{kind}_refused"] = sum(result.refused.values())
    days = tracing.build_days(clock.local_day(first), clock.local_day(now), by=by, at=now, progress=progress)
    counts["visits"] = sum(day.visits for day in days)
    return counts


CAST = [
    # user name, role ("" is a person without one), organisation of the role
    ("admin", "administrator", "university"),
    ("leader", "leader", "university"),
    ("office", "office", "university"),
    ("clinic", "clinic", "university"),
    ("tracer", "tracer", "university"),
    ("tracer2", "tracer", "university"),
    ("guard", "guard", "university"),
    ("keeper", "keeper", "university"),
    ("counsellor", "counsellor", "college"),
    ("monitor", "monitor", "class"),
    ("student", "", ""),
    ("roommate", "", ""),
]


@transaction.atomic
def open_accounts(stage: Stage, patient: Person, *, by: Actor, at: datetime) -> None:
    """A login for each role. The patient's class, college and room decide who monitor, counsellor and roommate are."""
    day = clock.local_day(at)
    class_ = patient.home
    if class_ is None:
        raise RuntimeError("the patient belongs to no class")
    college = _college(class_)
    classmates = list(Person.objects.filter(home=class_).exclude(pk=patient.pk).order_by("number"))
    room = patient.residences.get(ends__isnull=True).place
    roommate = next(p for p in classmates if p.residences.filter(place=room, ends__isnull=True).exists())
    monitor = next(p for p in classmates if p.pk != roommate.pk)
    staff = list(Person.objects.filter(kind=Person.Kind.STAFF, home=college).order_by("number")[:1])
    offices = {
        name: Person.objects.filter(kind=Person.Kind.STAFF, home__name=name).order_by("number") for name in OFFICES
    }
    who: dict[str, Person] = {
        "admin": offices["学生处"][0],
        "leader": offices["党委办公室"][0],
        "office": offices["防控领导小组办公室"][0],
        "clinic": offices["校医院"][0],
        "tracer": offices["防控领导小组办公室"][1],
        "tracer2": offices["学生处"][1],
        "guard": offices["保卫处"][0],
        "keeper": offices["后勤处"][0],
        "counsellor": staff[0],
        "monitor": monitor,
        "student": patient,
        "roommate": roommate,
    }
    reach = {"university": stage.university, "college": college, "class": class_}
    secret = make_password(stage.password)
    for username, role, where in CAST:
        account = Account.objects.create(
            username=username, person=who[username], password=secret, created_at=at, must_change_password=False
        )
        stage.accounts[username] = role
        if role:
            actions.grant_role(account, role=role, organisation=reach[where], since=day, by=by, at=at)
    Grant.objects.filter(account__username__in=[name for name, _role, _where in CAST]).update(
        starts=day - timedelta(days=TERM_DAYS)
    )


def _college(unit: Organisation) -> Organisation:
    above = Organisation.objects.filter(path__in=ancestors(unit.path), kind=Organisation.Kind.COLLEGE)
    return above.order_by("-path").first() or unit


@transaction.atomic
def assign_responsibility(*, by: Actor, at: datetime) -> int:
    """A secretary for every college, the clinic and the leading group's office, a monitor for nine classes in ten, a
    warden for most places. Gaps are left."""
    day = clock.local_day(at) - timedelta(days=TERM_DAYS)
    done = 0
    for college in Organisation.objects.filter(Q(kind="college") | Q(name__in=("校医院", "防控领导小组办公室"))):
        staff = Person.objects.filter(home=college, kind=Person.Kind.STAFF).order_by("number")[:2]
        for rank, person in zip(("first", "deputy"), staff, strict=False):
            actions.assign_responsibility(organisation=college, person=person, rank=rank, on=day, by=by, at=at)
            done += 1
    for index, class_ in enumerate(Organisation.objects.filter(kind="class")):
        head = Person.objects.filter(home=class_).order_by("number").first()
        if head is not None and index % 10 != 7:
            actions.assign_responsibility(organisation=class_, person=head, on=day, by=by, at=at)
            done += 1
    warden = Person.objects.filter(kind=Person.Kind.STAFF, home__name="后勤处").order_by("number").first()
    places = Place.objects.filter(kind__in=("canteen", "library", "clinic", "facility", "gate")).order_by("path")
    for index, place in enumerate(places):
        if warden is not None and index % 4 != 3:
            actions.assign_responsibility(place=place, person=warden, on=day, by=by, at=at)
            done += 1
    return done


def home_folder(home: Path) -> Path:
    return home / "demo"
