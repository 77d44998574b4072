"""Two tracers who would close a circle together, each with one link: one of them is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connection, connections, transaction

from shouwang.core.errors import Conflict
from shouwang.core.scope import system_actor
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import TransmissionLink
from shouwang.tracing.tests.chain_scene import chain


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_links_that_close_a_circle_are_not_both_accepted(transactional_db: None, cast: Cast) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one write at a time: there is nothing to race")
    found = chain(cast)
    lin, wang = found["lin"], found["wang"]
    links = [TransmissionLink.objects.get(case=a, infector=b) for a, b in ((wang, lin), (lin, wang))]
    together = Barrier(2)

    def accept(link: TransmissionLink) -> str:
        try:
            with transaction.atomic():
                together.wait(timeout=20)
                actions.accept_link(link, reason="询问", by=system_actor("tests"), at=NOON)
            return "accepted"
        except (Conflict, OperationalError) as error:
            return type(error).__name__
        finally:
            connections.close_all()

    for _round in range(5):
        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(accept, links))
        assert answers == ["Conflict", "accepted"]
        taken = TransmissionLink.objects.get(state="accepted")
        actions.reopen_link(taken, reason="再来", by=system_actor("tests"), at=NOON)
