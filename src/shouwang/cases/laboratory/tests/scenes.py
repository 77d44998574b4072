"""Short words for the tests of the laboratory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from shouwang.cases.laboratory import actions
from shouwang.cases.laboratory.models import Sample, Test
from shouwang.core import events
from shouwang.org.tests.cast import NOON, Cast

HOUR = timedelta(hours=1)
COVID = "covid19"


def ordered(cast: Cast, who: str = "lin", *, at: datetime = NOON, **more: Any) -> Test:
    given = {"method": "pcr", "disease": COVID, **more}
    return actions.order_test(cast.person[who], by=cast.by("he"), at=at, **given)


def taken(cast: Cast, *who: str, barcode: str = "T001", capacity: int = 1, at: datetime = NOON, **more: Any) -> Sample:
    tests = [ordered(cast, name, at=at) for name in who or ("lin",)]
    return actions.take_sample(tests, barcode=barcode, capacity=capacity, by=cast.by("he"), at=at, **more)


def resulted(cast: Cast, sample: Sample, outcome: str, *, at: datetime = NOON + HOUR, **more: Any) -> Sample:
    return actions.record_result(sample, outcome=outcome, by=cast.by("he"), at=at, **more)


def states(sample: Sample) -> dict[str, tuple[str, str, int]]:
    """Name -> state, outcome, people in the pool it came from."""
    return {t.person.name: (t.state, t.outcome, t.pool_of) for t in sample.tests.select_related("person")}


@contextmanager
def heard(name: str) -> Iterator[list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    events.subscribe(name, lambda **payload: told.append(payload))
    yield told
