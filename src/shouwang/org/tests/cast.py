"""A small campus and its people, by name. Every room's tests speak of the same ones.

望川大学 has two colleges. In Information Engineering, class CS2301: **Lin** and **Wang** share dormitory room 101,
**Meng** is the class monitor; class CS2302: **Zhao** in room 102. In Foreign Languages, class EN2301: **Ou** in
room 102. **Fang** is counsellor of Information Engineering, **Xu** of Foreign Languages (must see nothing of the
others). **He** works at the clinic, **Qiu** traces, **Su** runs the office, **Tang** leads, **Deng** guards the gate,
**Gu** keeps the stores, **Admin** administers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model
from django.db.models.sql import InsertQuery

from shouwang.core.models import AuditEntry
from shouwang.core.scope import SYSTEM, Actor, system_actor
from shouwang.org import actions, queries
from shouwang.org.models import (
    Account,
    Grant,
    Membership,
    Organisation,
    Person,
    PersonKey,
    Place,
    Residence,
    Responsibility,
    SituationSpell,
)

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # Monday 2026-03-02, 12:00 in Shanghai
SINCE = date(2025, 9, 1)
PASSWORD = "watch-and-help-9"  # long enough for the validators; only ever used in tests


@dataclass
class Cast:
    """The campus: `org[code]`, `place[code]`, `person[name]`, `account[name]`."""

    org: dict[str, Organisation] = field(default_factory=dict)
    place: dict[str, Place] = field(default_factory=dict)
    person: dict[str, Person] = field(default_factory=dict)
    account: dict[str, Account] = field(default_factory=dict)

    def by(self, name: str, at: datetime = NOON, mouth: str = SYSTEM) -> Actor:
        """The actor that this member of the cast is."""
        return queries.actor_for(self.account[name], at=at, mouth=mouth)


ORGANISATIONS = [
    (None, "WCU", "university", "望川大学", "Wangchuan University"),
    ("WCU", "IE", "college", "信息工程学院", "College of Information Engineering"),
    ("WCU", "FL", "college", "外国语学院", "College of Foreign Languages"),
    ("WCU", "HOSP", "office", "校医院", "Campus clinic"),
    ("WCU", "LGO", "office", "防控领导小组办公室", "Leading-group office"),
    ("IE", "CS2301", "class", "计科2301班", "CS 2301"),
    ("IE", "CS2302", "class", "计科2302班", "CS 2302"),
    ("FL", "EN2301", "class", "英语2301班", "English 2301"),
]
PLACES = [
    (None, "MAIN", "campus", "主校区", None),
    ("MAIN", "D1", "building", "一号宿舍楼", None),
    ("D1", "D1-101", "dorm_room", "一号楼101", 4),
    ("D1", "D1-102", "dorm_room", "一号楼102", 4),
    ("MAIN", "T1", "building", "第一教学楼", None),
    ("T1", "T1-201", "classroom", "一教201", 60),
    ("MAIN", "C1", "canteen", "第一食堂", 800),
    ("MAIN", "LIB", "library", "图书馆", 1200),
    ("MAIN", "GATE-N", "gate", "北门", None),
    ("MAIN", "CLINIC", "clinic", "校医院", None),
    ("MAIN", "ISO", "facility", "隔离点（东苑）", None),
    ("ISO", "ISO-1", "isolation_room", "东苑1号房", 1),
    ("ISO", "ISO-2", "isolation_room", "东苑2号房", 1),
]
PEOPLE = [
    ("lin", "2023010101", "林晓", "student", "CS2301", "D1-101"),
    ("wang", "2023010102", "王蕾", "student", "CS2301", "D1-101"),
    ("meng", "2023010103", "孟欣", "student", "CS2301", None),
    ("zhao", "2023010201", "赵宁", "student", "CS2302", "D1-102"),
    ("ou", "2023020101", "欧阳静", "student", "EN2301", "D1-102"),
    ("fang", "T0001", "方老师", "staff", "IE", None),
    ("xu", "T0002", "徐老师", "staff", "FL", None),
    ("he", "T0003", "何医生", "staff", "HOSP", None),
    ("qiu", "T0004", "邱追踪", "staff", "LGO", None),
    ("su", "T0005", "苏主任", "staff", "LGO", None),
    ("tang", "T0006", "唐书记", "staff", "LGO", None),
    ("deng", "T0007", "邓师傅", "worker", "WCU", None),
    ("gu", "T0008", "顾师傅", "worker", "WCU", None),
    ("admin", "T0009", "安管理", "staff", "LGO", None),
]
ROLES = [
    ("meng", "monitor", "CS2301"),
    ("fang", "counsellor", "IE"),
    ("xu", "counsellor", "FL"),
    ("he", "clinic", "WCU"),
    ("qiu", "tracer", "WCU"),
    ("su", "office", "WCU"),
    ("tang", "leader", "WCU"),
    ("deng", "guard", "WCU"),
    ("gu", "keeper", "WCU"),
    ("admin", "administrator", "WCU"),
]


def assemble() -> Cast:
    """The cast on its stage, with the rows of org alone."""
    staged(STAGED, _through_actions)
    return on_stage()


def staged(models: Sequence[type[Model]], make: Callable[[], object]) -> None:
    """Rows of `models` as `make` leaves them: it is called the first time in a run, then its rows are told again.

    Two thousand tests stand on this: `make` costs hundreds of statements, and writing the same rows through the ORM
    costs ten times what the database needs for them. `make` must find these tables empty.
    """
    if make not in _statements:
        make()
        _statements[make] = [statement for model in models for statement in _insertions(model)]
        return
    with connection.cursor() as cursor:
        for sql, values in _statements[make]:
            cursor.execute(sql, values)


def _insertions(model: type[Model]) -> list[tuple[str, Any]]:
    """What puts the rows of a table back as they are, and then the counter of its keys behind them."""
    rows = list(model._default_manager.order_by("pk"))
    if not rows:
        return []
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    size = connection.ops.bulk_batch_size(fields, rows)
    found: list[tuple[str, Any]] = []
    for start in range(0, len(rows), size):
        query = InsertQuery(model)
        query.insert_values(fields, rows[start : start + size], raw=True)
        found += query.get_compiler(connection=connection).as_sql()
    return [*found, *((sql, None) for sql in connection.ops.sequence_reset_sql(no_style(), [model]))]


def on_stage() -> Cast:
    """The cast as the database has it."""
    names = {number: name for name, number, *_rest in PEOPLE}
    people = Person.objects.select_related("home", "home__parent")
    accounts = Account.objects.select_related("person", "person__home")
    return Cast(
        org={row.code: row for row in Organisation.objects.select_related("parent")},
        place={row.code: row for row in Place.objects.select_related("parent")},
        person={names[row.number]: row for row in people},
        account={row.username: row for row in accounts},
    )


STAGED: list[type[Model]] = [
    Organisation, Place, Person, Membership, SituationSpell, Residence, Account, Grant, Responsibility, PersonKey,
    AuditEntry,
]  # fmt: skip
_statements: dict[Callable[[], object], list[tuple[str, Any]]] = {}


def _through_actions() -> None:
    cast, by = Cast(), system_actor("tests")
    for parent, code, kind, name, name_en in ORGANISATIONS:
        cast.org[code] = actions.add_organisation(
            parent=cast.org.get(parent or ""), kind=kind, code=code, name=name, name_en=name_en, starts=SINCE,
            by=by, at=NOON,
        )  # fmt: skip
    for parent, code, kind, name, capacity in PLACES:
        cast.place[code] = actions.add_place(
            parent=cast.place.get(parent or ""), kind=kind, code=code, name=name, capacity=capacity, starts=SINCE,
            by=by, at=NOON,
        )  # fmt: skip
    for name, number, title, kind, home, room in PEOPLE:
        person = actions.add_person(
            number=number, name=title, kind=kind, home=cast.org[home], since=SINCE, by=by, at=NOON
        )
        if room:
            actions.set_residence(person, place=cast.place[room], on=SINCE, by=by, at=NOON)
        cast.person[name] = person
        account = Account(username=name, person=person, created_at=NOON)
        account.password = _hash()
        account.save()
        cast.account[name] = account
    for name, role, code in ROLES:
        Grant.objects.create(account=cast.account[name], role=role, organisation=cast.org[code], starts=SINCE)
    actions.assign_responsibility(organisation=cast.org["IE"], person=cast.person["fang"], on=SINCE, by=by, at=NOON)


_hashed: list[str] = []


def _hash() -> str:
    """One Argon2 hash for the whole run: hashing fourteen passwords for each test would cost a second each."""
    if not _hashed:
        from django.contrib.auth.hashers import make_password

        _hashed.append(make_password(PASSWORD))
    return _hashed[0]
