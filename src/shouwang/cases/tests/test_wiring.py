"""With every room connected as in the running program: who may do a thing here is not stopped by a room above."""

from __future__ import annotations

import pytest

from shouwang.cases import actions
from shouwang.cases.tests.builders import HOUR, alerted, opened
from shouwang.core import events
from shouwang.org.tests.cast import NOON, Cast
from shouwang.web import wiring


@pytest.fixture
def connected(alone: None) -> None:
    wiring.connect()
    assert events.subscribers("case.classified")


def test_a_tracer_dates_the_trace_of_a_confirmed_case(cast: Cast, connected: None) -> None:
    case = opened(cast, classification="confirmed")
    actions.set_dates(case, reported_at=NOON, by=cast.by("he"), at=NOON)
    actions.set_dates(case, traced_at=NOON + HOUR, by=cast.by("qiu"), at=NOON + HOUR)
    assert case.clocks.get(code="trace").state == "met"


def test_the_clinic_walks_a_case_to_its_end(cast: Cast, connected: None) -> None:
    clinic = cast.by("he")
    case = opened(cast, alert=alerted(cast), onset_at=NOON - HOUR)
    actions.classify(case, new="confirmed", reason="核酸阳性", by=clinic, at=NOON)
    actions.set_dates(case, onset_at=NOON - 2 * HOUR, isolated_at=NOON, by=clinic, at=NOON)
    actions.close_case(case, reason="治愈", by=clinic, at=NOON + HOUR)
    actions.reopen_case(case, reason="复发", by=clinic, at=NOON + HOUR)
    actions.classify(case, new="discarded", reason="误诊", by=clinic, at=NOON + HOUR)
    assert not case.is_open
