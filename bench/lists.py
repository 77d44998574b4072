"""The work lists of a city: 1,000,000 people, 14 days of check-ins, in the SQLite file of one installation.

A class monitor, a counsellor of three classes with two party branches (whose members are at home all over the city)
and the office ask for the first page of every list, search by name and number, and read the counts; then a bulk act
excuses 20,000 people. Pages go through the whole middleware stack. Peers: the same question as one would first write
it, an OR of home ranges and memberships joined to the latest check-in, with COUNT; the answers must be equal.
Made in a temporary folder unless `--home` names one, which is then kept and used again.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.common import finish, measure, say, summary
from bench.home import start

DAYS = 14
GOAL_PAGE_MS, GOAL_COUNT_MS, GOAL_BULK_S = 100.0, 50.0, 10.0
WHO = ("monitor", "counsellor", "office")
# Shares (assumptions): of a day 3 % are not heard, 40 % of the present one; 0.7 % report symptoms, 0.5 % an exposure,
# 2 % are entered by another, 0.3 % by the clinic; 0.2 % are contradicted; 2 % are excused.
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平欣宁晓琳凯"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.lists", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--bulk", type=int, default=20_000)
    parser.add_argument("--home", type=Path, help="a folder that is kept and used again")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-lists-") as name:
        home = options.home or Path(name) / "home"
        fresh = not (home / "shouwang.sqlite3").exists()
        start(home)
        began = time.perf_counter()
        if fresh:
            _make(options.people)
        made_s = time.perf_counter() - began
        say(f"made in {made_s:.0f} s" if fresh else "used again")
        compare(options, made_s)


# --- the city ---------------------------------------------------------------------------------------------------


def _today() -> date:
    from shouwang.core import clock

    return clock.today()


def _sql(*statements: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _make(people: int) -> None:
    """Set-based: rows by INSERT … SELECT with indexes made afterwards, as a restored backup would."""
    _sql("PRAGMA synchronous=OFF")
    with _without_indexes("org_person", "checkins_checkin", "checkins_latestcheckin"):
        _timed("units and people", lambda: make_people(people))
        _timed("check-ins", lambda: _checkins(people))
        _timed("newest words", _latest)
    _timed("accounts, memberships, excuses", _staff)
    from shouwang.checkins import actions
    from shouwang.core import clock
    from shouwang.core.tree import step

    actions.set_level(step(1), "I", on=clock.today() - timedelta(days=30))  # or nobody would be asked
    _timed("tallies from nothing", lambda: actions.catch_up(at=clock.now()))
    _sql("PRAGMA synchronous=FULL")


def _timed(what: str, act: Callable[[], object]) -> None:
    began = time.perf_counter()
    act()
    say(f"  {what:<32}{time.perf_counter() - began:>7.1f} s")


class _without_indexes:  # noqa: N801 (reads as the words it is)
    def __init__(self, *tables: str) -> None:
        self.tables, self.again = tables, list[str]()

    def __enter__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            for table in self.tables:
                cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s "
                               "AND sql IS NOT NULL", [table])  # fmt: skip
                for name, sql in cursor.fetchall():
                    self.again.append(sql)
                    cursor.execute(f'DROP INDEX "{name}"')

    def __exit__(self, *error: object) -> None:
        _timed("indexes", lambda: _sql(*self.again))


def make_people(people: int) -> None:
    """A bureau, universities of 40,000, colleges of 2,000, classes of 40."""
    from shouwang.core.bulk import insert_many
    from shouwang.core.tree import step
    from shouwang.org.models import Organisation, Person

    classes = people // 40
    units: list[tuple[int, str, int | None, str, str, str]] = [(1, step(1), None, "bureau", "B", "市教育局")]
    rows: list[tuple[str, str, int, str]] = []
    university = college = None
    for k in range(classes):
        if k % 1000 == 0:
            university = (len(units) + 1, step(1) + step(k // 1000 + 1))
            units.append((*university, 1, "university", f"U{k // 1000}", f"{k // 1000 + 1}号大学"))
        if k % 50 == 0:
            assert university is not None
            college = (len(units) + 1, university[1] + step(k % 1000 // 50 + 1))
            units.append((*college, university[0], "college", f"C{k // 50}", f"{k // 50 + 1}学院"))
        assert college is not None
        path, pk = college[1] + step(k % 50 + 1), len(units) + 1
        units.append((pk, path, college[0], "class", f"K{k}", f"{k + 1}班"))
        for n in range(40):
            p = k * 40 + n
            mixed = p * 2654435761 % 4294967296
            name = SURNAMES[mixed % 20] + GIVEN[mixed // 20 % 25] + (GIVEN[mixed // 500 % 25] if mixed % 3 else "")
            rows.append((f"2023{p:07d}", name, pk, path))
    starts = _today() - timedelta(days=300)
    columns = ("id", "path", "parent", "kind", "code", "name", "starts")
    from django.db import transaction

    with transaction.atomic():
        insert_many(Organisation, columns, ((*row, starts) for row in units))
        insert_many(Person, ("number", "name", "home", "home_path"), rows)


def _checkins(people: int) -> None:
    """Day by day, oldest first; who says what follows from number and day alone."""
    today = _today()
    for back in range(DAYS - 1, -1, -1):
        day, silent = today - timedelta(days=back), 400 if back == 0 else 30
        base = (DAYS - back) * 10_000_000
        # The time zone is ahead of UTC: 22:00 of the day before is early morning.
        at = f"{day - timedelta(days=1)} 22:00:00"
        _sql(
            "INSERT INTO checkins_checkin (id, person_id, day, at, source, account_id, proxy_reason, client_key,"
            " unchanged, temperature_c, symptoms, exposure, place_changed, place_note, note, symptomatic, severity,"
            " rule, pack_sha256, purge_on, mouth, device, extra) "
            f"SELECT {base} + id, id, '{day}', '{at}',"
            " CASE WHEN h % 1000 < 3 THEN 'clinic' WHEN h % 1000 < 23 THEN 'proxy' ELSE 'self' END, NULL, '',"
            f" 'b{back:02d}-' || printf('%08d', id), 1, NULL, '[]', 0, 0, '', '', g < 7,"
            " CASE WHEN g < 1 THEN 'urgent' WHEN g < 3 THEN 'high' WHEN g < 7 THEN 'medium' WHEN g < 12 THEN 'low'"
            f" ELSE 'none' END, '', '', '{day + timedelta(days=30)}', 'web', '', '{{}}' "
            f"FROM (SELECT id, (id * 2654435761 + {back} * 40503) % 1000003 AS h,"
            f" (id * 40503 + {back} * 2654435761) % 99991 % 1000 AS g,"
            f" (id * 69069 + {back} * 1234567) % 999983 % 1000 AS s, id % 500 AS u FROM org_person)"
            # One class in 500 people never speaks, so that the longest silent are found first.
            f" WHERE s >= {silent} AND u > 0"
        )


def _latest() -> None:
    for k in range(DAYS, 0, -1):
        _sql(
            "INSERT OR IGNORE INTO checkins_latestcheckin (person_id, home_path, number, checkin_id, day, at, source,"
            " symptomatic, severity, rank, words, conflicting, excused_code, part) "
            "SELECT c.person_id, p.home_path, p.number, c.id, c.day, c.at, c.source, c.symptomatic, c.severity,"
            " CASE c.severity WHEN 'urgent' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0"
            " END, 0, c.person_id % 500 = 7, '', 0 FROM checkins_checkin c JOIN org_person p ON p.id = c.person_id "
            f"WHERE c.id BETWEEN {k * 10_000_000} AND {(k + 1) * 10_000_000 - 1}"
        )
    _sql(
        "INSERT OR IGNORE INTO checkins_latestcheckin (person_id, home_path, number, day, source, symptomatic,"
        " severity, rank, words, conflicting, excused_code, part) "
        "SELECT id, home_path, number, '1970-01-01', '', 0, 'none', 0, 0, 0, '', 0 FROM org_person"
    )
    _all_there()


def _all_there() -> None:
    """OR IGNORE is also silent about a column without a value, and the program would then make all rows by itself."""
    from shouwang.checkins.models import CheckIn, LatestCheckIn
    from shouwang.org.models import Person

    people, heard = Person.objects.count(), CheckIn.objects.values("person").distinct().count()
    rows = LatestCheckIn.objects
    if rows.count() != people or rows.filter(checkin__isnull=False).count() != heard:
        raise RuntimeError("not everybody has the row of the lists: has checkins_latestcheckin a new column?")


def _staff() -> None:
    from shouwang.checkins import actions
    from shouwang.checkins.models import Excuse
    from shouwang.core import clock
    from shouwang.core.bulk import insert_many
    from shouwang.org.models import Account, Grant, Membership, Organisation, Person

    today, now = _today(), clock.now()
    since = today - timedelta(days=300)
    for name in WHO:
        Account.objects.create(username=name, created_at=now)

    def grant(name: str, role: str, code: str) -> None:
        unit = Organisation.objects.get(code=code)
        Grant.objects.create(account=Account.objects.get(username=name), role=role, organisation=unit, starts=since)

    grant("monitor", "monitor", "K77")
    grant("office", "office", "B")
    root = Organisation.objects.get(code="B")
    people = Person.objects.count()
    for k, code in enumerate(("K60", "K130", "K180")):
        grant("counsellor", "counsellor", code)
        if k < 2:
            path = root.path + f"zz0{k}"
            branch = Organisation.objects.create(
                path=path, parent=root, kind="party_branch", code=f"P{k}", name=f"{k}支部", starts=since
            )
            grant("counsellor", "counsellor", branch.code)
            members = range(k + 11, people, people // 150)
            insert_many(
                Membership,
                ("person", "organisation", "primary", "starts"),
                ((pk, branch.pk, False, since) for pk in members),
            )
    columns = ("person", "code", "starts", "ends", "made_at", "purge_on")
    until = today + timedelta(days=5)
    insert_many(
        Excuse,
        columns,
        ((pk, "leave", since, until, now, until + timedelta(days=30)) for pk in range(23, people, 50)),
    )
    actions.renew_excuses(on=today)


# --- the questions ----------------------------------------------------------------------------------------------


def compare(options: argparse.Namespace, made_s: float) -> None:
    from shouwang.core import clock
    from shouwang.org.models import Account
    from shouwang.org.queries import actor_for

    now = clock.now()
    actors = {name: actor_for(Account.objects.get(username=name), at=now) for name in WHO}
    ours: dict[str, Any] = {}
    peers: dict[str, Any] = {}
    say(f"{'':<34}{'p50 ms':>10}{'p95 ms':>10}{'plain p95':>12}")
    equal = True
    for name, by in actors.items():
        equal &= _lists(name, by, now, options.repeat, ours, peers)
        _searches(name, by, options.repeat, ours)
        _pages(name, options.repeat, ours)
    bulk = _bulk(options.bulk)
    worst = max(row["p95_ms"] for key, row in ours.items() if not key.startswith("counts"))
    counts = max(row["p95_ms"] for key, row in ours.items() if key.startswith("counts"))
    say(f"slowest page or search p95 {worst:.1f} ms (goal {GOAL_PAGE_MS:.0f}), counts {counts:.1f} ms "
        f"(goal {GOAL_COUNT_MS:.0f})")  # fmt: skip
    ratio = {key: round(peers[key]["p95_ms"] / ours[key]["p95_ms"], 1) for key in peers}
    finish(
        "lists", ours, peers, ratio, equal,
        people=options.people, made_s=round(made_s, 1), bulk=bulk, worst_p95_ms=worst, counts_p95_ms=counts,
        goals={"page_ms": GOAL_PAGE_MS, "counts_ms": GOAL_COUNT_MS, "bulk_s": GOAL_BULK_S},
    )  # fmt: skip


def _note(ours: dict[str, Any], key: str, times: list[float], plain: list[float] | None = None) -> None:
    ours[key] = summary(times)
    other = f"{summary(plain)['p95_ms']:>12.1f}" if plain else ""
    say(f"{key:<34}{ours[key]['p50_ms']:>10.1f}{ours[key]['p95_ms']:>10.1f}{other}")


def _lists(name: str, by: Any, now: datetime, repeat: int, ours: dict[str, Any], peers: dict[str, Any]) -> bool:
    from shouwang.checkins import queries

    board = queries.board(by, unit=None, at=now)
    plain_sizes = _plain_counts(by)
    equal = {state: n for state, n in board.states.items() if n} == {s: n for s, n in plain_sizes.items() if n}
    key = f"counts {name}"
    plain = measure(lambda: _plain_counts(by), 3)
    _note(ours, key, measure(lambda: queries.board(by, unit=None, at=now), repeat), plain)
    peers[key] = summary(plain)
    for state in queries.states_for(by):

        def ask(state: Any = state) -> Any:
            return queries.unit_rows(by, unit=None, state=state, at=now)

        page = ask()
        plain_page = _plain_page(by, state)
        equal &= [person.pk for person in page.rows] == plain_page
        key = f"{state.value} {name}"
        plain = measure(lambda state=state: _plain_page(by, state), 3)  # type: ignore[misc]
        _note(ours, key, measure(ask, repeat), plain)
        peers[key] = summary(plain)
        if page.next:
            cursor = page.next
            _note(
                ours,
                f"{state.value} {name}, page 2",
                measure(
                    lambda s=state, c=cursor: queries.unit_rows(by, unit=None, state=s, at=now, cursor=c),  # type: ignore[misc]
                    repeat,
                ),
            )
    if not equal:
        say(f"  answers differ for {name}: {board.states} {plain_sizes}")
    return equal


def _plain(by: Any) -> Any:
    """Everybody in reach with their state: the query one would write first."""
    from django.db.models import Case, CharField, Q, Value, When

    from shouwang.org.models import Person
    from shouwang.org.queries import reachable

    today = _today()
    heard = Q(latest_checkin__day__gte=today)
    sees = reachable(by, "checkin.view")
    ill = Q(latest_checkin__symptomatic=True) | Q(latest_checkin__rank__gt=0)
    state = Case(
        When(heard & ill & sees, then=Value("symptomatic")),
        When(heard & Q(latest_checkin__conflicting=True) & sees, then=Value("conflicting")),
        When(heard, then=Value("in")),
        When(latest_checkin__excused_until__gte=today, then=Value("excused")),
        When(latest_checkin__day__lte=today - timedelta(days=2), then=Value("silent")),
        default=Value("not_yet"),
        output_field=CharField(),
    )
    return Person.objects.filter(reachable(by, "checkin.status"), left_on__isnull=True).annotate(stands=state)


def _plain_counts(by: Any) -> dict[Any, int]:
    from django.db.models import Count

    from shouwang.checkins.rules import State

    rows = _plain(by).order_by().values_list("stands").annotate(n=Count("pk"))
    return {State(state): n for state, n in rows}


def _plain_page(by: Any, state: Any) -> list[int]:
    first = {"symptomatic": ("-latest_checkin__note",), "silent": ("latest_checkin__day",)}.get(state.value, ())
    rows = _plain(by).filter(stands=state.value).order_by(*first, "home_path", "number")
    return list(rows.values_list("pk", flat=True)[:50])


def _searches(name: str, by: Any, repeat: int, ours: dict[str, Any]) -> None:
    from shouwang.checkins import queries

    for text in ("王", "王伟", "欧阳", "20230003", "2023"):
        key = f"search {text} {name}"
        _note(ours, key, measure(lambda text=text: queries.search_page(queries.scope_of(by, None), text), repeat))  # type: ignore[misc]


def _pages(name: str, repeat: int, ours: dict[str, Any]) -> None:
    from django.test import Client

    from shouwang.org.models import Account

    client = Client(headers={"host": "localhost"})
    client.force_login(Account.objects.get(username=name))
    for path in ("/checkins/unit/?tab=not_yet", "/checkins/unit/?tab=in", "/checkins/unit/?q=王"):
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} as {name}: {answer.status_code}")
        _note(ours, f"page {path.rpartition('/')[2]} {name}", measure(lambda path=path: client.get(path), repeat))  # type: ignore[misc]


def _bulk(people: int) -> dict[str, float]:
    from shouwang.checkins import actions, queries
    from shouwang.checkins.rules import State
    from shouwang.core import clock
    from shouwang.core.scope import system_actor

    by, seconds = system_actor("bench"), {}
    scope = queries.scope_of(by, None)
    until = _today() + timedelta(days=3)
    asked = {
        "remind": actions.Asked("remind"),
        "excuse": actions.Asked("excuse", code="leave", ends=until),
        "well": actions.Asked("well", text="电话联系"),
    }
    for kind, what in asked.items():
        began = time.perf_counter()
        ids = queries.everybody(scope, State.NOT_YET, queries.today_of(clock.now()), most=people)
        job = actions.start_bulk(what, actions.Chosen(ids=tuple(ids)), by=by, at=clock.now())
        done = actions.perform_bulk(job.pk, by=by, now=clock.now)
        seconds[f"{kind}_s"] = round(time.perf_counter() - began, 2)
        assert done is not None
        say(f"{kind} {done.done:,} people, {done.refused:,} refused: {seconds[f'{kind}_s']:.1f} s")
    began = time.perf_counter()
    changed = actions.catch_up(at=clock.now())
    seconds["caught_up_s"] = round(time.perf_counter() - began, 2)
    say(f"tallies caught up with {changed:,} people: {seconds['caught_up_s']:.1f} s (goal of an act {GOAL_BULK_S:.0f})")
    return seconds


if __name__ == "__main__":
    main()
