"""The file of delays as a server writes it: no test's transaction around it."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest

from shouwang.cases import actions, queries
from shouwang.core import clock
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.org.tests.cast import NOON


@pytest.mark.django_db(transaction=True)
def test_the_file_is_recorded_where_nobody_began_a_transaction() -> None:
    by, today = system_actor("test"), clock.local_day(NOON)
    found = queries.delays_of(by, first=today - timedelta(days=20), last=today, at=NOON)
    target = io.BytesIO()
    rows = actions.export_delays(target, found, by=by, at=NOON)
    assert len(openpyxl.load_workbook(io.BytesIO(target.getvalue())).worksheets) == 3
    entry = AuditEntry.objects.get(verb="case.delays_exported")
    assert entry.new is not None and entry.new["rows"] == rows
