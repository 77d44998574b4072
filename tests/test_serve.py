"""`shouwang serve` from start to stop: the worker imports, the sweeper marks late clocks, the dead rise, all end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving import CLI, Installation, installed, wait_until

pytestmark = pytest.mark.slow
ENDS_WITHIN = 10.0  # seconds: what Docker grants between asking and killing

PREPARE = """
from datetime import timedelta
from shouwang.cases import actions as cases
from shouwang.core import clock, packs
from shouwang.core.models import ActivePack
from shouwang.core.scope import system_actor
from shouwang.org import actions as org
by, at, today = system_actor("test"), clock.now(), clock.today()
pack = packs.get_pack("covid19-2020-6")
ActivePack.objects.create(code=pack.code, sha256=pack.sha256, active_from=today - timedelta(days=9))
root = org.add_organisation(parent=None, kind="university", code="U", name="望川大学", starts=today, by=by, at=at)
lin = org.add_person(number="S1", name="林晓", kind="student", home=root, since=today, by=by, at=at)
account = org.create_account(username="admin", password="correct horse 77", person=None, by=by, at=at)
org.grant_role(account, role="administrator", organisation=root, since=today, by=by, at=at)
early = at - timedelta(hours=30)
cases.open_case(
    person=lin, pack=pack, classification="confirmed", reason="核酸阳性", detected_at=early, by=by, at=early
)
print(json.dumps(org.issue_token(account, name="test", days=2, by=by, at=at)[1]))
"""
CLOCKS = """
from shouwang.cases.models import Clock
print(json.dumps(sorted(set(Clock.objects.values_list("state", flat=True)))))
"""
ROSTER = "学号,姓名,班级\n2023010101,王蕾,计科2301班\n2023010102,孟欣,计科2301班\n"


@pytest.fixture
def server(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = installed(tmp_path / "home", tmp_path_factory.getbasetemp())
    yield made
    made.close()


def upload(server: Installation, token: str) -> int:
    mark = "----roster"
    fields = {"kind": "student", "create_organisations": "true"}
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="roster.csv"\r\n\r\n'
    form = ("".join(parts) + head + ROSTER + f"\r\n--{mark}--\r\n").encode()
    kind = f"multipart/form-data; boundary={mark}"
    status, run = server.call("POST", "/api/v1/org/imports", token=token, form=form, kind=kind)
    assert status == 202, run
    found: int = run["id"]
    return found


def run_of(server: Installation, token: str, run_id: int) -> dict[str, Any]:
    status, run = server.call("GET", f"/api/v1/org/imports/{run_id}", token=token)
    assert status == 200, run
    found: dict[str, Any] = run
    return found


def reaches(server: Installation, token: str, run_id: int, state: str) -> None:
    wait_until(lambda: run_of(server, token, run_id)["state"] == state, 90, f"import is {state}", server.log)


def helper(server: Installation, word: str) -> list[int]:
    """Ids of the server's helper processes whose command line holds `word`."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    ours = set(server.processes())
    rows = [line.split(None, 1) for line in listed.splitlines()]
    return [int(pid) for pid, words in rows if int(pid) in ours and f"shouwang.cli {word} --until-alone" in words]


def test_served_worked_swept_killed_and_stopped(server: Installation) -> None:
    token = server.python(PREPARE)
    assert "running" in server.python(CLOCKS)
    server.start()

    wait_until(lambda: "overdue" in server.python(CLOCKS), 90, "a clock is overdue", server.log)

    run_id = upload(server, token)
    reaches(server, token, run_id, "checked")

    (worker,) = helper(server, "worker")
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: helper(server, "worker") not in ([], [worker]), 60, "the worker rises", server.log)
    status, asked = server.call("POST", f"/api/v1/org/imports/{run_id}/commit", token=token)
    assert status == 202, asked
    reaches(server, token, run_id, "done")
    status, people = server.call("GET", "/api/v1/org/people", token=token)
    assert {person["number"] for person in people["items"]} == {"S1", "2023010101", "2023010102"}

    assert server.process is not None
    began = time.monotonic()
    server.process.terminate()
    server.process.wait(timeout=ENDS_WITHIN)
    assert server.processes() == []
    assert time.monotonic() - began < ENDS_WITHIN


def test_nothing_is_left_when_the_server_is_killed(server: Installation) -> None:
    server.python(PREPARE)
    server.start()
    assert server.process is not None
    assert helper(server, "worker") and helper(server, "sweep")
    server.process.kill()
    server.process.wait()
    wait_until(lambda: not server.processes(), 30, "helpers and server processes leave", server.log)


def test_serving_an_empty_home_says_what_to_run(tmp_path: Path) -> None:
    made = Installation(tmp_path / "nowhere")
    done = subprocess.run([*CLI, "serve"], env=made.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "shouwang init" in done.stderr
