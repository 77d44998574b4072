"""Who is reminded, over a million people: one statement against the loop that asks about each person.

A campus of `--people` people in classes of 50 is made by statements of the database itself; `--heard` percent have
checked in today, 2 percent have no account, 1 percent have left, 1 percent have waking hours of their own.
*Eligibility* is the question alone: everybody's reason, counted. *Planning* also writes the messages, a slice a
transaction, on disk (synchronous=FULL). The peer is what reminder scripts do: fetch a person, look up their day,
decide; measured on a sample and scaled. `answers_equal`: for the sample, the rule and the statement agree person by
person.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.common import finish, measure, say
from bench.home import start

CLASS_SIZE = 50
TARGET_SECONDS = 5.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.reminders", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--heard", type=int, default=60, help="percent that have checked in")
    parser.add_argument("--sample", type=int, default=2_000, help="people of the row-by-row peer")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-reminders-") as name:
        start(Path(name) / "home")
        compare(options)


def populate(people: int, heard: int, day: date, at: datetime) -> None:
    """Organisations through their action, people, accounts and check-ins by one statement each."""
    from django.db import connection, transaction

    from shouwang.checkins.actions import set_level
    from shouwang.core.bulk import insert_many
    from shouwang.core.tree import step
    from shouwang.org.models import Organisation

    root = Organisation.objects.create(path=step(1), code="R", name="大学", starts=day, kind="university")
    moment = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"  # as Django writes it into SQLite
    classes = -(-people // CLASS_SIZE)
    columns = ("path", "parent", "code", "name", "starts", "kind")
    rows = ((root.path + step(k + 1), root.pk, f"C{k}", f"{k}班", day, "class") for k in range(classes))
    numbers = f"WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {people})"
    set_level(root.path, "I", on=day)  # or nobody would be asked, and nobody owe anything
    with transaction.atomic(), connection.cursor() as cursor:
        insert_many(Organisation, columns, rows)
        cursor.execute(
            f"""INSERT INTO org_person
            (id, number, name, sex, phone, card, kind, situation, home_id, home_path, left_on)
            {numbers} SELECT k, 'S' || k, '某' || k, '', '', '', 'student', 'on_campus', o.id, o.path,
            CASE WHEN k % 100 = 7 THEN %s END FROM n
            JOIN org_organisation o ON o.id = %s + 1 + (k - 1) / {CLASS_SIZE}""",
            [day.isoformat(), root.pk],
        )
        cursor.execute(
            f"""INSERT INTO org_account (id, password, username, person_id, is_active, must_change_password, language,
            failed_logins, created_at) {numbers} SELECT k, '', 'S' || k, k, 1, 0, '', 0, %s FROM n WHERE k % 50 <> 3""",
            [moment],
        )
        cursor.execute(
            f"""INSERT INTO checkins_checkin (id, person_id, day, at, source, proxy_reason, client_key, unchanged,
            symptoms, place_changed, place_note, note, symptomatic, severity, rule, pack_sha256, purge_on, mouth,
            device, extra)
            {numbers} SELECT k, k, CASE WHEN k * 37 % 100 < {heard} THEN %s ELSE %s END, %s, 'self', '', 'k' || k, 0,
            '[]', 0, '', '', 0, 'none', '', '', %s, 'web', '', '{{}}' FROM n WHERE k % 20 <> 0""",
            [day.isoformat(), (day - timedelta(days=1)).isoformat(), moment, day.isoformat()],
        )
        cursor.execute(
            """INSERT INTO checkins_latestcheckin (person_id, home_path, number, checkin_id, day, at, source,
            symptomatic, severity, rank, words, conflicting, excused_code, part)
            SELECT p.id, p.home_path, p.number, c.id, coalesce(c.day, '1970-01-01'), c.at, coalesce(c.source, ''), 0,
            'none', 0, 0, 0, '', 0 FROM org_person p LEFT JOIN checkins_checkin c ON c.person_id = p.id"""
        )
        cursor.execute(
            f"""INSERT INTO outreach_preference (person_id, mail, by_mail, zone, wakes, sleeps, updated_at)
            {numbers} SELECT k, '', 0, '', '11:00:00', '23:00:00', %s FROM n WHERE k % 100 = 11""",
            [moment],
        )
        cursor.execute("ANALYZE")


def compare(options: argparse.Namespace) -> None:
    from django.db.models import Count, Q

    from shouwang.checkins.queries import reminders
    from shouwang.core import clock
    from shouwang.core.scope import system_actor
    from shouwang.org.models import Person
    from shouwang.outreach import actions, queries
    from shouwang.outreach.models import Message

    day = date(2026, 3, 2)
    at = datetime(2026, 3, 2, 9, 0, tzinfo=clock.zone()).astimezone()
    begin = time.perf_counter()
    populate(options.people, options.heard, day, at)
    say(f"{options.people:,} people made in {time.perf_counter() - begin:.1f} s")

    def eligibility() -> dict[str, int]:
        people = reminders.with_code(Person.objects.all(), day, reached=queries.reached(), already=Q(pk__in=()))
        return dict(people.order_by().values_list("remind_code").annotate(n=Count("pk")))

    counts = eligibility()
    busy = time.process_time()
    asked = min(measure(eligibility, options.repeat)) / 1000
    worked = (time.process_time() - busy) / options.repeat
    say(f"eligibility: {asked:.2f} s, of them {worked:.2f} s of one processor  {counts}")
    (row,) = actions.make_rounds(day, at=at)
    begin, busy = time.perf_counter(), time.process_time()
    made = actions.plan_round(row.pk, by=system_actor("bench"), at=at)
    planned, wrote = time.perf_counter() - begin, time.process_time() - busy
    say(f"planning with {made:,} messages written: {planned:.2f} s, of them {wrote:.2f} s of one processor")
    closing = min(measure(lambda: actions.close_settled(at=at), 1)) / 1000
    say(f"closing what is done (nothing is): {closing:.2f} s")
    begin = time.perf_counter()
    units = queries.unit_counts(row)
    say(f"counting {len(units):,} units: {time.perf_counter() - begin:.2f} s")

    chosen = random.Random(20260302).sample(range(1, options.people + 1), options.sample)
    begin = time.perf_counter()
    by_rule = {key: row_by_row(key, day, at) for key in chosen}
    scaled = (time.perf_counter() - begin) / options.sample * options.people
    say(f"row by row: {scaled:,.0f} s, scaled from {options.sample:,} people")
    rows = Message.objects.filter(person__in=chosen).values_list("person", "state")
    by_set: dict[int | None, str] = dict(rows)
    equal = by_set == {key: state for key, state in by_rule.items() if state} and made == counts["remind"]
    finish(
        "reminders",
        {
            "eligibility_s": round(asked, 2), "eligibility_cpu_s": round(worked, 2),
            "planning_s": round(planned, 2), "planning_cpu_s": round(wrote, 2),
            "messages": made, "people": options.people,
        },
        {"row_by_row_s": round(scaled, 1)},
        {"eligibility": round(scaled / asked, 1), "planning": round(scaled / planned, 1)},
        equal,
        target_s=TARGET_SECONDS,
        met=asked <= TARGET_SECONDS,
        close_settled_s=round(closing, 2),
    )  # fmt: skip


def row_by_row(key: int, day: date, at: datetime) -> str:
    """What the loop decides about one person: the state of the message they get, empty for none."""
    from shouwang.checkins.queries import reminders
    from shouwang.checkins.rules.reminding import Code, Window, decide
    from shouwang.org.models import Account, Person
    from shouwang.outreach import queries

    person = Person.objects.get(pk=key)
    reached = Account.objects.filter(person=person, is_active=True).exists()
    facts: Any = reminders.facts_of(person, day, until=at + timedelta(minutes=1), reached=reached, already=False)
    waking = queries.waking_of(queries.preferences_of([key]).get(key))
    due = reminders.deadlines(day)[0].at
    window = Window(queries.timing().opens(due), due, queries.timing().ends(due))
    code = decide(facts, window, at=at, waking=waking).code
    return {Code.REMIND: "open", Code.LATER: "queued"}.get(code, "")


if __name__ == "__main__":
    main()
