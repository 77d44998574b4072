"""Another system in the demo: the district's SORMAS knows the case otherwise, and two people more."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from shouwang.cases.inward import actions
from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.org.models import Person

HEAD = "externalID,disease,person.lastName,person.firstName,person.sex,reportDate,caseClassification,symptoms.onsetDate"
SEXES = {"m": "MALE", "f": "FEMALE"}


def a_file_of_sormas_comes(case: Case, *, by: Actor, at: datetime) -> None:
    """Written as SORMAS exports it and brought in; nothing of it is certain, so that all three rows wait."""
    day = clock.local_day(at - timedelta(days=1))
    other = Person.objects.filter(kind=Person.Kind.STUDENT, cases__isnull=True).order_by("-number")[0]
    rows = [
        (case.number, case.person, "PROBABLE", clock.local_day(at - timedelta(days=3)).isoformat()),
        ("EPI-2211", other, "SUSPECT", ""),
    ]
    lines = [
        f"{number},CORONAVIRUS,{person.name[:1]},{person.name[1:]},{SEXES.get(person.sex, '')},{day},{word},{onset}"
        for number, person, word, onset in rows
    ]
    lines.append(f"EPI-2212,CORONAVIRUS,访,客甲,FEMALE,{day},CONFIRMED,{day}")
    path = settings.HOME / "demo" / "sormas-cases.csv"
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    actions.import_cases(path, pack=case.pack, by=by, at=at)
