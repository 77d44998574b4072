"""No message twice and none lost in silence: the sender is killed again and again while it speaks to a server."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection

from shouwang.checkins.actions import set_level
from shouwang.checkins.queries.reminders import deadlines
from shouwang.cli.setup import make_home
from shouwang.core import clock
from shouwang.core.scope import system_actor
from shouwang.core.sealing import key_file
from shouwang.org import actions as org
from shouwang.outreach import actions
from shouwang.outreach.models import Delivery, Message, Round
from tests.serving import CLI, Installation, wait_until

pytestmark = pytest.mark.slow
DEATHS = 3
UNITS = 60


def prepare(home: Path, port: int) -> None:
    """A home whose every class has a bot of its own and a message for it; the key of the bot says which.

    Built in the test database, which has its tables already, and copied: setting a home up takes longer than the test.
    """
    by, at, today = system_actor("test"), clock.now(), clock.today()
    root = org.add_organisation(parent=None, kind="college", code="C", name="学院", starts=today, by=by, at=at)
    set_level(root.path, "I", on=today)
    due = deadlines(today)[0].at  # who owes it, owes it by that moment
    row = Round.objects.create(
        due_at=due, opens_at=min(at, due), ends_at=max(at, due) + timedelta(hours=9), planned_at=at,
        purge_on=today + timedelta(days=30),
        items=[{"key": "checkin:daily", "zh": "申报", "en": "check-in", "path": "/"}],
    )  # fmt: skip
    for k in range(UNITS):
        unit = org.add_organisation(parent=root, kind="class", code=f"K{k}", name=f"{k}班", starts=today, by=by, at=at)
        org.add_person(number=f"S{k}", name=f"学生{k}", kind="student", home=unit, since=today, by=by, at=at)
        url = f"http://127.0.0.1:{port}/send?key=key-{k}"
        channel = actions.add_channel(name=f"K{k}", kind="wecom", organisation=unit, url=url, by=by, at=at)
        message = Message.objects.create(
            round=row, organisation=unit, purpose="digest", state="open", next_at=at, created_at=at
        )
        Delivery.objects.create(message=message, channel=channel, next_at=at)
    make_home(home)
    (home / "secrets").mkdir()
    shutil.copy2(key_file(), home / "secrets")  # what opens the addresses sealed above
    with closing(sqlite3.connect(home / "shouwang.sqlite3")) as copy:
        connection.connection.backup(copy)


def states(home: Path) -> dict[str, str]:
    sql = "SELECT c.name, d.state FROM outreach_delivery d JOIN outreach_channel c ON c.id = d.channel_id"
    with closing(sqlite3.connect(home / "shouwang.sqlite3")) as there:
        return dict(there.execute(sql))


def let_leases_pass(home: Path) -> None:
    with closing(sqlite3.connect(home / "shouwang.sqlite3")) as there, there:
        there.execute("UPDATE outreach_delivery SET lease_until = '2020-02-01 00:00:00' WHERE state = 'sending'")


class Sink:
    """A bot that says everything it is told, a little slowly."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                sink.heard.append(parse_qs(urlsplit(self.path).query)["key"][0].replace("key-", "K"))
                time.sleep(0.01)
                self.send_response(200)
                self.send_header("Content-Length", "13")
                self.end_headers()
                self.wfile.write(b'{"errcode":0}')

            def log_message(self, *words: object) -> None:
                """Silent."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:  # the sender was killed while it listened: that is what this test is about
                    self.close_connection = True

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.django_db(transaction=True)
def test_a_killed_sender_sends_nothing_twice_and_hides_nothing(tmp_path: Path, sink: Sink) -> None:
    home = tmp_path / "home"
    prepare(home, sink.port)
    there = Installation(home)
    chance = random.Random(20200201)
    for _ in range(DEATHS):
        goal = len(sink.heard) + chance.randint(5, 12)
        sender = subprocess.Popen([*CLI, "remind", "send"], env=there.environment, stdout=subprocess.DEVNULL)
        wait_until(lambda goal=goal: len(sink.heard) >= goal, 60, "messages arrive")  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.02))
        os.kill(sender.pid, signal.SIGKILL)
        sender.wait()
    assert len(sink.heard) < UNITS, "killed too late to show anything"
    lost = [name for name, state in states(home).items() if state == "sending"]

    let_leases_pass(home)
    there.run("remind", "send")
    found = states(home)
    unknown = {name for name, state in found.items() if state == "unknown"}
    assert max(Counter(sink.heard).values()) == 1, "a message was sent twice"
    assert unknown == set(lost)
    assert len(unknown) <= DEATHS  # one sender has one message in hand
    assert {name for name, state in found.items() if state == "sent"} == set(found) - unknown
    assert set(found) - unknown <= set(sink.heard), "a message was lost in silence"
