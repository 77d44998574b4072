"""What other rooms make of care: absence, isolation orders, presence."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from shouwang.cases import actions as cases
from shouwang.cases.care import actions, queries
from shouwang.cases.care.tests.builders import (
    DAY,
    HOUR,
    TODAY,
    care,
    code,
    discharge,
    open_influenza,
    refer,
    step,
    treat,
    write_hospitals,
)
from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, Conflict
from shouwang.isolation import actions as isolation
from shouwang.isolation import queries as absences
from shouwang.isolation.models import Order
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing.presence import expecting


@pytest.fixture(autouse=True)
def listed(own_home: Path) -> Path:
    return write_hospitals(own_home)


@pytest.fixture
def ill(cast: Cast) -> Case:
    return open_influenza(cast)


def away(cast: Cast, who: str, at: datetime) -> list[tuple[str, date, date]]:
    rows = absences.absences_page(cast.by(who), None, at=at).rows
    return [(row.person.name, row.since, row.until) for row in rows]


def test_a_death_ends_care_and_a_correction_takes_it_up_again(cast: Cast, ill: Case) -> None:
    referral = refer(cast, ill)
    died = step(cast, referral, "died", NOON + HOUR)
    assert care(ill).state == "died"
    assert away(cast, "fang", NOON + HOUR) == []
    with pytest.raises(Conflict) as refused:
        treat(cast, ill, when=NOON + HOUR)
    assert code(refused) == "care_over"
    actions.correct_step(died, what="critical", reason="同名误报", by=cast.by("he"), at=NOON + 2 * HOUR)
    assert care(ill).state == "open"


def test_a_late_symptom_after_the_return_withdraws_the_certificate(cast: Cast, ill: Case) -> None:
    by = cast.by("he")
    actions.set_leave(ill, first=TODAY, until=TODAY + 5 * DAY, by=by, at=NOON)
    discharge(cast, ill, NOON + DAY)
    row = actions.clear(ill, back_on=TODAY + 2 * DAY, by=by, at=NOON + 2 * DAY)
    at = NOON + 5 * DAY
    actions.report_complication(ill, symptoms="胸闷", absent_until=TODAY + 9 * DAY, by=by, at=at)
    row.refresh_from_db()
    assert row.revoked_at == at
    assert away(cast, "fang", at) == [("林晓", TODAY + 5 * DAY, TODAY + 9 * DAY)]
    discharge(cast, ill, at + DAY)
    assert actions.clear(ill, back_on=TODAY + 7 * DAY, by=by, at=at + DAY).number == "R-2026-0002"


def test_the_leave_is_seen_as_a_day_and_ends_itself(cast: Cast, ill: Case) -> None:
    by = cast.by("he")
    actions.set_leave(ill, first=TODAY, until=TODAY + 3 * DAY, by=by, at=NOON)
    assert away(cast, "fang", NOON) == [("林晓", TODAY, TODAY + 3 * DAY)]
    assert away(cast, "xu", NOON) == []
    discharge(cast, ill, NOON + DAY)
    actions.clear(ill, back_on=TODAY + 2 * DAY, by=by, at=NOON + DAY)
    assert away(cast, "fang", NOON + DAY) == [("林晓", TODAY, TODAY + DAY)]
    assert away(cast, "fang", NOON + 2 * DAY) == []
    with pytest.raises(Conflict) as refused:
        actions.set_leave(ill, first=TODAY, until=TODAY + 9 * DAY, by=by, at=NOON + DAY)
    assert code(refused) == "leave_ended"


def test_an_order_in_force_bars_the_return_whatever_the_reason(cast: Cast, ill: Case) -> None:
    by = cast.by("he")
    cases.classify(ill, new="confirmed", reason="核酸阳性", by=by, at=NOON)
    if not Order.objects.filter(person=ill.person).exists():
        isolation.order_for_case(ill, by=by, at=NOON)
    discharge(cast, ill, NOON + DAY)
    with pytest.raises(Conflict) as refused:
        actions.clear(ill, back_on=TODAY + DAY, reason="就这样", by=by, at=NOON + DAY)
    assert code(refused) == "return_barred"
    isolation.end_order(Order.objects.get(person=ill.person), reason="复核", by=by, at=NOON + DAY)
    row = actions.clear(ill, back_on=TODAY + DAY, by=by, at=NOON + DAY)
    assert row.valid and row.reason == ""


def test_a_withdrawn_certificate_brings_the_absence_back(cast: Cast, ill: Case) -> None:
    by = cast.by("he")
    actions.set_leave(ill, first=TODAY, until=TODAY + 3 * DAY, by=by, at=NOON)
    discharge(cast, ill, NOON)
    row = actions.clear(ill, back_on=TODAY + DAY, by=by, at=NOON)
    with pytest.raises(BadInput) as refused:
        actions.revoke(row, reason="家中有病例", by=by, at=NOON)
    assert code(refused) == "leave_missing"
    actions.revoke(row, reason="家中有病例", absent_until=TODAY + 6 * DAY, by=by, at=NOON)
    assert away(cast, "fang", NOON + DAY) == [("林晓", TODAY, TODAY + 6 * DAY)]
    assert care(ill).state == "discharged"
    with pytest.raises(Conflict) as twice:
        actions.revoke(row, reason="再撤", absent_until=TODAY + 6 * DAY, by=by, at=NOON)
    assert code(twice) == "clearance_revoked"


def test_presence_expects_nobody_on_leave_in_lessons_nor_in_hospital_at_home(cast: Cast, ill: Case) -> None:
    referral = refer(cast, ill)
    assert queries.hospital_nights(TODAY, TODAY + DAY) == []
    step(cast, referral, "received", NOON + HOUR)
    assert queries.hospital_nights(TODAY, TODAY + DAY) == [(ill.person_id, TODAY, None)]
    step(cast, referral, "recovered", NOON + 2 * DAY)
    assert queries.hospital_nights(TODAY, TODAY + DAY) == [(ill.person_id, TODAY, TODAY + DAY)]
    assert queries.hospital_nights(TODAY + 3 * DAY, TODAY + 4 * DAY) == []
    assert queries.leave_days(TODAY, TODAY) == [(ill.person_id, TODAY, None)]
    discharge(cast, ill, NOON + 2 * DAY)
    actions.clear(ill, back_on=TODAY + 3 * DAY, by=cast.by("he"), at=NOON + 2 * DAY)
    assert queries.leave_days(TODAY, TODAY) == [(ill.person_id, TODAY, TODAY + 2 * DAY)]
    assert queries.leave_days(TODAY + 3 * DAY, TODAY + 9 * DAY) == []
    assert queries.leave_days in expecting._on_leave
    assert queries.hospital_nights in expecting._apart
