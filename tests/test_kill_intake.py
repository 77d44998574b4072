"""Twenty deaths under load: every receipt the intake handed out is found afterwards, and nothing stands twice."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Installation, installed, kill_group

pytestmark = pytest.mark.slow
DEATHS, PHONES = 20, 16

PREPARE = f"""
from datetime import timedelta
from django.conf import settings
from shouwang.checkins.actions import sync_standings
from shouwang.checkins.rules import credentials
from shouwang.core import clock, packs
from shouwang.core.models import ActivePack
from shouwang.org.models import Person
at = clock.now()
pack = packs.get_pack("covid19-2020-6")
ActivePack.objects.create(code=pack.code, sha256=pack.sha256, active_from=clock.today() - timedelta(days=9))
people = [Person.objects.create(number=f"S{{k}}", name=f"学生{{k}}", home_path="0001") for k in range({PHONES})]
sync_standings(at=at)
key = credentials.derived_key(settings.SECRET_KEY)
print(json.dumps([credentials.issue(key, person=person.pk, account=None, serial=0, mouth=1, at=at)
                  for person in people]))
"""

LOOK = """
from shouwang.checkins.models import CheckIn, LatestCheckIn, SymptomAlert
rows = list(CheckIn.objects.order_by("pk").select_related("person"))
newest = {row.person_id: row.pk for row in rows}
latest = dict(LatestCheckIn.objects.filter(checkin__isnull=False).values_list("person_id", "checkin_id"))
ill = sorted({row.person_id for row in rows if row.symptomatic})
print(json.dumps({
    "rows": [[row.client_key, row.receipt, row.person.number] for row in rows],
    "latest_agrees": latest == newest,
    "alerts_agree": sorted(set(SymptomAlert.objects.values_list("person_id", flat=True))) == ill,
    "ill": len(ill),
}))
"""

# The server alone, without the command's own start-up, so that twenty lives fit into a test.
SERVE = """
import sys
from granian.constants import Interfaces
from granian.server import Server
Server("shouwang.web.asgi:application", address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.ASGINL,
       workers=1, websockets=False, log_enabled=False).serve()
"""


class Phone(threading.Thread):
    """One connection that sends check-in after check-in until it breaks; what was acknowledged is written down."""

    def __init__(self, number: int, ticket: str, port: int, life: int) -> None:
        super().__init__(daemon=True)
        self.number, self.ticket, self.port, self.life = number, ticket, port, life
        self.acknowledged: dict[str, str] = {}
        self.sent: dict[str, bytes] = {}
        self.refused: list[Any] = []

    def run(self) -> None:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
                for turn in range(25):  # below the rate limit of one process's life
                    key = f"k-{self.number}-{self.life}-{turn}"
                    ill = self.number == 0 and turn % 4 == 3
                    answers = {"temperature_c": 38.7} if ill else {"temperature_c": 36.4, "exposure": False}
                    self.sent[key] = json.dumps({"key": key, "answers": answers}).encode()
                    status, body = post(line, self.sent[key], self.ticket)
                    if status == 201:
                        self.acknowledged[key] = body["receipt"]
                    else:
                        self.refused.append((status, body))
        except (OSError, ValueError):
            return  # no answer, or half of one: only a retry can tell


def post(line: socket.socket, body: bytes, ticket: str) -> tuple[int, Any]:
    head = (
        f"POST /intake/checkins HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ticket}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    line.sendall(head.encode() + body)
    got = b""
    while b"\r\n\r\n" not in got:
        got += line.recv(65536) or _broken()
    before, _gap, rest = got.partition(b"\r\n\r\n")
    fields = dict(part.split(b": ", 1) for part in before.split(b"\r\n")[1:])
    while len(rest) < int(fields[b"content-length"]):
        rest += line.recv(65536) or _broken()
    return int(before[9:12]), json.loads(rest)


def _broken() -> bytes:
    raise OSError("the line broke")


def start(home: Installation, port: int) -> subprocess.Popen[bytes]:
    environment = home.environment | {"DJANGO_SETTINGS_MODULE": "shouwang.web.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port)], env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
                assert post(line, b"{}", "")[0] == 401  # the worker behind the socket is there
                return process
        except OSError:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)


def test_no_receipt_is_lost_in_twenty_deaths(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = installed(tmp_path / "home", tmp_path_factory.getbasetemp())
    tickets = home.python(PREPARE)
    acknowledged: dict[str, str] = {}
    sent: dict[str, tuple[int, bytes]] = {}
    alive = 0
    for life in range(DEATHS):
        process = start(home, home.port)
        phones = [Phone(number, ticket, home.port, life) for number, ticket in enumerate(tickets)]
        for phone in phones:
            phone.start()
        # Dies in the middle: after some receipts of this life, at another number of them each time.
        deadline = time.monotonic() + 60
        while sum(len(phone.acknowledged) for phone in phones) < 5 + 13 * (life % 7):
            assert time.monotonic() < deadline and any(phone.is_alive() for phone in phones), "nobody gets an answer"
            time.sleep(0.002)
        kill_group(process)
        for phone in phones:
            phone.join()
            assert phone.refused == []
            acknowledged |= phone.acknowledged
            sent |= {key: (phone.number, body) for key, body in phone.sent.items()}
        alive += any(len(phone.sent) > len(phone.acknowledged) for phone in phones)

    assert len(acknowledged) >= DEATHS * 5
    assert alive >= DEATHS // 2, "most lives must end with requests under way"
    state = home.python(LOOK)
    stored = {key: receipt for key, receipt, _person in state["rows"]}
    assert len(stored) == len(state["rows"]), "a client key stands twice"
    assert {key: stored.get(key) for key in acknowledged} == acknowledged
    assert set(stored) <= set(sent)
    assert state["latest_agrees"] and state["alerts_agree"] and state["ill"] == 1

    process = start(home, home.port)
    try:
        open_keys = [key for key in sent if key not in acknowledged]
        with socket.create_connection(("127.0.0.1", home.port), timeout=20) as line:
            for key in [*open_keys, *list(acknowledged)[:20]]:
                number, body = sent[key]
                status, said = post(line, body, tickets[number])
                assert status in (200, 201), said
                assert said["receipt"] == stored.get(key, said["receipt"])
    finally:
        kill_group(process)
    after = home.python(LOOK)
    assert sorted(key for key, _receipt, _person in after["rows"]) == sorted({*open_keys, *stored})
    assert all(f"S{key.split('-')[1]}" == person for key, _receipt, person in after["rows"])
