"""Certificates: within reach or one's own; and what anybody who holds one may learn from its code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Q

from shouwang.cases.care import rules
from shouwang.cases.care.models import Care, Clearance
from shouwang.cases.care.queries.care import MANAGE
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable


def clearance_for(by: Actor, clearance_id: int) -> Clearance:
    """A certificate of somebody over whom `by` holds case.manage, or their own."""
    rows = Clearance.objects.filter(reachable(by, MANAGE, "care__case__person__") | _own(by))
    row = rows.select_related("care__case__person__home", "by__person").filter(pk=clearance_id).first()
    if row is None:
        raise NotFound
    return row


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
