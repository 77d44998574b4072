"""The lists as pages, API and command line show them: tabs, search, why, acts on many, the Excel file."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shouwang.checkins import actions, queries, tasks
from shouwang.checkins.models import BulkJob, BulkRow, CheckIn, Excuse, LatestCheckIn, PersonZone
from shouwang.checkins.rules import State
from shouwang.checkins.tests.builders import TODAY, fever, say, well
from shouwang.core import events
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.files.tables import read_table
from shouwang.core.models import AuditEntry
from shouwang.core.paging import PAGE_SIZE
from shouwang.core.scope import system_actor
from shouwang.org import actions as org
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
UNIT, BULK, EXPORT = reverse("checkins:unit"), reverse("checkins:bulk"), reverse("checkins:export")
LATER = NOON + timedelta(minutes=2)


def names(response: Any) -> list[str]:
    return [person.name for person, *_rest in response.context["people"]]


def sizes(response: Any) -> dict[str, int]:
    return {name: size for name, _label, size in response.context["lists"]}


def file_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def bulk(cast: Cast, name: str, asked: actions.Asked, *who: str, at: Any = NOON) -> BulkJob:
    ids = tuple(cast.person[one].pk for one in who)
    job = actions.start_bulk(asked, actions.Chosen(ids=ids), by=cast.by(name), at=at)
    done = actions.perform_bulk(job.pk, by=cast.by(name), now=lambda: at)
    assert done is not None
    return done


def results(job: BulkJob) -> dict[str, str]:
    return dict(BulkRow.objects.filter(job=job).values_list("person__name", "code"))


def test_six_tabs_for_who_sees_answers_and_four_for_the_monitor(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", fever())
    say(cast, "wang", fever(), at=NOON - timedelta(hours=1))
    entry = actions.Entry(cast.person["wang"], well(), "clinic-1", "clinic")
    assert actions.submit_many([entry], by=cast.by("he"), at=NOON).refused == 0
    say(cast, "zhao", well(), at=NOON - timedelta(days=1))
    fang = sign_in("fang")
    page = fang.get(UNIT)
    assert sizes(page) == {"symptomatic": 1, "conflicting": 1, "silent": 2, "not_yet": 1, "in": 0, "excused": 0}
    assert names(page) == ["林晓"] and names(fang.get(UNIT, {"tab": "conflicting"})) == ["王蕾"]
    meng = sign_in("meng")
    page = meng.get(UNIT, {"tab": "in"})
    assert sizes(page) == {"silent": 1, "not_yet": 0, "in": 2, "excused": 0}
    assert names(page) == ["林晓", "王蕾"]
    assert meng.get(UNIT, {"tab": "conflicting"}).status_code == 400


@pytest.mark.parametrize("address", ["?tab=silent", "?q=李"])
def test_many_on_a_page_cost_no_query_each(cast: Cast, sign_in: SignIn, address: str) -> None:
    """One of them lives by another clock, which the page shows."""
    home, costs = cast.person["lin"], []
    for number in (2, 30):
        rows = [
            Person(number=f"M{number}{k:03d}", name=f"李{k}", home=home.home, home_path=home.home_path)
            for k in range(number)
        ]
        Person.objects.bulk_create(rows)
        PersonZone.objects.create(person=rows[0], zone="Europe/London", since=NOON)
        actions.sync_standings(at=NOON)
        client = sign_in("fang")
        client.get(UNIT + address)
        with CaptureQueriesContext(connection) as captured:
            assert len(names(client.get(UNIT + address))) >= number
        costs.append(len(captured))
    assert costs[0] == costs[1] <= 30, costs


def test_a_refresh_without_news_is_empty(cast: Cast, sign_in: SignIn) -> None:
    meng, htmx = sign_in("meng"), {"hx-request": "true"}
    seen = meng.get(UNIT, {"tab": "silent"}).context["seen"]
    assert meng.get(UNIT, {"tab": "silent", "seen": seen}, headers=htmx).status_code == 204
    say(cast, "lin", well())
    assert meng.get(UNIT, {"tab": "silent", "seen": seen}, headers=htmx).status_code == 200


def test_search_finds_beginnings_in_any_list_within_reach(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", well())
    fang = sign_in("fang")
    assert names(fang.get(UNIT, {"q": "林"})) == ["林晓"]
    assert names(fang.get(UNIT, {"q": "20230101"})) == ["林晓", "王蕾", "孟欣"]
    assert names(fang.get(UNIT, {"q": "晓"})) == [] and names(fang.get(UNIT, {"q": "欧阳"})) == []
    org.join(cast.person["ou"], organisation=cast.org["CS2301"], since=TODAY, by=system_actor(), at=NOON)
    assert names(fang.get(UNIT, {"q": "欧阳"})) == ["欧阳静"]
    assert names(fang.get(UNIT, {"q": "欧阳", "unit": str(cast.org["CS2301"].pk)})) == ["欧阳静"]


@pytest.mark.parametrize("text", ["人", "71"])
@pytest.mark.parametrize("few", [5000, 3])
def test_pages_of_lists_and_searches_go_on_and_back(
    cast: Cast, text: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shouwang.checkins.queries import search

    monkeypatch.setattr(search, "FEW", few)
    home = cast.org["CS2301"]
    Person.objects.bulk_create(
        [Person(number=f"71{n:03}", name=f"人{n % 7}", home=home, home_path=home.path) for n in range(120)]
    )
    actions.sync_standings(at=NOON)
    scope, on = queries.scope_of(cast.by("fang"), None), queries.today_of(NOON)

    def walk(ask: Callable[[str], Any]) -> None:
        pages = [ask("")]
        while pages[-1].next:
            pages.append(ask(pages[-1].next))
        seen = [person.pk for page in pages for person in page.rows]
        assert len(seen) == len(set(seen)) >= 120
        assert all(len(page.rows) == PAGE_SIZE for page in pages[:-1]) and pages[0].previous is None
        for page, before in zip(pages[1:], pages, strict=False):
            assert [person.pk for person in ask(page.previous).rows] == [person.pk for person in before.rows]

    walk(lambda cursor: queries.search_page(scope, text, cursor=cursor))
    walk(lambda cursor: queries.list_page(scope, State.SILENT, on, cursor=cursor))
    with pytest.raises(BadInput):
        queries.list_page(scope, State.IN, on, cursor=queries.list_page(scope, State.SILENT, on).next or "")


def test_why_here_for_whoever_sees_the_list_and_health_reasons_for_few(cast: Cast, sign_in: SignIn) -> None:
    url = reverse("checkins:why", args=[cast.person["lin"].pk])
    actions.excuse(
        [cast.person["lin"]], code="hospital", starts=TODAY, ends=TODAY, by=cast.by("fang"), at=NOON
    )  # fmt: skip
    for name, told in (("fang", True), ("he", True), ("meng", False), ("su", False)):
        page = sign_in(name).get(url)
        assert page.context["why"].state is State.EXCUSED
        assert ("住院" in page.content.decode()) is told, name
    for name in ("xu", "qiu", "lin", "admin"):
        assert sign_in(name).get(url).status_code == 404
    row = Excuse.objects.get()
    assert sign_in("meng").post(url, {"excuse": row.pk}).status_code == 403
    assert sign_in("fang").post(url, {"excuse": row.pk}).status_code == 302
    assert queries.explain(cast.by("meng"), cast.person["lin"].pk, at=NOON).state is State.SILENT
    assert not Excuse.objects.exists() and LatestCheckIn.objects.get(pk=cast.person["lin"].pk).excused_code == ""
    say(cast, "lin", fever())
    because = [str(line) for line in queries.explain(cast.by("meng"), cast.person["lin"].pk, at=NOON).because]
    assert not any("症状" in line or "symptom" in line for line in because)


def test_an_excuse_begins_and_ends_by_itself(cast: Cast) -> None:
    lin, by = cast.person["lin"], cast.by("fang")
    begins = TODAY + timedelta(days=1)
    assert actions.excuse([lin], code="leave", starts=begins, ends=begins, by=by, at=NOON) == {lin.pk: "ok"}
    assert actions.excuse([lin], code="leave", starts=begins, ends=begins, by=by, at=NOON) == {lin.pk: "unchanged"}
    assert actions.excuse([cast.person["ou"]], code="leave", starts=TODAY, ends=TODAY, by=by, at=NOON) == {
        cast.person["ou"].pk: "forbidden"
    }
    states = []
    for days in range(3):
        at = NOON + timedelta(days=days)
        actions.catch_up(at=at)
        states.append(queries.explain(cast.by("fang", at), lin.pk, at=at).state)
    assert states == [State.SILENT, State.EXCUSED, State.SILENT]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": "idle"}, "excuse_code"),
        ({"code": "other"}, "excuse_note_required"),
        ({"ends": TODAY - timedelta(days=1)}, "ends_before_start"),
        ({"starts": TODAY - timedelta(days=5), "ends": TODAY - timedelta(days=1)}, "excuse_over"),
        ({"ends": TODAY + timedelta(days=500)}, "excuse_too_long"),
    ],
)
def test_what_is_no_excuse(cast: Cast, change: dict[str, Any], code: str) -> None:
    values = {"code": "leave", "starts": TODAY, "ends": TODAY, **change}
    with pytest.raises(BadInput) as caught:
        actions.excuse([cast.person["lin"]], **values, by=cast.by("fang"), at=NOON)
    assert caught.value.error_code == code and not Excuse.objects.exists()


def test_an_act_on_many_has_a_result_for_each(cast: Cast) -> None:
    say(cast, "lin", well())
    job = bulk(cast, "meng", actions.Asked("well", text="打过电话"), "lin", "wang", "meng")
    assert results(job) == {"林晓": "already_in", "王蕾": "ok", "孟欣": "ok"}
    assert (job.state, job.total, job.done, job.refused) == ("done", 3, 3, 1)
    assert CheckIn.objects.filter(source="proxy", proxy_reason="打过电话").count() == 2
    job = bulk(cast, "fang", actions.Asked("unwell", text="打过电话"), "zhao")
    assert queries.explain(cast.by("fang"), cast.person["zhao"].pk, at=NOON).state is State.SYMPTOMATIC
    job = bulk(cast, "fang", actions.Asked("excuse", code="leave", ends=TODAY), "lin", "wang", "zhao")
    assert set(results(job).values()) == {"ok"}
    assert AuditEntry.objects.filter(verb="checkin.excused").count() == 3


def test_only_who_is_missing_is_reminded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []
    monkeypatch.setitem(events._handlers, "checkin.remind", [lambda people, by, at: asked.append(people)])
    say(cast, "lin", well())
    job = bulk(cast, "meng", actions.Asked("remind"), "lin", "wang", "meng")
    assert results(job) == {"林晓": "not_due", "王蕾": "ok", "孟欣": "ok"}
    assert asked == [[cast.person["wang"].pk, cast.person["meng"].pk]]
    told = [str(line) for line in queries.explain(cast.by("meng"), cast.person["wang"].pk, at=NOON).reminders]
    assert any("12:00" in line for line in told)


def test_whom_one_may_not_reach_is_not_in_the_job(cast: Cast) -> None:
    with pytest.raises(BadInput):
        bulk(cast, "meng", actions.Asked("remind"), "zhao", "ou")
    with pytest.raises(Forbidden):
        bulk(cast, "meng", actions.Asked("excuse", code="leave", ends=TODAY), "lin")
    with pytest.raises(Forbidden):
        bulk(cast, "su", actions.Asked("well", text="x"), "lin")
    with pytest.raises((Forbidden, NotFound)):
        bulk(cast, "lin", actions.Asked("remind"), "lin")
    assert not BulkJob.objects.exists()


def test_a_killed_job_goes_on_where_it_stopped(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from shouwang.checkins.actions import bulk as module

    monkeypatch.setattr(module, "ROWS_A_SLICE", 1)
    chosen = actions.Chosen(state=State.SILENT)
    job = actions.start_bulk(actions.Asked("well", text="asked"), chosen, by=cast.by("fang"), at=NOON)
    calls, really = [], module._act

    def dies(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            really(*args, **kwargs)
            raise KeyboardInterrupt  # what it wrote in this slice goes with it
        return really(*args, **kwargs)

    monkeypatch.setattr(module, "_act", dies)
    with pytest.raises(KeyboardInterrupt):
        actions.perform_bulk(job.pk, by=cast.by("fang"), now=lambda: NOON)
    job.refresh_from_db()
    assert (job.state, job.done, CheckIn.objects.count()) == ("running", 2, 2)
    assert actions.silent_jobs(NOON) == [] and [row.pk for row in actions.silent_jobs(LATER)] == [job.pk]
    assert tasks.take_up_bulk(at=LATER) == 1 and tasks.take_up_bulk(at=LATER) == 0
    done = actions.perform_bulk(job.pk, by=cast.by("fang"), now=lambda: LATER)
    assert done is not None and (done.state, done.done, done.refused) == ("done", job.total, 0)
    assert CheckIn.objects.count() == job.total == CheckIn.objects.values("person").distinct().count()


def test_the_page_starts_a_job_and_shows_what_became_of_it(cast: Cast, sign_in: SignIn) -> None:
    fang = sign_in("fang")
    refused = fang.post(f"{BULK}?tab=silent", {"kind": "excuse", "code": "leave", "all": "1"})
    assert refused.status_code == 422 and refused.context["form"].errors["ends"]
    assert fang.post(f"{BULK}?tab=silent", {"kind": "remind"}).status_code == 422
    started = fang.post(f"{BULK}?tab=silent", {"kind": "excuse", "code": "leave", "ends": TODAY, "all": "1"})
    job = BulkJob.objects.get()
    url = reverse("checkins:bulk_job", args=[job.pk])
    assert started.status_code == 302 and started["Location"] == url
    assert fang.get(url).context["job"].busy
    tasks.perform_bulk.func(job.pk)
    page = fang.get(url, {"show": "all"})
    assert (page.context["job"].done, len(page.context["page"].rows)) == (5, 5)
    assert sign_in("meng").get(url).status_code == 404
    assert sizes(fang.get(UNIT))["excused"] == 5


def test_the_file_is_the_list_masked_and_recorded(cast: Cast, sign_in: SignIn) -> None:
    meng = sign_in("meng")
    content = file_of(meng.get(EXPORT, {"tab": "silent"}))
    rows = list(read_table(io.BytesIO(content), name="x.xlsx").rows)
    text = str([row.values for row in rows])
    assert "林〇" in text and "林晓" not in text and "2023010101" not in text and "欧" not in text
    entry = AuditEntry.objects.get(verb="checkin.exported")
    assert entry.new == {"list": "silent", "unit": None, "rows": 3, "masked": True}
    full = file_of(meng.get(EXPORT, {"tab": "silent", "full": "1"}))
    assert "林晓" in str([row.values for row in read_table(io.BytesIO(full), name="x.xlsx").rows])
    assert sign_in("lin").get(EXPORT).status_code == 404
