"""Many at once are what one after the other would be; a whole campus's morning takes seconds."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.checkins import actions, queries
from shouwang.checkins.models import CheckIn, LatestCheckIn, SymptomAlert
from shouwang.checkins.rules import Answers
from shouwang.checkins.tests.builders import FLU, TODAY, fever, watch, well
from shouwang.core.errors import ShouwangError
from shouwang.core.models import ActivePack, AuditEntry
from shouwang.core.packs import get_pack
from shouwang.core.scope import system_actor
from shouwang.core.tree import EVERYTHING
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast

WHO = ["lin", "wang", "zhao"]
said = st.builds(
    Answers,
    unchanged=st.booleans(),
    temperature_c=st.sampled_from([None, Decimal("36.5"), Decimal("38.6"), Decimal("99")]),
    symptoms=st.lists(st.sampled_from(["cough", "fever", "short_breath", "headache", "unwell"]), max_size=2).map(tuple),
    exposure=st.sampled_from([None, False, True]),
    situation=st.sampled_from(["", "", "", "abroad"]),
)
entry = st.tuples(
    st.sampled_from(WHO),
    said,
    st.sampled_from("abcdefgh"),
    st.sampled_from([("self", ""), ("self", ""), ("proxy", "asked"), ("clinic", "")]),
    st.sampled_from([None, timedelta(hours=-5), timedelta(days=-1), timedelta(days=-20)]),
)


class Undo(Exception):
    """Ends a transaction so that nothing of it stays."""


def outcome(cast: Cast, drawn: list[Any], *, at_once: bool) -> tuple[Any, ...]:
    """What `drawn` leaves in the database, as plain values; nothing of it is kept."""
    found: tuple[Any, ...] = ()
    people = {name: Person.objects.get(pk=cast.person[name].pk) for name in WHO}
    entries = [
        actions.Entry(people[name], answers, f"k-{k}", source, reason, None if ago is None else NOON + ago)
        for name, answers, k, (source, reason), ago in drawn
    ]
    try:
        with transaction.atomic():
            runs = [entries] if at_once else [[one] for one in entries]
            results = [row for run in runs for row in actions.submit_many(run, by=system_actor(), at=NOON).rows]
            found = (
                [(row.checkin.client_key if row.checkin else None, row.repeated, code(row.error)) for row in results],
                list(CheckIn.objects.order_by("client_key").values_list(
                    "client_key", "person", "at", "day", "unchanged", "exposure", "severity", "rule", "symptomatic"
                )),
                list(LatestCheckIn.objects.order_by("person").values_list("person", "checkin__client_key", "rank")),
                list(SymptomAlert.objects.order_by("person", "disease").values_list(
                    "person", "disease", "pack", "rule", "severity", "rank", "state", "checkin__client_key"
                )),
                sorted(AuditEntry.objects.values_list("verb", "subject")),
                list(Person.objects.order_by("pk").values_list("situation", flat=True)),
            )  # fmt: skip
            raise Undo
    except Undo:
        return found


def code(error: ShouwangError | None) -> str:
    return error.error_code if error else ""


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(entry, min_size=1, max_size=8))
def test_at_once_equals_one_by_one(cast: Cast, drawn: list[Any]) -> None:
    if not ActivePack.objects.filter(code=FLU).exists():
        ActivePack.objects.create(code=FLU, sha256=get_pack(FLU).sha256, active_from=TODAY)
        watch(cast, "zhao")
    assert outcome(cast, drawn, at_once=True) == outcome(cast, drawn, at_once=False)


@pytest.mark.slow
def test_thousands_in_seconds(cast: Cast) -> None:
    home = cast.org["CS2301"]
    people = Person.objects.bulk_create(
        [Person(number=f"9{n:06}", name=f"人{n}", home=home, home_path=home.path) for n in range(6_000)]
    )
    entries = [
        actions.Entry(person, fever() if n % 200 == 0 else well(), f"bulk-{n}") for n, person in enumerate(people)
    ]
    began = time.process_time()
    result = actions.submit_many(entries, by=system_actor(), at=NOON)
    seconds = time.process_time() - began
    assert (result.made, result.refused, len(result.alerts)) == (6_000, 0, 30)
    assert LatestCheckIn.objects.filter(day=TODAY).count() == 6_000
    # Processor time of this process: what other programs do meanwhile must not fail the test.
    assert seconds < 15, f"{seconds:.1f} s for 6,000"
    figures = queries.day_figures((EVERYTHING,), TODAY, NOON)
    assert (figures["roster"], figures["self"], figures["symptomatic"], figures["alerts_open"]) == (
        6_014, 6_000, 30, 30,
    )  # fmt: skip
    again = actions.submit_many(entries, by=system_actor(), at=NOON)
    assert (again.made, again.repeated) == (0, 6_000)


@pytest.mark.parametrize("size", [0, 1])
def test_a_small_batch_costs_few_statements(cast: Cast, size: int, django_assert_max_num_queries: Any) -> None:
    entries = [actions.Entry(cast.person["lin"], well(), "one")][:size]
    with django_assert_max_num_queries(14):
        assert actions.submit_many(entries, by=cast.by("lin"), at=NOON).made == size
