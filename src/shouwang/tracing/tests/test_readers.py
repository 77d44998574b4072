"""Readers with holes and wrong clocks: from the files to the built days, decided by people, seen on page, API, CLI."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from django.test import Client

from shouwang.cli.clocks import clocks
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.org import actions as org
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.actions import ImportOptions
from shouwang.tracing.models import PresenceDay
from shouwang.tracing.models_readers import ReaderClock
from shouwang.tracing.queries import readers as queries
from shouwang.tracing.tests.conftest import Write

SignIn = Callable[[str], Client]
LAST = clock.local_day(NOON) - timedelta(days=1)
DAYS = [LAST - timedelta(days=k) for k in range(13, -1, -1)]
WRONG = DAYS[9]  # a working day
SECONDS = 600
PAGE = "/tracing/presence/clocks/"


def _rows(*, wrong: bool, silent: tuple[date, int, int] | None = None) -> str:
    """Six people go, many times a day, from the gate to the library, the canteen or the hall and back."""
    rng = np.random.default_rng(7)
    lines = ["卡号,刷卡时间,地点,是否通过,描述"]
    for day in DAYS:
        for person in range(6):
            moment = datetime.combine(day, time(7), tzinfo=clock.zone()) + timedelta(seconds=int(rng.integers(0, 900)))
            for trip in range(14):
                door = ("图书馆", "第一食堂", "大礼堂")[(person + trip) % 3]
                way = timedelta(seconds=int(rng.normal(300, 30)))
                stay = timedelta(seconds=int(rng.integers(600, 1500)))
                off = timedelta(seconds=SECONDS if wrong and door == "图书馆" and day == WRONG else 0)
                came, left = moment + way, moment + way + stay
                told = [(moment, "南门[出门]"), (came + off, f"{door}[进门]"), (left + off, f"{door}[出门]"),
                        (left + way, "南门[进门]")]  # fmt: skip
                for at, where in told:
                    hidden = silent and silent[0] == day and silent[1] <= at.hour < silent[2]
                    if not (hidden and where.startswith("图书馆")):
                        lines.append(f"{person + 100},{at:%Y-%m-%d %H:%M:%S},{where},1,")
                moment = left + way + timedelta(seconds=int(rng.integers(120, 900)))
    return "\n".join(lines) + "\n"


@pytest.fixture
def doors(cast: Cast, operator: Actor) -> Cast:
    """Cards for six people, and a gate and a hall."""
    for number, name in enumerate(("lin", "wang", "meng", "zhao", "fang", "xu")):
        Person.objects.filter(pk=cast.person[name].pk).update(card=str(number + 100))
    for code, kind, name in (("G1", "gate", "南门"), ("HALL", "building", "大礼堂")):
        org.add_place(
            parent=cast.place["MAIN"], kind=kind, code=code, name=name, starts=date(2018, 9, 1), by=operator, at=NOON
        )
    return cast


def bring(write: Write, text: str, by: Actor) -> None:
    path = write("doors.csv", text)
    actions.import_presence(path, source_format="gate", options=ImportOptions(name="doors.csv"), by=by, at=NOON)


def test_a_wrong_clock_is_proposed_accepted_built_and_withdrawn(doors: Cast, operator: Actor, write: Write) -> None:
    bring(write, _rows(wrong=True), operator)
    (row,) = actions.readers.look_for_clocks(last=LAST, by=operator, at=NOON)
    assert (row.place.name, row.first_day, row.last_day, row.state) == ("图书馆", WRONG, WRONG, "proposed")
    assert abs(row.seconds - SECONDS) <= 30
    assert actions.readers.look_for_clocks(last=LAST, by=operator, at=NOON) == []
    before = PresenceDay.objects.get(day=WRONG)
    assert before.stale_since is None
    with pytest.raises(BadInput):
        actions.readers.accept(row.pk, reason=" ", by=operator, at=NOON)
    row = actions.readers.accept(row.pk, reason="与手机核对", seconds=SECONDS, by=operator, at=NOON)
    assert PresenceDay.objects.get(day=WRONG).stale_since == NOON
    with pytest.raises(Conflict):
        actions.readers.reject(row.pk, reason="x", by=operator, at=NOON)
    actions.build_stale(by=operator, at=NOON)
    after = PresenceDay.objects.get(day=WRONG)
    assert after.remarks["clock_corrected"] == 56  # 28 visits to the library, in and out
    assert after.remarks.get("two_places_at_once", 0) <= before.remarks.get("two_places_at_once", 0)
    assert actions.readers.look_for_clocks(last=LAST, by=operator, at=NOON) == []
    actions.readers.withdraw(row.pk, reason="看错了", by=operator, at=NOON)
    actions.build_stale(by=operator, at=NOON)
    again = PresenceDay.objects.get(day=WRONG)
    assert "clock_corrected" not in again.remarks
    assert again.by_source == before.by_source
    said = AuditEntry.objects.filter(kind="reader_clock").order_by("pk").values_list("verb", "new__state")
    assert [state for _verb, state in said] == [None, "accepted", "withdrawn"]


def test_right_clocks_are_not_named(doors: Cast, operator: Actor, write: Write) -> None:
    bring(write, _rows(wrong=False), operator)
    assert actions.readers.look_for_clocks(last=LAST, by=operator, at=NOON) == []


def test_a_hole_is_shown_and_nobody_is_put_into_it(doors: Cast, operator: Actor, write: Write, sign_in: SignIn) -> None:
    whole = _rows(wrong=False)
    bring(write, _rows(wrong=False, silent=(WRONG, 8, 18)), operator)
    row = PresenceDay.objects.get(day=WRONG)
    found = queries.silences([row])[WRONG]
    assert len(found) == 1
    assert (found[0].source, found[0].names, found[0].readers) == ("gate", ("图书馆",), 1)
    assert found[0].start <= "09:00"
    assert found[0].expected >= 20
    assert PresenceDay.objects.get(day=DAYS[8]).holes == []
    page = sign_in("su").get("/tracing/presence/").content.decode()
    assert "图书馆" in page
    assert found[0].start in page
    answer = sign_in("su").get(f"/api/v1/presence/silences?first={WRONG}&last={WRONG}")
    assert [one["names"] for one in answer.json()] == [["图书馆"]]
    bring(write, whole, operator)
    assert PresenceDay.objects.get(day=WRONG).holes == []


def test_a_day_that_is_not_over_has_no_hole_ahead(doors: Cast, operator: Actor, write: Write) -> None:
    """Built at noon of a day whose records end at eleven: nothing is said of the afternoon."""
    day = DAYS[11]  # a Friday
    noon = datetime.combine(day, time(12), tzinfo=clock.zone())
    lines = _rows(wrong=False).splitlines()
    until = [line for line in lines if line.startswith("卡号") or line.split(",")[1] < f"{day} 11"]
    path = write("doors.csv", "\n".join(until) + "\n")
    actions.import_presence(path, source_format="gate", options=ImportOptions(), by=operator, at=noon)
    found = PresenceDay.objects.get(day=day).holes
    assert found is not None
    assert [hole for hole in found if hole["last"] > 24] == []


def test_with_few_days_nothing_is_said(doors: Cast, operator: Actor, write: Write) -> None:
    text = _rows(wrong=False)
    kept = [line for line in text.splitlines() if line.startswith("卡号") or f",{WRONG} " in line]
    bring(write, "\n".join(kept) + "\n", operator)
    row = PresenceDay.objects.get(day=WRONG)
    assert row.holes is None
    assert queries.silences([row]) == {}


def test_by_hand_and_only_ones_own(doors: Cast, operator: Actor) -> None:
    by = doors.by("su")
    given: dict[str, Any] = {"seconds": -90, "first": WRONG, "last": None, "reason": "核对", "by": by, "at": NOON}
    row = actions.readers.set_by_hand("LIB", **given)
    assert (row.state, row.basis, row.seconds) == ("accepted", "hand", -90)
    with pytest.raises(Conflict):
        actions.readers.set_by_hand("图书馆", **given | {"first": LAST})
    with pytest.raises(NotFound):
        actions.readers.set_by_hand("nowhere", **given)
    ahead, before = LAST + timedelta(days=9), WRONG - timedelta(days=1)
    for wrong in ({"seconds": 0}, {"seconds": 43_201}, {"first": ahead}, {"last": before}):
        with pytest.raises(BadInput):
            actions.readers.set_by_hand("C1", **given | wrong)


def test_page_api_and_command(doors: Cast, operator: Actor, write: Write, sign_in: SignIn) -> None:
    bring(write, _rows(wrong=True), operator)
    su = sign_in("su")
    assert sign_in("qiu").get(PAGE).status_code == 403
    assert su.post(PAGE + "look/").status_code == 302
    row = ReaderClock.objects.get()
    page = su.get(PAGE).content.decode()
    assert "图书馆" in page
    assert "快 10 分" in page or "快 9 分 5" in page
    assert su.post(f"{PAGE}{row.pk}/decide/", {"answer": "accept", "reason": ""}).status_code == 400
    assert su.post(f"{PAGE}{row.pk}/decide/", {"answer": "reject", "reason": "钟是对的"}).status_code == 302
    assert su.post(f"{PAGE}{row.pk}/decide/", {"answer": "withdraw", "reason": "x"}).status_code == 409
    sent = {"where": "LIB", "seconds": 600, "way": 1, "first": str(WRONG), "last": str(WRONG), "reason": "核对"}
    assert su.post(PAGE, sent | {"where": "?"}).status_code == 422
    assert su.post(PAGE, sent).status_code == 302
    assert su.post(PAGE, sent).status_code == 422
    made = ReaderClock.objects.get(state="accepted")
    told = su.get("/api/v1/presence/clocks").json()
    assert {one["id"]: one["state"] for one in told} == {row.pk: "rejected", made.pk: "accepted"}
    gone = su.post(
        f"/api/v1/presence/clocks/{made.pk}/withdraw", json.dumps({"reason": "错"}), content_type="application/json"
    )
    assert gone.json()["state"] == "withdrawn"
    run = CliRunner().invoke(
        clocks, ["set", "LIB", "--seconds", "60", "--first", str(WRONG), "--reason", "r", "--json"]
    )
    assert run.exit_code == 0, run.output
    assert json.loads(run.output)["seconds"] == 60
    listed = CliRunner().invoke(clocks, ["list", "--json"])
    assert len(json.loads(listed.output)["rows"]) == 3
