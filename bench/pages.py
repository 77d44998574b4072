"""Pages of the demo campus (25,800 people): a restricted role against one that may see everybody.

In other systems the restricted user is the slow one (SORMAS issues 4922 and 6188: the permission's conditions make the
query explode). Each page is asked in-process through the whole middleware stack, warm, `--repeat` times; the database
is the demo's own SQLite file. `answers_equal`: what the restricted role is shown equals a filter by hand.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.common import finish, measure, say, summary
from bench.home import start

# page, restricted user, unrestricted user (of the demo's logins)
PAGES = [
    ("/", "monitor", "office"),
    ("/", "counsellor", "leader"),
    ("/checkins/unit/", "monitor", "office"),
    ("/checkins/unit/", "counsellor", "office"),
    ("/org/people/", "counsellor", "admin"),
    ("/org/people/?q=王", "counsellor", "admin"),
    ("/command/report/", "counsellor", "leader"),
    ("/isolation/absent/", "counsellor", "office"),
]
ONE_SIDED = [
    ("/checkins/alerts/", "clinic"),
    ("/cases/", "clinic"),
    ("/isolation/orders/", "clinic"),
    ("/tracing/", "tracer"),
]
LIMIT_MS = 150.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.pages", description=__doc__)
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--home", type=Path, help="a home that holds a demo; made when none is given")
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as name:
        home = options.home or Path(name) / "home"
        if options.home is None:
            _play(home, options.small)
        start(home)
        compare(options.repeat)


def _play(home: Path, small: bool) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "shouwang.cli", "demo", "--fresh", "--no-serve", *(["--small"] if small else [])]
    environment = {key: value for key, value in os.environ.items() if key != "SHOUWANG_DATABASE_URL"}
    subprocess.run(command, env=environment | {"SHOUWANG_HOME": str(home)}, check=True, stdout=subprocess.DEVNULL)


def _ask(username: str) -> Any:
    from django.test import Client

    from shouwang.org.models import Account

    client = Client(headers={"host": "localhost"})
    client.force_login(Account.objects.get(username=username))
    return client


def _time(path: str, username: str, repeat: int) -> dict[str, float]:
    client = _ask(username)
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} as {username}: {answer.status_code}")
    client.get(path)
    return summary(measure(lambda: client.get(path), repeat))


def compare(repeat: int) -> None:
    ours: dict[str, Any] = {}
    peers: dict[str, Any] = {}
    ratio: dict[str, float] = {}
    say(f"{'page':<28}{'as':<14}{'p50 ms':>10}{'p95 ms':>10}   unrestricted p95")
    for path, restricted, unrestricted in PAGES:
        mine, other = _time(path, restricted, repeat), _time(path, unrestricted, repeat)
        key = f"{path} {restricted}"
        ours[key], peers[f"{path} {unrestricted}"] = mine, other
        ratio[key] = round(other["p95_ms"] / mine["p95_ms"], 2)
        say(f"{path:<28}{restricted:<14}{mine['p50_ms']:>10.1f}{mine['p95_ms']:>10.1f}   {other['p95_ms']:.1f}")
    for path, username in ONE_SIDED:
        mine = _time(path, username, repeat)
        ours[f"{path} {username}"] = mine
        say(f"{path:<28}{username:<14}{mine['p50_ms']:>10.1f}{mine['p95_ms']:>10.1f}")
    worst = max(row["p95_ms"] for row in ours.values())
    say(f"slowest restricted p95: {worst:.1f} ms (goal {LIMIT_MS:.0f})")
    finish("pages", ours, peers, ratio, _same_people(), worst_p95_ms=worst, goal_ms=LIMIT_MS)


def _same_people() -> bool:
    """What the counsellor may see, by the scope's condition and by walking the tree."""
    from shouwang.core import clock
    from shouwang.org.models import Account, Membership, Person
    from shouwang.org.queries import actor_for, visible_people

    account = Account.objects.get(username="counsellor")
    by = actor_for(account, at=clock.now())
    root = account.grants.get(role="counsellor").organisation
    inside = {root.pk}
    frontier = [root]
    while frontier:
        children = [child for unit in frontier for child in unit.children.all()]
        inside |= {child.pk for child in children}
        frontier = children
    today = clock.today()
    by_hand = {
        row.person_id
        for row in Membership.objects.select_related("person")
        if row.organisation_id in inside and row.starts <= today and (row.ends is None or row.ends >= today)
        and row.person.left_on is None
    }  # fmt: skip
    shown = set(visible_people(by).values_list("pk", flat=True))
    return shown == by_hand and 0 < len(shown) < Person.objects.count()


if __name__ == "__main__":
    main()
