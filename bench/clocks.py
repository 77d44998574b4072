"""Late clocks with 200,000 open cases, three awaited clocks each: `python -m bench clocks`.

A bureau, a university, a college and a class ask for the page of late clocks, its second page and the API's, each with
what the page counts. Half of the clocks are late. Peer: the list as one would write it first, joining the case and its
person and sorting all that is in reach. Times are processor milliseconds. It fails when the two lists differ.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.common import finish, quantile, say, summary
from bench.home import start
from bench.linelist import WHO, _cpu, _make

GOAL_MS = 150.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the database where it is not there, then measure."""
    parser = argparse.ArgumentParser(prog="python -m bench clocks", description=__doc__)
    parser.add_argument("--people", type=int, default=400_000)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--home", type=Path, help="kept between runs")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-clocks-") as name:
        home = options.home or Path(name) / "home"
        fresh = not (home / "shouwang.sqlite3").exists()
        start(home)
        if fresh:
            _make(options.people, options.cases)
            _clocks()
        compare(options)


def _clocks() -> None:
    """Every case open, with three awaited clocks whose due times lie within a month before and after now."""
    from django.db import connection

    from shouwang.core import clock

    now = f"{clock.now():%Y-%m-%d %H:%M:%S}"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET closed_at = NULL")
        cursor.execute(
            "INSERT INTO cases_clock (case_id, code, name_zh, name_en, starts_at, due_at, owner_role, state, home_path,"
            " awaited, steps) SELECT c.id, k.code, k.code, k.code, c.detected_at,"
            " max(c.detected_at, datetime(%s, printf('%%+d minutes', (c.id * 7919 + k.n * 104729) %% 86400 - 43200))),"
            " 'clinic', 'running', c.home_path, 1, 0 FROM cases_case c,"
            " (SELECT 'report' AS code, 1 AS n UNION ALL SELECT 'isolate', 2 UNION ALL SELECT 'treat', 3) k",
            [now],
        )
        cursor.execute("ANALYZE")


def _plain(by: Any, at: Any) -> list[int]:
    from django.db.models import Q

    from shouwang.cases.models import Clock
    from shouwang.org.queries import reachable

    unmet = Q(state__in=("running", "overdue"), case__closed_at__isnull=True, due_at__lt=at)
    rows = Clock.objects.filter(unmet, reachable(by, "case.view", "case__person__"))
    rows.count()
    return [row.pk for row in rows.select_related("case__person__home").order_by("due_at", "id")[:50]]


def compare(options: argparse.Namespace) -> None:
    from django.test import Client

    from shouwang.cases import queries
    from shouwang.core import clock
    from shouwang.org.models import Account
    from shouwang.org.queries import actor_for

    at, ours, peers, equal = clock.now(), dict[str, Any](), dict[str, Any](), True
    say(f"{'late clocks':<34}{'p50 ms':>10}{'p95 ms':>10}{'plain p95':>12}")
    for name in WHO:
        account = Account.objects.get(username=name)
        by = actor_for(account, at=at)

        def ask(by: Any = by) -> list[int]:
            return [row.pk for row in queries.clock_page(queries.late_clocks(by, at), "").rows]

        equal &= ask() == _plain(by, at)
        times, plain = _cpu(ask, options.repeat), _cpu(partial(_plain, by, at), 3)
        ours[f"list {name}"], peers[f"list {name}"] = summary(times), summary(plain)
        say(f"{name:<34}{quantile(times, 0.5):>10.1f}{quantile(times, 0.95):>10.1f}{quantile(plain, 0.95):>12.1f}")
        client = Client(headers={"host": "localhost"})
        client.force_login(account)
        page = queries.clock_page(queries.late_clocks(by, at), "")
        for title, path in (("page", "/cases/clocks/"), ("second page", f"/cases/clocks/?page={page.next or ''}")):
            if client.get(path).status_code != 200:
                raise RuntimeError(f"{path} as {name}")
            key = f"{title} {name}"
            ours[key] = summary(_cpu(partial(client.get, path), options.repeat))
            say(f"{key:<34}{ours[key]['p50_ms']:>10.1f}{ours[key]['p95_ms']:>10.1f}")
    worst = max(row["p95_ms"] for row in ours.values())
    say(f"worst p95 {worst:.1f} ms (goal {GOAL_MS:.0f})")
    finish("clocks", ours, peers, {}, equal, worst_p95_ms=worst, goals={"page_ms": GOAL_MS})


if __name__ == "__main__":
    main()
