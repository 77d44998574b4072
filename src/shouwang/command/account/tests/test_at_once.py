"""Two hands at the same moment: one decides, the other reads that it has moved on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from shouwang.command.account import actions
from shouwang.command.account.models import Matter, MatterEvent
from shouwang.command.account.tests.builders import replied, second_leader
from shouwang.core.errors import Conflict
from shouwang.org.tests.cast import NOON, Cast


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verdicts", [("upheld", "upheld"), ("upheld", "withdrawn"), ("withdrawn", "withdrawn")])
def test_of_two_deciders_one_decides(transactional_db: None, cast: Cast, verdicts: tuple[str, str]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one write at a time and the threads of a test share its memory")
    second_leader(cast)
    row = replied(cast)
    together = Barrier(2)

    def decide(given: tuple[str, str]) -> str:
        who, verdict = given
        try:
            by = cast.by(who)
            together.wait(timeout=20)
            actions.decide(row, verdict=verdict, text="看过事实和回复", by=by, at=NOON)
        except Conflict as refused:
            return refused.error_code
        finally:
            connections.close_all()
        return "decided"

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(decide, zip(("tang", "gu"), verdicts, strict=True)))
    assert sorted(told) == ["decided", "matter_state"]
    kept = Matter.objects.get()
    assert kept.state in ("decided", "withdrawn")
    assert MatterEvent.objects.filter(matter=kept, act="decide").count() == (kept.state == "decided")
