"""A token remembers the day of its last use, with one write a day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shouwang.core.scope import system_actor
from shouwang.org import actions
from shouwang.org.tests.cast import NOON

if TYPE_CHECKING:
    import time_machine

    from shouwang.org.tests.cast import Cast


def test_the_day_of_the_last_use_is_written_once_a_day(cast: Cast, noon: time_machine.Traveller) -> None:
    token, plain = actions.issue_token(cast.account["lin"], name="t", days=9, by=system_actor(), at=NOON)
    client = Client(headers={"authorization": f"Bearer {plain}"})

    def writes() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/api/v1/org/me").status_code == 200
        return sum(query["sql"].startswith('UPDATE "org_apitoken"') for query in queries)

    assert [writes(), writes()] == [1, 0]
    noon.move_to(NOON + timedelta(days=1))
    assert [writes(), writes()] == [1, 0]
    token.refresh_from_db()
    assert token.last_used_on == (NOON + timedelta(days=1)).date()


@pytest.mark.parametrize("word", ["sw_wrong", ""])
def test_a_wrong_token_writes_nothing(cast: Cast, word: str) -> None:
    token, _plain = actions.issue_token(cast.account["lin"], name="t", days=9, by=system_actor(), at=NOON)
    assert Client(headers={"authorization": f"Bearer {word}"}).get("/api/v1/org/me").status_code == 401
    token.refresh_from_db()
    assert token.last_used_on is None
