"""The walls: every address of pages and API, and who of the cast passes. The table is tests/matrix.toml."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from shouwang.checkins.actions import catch_up
from shouwang.command.actions import refresh_board
from shouwang.org.tests.cast import NOON
from tests import ledger, walk
from tests.story import Story
from tests.walk import ANONYMOUS, MEMBERS, Row

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SHOWN, TAKEN = {200, 302}, {200, 201, 202, 204, 302, 400, 409, 422}
ADD = """
{missing} stand in no line of tests/matrix.toml. Add for each:
["name"]
path = {{ case_id = "@case" }}     # where the address names something; the ids are in tests/story.py
get = "he qiu"                   # who may see it
post = "he"                      # who may do it, with a `body` that a person of the right role could send
"""


@pytest.mark.files
def test_every_address_stands_in_the_matrix() -> None:
    there = walk.url_names() | walk.operations()
    missing, stale = there - set(walk.table()), set(walk.table()) - there
    assert not missing, ADD.format(missing=", ".join(sorted(missing)))
    assert not stale, f"tests/matrix.toml names addresses that are gone: {sorted(stale)}"


@pytest.mark.parametrize("name", [ANONYMOUS, *MEMBERS])
def test_who_passes_and_what_it_costs(story: Story, name: str) -> None:
    """The walls, and in the same walk the ledger of queries: what is shown by GET asks as often as is written there."""
    # As behind a running sweeper: what the tallies have not counted yet costs two queries more, and how much that is
    # here depends on which test was first in this process.
    catch_up(at=NOON)
    refresh_board(at=NOON)
    client, wrong, asked = walk.enter(story, name), [], {}
    if name != ANONYMOUS:
        client.get("/")
    for row in walk.rows(story):
        with walk.undone(), CaptureQueriesContext(connection) as seen:
            answer = walk.ask(client, row)
        if verdict := judge(row, name, answer):
            wrong.append(f"{row.method} {row.name} ({row.url}): {verdict}")
        if row.method == "GET" and name in row.allowed and name != ANONYMOUS:
            asked[row.name] = len(seen)
    assert not wrong, f"{name}:\n" + "\n".join(wrong)
    ledger.check(name, asked)


def judge(row: Row, name: str, response: HttpResponse) -> str:
    """What is wrong with this answer; empty when nothing is."""
    status, target = response.status_code, response.headers.get("Location", "")
    if status == 401 and "WWW-Authenticate" in response.headers:  # a door with keys of its own; no session opens it
        return "a session should open it" if name in row.allowed else ""
    if name in row.allowed:
        if status not in (SHOWN if row.method == "GET" else TAKEN) or "/login/?next=" in target:
            return f"should pass, got {status} {target}"
        return ""
    if name == ANONYMOUS:
        sent = status == 401 if row.is_api else status == 302 and "/login/?next=" in target
        return (
            "" if sent or (not row.is_api and status == 404) else f"a stranger should be sent to sign in, got {status}"
        )
    return "" if status in {403, 404} else f"should be refused, got {status}"


def test_other_methods_are_not_answered(story: Story) -> None:
    """A page that only shows takes no POST; an address that only does answers no GET."""
    rows = {(row.name, row.method): row for row in walk.rows(story) if not row.is_api}
    client, wrong = walk.enter(story, "admin"), []
    for (name, method), row in rows.items():
        other = "POST" if method == "GET" else "GET"
        if (name, other) in rows:
            continue
        with walk.undone():
            response = walk.ask(client, Row(name, other, row.url, frozenset()))
        if response.status_code != 405:
            wrong.append(f"{other} {name}: {response.status_code}")
    assert not wrong, "\n".join(wrong)


def test_a_refusal_says_nothing(story: Story) -> None:
    """What one may not know looks exactly like what is not there."""
    client = walk.enter(story, "xu")
    for there, nowhere in (
        (f"/cases/{story.ids['case']}/", "/cases/999999/"),
        (f"/checkins/alerts/{story.ids['alert']}/", "/checkins/alerts/999999/"),
        (f"/isolation/orders/{story.ids['order']}/", "/isolation/orders/999999/"),
        (f"/org/people/{story.ids['person_lin']}/", "/org/people/999999/"),
        (f"/api/v1/cases/{story.ids['case']}", "/api/v1/cases/999999"),
    ):
        known, unknown = client.get(there), client.get(nowhere)
        assert known.status_code == unknown.status_code == 404
        assert bare(known, there) == bare(unknown, nowhere)


def bare(response: Any, url: str) -> str:
    """The page without its own address and without the CSRF token, which is another one each time."""
    text = response.content.decode().replace(url, "")
    return re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken[^:]*: *\W*)[A-Za-z0-9]{64}', r"\1", text)
