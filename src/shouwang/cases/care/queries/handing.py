"""What the receiving doctor needs, and nothing else. What is not known stands as unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from shouwang.cases import queries as cases
from shouwang.cases.care import sources
from shouwang.cases.care.models import Referral, ReferralStep, Treatment
from shouwang.cases.care.queries.care import ReferralFace, face_of, parted
from shouwang.cases.laboratory import queries as laboratory
from shouwang.cases.laboratory.models import Test
from shouwang.cases.models import Case
from shouwang.cases.outward.queries import age_on
from shouwang.cases.rules.dates import written
from shouwang.checkins.models import CheckIn
from shouwang.checkins.rules import Protocols
from shouwang.core import clock

MOST = 60  # assumption: temperatures on one sheet; a month at two a day


@dataclass(frozen=True, slots=True)
class Temperature:
    at: datetime
    celsius: Decimal


@dataclass(frozen=True, slots=True)
class Symptom:
    """A symptom as it was reported: first and last time."""

    name: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class HandOver:
    """`onset` in words ("" unknown); `checks` check-ins since then, of which `measured` with a temperature; `contacts`
    None where nobody knows."""

    face: ReferralFace
    case: Case
    age: int | None
    disease: str
    onset: str
    symptoms: list[Symptom]
    temperatures: list[Temperature]
    checks: int
    tests: list[Test]
    treatments: list[Treatment]
    contacts: sources.ContactCounts | None
    at: datetime

    @property
    def referral(self) -> Referral:
        return self.face.referral

    @property
    def measured(self) -> int:
        return len(self.temperatures)


def hand_over(referral: Referral, *, at: datetime) -> HandOver:
    """The caller has fetched the referral within reach. Six queries, and what `sources` ask."""
    case = referral.care.case
    protocol = cases.protocol_of(case)
    since = case.onset_at or case.detected_at
    day = clock.local_day(since)
    rows = CheckIn.objects.filter(person=case.person_id, at__lte=at).filter(Q(at__gte=since) | Q(day__gte=day))
    checks = list(rows.only("at", "temperature_c", "symptoms").order_by("at", "pk"))
    steps = list(ReferralStep.objects.filter(referral=referral).select_related("by__person"))
    given = list(Treatment.objects.filter(care=referral.care_id).select_related("by__person"))
    return HandOver(
        face_of(referral, steps), case, age_on(case.person.born, clock.local_day(at)), str(protocol.name),
        _onset(case), _symptoms(case, checks),
        [Temperature(row.at, row.temperature_c) for row in checks if row.temperature_c is not None][-MOST:],
        len(checks), laboratory.of_case(case), parted(given)[0],
        sources.contact_counts(case), at,
    )  # fmt: skip


def _onset(case: Case) -> str:
    if case.onset_at is None:
        return ""
    text = written(case.onset_at)
    return text.split(" ")[0] if case.onset_day_only else text


def _symptoms(case: Case, checks: list[CheckIn]) -> list[Symptom]:
    """In the order in which they began, under the names of the case's pack; a code it does not know as it is."""
    protocol = Protocols.of([cases.pack_of(case)]).active[0]
    names = {code: str(item.name) for code, item in protocol.symptoms.items()}
    found: dict[str, Symptom] = {}
    for row in checks:
        for code in row.symptoms:
            first = found[code].first if code in found else row.at
            found[code] = Symptom(names.get(code, code), first, row.at)
    return list(found.values())
