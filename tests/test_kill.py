"""A receipt that was sent is durable: the server is killed again and again while people check in."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Installation, installed

pytestmark = pytest.mark.slow
DEATHS = 3
PEOPLE = 6
PATH = "/api/v1/checkins/"

PREPARE = f"""
from datetime import timedelta
from shouwang.core import clock, packs
from shouwang.core.models import ActivePack
from shouwang.core.scope import system_actor
from shouwang.org import actions as org
by, at, today = system_actor("test"), clock.now(), clock.today()
pack = packs.get_pack("covid19-2020-6")
ActivePack.objects.create(code=pack.code, sha256=pack.sha256, active_from=today - timedelta(days=9))
home = org.add_organisation(parent=None, kind="college", code="C", name="学院", starts=today, by=by, at=at)
tokens = []
for k in range({PEOPLE}):
    person = org.add_person(number=f"S{{k}}", name=f"学生{{k}}", kind="student", home=home, since=today, by=by, at=at)
    account = org.create_account(username=f"s{{k}}", password="correct horse 77", person=person, by=by, at=at)
    tokens.append(org.issue_token(account, name="phone", days=2, by=by, at=at)[1])
print(json.dumps(tokens))
"""

LOOK = """
from collections import Counter
from shouwang.checkins.models import CheckIn, LatestCheckIn, SymptomAlert
from shouwang.core.models import AuditEntry
rows = list(CheckIn.objects.order_by("pk").select_related("person"))
newest, ill = {}, set()
for row in rows:
    best = newest.get(row.person_id)
    newest[row.person_id] = row if best is None or row.at >= best.at else best
    if row.symptomatic:
        ill.add(row.person_id)
latest = dict(LatestCheckIn.objects.values_list("person_id", "checkin_id"))
print(json.dumps({
    "rows": [[row.client_key, row.receipt, row.person.number] for row in rows],
    "latest_agrees": latest == {person: row.pk for person, row in newest.items()},
    "alerts_agree": sorted(SymptomAlert.objects.values_list("person_id", flat=True)) == sorted(ill),
    "ill": len(ill),
    "audited": AuditEntry.objects.filter(verb="checkin.submitted").values("object").distinct().count(),
}))
"""


class Phone:
    """One person who checks in again and again, and writes down what was acknowledged and what was left unanswered."""

    def __init__(self, number: int, token: str, server: Installation) -> None:
        self.number, self.token, self.server = number, token, server
        self.acknowledged: dict[str, str] = {}
        self.sent: dict[str, dict[str, Any]] = {}
        self.open: dict[str, dict[str, Any]] = {}
        self.refused: list[Any] = []
        self._sent = 0

    def send(self) -> None:
        self._sent += 1
        ill = self.number % 2 == 0 and self._sent % 3 == 0
        answers = {"temperature_c": "38.7", "symptoms": ["fever", "cough"]} if ill else {"temperature_c": "36.4"}
        self.post(f"k-{self.number}-{self._sent}", {**answers, "exposure": False})

    def post(self, key: str, answers: dict[str, Any]) -> None:
        self.sent[key] = self.open[key] = answers
        body = {"client_key": key, "answers": answers}
        try:
            status, answer = self.server.call("POST", PATH, token=self.token, body=body)
        except (OSError, HTTPException, ValueError):
            return  # no answer, or half of one: only a retry can tell
        if status == 201:
            self.acknowledged[key] = answer["receipt"]
            del self.open[key]
        else:
            self.refused.append((status, answer))

    def until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.send()
            stop.wait(0.01)


@pytest.fixture
def server(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = installed(tmp_path / "home", tmp_path_factory.getbasetemp())
    yield made
    made.close()


def one_life(server: Installation, phones: list[Phone], seconds: float) -> None:
    """Serve, take check-ins for a while, die."""
    server.start("--no-background")
    stop = threading.Event()
    threads = [threading.Thread(target=phone.until, args=(stop,)) for phone in phones]
    before = sum(len(phone.acknowledged) for phone in phones)
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while sum(len(phone.acknowledged) for phone in phones) < before + 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(seconds)
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()


def test_every_acknowledged_receipt_survives_and_retries_make_one_row(server: Installation) -> None:
    phones = [Phone(k, token, server) for k, token in enumerate(server.python(PREPARE))]
    chance = random.Random(20200211)
    for _ in range(DEATHS):
        one_life(server, phones, chance.uniform(0.2, 1.5))

    acknowledged = {key: receipt for phone in phones for key, receipt in phone.acknowledged.items()}
    unanswered = [key for phone in phones for key in phone.open]
    assert len(acknowledged) >= DEATHS * 5
    assert [phone.refused for phone in phones if phone.refused] == []

    state = server.python(LOOK)
    stored = {key: receipt for key, receipt, _person in state["rows"]}
    assert len(stored) == len(state["rows"]), "a client key stands twice"
    assert {key: stored.get(key) for key in acknowledged} == acknowledged
    assert set(stored) <= set(acknowledged) | set(unanswered)
    check_agreement(state)

    server.start("--no-background")
    for phone in phones:
        for key, answers in list(phone.open.items()):
            phone.post(key, answers)
            phone.post(key, answers)
    for phone in phones:  # whoever asks again about what was acknowledged gets the same receipt
        key = next(iter(phone.sent))
        phone.post(key, phone.sent[key])
        assert phone.acknowledged[key] == acknowledged.get(key, phone.acknowledged[key])
    assert [phone.refused for phone in phones if phone.refused] == []
    server.kill()

    after = server.python(LOOK)
    keys = [key for key, _receipt, _person in after["rows"]]
    assert sorted(keys) == sorted({*acknowledged, *unanswered})
    assert all(f"S{key.split('-')[1]}" == person for key, _receipt, person in after["rows"])
    check_agreement(after)


def check_agreement(state: dict[str, Any]) -> None:
    """Whatever is derived from the rows was written with them, or not at all."""
    assert state["latest_agrees"]
    assert state["alerts_agree"]
    assert state["ill"] >= 1
    assert state["audited"] == 0  # each row is its own record; see `storing`
