"""Certificates: within reach or one's own; and what anybody who holds one may learn from its code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Q
from django.utils.translation import get_language

from shouwang.cases.care import rules
from shouwang.cases.care.models import Care, Clearance
from shouwang.cases.care.queries.care import MANAGE, CareSheet, fetched, sheet_of
from shouwang.cases.queries import protocol_of
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable
from shouwang.org.queries.helping import Helper, clinic_helpers, each_once, unit_helper


def clearance_for(by: Actor, clearance_id: int) -> Clearance:
    """A certificate of somebody over whom `by` holds case.manage, or their own."""
    rows = Clearance.objects.filter(reachable(by, MANAGE, "care__case__person__") | _own(by))
    return fetched(rows.select_related("care__case__person__home", "by__person"), clearance_id)


def managed_clearance(by: Actor, clearance_id: int) -> Clearance:
    """As `clearance_for`, without one's own."""
    rows = Clearance.objects.filter(reachable(by, MANAGE, "care__case__person__"))
    return fetched(rows.select_related("care__case__person__home", "by__person"), clearance_id)


def reviewed_lines(row: Clearance) -> list[tuple[bool, str]]:
    """(met, sentence) of the conditions as they stood, in the reader's language."""
    text = row.lines_zh if (get_language() or "zh").startswith("zh") else row.lines_en
    return [(line[:1] == "+", line[1:]) for line in text.splitlines()]


@dataclass(frozen=True, slots=True)
class Mine:
    """What a person is shown of their own care. `away`: absent today, as far as the records say."""

    sheet: CareSheet
    name: str
    helpers: list[Helper]
    warning: str
    away: bool
    today: date

    @property
    def care(self) -> Care:
        return self.sheet.care


def mine(by: Actor, *, at: datetime) -> list[Mine]:
    """One's own care, newest first. Looking at oneself is not recorded."""
    return [_mine(care, at) for care in own_care(by)]


def _mine(care: Care, at: datetime) -> Mine:
    today, person = clock.local_day(at), care.case.person
    sheet = sheet_of(care, at=at)
    spec = sheet.spec
    away = care.absent_from is not None and care.absent_from <= today and (care.back_on is None or care.back_on > today)
    return Mine(
        sheet, str(protocol_of(care.case).name),
        each_once([*clinic_helpers(person, on=today), *unit_helper(person, on=today)]),
        str(spec.late.warning) if spec and spec.late and care.discharged_at else "",
        away and care.state != Care.State.DIED, today,
    )  # fmt: skip


def _own(by: Actor) -> Q:
    return Q(care__case__person=by.person_id) if by.person_id is not None else Q(pk__in=())


def own_care(by: Actor) -> list[Care]:
    """What is kept of oneself, newest first."""
    if by.person_id is None:
        return []
    return list(Care.objects.filter(case__person=by.person_id).select_related("case__person__home"))


def own_one(by: Actor, care_id: int) -> Care:
    """One's own care. NotFound for anybody else's."""
    care = Care.objects.filter(case__person=by.person_id, pk=care_id).first() if by.person_id is not None else None
    if care is None:
        raise NotFound
    return care


def code_of(clearance: Clearance) -> str:
    return rules.certificate_code(settings.SECRET_KEY, clearance.number, clearance.salt)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a code says. `state`: valid, early (valid, but the day has not come), revoked, unknown. No name but its
    first sign, no reason, no diagnosis."""

    state: str
    number: str = ""
    name: str = ""
    absent_from: date | None = None
    back_on: date | None = None
    issued_on: date | None = None
    revoked_on: date | None = None

    @property
    def good(self) -> bool:
        return self.state == "valid"


def verify(code: str, *, at: datetime) -> Verdict:
    """What the certificate with this code says now. A wrong code and one that does not exist are the same."""
    number = rules.certificate_number(code)
    row = Clearance.objects.filter(number=number).select_related("care__case__person").first() if number else None
    if row is None or not rules.same_code(code, code_of(row)):
        return Verdict("unknown")
    today = clock.local_day(at)
    state = "revoked" if row.revoked_at else ("valid" if row.back_on <= today else "early")
    return Verdict(
        state, row.number, rules.masked(row.care.case.person.name), row.absent_from, row.back_on,
        clock.local_day(row.at), clock.local_day(row.revoked_at) if row.revoked_at else None,
    )  # fmt: skip
