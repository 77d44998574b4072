"""Run as a process of its own by `test_crash.py`: does one step on the database in SHOUWANG_HOME, or dies in it.

Usage: python -m shouwang.tracing.tests.crash_story STEP, with DJANGO_SETTINGS_MODULE set. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import django

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DAY = date(2026, 3, 1)
HEAD = "学号,场所,开始时间,结束时间\n"


def _die(*_arguments: Any, **_named: Any) -> None:
    """As the power cut does: no exception, no clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)


def _import(name: str, rows: str) -> Any:
    from django.conf import settings

    from shouwang.core.scope import system_actor
    from shouwang.tracing import actions

    path = Path(settings.HOME) / name
    path.write_text(HEAD + rows, encoding="utf-8")
    return actions.import_presence(path, source_format="visits", by=system_actor("crash"), at=AT)


def first() -> None:
    """An empty database with two people, a canteen and one imported file."""
    from shouwang.core.scope import system_actor
    from shouwang.org import actions as org

    by = system_actor("crash")
    home = org.add_organisation(parent=None, kind="college", code="C", name="学院", starts=DAY, by=by, at=AT)
    org.add_place(parent=None, kind="canteen", code="C1", name="食堂", starts=DAY, by=by, at=AT)
    for number in "ABC":
        org.add_person(number=number, name=number, kind="student", home=home, since=DAY, by=by, at=AT)
    _import("a.csv", "A,C1,2026-03-01 12:00,2026-03-01 12:30\nB,C1,2026-03-01 12:20,2026-03-01 12:50\n")


SECOND = "C,C1,2026-03-01 12:00,2026-03-01 12:10\n"


def die_before_batch_row() -> None:
    """The raw file of the second import is durable; its row is not written."""
    from shouwang.tracing.models import PresenceBatch

    with mock.patch.object(PresenceBatch, "save", _die):
        _import("b.csv", SECOND)


def die_before_commit() -> None:
    """The row of the second import is written but not committed."""
    from shouwang.core import audit

    with mock.patch.object(audit, "record", _die):
        _import("b.csv", SECOND)


def die_before_switch() -> None:
    """The second import is stored; the new segment is durable; the row still points at the old one."""
    from shouwang.tracing.actions import days

    with mock.patch.object(days, "_point", _die):
        _import("b.csv", SECOND)


def die_before_removal() -> None:
    """The row points at the new segment; the old one is still there."""
    from shouwang.tracing.actions import days

    with mock.patch.object(days, "remove_segments", _die):
        _import("b.csv", SECOND)


def again() -> None:
    """What anybody does after a crash: import the file again."""
    _import("b.csv", SECOND)


def mend() -> None:
    """What the sweeper does: build what is stale, take away what nobody speaks of."""
    from shouwang.core.scope import system_actor
    from shouwang.tracing import actions

    actions.build_stale(by=system_actor("crash"), at=AT)
    actions.sweep_leftovers(at=datetime.now(UTC) + timedelta(days=1))


def look() -> None:
    """The state, as JSON."""


def _state() -> dict[str, Any]:
    from shouwang.core.scope import system_actor
    from shouwang.tracing import queries
    from shouwang.tracing.models import PresenceBatch, PresenceDay
    from shouwang.tracing.presence.files import batches_root, days_root

    answer = queries.answer_json(system_actor("crash"), number="A", onset=AT, lookback_days=2, at=AT)
    day = PresenceDay.objects.get(day=DAY)
    return {
        "contacts": {contact["person"]: contact["seconds"] for contact in answer["contacts"]},
        "stale": answer["days_stale"],
        "damaged": answer["days_damaged"],
        "version": day.version,
        "batches": PresenceBatch.objects.count(),
        "batch_files": len(list(batches_root().iterdir())),
        "day_files": len(list(days_root().iterdir())),
    }


if __name__ == "__main__":
    django.setup()
    globals()[sys.argv[1]]()
    print(json.dumps(_state()))
