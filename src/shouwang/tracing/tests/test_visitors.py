"""Visitors: registered at the gate, present where they went, found as contacts, on no roster, gone on their date."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from shouwang.checkins import actions as checkins
from shouwang.checkins.models import LatestCheckIn
from shouwang.cli.visitors import visitors as command
from shouwang.core import clock, purging
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.actions.visitors import Coming
from shouwang.tracing.models import PresenceDay
from shouwang.tracing.models_visitors import Visit
from shouwang.tracing.queries import visitors as visitor_queries
from shouwang.tracing.tests.conftest import Write

SignIn = Callable[[str], Client]
HOUR = timedelta(hours=1)
PAGE = "/tracing/visitors/"


def coming(**more: Any) -> Coming:
    given: dict[str, Any] = {
        "name": "何来", "phone": "138 0000 1111", "where": "LIB",
        "starts_at": NOON - 4 * HOUR, "until": NOON - 2 * HOUR,
    }  # fmt: skip
    return Coming(**given | more)


def register(by: Actor, key: str = "k1", **more: Any) -> Visit:
    left_at = more.pop("left_at", None)
    return actions.visitors.register(coming(**more), key=key, by=by, at=NOON, left_at=left_at)


def test_a_visitor_is_present_and_found_as_a_contact(cast: Cast, operator: Actor) -> None:
    by = cast.by("su")
    visit = register(by, host="2023010101")
    register(by, "k2", name="安然", phone="13900002222", left_at=NOON - 3 * HOUR)
    actions.build_stale(by=operator, at=NOON)
    day = PresenceDay.objects.get(day=clock.local_day(NOON))
    assert (day.by_source["visitor"], day.by_source["visitor_estimated"]) == (1, 1)
    low, high = int((NOON - 6 * HOUR).timestamp()), int(NOON.timestamp())
    answer = queries.trace_person(visit.person_id, window_start=low, window_end=high)
    other = Person.objects.get(name="安然")
    found = dict(zip(answer.contacts.person.tolist(), answer.contacts.seconds.tolist(), strict=True))
    assert found[other.pk] == 3600
    # Noted later: the stay grows, and the days are built anew.
    actions.visitors.leave(visit.pk, by=by, at=NOON, left_at=NOON - HOUR)
    assert PresenceDay.objects.get(day=day.day).stale_since == NOON
    actions.visitors.withdraw(visit.pk, reason="重复登记", by=by, at=NOON)
    actions.build_stale(by=operator, at=NOON)
    assert PresenceDay.objects.get(day=day.day).by_source.get("visitor") == 1
    assert "visitor_estimated" not in PresenceDay.objects.get(day=day.day).by_source
    with pytest.raises(Conflict):
        actions.visitors.leave(visit.pk, by=by, at=NOON)


def test_nobody_expects_a_check_in_of_a_visitor(cast: Cast) -> None:
    before = LatestCheckIn.objects.count()
    visit = register(cast.by("su"))
    checkins.sync_standings(at=NOON)
    checkins.catch_up(at=NOON)
    assert LatestCheckIn.objects.count() == before
    assert visit.person.left_on == clock.local_day(visit.starts_at)


def test_the_same_person_comes_again_and_a_retry_is_one_visit(cast: Cast) -> None:
    by = cast.by("su")
    first = register(by)
    assert register(by, name="换了").pk == first.pk
    again = register(by, "k2", starts_at=NOON - HOUR, until=NOON + HOUR)
    assert again.person_id == first.person_id
    assert Person.objects.filter(kind="visitor").count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"phone": "123"}, "phone"),
        ({"where": "nowhere"}, "where"),
        ({"host": "0000"}, "host"),
        ({"starts_at": NOON + HOUR, "until": NOON + 2 * HOUR}, "starts_at"),
        ({"starts_at": NOON - timedelta(days=400), "until": NOON - timedelta(days=400) + HOUR}, "starts_at"),
        ({"until": NOON - 5 * HOUR}, "until"),
        ({"until": NOON + 48 * HOUR}, "until"),
        ({"left_at": NOON - 5 * HOUR}, "left_at"),
    ],
)
def test_what_is_refused_leaves_nothing(cast: Cast, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        register(cast.by("su"), **wrong)
    assert caught.value.as_dict()["field"] == field
    assert not Visit.objects.exists()
    assert not Person.objects.filter(kind="visitor").exists()


def test_gone_on_their_date_unless_something_holds_them(cast: Cast) -> None:
    visit = register(cast.by("su"))
    counts = purging.purge(on=visit.purge_on, at=NOON + timedelta(days=40))
    assert counts["visit"] == 1
    purging.purge(on=visit.purge_on, at=NOON + timedelta(days=40))
    assert not Person.objects.filter(kind="visitor").exists()


def test_the_guard_sees_visitors_and_nothing_else(cast: Cast, sign_in: SignIn) -> None:
    guard = sign_in("deng")
    assert guard.get(PAGE).status_code == 200
    key = "page-key"
    sent = {"name": "何来", "phone": "13800001111", "where": "图书馆", "until": "18:00", "host": "", "key": key}
    assert guard.post(PAGE, sent | {"where": "?"}).status_code == 422
    assert guard.post(PAGE, sent | {"host": "2023010101"}).status_code == 302
    row = Visit.objects.get()
    page = guard.get(PAGE).content.decode()
    assert "何来" in page
    # A guard may not look people up: the host's number, which was told at the gate, and no name for it.
    assert "2023010101" in page
    assert cast.person["lin"].name not in page
    assert guard.post(f"{PAGE}{row.pk}/leave/").status_code == 302
    assert guard.post(f"{PAGE}{row.pk}/withdraw/", {"reason": ""}).status_code == 400
    assert guard.post(f"{PAGE}{row.pk}/withdraw/", {"reason": "错"}).status_code == 302
    assert sign_in("lin").get(PAGE).status_code == 403
    with pytest.raises(Forbidden):
        register(cast.by("qiu"))
    with pytest.raises(NotFound):
        visitor_queries.visit_for(cast.by("deng"), row.pk + 1)


def test_api_and_command(cast: Cast, sign_in: SignIn, write: Write) -> None:
    su = sign_in("su")
    body = {"name": "何来", "phone": "13800001111", "where": "LIB", "until": (NOON + HOUR).isoformat(), "key": "a"}
    made = su.post("/api/v1/presence/visitors", json.dumps(body), content_type="application/json").json()
    assert (made["name"], made["place"], made["left_at"]) == ("何来", "LIB", None)
    assert [one["id"] for one in su.get("/api/v1/presence/visitors?here=true").json()] == [made["id"]]
    left = su.post(f"/api/v1/presence/visitors/{made['id']}/leave", "{}", content_type="application/json").json()
    assert left["left_at"] is not None
    day = f"{clock.local_day(NOON):%Y-%m-%d}"
    table = (
        f"姓名,电话,地点,到访时间,离开时间\n安然,13900002222,图书馆,{day} 08:00,{day} 09:00\n"
        f"无处,13900003333,月球,{day} 08:00,\n乱时,13900004444,图书馆,昨天,\n"
    )
    run = CliRunner().invoke(command, ["import", str(write("visitors.csv", table)), "--json"])
    told = json.loads(run.output)
    assert (told["read"], told["accepted"], told["refused"]) == (3, 1, 2)
    assert [(one["row"], one["column"]) for one in told["problems"]] == [(3, "地点"), (4, "到访时间")]
    again = json.loads(CliRunner().invoke(command, ["import", str(write("visitors.csv", table)), "--json"]).output)
    assert (again["accepted"], again["updated"]) == (0, 1)
    listed = CliRunner().invoke(command, ["list", "--json"])
    assert len(json.loads(listed.output)["rows"]) == 2
