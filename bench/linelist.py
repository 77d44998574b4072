"""The line list of cases: 200,000 cases among 1,000,000 people, in the SQLite file of one installation.

A bureau, a university, a college and a class ask for the first page and for filtered pages, each with its count; then
the whole list leaves as CSV and as Excel. Pages go through the whole middleware stack. Times of pages and
rates of exports are processor time of this process (SQLite runs in it), since other work may share the machine; of
exports the wall-clock rate stands beside it. Peer: the list as one would
first write it, cases joined to people; the answers must be equal. Made in a temporary folder unless `--home` names one,
which is then kept and used again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bench.common import finish, peak_mb, quantile, say, summary
from bench.home import start

GOAL_PAGE_MS, GOAL_ROWS_S, GOAL_MB = 150.0, 20_000, 300.0
WHO = {"bureau": "B", "university": "U3", "college": "C60", "class": "K77"}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.linelist", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--home", type=Path, help="a folder that is kept and used again")
    parser.add_argument("--export", choices=("csv", "xlsx"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-linelist-") as name:
        home = options.home or Path(name) / "home"
        fresh = not (home / "shouwang.sqlite3").exists()
        start(home)
        if options.export:
            _export(options.export)
            return
        if fresh:
            _make(options.people, options.cases)
        compare(options, home)


def _make(people: int, cases: int) -> None:
    """Cases by INSERT … SELECT over people, all within 90,000 minutes; who is ill follows from the number alone.

    Shares (assumptions): a fifth not reported yet, a tenth without onset, a third confirmed.
    """
    from django.db import connection

    from bench.lists import make_people
    from shouwang.core import clock
    from shouwang.org.models import Account, Grant, Organisation

    make_people(people)
    now, step = clock.now(), max(1, people // cases)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_case (number, person_id, home_path, disease, pack, pack_sha256, classification,"
            " classified_at, onset_at, onset_day_only, detected_at, reported_at, closed_at, close_reason, opened_at,"
            " note, version, purge_on) "
            "SELECT 'COV-2026-' || printf('%%06d', id), id, home_path, d, d || '-1', '', c, m, o, id %% 3 = 0, m, r, m,"
            " '', m, '', 1, '2099-01-01' FROM (SELECT id, home_path,"
            " CASE WHEN h %% 4 = 0 THEN 'influenza' ELSE 'covid19' END AS d,"
            " CASE h %% 6 WHEN 0 THEN 'suspected' WHEN 1 THEN 'probable' WHEN 2 THEN 'asymptomatic'"
            " WHEN 3 THEN 'discarded' ELSE 'confirmed' END AS c, datetime(%s, '-' || (h %% 90000) || ' minutes') AS m,"
            " CASE WHEN h %% 10 > 0 THEN datetime(%s, '-' || (h %% 90000 + 2000) || ' minutes') END AS o,"
            " CASE WHEN h %% 5 > 0 THEN datetime(%s, '-' || (h %% 90000) || ' minutes') END AS r"
            " FROM (SELECT id, home_path, (id * 2654435761) %% 1000003 AS h FROM org_person WHERE id %% %s = 0)"
            " ORDER BY id LIMIT %s)",
            [*[f"{now:%Y-%m-%d %H:%M:%S}"] * 3, step, cases],
        )
    for name, code in WHO.items():
        account = Account.objects.create(username=name, created_at=now)
        unit = Organisation.objects.get(code=code)
        Grant.objects.create(
            account=account, role="tracer", organisation=unit, starts=clock.today() - timedelta(days=9)
        )


def _filters(by: Any, at: datetime) -> dict[str, Any]:
    from shouwang.cases.outward.queries import line_filter
    from shouwang.core import clock

    today = clock.local_day(at)
    days: dict[str, Any] = {"first": today - timedelta(days=30), "last": today - timedelta(days=20)}
    return {
        "first page": line_filter(by),
        "disease, class": line_filter(by, disease="influenza", classification="probable"),
        "onset days": line_filter(by, **days),
        "report unknown": line_filter(by, moment="reported", missing=True),
        "confirmed days": line_filter(by, moment="confirmed", **days),
        "nothing fits": line_filter(by, disease="measles"),
    }


def _plain(by: Any, wanted: Any) -> list[int]:
    """The first page as one would write it first."""
    from shouwang.cases.outward.queries import _dated
    from shouwang.cases.queries import visible_cases

    rows = visible_cases(by).filter(_dated(wanted))
    for name in ("disease", "classification"):
        if value := getattr(wanted, name):
            rows = rows.filter(**{name: value})
    return list(rows.order_by("-opened_at", "-id").values_list("pk", flat=True)[:50])


def _cpu(act: Callable[[], object], repeat: int) -> list[float]:
    """Processor milliseconds of each call."""
    times = []
    for _ in range(repeat):
        began = time.process_time_ns()
        act()
        times.append((time.process_time_ns() - began) / 1e6)
    return times


def compare(options: argparse.Namespace, home: Path) -> None:
    from django.test import Client

    from shouwang.cases.outward import queries
    from shouwang.core import clock
    from shouwang.org.models import Account
    from shouwang.org.queries import actor_for

    at, ours, peers, equal = clock.now(), dict[str, Any](), dict[str, Any](), True
    say(f"{'list, with its count':<34}{'p50 ms':>10}{'p95 ms':>10}{'plain p95':>12}")
    for name in WHO:
        by = actor_for(Account.objects.get(username=name), at=at)
        for title, wanted in _filters(by, at).items():

            def ask(by: Any = by, wanted: Any = wanted) -> list[int]:
                queries.lines_of(by, wanted).count()
                return [line.pk for line in queries.lines(by, wanted, on=clock.local_day(at)).rows]

            equal &= ask() == _plain(by, wanted)
            times = _cpu(ask, options.repeat)
            plain = _cpu(partial(_plain, by, wanted), 3)
            key = f"{title}, {name}"
            ours[key], peers[key] = summary(times), summary(plain)
            say(f"{key:<34}{ours[key]['p50_ms']:>10.1f}{ours[key]['p95_ms']:>10.1f}{quantile(plain, 0.95):>12.1f}")
        client = Client(headers={"host": "localhost"})
        client.force_login(Account.objects.get(username=name))
        for path in ("/cases/lines/", "/cases/lines/?classification=probable&moment=reported&missing=on"):
            if client.get(path).status_code != 200:
                raise RuntimeError(f"{path} as {name}")
            key = f"page {path.rpartition('/')[2] or 'first'} {name}"
            ours[key] = summary(_cpu(partial(client.get, path), options.repeat))
            say(f"{key:<60}{ours[key]['p50_ms']:>10.1f}{ours[key]['p95_ms']:>10.1f}")
    exports = {form: _apart(home, form) for form in ("csv", "xlsx")}
    worst = max(row["p95_ms"] for row in ours.values())
    say(f"worst p95 {worst:.1f} ms (goal {GOAL_PAGE_MS:.0f})")
    finish(
        "linelist", ours, peers, {}, equal, exports=exports, worst_p95_ms=worst,
        goals={"page_ms": GOAL_PAGE_MS, "rows_a_cpu_second": GOAL_ROWS_S, "mb": GOAL_MB},
    )  # fmt: skip


def _apart(home: Path, form: str) -> dict[str, float]:
    """An export in a process of its own, so that its peak of memory is its own."""
    import json
    import subprocess

    command = [sys.executable, "-m", "bench.linelist", "--home", str(home), "--export", form]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    say(f"export {form}: {found}")
    return found


def _export(form: str) -> None:
    import json

    from shouwang.cases.outward import actions, queries
    from shouwang.core import clock
    from shouwang.core.scope import system_actor

    by, wanted = system_actor("bench"), queries.LineFilter()
    began, used = time.perf_counter(), time.process_time()
    with tempfile.TemporaryFile() as target:
        rows = actions.export_lines(target, wanted, form=form, by=by, at=clock.now())
        target.seek(0, os.SEEK_END)
        megabytes = target.tell() / 1e6
    cpu, wall = time.process_time() - used, time.perf_counter() - began
    peak = peak_mb()
    print(json.dumps({
        "rows": rows, "rows_a_cpu_second": round(rows / cpu), "rows_a_second": round(rows / wall),
        "file_mb": round(megabytes, 1), "peak_mb": round(peak, 1),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
