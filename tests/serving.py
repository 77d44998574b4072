"""A real server of its own: a home on SQLite, real processes, killed and asked to stop as an operator would."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

CLI = [sys.executable, "-m", "shouwang.cli"]
STARTS_WITHIN = 120.0  # seconds; a loaded machine compiles the contact kernel in them


class Installation:
    """One SHOUWANG_HOME. `run` commands in it, `start` and `stop` or `kill` its server."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = os.environ | {"SHOUWANG_HOME": str(home), "LC_ALL": "C.UTF-8", "SHOUWANG_LANGUAGE": "en"}
        for name in ("SHOUWANG_DATABASE_URL", "SHOUWANG_SECRET_KEY", "DJANGO_SETTINGS_MODULE"):
            self.environment.pop(name, None)
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.log = home.parent / "serve.log"

    def run(self, *words: str, status: int = 0) -> str:
        done = subprocess.run([*CLI, *words], env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def python(self, code: str) -> Any:
        """What `code`, run inside Django on this home, prints as its last line, from JSON."""
        environment = self.environment | {"DJANGO_SETTINGS_MODULE": "shouwang.web.settings"}
        command = [sys.executable, "-c", f"import django, json; django.setup()\n{code}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    def start(self, *words: str) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*CLI, "serve", "--port", str(self.port), *words], env=self.environment,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        wait_until(self._answers, STARTS_WITHIN, "the server answers", self.log)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
        try:
            self.call("GET", "/api/v1/openapi.json", token="")
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """As a power cut does: every process of the server at once."""
        assert self.process is not None
        kill_group(self.process)

    def call(self, method: str, path: str, *, token: str, body: Any = None, form: bytes = b"", kind: str = "") -> Any:
        """(status, JSON). OSError when no answer came: whether it was done is then unknown."""
        data = form or (json.dumps(body).encode() if body is not None else None)
        headers = {"Content-Type": kind or "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    def processes(self) -> list[int]:
        """Ids of the living processes of the server's session."""
        assert self.process is not None
        return [pid for pid, session in _sessions() if session == self.process.pid]

    def close(self) -> None:
        if self.process is not None and self.processes():
            os.killpg(self.process.pid, signal.SIGKILL)


def installed(home: Path, basetemp: Path) -> Installation:
    """A home as `shouwang init` leaves it. Made once for all tests of a run, whose common folder lies above the
    workers' own (`basetemp`), and copied: setting one up takes longer than most of what is tried on it."""
    common = basetemp.parent if "PYTEST_XDIST_WORKER" in os.environ else basetemp
    template = common / "installed"
    with (common / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            first = Installation(common / "installing")
            first.run("init")
            first.home.rename(template)
    shutil.copytree(template, home)
    return Installation(home)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a server with all its processes and wait until the last is gone: one that is still dying holds the port, and
    whoever then connects talks to the dead."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 30
    while True:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < deadline, "a killed process is still there"
        time.sleep(0.005)


def _sessions() -> list[tuple[int, int]]:
    listed = subprocess.run(["ps", "-eo", "pid=,sid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [(int(pid), int(session)) for pid, session, state in rows if not state.startswith("Z")]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_until(true: Callable[[], bool], seconds: float, what: str, log: Path | None = None) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        said = log.read_text(errors="replace")[-3000:] if log is not None and log.exists() else ""
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain: {what}\n{said}"
        time.sleep(0.2)
