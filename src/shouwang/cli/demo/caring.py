"""Care in the demo: the patient is on the way to hospital, a classmate is back after influenza, another still ill."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from shouwang.cases import actions as cases
from shouwang.cases.care import actions as care
from shouwang.cases.care.hospitals import FILE
from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.packs import get_pack
from shouwang.core.scope import Actor
from shouwang.isolation.models import Order
from shouwang.org.models import Person

HOSPITALS = """# Hospitals that people are transferred to. These two do not exist: write your own.
[[hospitals]]
code = "designated"
name = "市定点医院（虚构）"
phone = "010-5550120"
address = "北郊路 8 号"

[[hospitals]]
code = "first"
name = "市第一人民医院（虚构）"
phone = "010-5550100"
address = "西城大道 1 号"
"""
INFLUENZA = "influenza-seasonal"


def people_are_cared_for(case: Case, *, by: Actor, at: datetime) -> None:
    """One referred an hour ago, one treated here, one discharged last week and cleared for today."""
    path = settings.HOME / FILE
    if not path.exists():
        path.write_text(HOSPITALS, encoding="utf-8")
    _referred(case, by=by, at=at)
    # Of another class: whoever is met in this one may be told to stay apart.
    well = Person.objects.filter(kind=Person.Kind.STUDENT, cases__isnull=True).exclude(home=case.person.home)
    here, back = well.exclude(pk__in=Order.objects.values("person")).order_by("number")[:2]
    treated = _influenza(here, days=1, by=by, at=at)
    care.treat(treated, kind="antiviral", place="clinic", text="奥司他韦 75 mg，每日两次", by=by, at=at)
    care.set_leave(treated, first=clock.local_day(at), until=clock.local_day(at + timedelta(days=4)), by=by, at=at)
    _returned(_influenza(back, days=9, by=by, at=at), by=by, at=at)


def _influenza(person: Person, *, days: int, by: Actor, at: datetime) -> Case:
    """Began so many days ago; entered a few hours later."""
    began = at - timedelta(days=days)
    return cases.open_case(
        person=person, pack=get_pack(INFLUENZA), classification="suspected", reason="发热、咽痛",
        onset_at=began, by=by, at=began + timedelta(hours=6),
    )  # fmt: skip


def _referred(case: Case, *, by: Actor, at: datetime) -> None:
    today = clock.local_day(at)
    care.set_medical(case, allergies="青霉素", chronic="", by=by, at=at)
    care.treat(case, kind="symptoms", place="clinic", text="对乙酰氨基酚 0.5 g", by=by, at=at)
    sent = care.refer(
        case, hospital="designated", reason="高热不退，胸闷", accompanied_by="校医院值班护士",
        absent_until=today + timedelta(days=10), by=by, at=at,
    )  # fmt: skip
    for what in ("called", "arrived", "left"):
        care.add_step(sent, what=what, source="seen", by=by, at=at)


def _returned(case: Case, *, by: Actor, at: datetime) -> None:
    began, today = at - timedelta(days=9) + timedelta(hours=6), clock.local_day(at)
    care.set_leave(case, first=clock.local_day(began), until=today, by=by, at=began)
    care.treat(case, kind="antiviral", place="clinic", text="奥司他韦 75 mg，每日两次", by=by, at=began)
    over = at - timedelta(days=3)
    care.discharge(case, outcome="recovered", instructions="多休息，三天内不剧烈运动。", by=by, at=over)
    care.clear(case, back_on=today, reason="门诊复诊无异常", by=by, at=at)
