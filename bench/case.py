"""Opening a case with 3,000 contacts: its page, the tracer's list, what a decision about 500 of them at once costs.

A campus of 30,000 people with eleven open cases of 3,000 contacts each, every contact with forty encounters as its
evidence, on SQLite, asked in-process through the whole middleware by a tracer and by the clinic. Goal: p95 of 200 ms.
Peers: all 3,000 on one page, by the same template; and confirming one by one (a sample, scaled). `answers_equal`: the
pages of the list together show everybody once in the order of a sort by hand, and both ways of confirming leave the
same orders and follow-ups.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bench.common import finish, measure, say, summary
from bench.home import start

PEOPLE, CLASSES, CASES, CONTACTS, ENCOUNTERS = 30_000, 800, 11, 3_000, 40
TOGETHER, ALONE = 500, 25
GOAL_MS = 200.0
PACK = "covid19-2020-6"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.case", description=__doc__)
    parser.add_argument("--repeat", type=int, default=40)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-case-") as name:
        start(Path(name))
        cases = _make()
        compare(cases, options.repeat)


def _make() -> list[int]:
    """The campus, its accounts, cases and contacts; ids of the cases."""
    from django.db import transaction

    from shouwang.cases.models import Case
    from shouwang.core import clock, packs
    from shouwang.core.bulk import create_many, insert_many
    from shouwang.core.tree import step
    from shouwang.org.models import Account, Grant, Organisation, Person
    from shouwang.tracing.models import Trace

    at, today = clock.now(), clock.today()
    until = today + timedelta(days=365)
    with transaction.atomic():
        root = Organisation.objects.create(code="R", name="大学", kind="university", path=step(1), starts=today)
        units = [
            Organisation(
                code=f"C{k}", name=f"{k}班", kind="class", path=root.path + step(k + 1), parent=root, starts=today
            )
            for k in range(CLASSES)
        ]  # fmt: skip
        create_many(units)
        rows = ((f"{k:07d}", f"同学{k}", units[k % CLASSES].pk, units[k % CLASSES].path) for k in range(PEOPLE))
        insert_many(Person, ("number", "name", "home", "home_path"), rows)
        people = list(Person.objects.order_by("pk").values_list("pk", flat=True))
        for role in ("tracer", "clinic"):
            account = Account.objects.create(username=role, password="!", created_at=at)
            Grant.objects.create(account=account, role=role, organisation=root, starts=today)
        pack = packs.get_pack(PACK)
        cases = [
            Case(
                number=f"B-{k:04d}", person_id=people[k], disease=pack.head.disease, pack=pack.code,
                pack_sha256=pack.sha256, classification="confirmed", classified_at=at, detected_at=at, opened_at=at,
                purge_on=until,
            )
            for k in range(CASES)
        ]  # fmt: skip
        create_many(cases)
        for number, case in enumerate(cases):
            trace = Trace.objects.create(
                case=case, at=at, window_start=at - timedelta(days=2), window_end=at, rule="nhc6", pack=case.pack,
                visits_searched=30_000_000, elapsed_us=900, found=CONTACTS,
            )  # fmt: skip
            first = CASES + number * 97
            create_many([_contact(case, trace, people[first + k], k, until) for k in range(CONTACTS)])
    return [case.pk for case in cases]


def _contact(case: Any, trace: Any, person: int, k: int, until: date) -> Any:
    from shouwang.tracing.models import Contact

    begin = int(trace.window_start.timestamp())
    met = [[1 + (k + n) % 500, begin + n * 3600, begin + n * 3600 + 1800, 1, 1] for n in range(ENCOUNTERS)]
    close = k % 3 == 0
    return Contact(
        case=case, trace=trace, person_id=person, found_at=trace.at, seconds=60 + k * 37 % 40_000,
        encounters=ENCOUNTERS, first_at=trace.window_start, last_at=trace.at - timedelta(hours=k % 20 + 1),
        days={str(trace.window_start.date()): 1800}, evidence=met, grade="close" if close else "general",
        grade_rank=0 if close else 1, why_zh="同住一间宿舍", why_en="shared a dormitory room",
        meetings=ENCOUNTERS, purge_on=until,
    )  # fmt: skip


def compare(cases: list[int], repeat: int) -> None:
    from django.test import Client

    from shouwang.org.models import Account

    clients = {}
    for name in ("tracer", "clinic"):
        clients[name] = Client(headers={"host": "localhost"})
        clients[name].force_login(Account.objects.get(username=name))
    case = cases[0]
    pages = [
        (f"/tracing/cases/{case}/", "tracer"),
        (f"/tracing/cases/{case}/?state=candidate&grade=close", "tracer"),
        (f"/tracing/cases/{case}/?q=同学", "tracer"),
        ("/tracing/", "tracer"),
        (f"/cases/{case}/", "clinic"),
    ]
    ours: dict[str, Any] = {}
    say(f"{'page':<48}{'p50 ms':>10}{'p95 ms':>10}")
    for path, name in pages:
        answer = clients[name].get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} as {name}: {answer.status_code}")
        clients[name].get(path)
        key = f"{path.replace(str(case), 'N')} {name}"
        ours[key] = summary(measure(partial(clients[name].get, path), repeat))
        say(f"{key:<48}{ours[key]['p50_ms']:>10.1f}{ours[key]['p95_ms']:>10.1f}")
    worst = max(row["p95_ms"] for row in ours.values())
    whole, shown = _whole(case, max(3, repeat // 10))
    say(f"{'all 3,000 on one page':<48}{whole['p50_ms']:>10.1f}{whole['p95_ms']:>10.1f}")
    together, alone, same = _confirm(cases)
    say(f"confirming {TOGETHER} at once {together:.2f} s, one by one {alone:.2f} s (scaled)")
    say(f"slowest page {worst:.0f} ms (goal {GOAL_MS:.0f})")
    ours["confirm_s"] = round(together, 2)
    peers = {"unpaged": whole, "one_by_one": {"seconds_scaled": round(alone, 2), "measured": ALONE}}
    first = ours["/tracing/cases/N/ tracer"]
    ratio = {
        "unpaged": round(whole["p50_ms"] / first["p50_ms"], 1), "one_by_one": round(alone / together, 1)
    }  # fmt: skip
    finish("case", ours, peers, ratio, shown and same, worst_p95_ms=worst, goal_ms=GOAL_MS,
           contacts=CONTACTS, cases=CASES, people=PEOPLE, confirmed=TOGETHER)  # fmt: skip


def _whole(case_id: int, repeat: int) -> tuple[dict[str, float], bool]:
    """The list as one page, and whether its pages, put together, show the same."""
    from django.template.loader import render_to_string
    from django.test import RequestFactory

    from shouwang.cases.models import Case
    from shouwang.core.paging import Page
    from shouwang.core.scope import system_actor
    from shouwang.tracing.models import Contact
    from shouwang.tracing.queries import contacts as queries

    by, case = system_actor("bench"), Case.objects.select_related("person").get(pk=case_id)
    wanted, request = queries.ContactFilter(), RequestFactory().get("/")

    def unpaged() -> str:
        page = Page(list(queries.contacts_of(by, case, wanted)), None, None)
        return render_to_string(
            "tracing/_fragments/contacts.html",
            {"case": case, "page": page, "filter": wanted, "states": Contact.State.choices, "request": request},
        )

    unpaged()
    times = summary(measure(unpaged, repeat))
    shown: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = queries.contact_page(by, case, wanted, cursor or None)
        shown += [row.pk for row in page.rows]
        cursor = page.next
    by_hand = sorted(Contact.objects.filter(case=case), key=lambda row: (row.grade_rank, -row.seconds, row.pk))
    return times, shown == [row.pk for row in by_hand] and len(shown) == CONTACTS


def _confirm(cases: list[int]) -> tuple[float, float, bool]:
    """Seconds for `TOGETHER` close contacts of one case at once, and for as many of another one by one (scaled)."""
    from shouwang.cases.models import Case
    from shouwang.core import clock
    from shouwang.core.scope import system_actor
    from shouwang.isolation.models import Order
    from shouwang.tracing.actions import confirm, confirm_many
    from shouwang.tracing.models import Contact, FollowUp

    by = system_actor("bench")

    def close(pk: int, number: int) -> list[Contact]:
        return list(Contact.objects.filter(case=pk, grade="close").order_by("-person_id")[:number])

    def follows(rows: list[Contact]) -> tuple[int, int]:
        people = [row.person_id for row in rows]
        return Order.objects.filter(person__in=people).count(), FollowUp.objects.filter(person__in=people).count()

    some, few = close(cases[1], TOGETHER), close(cases[-1], ALONE)
    case = Case.objects.get(pk=cases[1])
    began = time.perf_counter()
    confirm_many(case, [row.pk for row in some], by=by, at=clock.now())
    together = time.perf_counter() - began
    began = time.perf_counter()
    for row in few:
        confirm(row, by=by, at=clock.now())
    alone = (time.perf_counter() - began) * TOGETHER / ALONE
    return together, alone, follows(some) == (TOGETHER, TOGETHER) and follows(few) == (ALONE, ALONE)


if __name__ == "__main__":
    main()
