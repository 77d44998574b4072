"""The processes beside the server: import worker, sweeper, reminders. One that dies is started again."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import click
from django.core.management import call_command

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 5.0  # for all helpers together, after the server: Docker kills 10 s after it has asked
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
STEADY_SECONDS = 60.0  # one that lived so long was well: the pause before its next start is short again

PR_SET_PDEATHSIG = 1  # linux/prctl.h

HELPERS: Mapping[str, Sequence[str]] = {
    "worker": ("worker", "--until-alone"),
    "sweeper": ("sweep", "--until-alone", "--every", "5"),
    "reminders": ("remind", "run", "--until-alone", "--every", "30"),
}


class Supervisor:
    """Keeps helpers alive from `start` to `stop`, in one thread of its own."""

    def __init__(self, commands: Mapping[str, Sequence[str]]) -> None:
        self._commands = {name: [sys.executable, "-m", "shouwang.cli", *words] for name, words in commands.items()}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._pauses: dict[str, float] = {}
        self._born: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._in_server_process)
        for name in self._commands:
            self._begin(name)
        self._thread.start()

    def stop(self) -> None:
        """Ask every helper to end, wait, and kill those that have not ended in time. Nothing is left running."""
        self._stopped.set()
        self._thread.join()
        for helper in self._running.values():
            helper.terminate()
        deadline = time.monotonic() + PATIENCE_SECONDS
        for helper in self._running.values():
            try:
                helper.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                helper.kill()
                helper.wait()

    def _begin(self, name: str) -> None:
        # The pipe on standard input breaks when this process ends, however it ends: see `leave_when_alone`.
        self._running[name] = subprocess.Popen(self._commands[name], stdin=subprocess.PIPE)
        self._born[name] = time.monotonic()

    def _in_server_process(self) -> None:
        """In a forked server process: let go of the helpers' pipes, and end when the parent does, if Linux says so."""
        for helper in self._running.values():
            if helper.stdin is not None:
                helper.stdin.close()
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    def _watch(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            for name, helper in list(self._running.items()):
                if helper.poll() is not None:
                    self._bury(name, helper.returncode)
            for name, moment in list(self._due.items()):
                if time.monotonic() >= moment:
                    del self._due[name]
                    self._begin(name)

    def _bury(self, name: str, status: int) -> None:
        """Note the death and when to start again: after a second, and twice as long for each death soon after."""
        del self._running[name]
        lived = time.monotonic() - self._born[name]
        pause = FIRST_PAUSE if lived > STEADY_SECONDS else min(self._pauses.get(name, 0.5) * 2, LONGEST_PAUSE)
        self._pauses[name] = pause
        self._due[name] = time.monotonic() + pause
        click.echo(f"The {name} ended with status {status}; starting it again in {pause:g} s.", err=True)


def leave_when_alone(leave: Callable[[], None]) -> None:
    """Call `leave` when standard input ends: the process at its other end, which started this one, is gone."""

    def wait() -> None:
        while os.read(0, 1024):
            continue
        leave()

    threading.Thread(target=wait, name="parent", daemon=True).start()


@click.command()
@click.option("--until-alone", is_flag=True, hidden=True, help="End when standard input does.")
def worker(until_alone: bool) -> None:
    """Check and commit uploaded files, one after the other, until stopped."""
    if until_alone:
        leave_when_alone(lambda: os.kill(os.getpid(), signal.SIGTERM))
    call_command("db_worker", interval=1.0, reload=False, verbosity=0)
