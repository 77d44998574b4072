"""No message twice and none lost in silence: the sender is killed again and again while it speaks to a server."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.serving import CLI, Installation, wait_until

pytestmark = pytest.mark.slow
DEATHS = 3
UNITS = 60

# Every class has a bot of its own, whose key says which; what a message is made of is tested in its room.
PREPARE = """
from datetime import timedelta
from shouwang.core import clock
from shouwang.core.scope import system_actor
from shouwang.org import actions as org
from shouwang.org.models import Organisation
from shouwang.outreach import actions
from shouwang.outreach.models import Delivery, Message, Round
by, at, today = system_actor("test"), clock.now(), clock.today()
root = org.add_organisation(parent=None, kind="college", code="C", name="学院", starts=today, by=by, at=at)
row = Round.objects.create(
    due_at=at, opens_at=at, ends_at=at + timedelta(hours=9), planned_at=at, purge_on=today + timedelta(days=30),
    items=[{"key": "checkin:daily", "zh": "申报", "en": "check-in", "path": "/"}])
for k in range(UNITS):
    unit = org.add_organisation(parent=root, kind="class", code=f"K{k}", name=f"{k}班", starts=today, by=by, at=at)
    person = org.add_person(number=f"S{k}", name=f"学生{k}", kind="student", home=unit, since=today, by=by, at=at)
    channel = actions.add_channel(
        name=f"K{k}", kind="wecom", organisation=unit, url=f"http://127.0.0.1:PORT/send?key=key-{k}", by=by, at=at)
    message = Message.objects.create(
        round=row, organisation=unit, purpose="digest", state="open", next_at=at, created_at=at)
    Delivery.objects.create(message=message, channel=channel, next_at=at)
print(0)
"""

# The clock of this last pass is past every lease.
FINISH = """
from datetime import timedelta
from shouwang.core import clock
from shouwang.outreach import actions
from shouwang.outreach.models import Delivery
actions.send_due(now=lambda: clock.now() + timedelta(minutes=2))
print(json.dumps(list(Delivery.objects.order_by("pk").values_list("channel__name", "state"))))
"""


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


def test_a_killed_sender_sends_nothing_twice_and_hides_nothing(tmp_path: Path, sink: Sink) -> None:
    there = Installation(tmp_path / "home")
    there.run("init")
    there.python(PREPARE.replace("PORT", str(sink.port)).replace("UNITS", str(UNITS)))
    chance = random.Random(20200201)
    for _ in range(DEATHS):
        goal = len(sink.heard) + chance.randint(5, 12)
        sender = subprocess.Popen([*CLI, "remind", "send"], env=there.environment, stdout=subprocess.DEVNULL)
        wait_until(lambda goal=goal: len(sink.heard) >= goal, 60, "messages arrive")  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.02))
        os.kill(sender.pid, signal.SIGKILL)
        sender.wait()
    assert len(sink.heard) < UNITS, "killed too late to show anything"

    states = dict(there.python(FINISH))
    assert max(Counter(sink.heard).values()) == 1, "a message was sent twice"
    unknown = {name for name, state in states.items() if state == "unknown"}
    assert Counter(states.values()) == {"sent": UNITS - len(unknown), **({"unknown": len(unknown)} if unknown else {})}
    assert len(unknown) <= DEATHS  # one sender has one message in hand
    assert {name for name, state in states.items() if state == "sent"} <= set(sink.heard)
    assert set(states) - set(sink.heard) <= unknown, "a message was lost in silence"
