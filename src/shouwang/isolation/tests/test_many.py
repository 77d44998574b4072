"""Contacts decided in bulk: what follows is what would follow one by one, in a number of queries that does not grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import count
from threading import Barrier

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from shouwang.cases.models import Case
from shouwang.checkins.models import Monitoring
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.isolation import actions
from shouwang.isolation.models import Ground, Order
from shouwang.isolation.tests.scenes import make_case, make_contact
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing.actions.contacts import confirm, confirm_many, dismiss_many
from shouwang.tracing.models import Contact, FollowUp, Trace

NEXT_DAY = NOON + timedelta(days=1)
_numbers = count(1)


class Undo(Exception):
    """Takes one of two ways back."""


def strangers(cast: Cast, number: int) -> list[Person]:
    """People of the classes of lin and meng, half and half."""
    homes = [cast.person["lin"], cast.person["meng"]]
    return Person.objects.bulk_create(
        Person(number=f"S{next(_numbers):05d}", name=f"某{k}", home=homes[k % 2].home, home_path=homes[k % 2].home_path)
        for k in range(number)
    )


def candidates(case: Case, people: Sequence[Person], *, grade: str = "close") -> list[Contact]:
    trace = Trace.objects.create(
        case=case, at=NOON, window_start=NOON - timedelta(days=2), window_end=NOON, rule="nhc6", pack=case.pack,
        visits_searched=10, elapsed_us=10, found=1,
    )  # fmt: skip
    at = NOON - timedelta(days=1)
    return Contact.objects.bulk_create(
        Contact(
            case=case, trace=trace, person=person, seconds=3600, encounters=1, first_at=at - timedelta(hours=1),
            last_at=at, grade=grade, grade_rank=0, why_zh="同住一间宿舍", why_en="shared a dormitory room",
            purge_on=date(2030, 1, 1),
        )
        for person in people
    )  # fmt: skip


def queries_of(captured: CaptureQueriesContext) -> int:
    """Without the savepoints."""
    return sum(1 for query in captured.captured_queries if "SAVEPOINT" not in query["sql"])


@pytest.mark.parametrize("decide", ["confirm", "confirm again", "dismiss"])
def test_ten_and_five_hundred_cost_the_same_number_of_queries(cast: Cast, decide: str) -> None:
    """ "confirm again": everybody has an order and a follow-up of another case, which are brought up to date."""
    by, costs = cast.by("qiu"), []
    for number, names in ((10, ("lin", "zhao")), (500, ("wang", "ou"))):
        people = strangers(cast, number)
        first, second = (make_case(cast, name) for name in names)
        rows = candidates(first, people)
        if decide == "confirm again":
            confirm_many(second, [row.pk for row in candidates(second, people)], by=by, at=NOON)
            Contact.objects.filter(case=first).update(last_at=NOON + timedelta(hours=1))
        with CaptureQueriesContext(connection) as captured:
            if decide == "dismiss":
                done = dismiss_many(first, [row.pk for row in rows], reason="当天请假", by=by, at=NEXT_DAY)
            else:
                done = confirm_many(first, [row.pk for row in rows], by=by, at=NEXT_DAY)
        assert len(done) == number
        costs.append(queries_of(captured))
        orders = Order.objects.filter(person__in=people)
        assert orders.count() == FollowUp.objects.filter(person__in=people).count()
        assert orders.count() == (0 if decide == "dismiss" else number)
        assert (
            AuditEntry.objects.filter(verb__startswith="contact.", object__in=[str(row.pk) for row in rows]).count()
            == number
        )
    assert costs[1] <= costs[0] <= 50, costs


def picture() -> Iterator[object]:
    """Everything that follows from decisions, without numbers of rows."""
    names = (
        "person__number",
        "kind",
        "state",
        "starts_on",
        "ends_on",
        "rule",
        "pack",
        "because_zh",
        "because_en",
        "version",
    )
    yield sorted(Order.objects.values_list(*names, "contact__person__number", "purge_on"))
    yield sorted(Order.objects.values_list("number", flat=True))
    yield sorted(Ground.objects.values_list("order__person__number", "days", "ends_on", "dropped_at", "drop_code"))
    followed = ("person__number", "state", "starts_on", "ends_on", "why_zh", "why_en", "assigned__number", "version")
    yield sorted(FollowUp.objects.values_list(*followed, "checks_per_day", "purge_on"))
    yield sorted(Monitoring.objects.values_list("person__number", "starts", "ends", "checks_per_day", "reason"))
    entries = AuditEntry.objects.values_list("verb", "kind", "subject", "account", "label")
    yield sorted(entries, key=repr)
    yield list(FollowUp.objects.order_by("person__number").values_list("tried", flat=True))


def test_many_at_once_are_as_one_after_another(cast: Cast) -> None:
    """New orders, an order of another case, somebody ill, somebody released, a grade that asks for nothing."""
    names, by = ("wang", "zhao", "ou", "meng", "deng", "gu"), cast.by("qiu")
    case, other = make_case(cast, "lin"), make_case(cast, "xu")
    confirm(make_contact(cast, other, "zhao", last_at=NOON - timedelta(days=3), state="candidate"), by=by, at=NOON)
    actions.order_for_case(make_case(cast, "ou"), by=cast.by("he"), at=NOON)
    for name in names:
        make_contact(cast, case, name, state="candidate", grade="general" if name == "deng" else "close")
    rows = list(Contact.objects.filter(case=case).order_by("pk"))
    found: list[list[object]] = []
    for together in (True, False):
        with pytest.raises(Undo), transaction.atomic():
            if together:
                confirm_many(case, [row.pk for row in rows], by=by, at=NEXT_DAY)
            else:
                for row in rows:
                    confirm(row, by=by, at=NEXT_DAY)
            found.append(list(picture()))
            raise Undo
    assert found[0] == found[1] and Order.objects.count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_tracers_confirm_the_same_people_at_once(transactional_db: None, cast: Cast) -> None:
    """Of the same case, and of another one: everybody is decided once and has one order, on two grounds."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one write at a time: there is nothing to race")
    people = strangers(cast, 30)
    first, second = make_case(cast, "lin"), make_case(cast, "zhao")
    mine = [row.pk for row in candidates(first, people)]
    others = [row.pk for row in candidates(second, people)]
    together = Barrier(3)

    def decide(case: Case, ids: list[int]) -> int:
        try:
            together.wait(timeout=20)
            return len(confirm_many(case, ids, by=system_actor("tests"), at=NOON))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        work = ((first, mine), (first, mine[::-1]), (second, others[::-1]))
        done = list(pool.map(lambda one: decide(*one), work))
    assert sorted(done[:2]) == [0, 30] and done[2] == 30
    assert AuditEntry.objects.filter(verb="contact.confirmed").count() == 60
    assert Order.objects.count() == FollowUp.objects.count() == 30 and Ground.objects.count() == 60
    assert len(set(Order.objects.values_list("number", flat=True))) == 30
