"""The ledger of queries: what each page costs each restricted role in the story, pinned in tests/query_counts.json.

A number that changes fails; when the change is wanted: `python tools/query_counts.py write`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwang.checkins.actions import catch_up
from shouwang.org.tests.cast import NOON
from tests import walk
from tests.story import Story
from tests.walk import MEMBERS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

LEDGER = Path(__file__).with_name("query_counts.json")
MOST = 30  # queries a page, whatever the role
# The home page of office and leader is the report, one's own day and the unit's list together. This only shrinks.
EXCEPTIONS: dict[tuple[str, str], int] = {}


def counted(story: Story) -> dict[str, dict[str, int]]:
    """`{page: {role: queries}}` of every page and API answer that is shown by GET."""
    found: dict[str, dict[str, int]] = {}
    # As behind a running sweeper: what the tallies have not counted yet costs two queries more, and how much that is
    # here depends on which test was first in this process.
    catch_up(at=NOON)
    for name in MEMBERS:
        client = walk.enter(story, name)
        client.get("/")
        for row in walk.rows(story):
            if row.method != "GET" or name not in row.allowed:
                continue
            with walk.undone(), CaptureQueriesContext(connection) as seen:
                walk.ask(client, row)
            found.setdefault(row.name, {})[name] = len(seen)
    return found


def test_no_page_asks_more_than_before(story: Story) -> None:
    now = counted(story)
    if os.environ.get("SHOUWANG_WRITE_QUERY_COUNTS"):
        LEDGER.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    before = json.loads(LEDGER.read_text(encoding="utf-8"))
    changed = [
        f"{page} for {name}: {before.get(page, {}).get(name)} -> {count}"
        for page, by_name in sorted(now.items())
        for name, count in by_name.items()
        if before.get(page, {}).get(name) != count
    ]
    gone = sorted(set(before) - set(now))
    assert not changed and not gone, "\n".join(
        [*changed, *gone, "If this is meant: python tools/query_counts.py write"]
    )
    heavy = [
        f"{page} for {name}: {n}"
        for page, row in now.items()
        for name, n in row.items()
        if n > EXCEPTIONS.get((page, name), MOST)
    ]
    assert not heavy, f"more than {MOST} queries:\n" + "\n".join(heavy)
