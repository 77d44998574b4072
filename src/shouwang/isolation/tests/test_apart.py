"""Who was asked to stay apart is expected in no bed and no lesson of their own; who is absent, without the reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client

from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.isolation import actions, queries
from shouwang.isolation.models import Order
from shouwang.isolation.tests.scenes import make_case, make_contact
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions as tracing
from shouwang.tracing import queries as traces
from shouwang.tracing.tests.conftest import unix

DAY = timedelta(days=1)
NIGHT = 8 * 3600  # from 22:30 to 06:30


@pytest.fixture
def order(cast: Cast) -> Order:
    found = actions.order_for_contact(make_contact(cast, make_case(cast, "ou"), "wang"), by=cast.by("qiu"), at=NOON)
    assert found is not None
    return found


def shared(cast: Cast, operator: Actor) -> int:
    """Seconds that Wang and her flatmate Lin are held to share from 2 March to the morning of 6 March."""
    tracing.build_days(date(2026, 3, 2), date(2026, 3, 6), by=operator, at=NOON + 5 * DAY)
    answer = traces.trace_person(
        cast.person["lin"].pk, window_start=unix("2026-03-02 12:00"), window_end=unix("2026-03-06 12:00")
    )
    pairs = zip(answer.contacts.person.tolist(), answer.contacts.seconds.tolist(), strict=True)
    return sum(seconds for person, seconds in pairs if person == cast.person["wang"].pk)


def test_a_night_in_an_isolation_room_is_not_shared_with_flatmates(cast: Cast, operator: Actor, order: Order) -> None:
    actions.assign_room(order, cast.place["ISO-1"], by=cast.by("he"), at=NOON + DAY)
    actions.end_order(order, reason="专家组会诊", by=cast.by("he"), at=NOON + 3 * DAY)
    # The night before the room was given, and the one after release; not the two between.
    assert shared(cast, operator) == 2 * NIGHT


def test_who_has_been_given_no_place_is_still_in_their_own_bed(cast: Cast, operator: Actor, order: Order) -> None:
    assert shared(cast, operator) == 4 * NIGHT
    assert queries.evenings_apart(date(2026, 3, 2), date(2026, 3, 6)) == []


def test_evenings_are_those_between_two_days_alone(cast: Cast, order: Order) -> None:
    actions.assign_room(order, cast.place["ISO-1"], by=cast.by("he"), at=NOON + DAY)
    wang = cast.person["wang"].pk
    assert queries.evenings_apart(date(2026, 3, 3), date(2026, 3, 3)) == [(wang, date(2026, 3, 3), None)]
    assert queries.evenings_apart(date(2026, 2, 1), date(2026, 3, 2)) == []
    actions.end_order(order, reason="专家组会诊", by=cast.by("he"), at=NOON + 3 * DAY)
    assert queries.evenings_apart(date(2026, 3, 2), date(2026, 3, 9)) == [(wang, date(2026, 3, 3), date(2026, 3, 4))]
    assert queries.evenings_apart(date(2026, 3, 6), date(2026, 3, 9)) == []


def test_absences_by_the_api_tell_no_reason_and_end_with_the_order(
    cast: Cast, sign_in: Callable[[str], Client], order: Order
) -> None:
    address = "/api/v1/isolation/absences"
    browser = sign_in("fang")
    [row] = browser.get(address).json()["items"]
    assert row == {
        "person": {
            "id": cast.person["wang"].pk, "number": "2023010102", "name": "王蕾",
            "unit": cast.person["wang"].home.title if cast.person["wang"].home else None,
        },
        "absent_since": "2026-03-02", "absent_until": "2026-03-15",
    }  # fmt: skip
    assert AuditEntry.objects.get(verb="absences.listed").subject == cast.person["wang"].pk
    assert sign_in("lin").get(address).status_code == 404
    actions.end_order(order, reason="专家组会诊", by=cast.by("he"), at=NOON + DAY)
    assert sign_in("fang").get(address).json()["items"] == []
