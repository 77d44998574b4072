"""Accountability on the command line and by API: the same actions, the same walls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import time_machine
from django.test import Client

from shouwang.cli.matters import matter
from shouwang.cli.tests.test_desk import run, said
from shouwang.command.account.models import Matter
from shouwang.command.account.numbers import SHIPPED
from shouwang.command.account.tests.builders import second_leader
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.org.tests.cast import NOON, Cast

SU, FANG, TANG, GU = (("--as", name) for name in ("su", "fang", "tang", "gu"))
TOLD = ("--told", "三次督办后仍未报送", "--source", "督办记录")


def json_of(*words: str) -> Any:
    result = run(matter, *words)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return json.loads(result.output)


def refused(*words: str) -> BaseException | None:
    result = run(matter, *words)
    assert result.exit_code != 0
    return result.exception


def test_the_whole_way_on_the_command_line(cast: Cast) -> None:
    second_leader(cast)
    made = json_of("propose", "IE", "--asked", "三日内报送值班表", *TOLD, *SU)
    pk = str(made["id"])
    assert (made["state"], made["side"]) == ("proposed", "office")
    assert isinstance(refused("show", pk, *FANG), NotFound)
    assert json_of("serve", pk, *SU)["state"] == "sent"
    [row] = said(matter, "list", "--show", "mine", *FANG)["rows"]
    assert row["id"] == made["id"]
    fact = json_of("show", pk, *FANG)["facts"][0]["id"]
    json_of("contest", pk, str(fact), "第二次就已经报了", *FANG)
    assert json_of("reply", pk, "见上面的说明", *FANG)["state"] == "replied"
    assert isinstance(refused("decide", pk, "upheld", "事实清楚", *SU), Forbidden)
    assert isinstance(refused("decide", pk, "upheld", "事实清楚", *TANG), BadInput)
    answer = ("--answer", str(fact), "收文登记上没有")
    assert json_of("decide", pk, "upheld", "事实清楚", *answer, *TANG)["state"] == "decided"
    assert isinstance(refused("decide", pk, "upheld", "事实清楚", *TANG), Conflict)
    assert json_of("appeal", pk, "邮箱里有回执", *FANG)["state"] == "appealed"
    assert isinstance(refused("decide-appeal", pk, "upheld", "维持原决定", *TANG), Forbidden)
    done = json_of("decide-appeal", pk, "withdrawn", "回执属实", *GU)
    assert (done["state"], done["ending"], done["person"]) == ("withdrawn", "appeal", None)


def test_a_talk_for_a_reason_and_taking_back(cast: Cast) -> None:
    words = ("propose", "IE", "--step", "talk", "--asked", "当面说明原因", *TOLD)
    assert isinstance(refused(*words, *SU), BadInput)
    pk = str(json_of(*words, "--urgent", "当晚要用床位", "--person", "T0001", *SU)["id"])
    json_of("serve", pk, *SU)
    json_of("talk", pk, "当面说明了情况", *SU)
    assert json_of("take-back", pk, "查清是我们记错", *SU)["state"] == "withdrawn"


def test_what_no_person_does_is_not_done(cast: Cast) -> None:
    assert isinstance(refused("propose", "IE", "--asked", "三日内报送值班表", *TOLD), Forbidden)
    assert isinstance(
        refused("propose", "IE", "--asked", "三日内报送值班表", *TOLD, "--person", "T0002", *SU), NotFound
    )
    assert not Matter.objects.exists()


def test_looking(cast: Cast) -> None:
    assert json_of("offers", *SU) == {"items": []}
    assert isinstance(refused("offers", *FANG), NotFound)
    assert json_of("statistics", *TANG)["units"] == []
    assert isinstance(refused("statistics", *FANG), NotFound)
    assert run(matter, "check", str(SHIPPED)).exit_code == 0


def test_by_api(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    root = "/api/v1/command/matters"
    with time_machine.travel(NOON, tick=False):
        su = sign_in("su")
        body = {
            "unit": "IE",
            "asked": "三日内报送值班表",
            "told": [{"words": "三次督办后仍未报送", "source": "督办记录"}],
        }
        assert su.post(root, {**body, "told": []}, content_type="application/json").status_code == 400
        made = su.post(root, body, content_type="application/json")
        assert made.status_code == 201
        here = f"{root}/{made.json()['id']}"
        assert su.post(f"{here}/serve", {}, content_type="application/json").json()["state"] == "sent"
        fang = sign_in("fang")
        assert fang.get(here).json()["acts"] == ["reply", "contest"]
        assert fang.post(f"{here}/reply", {"text": "已经补报"}, content_type="application/json").status_code == 200
        assert sign_in("xu").get(here).status_code == 404
        tang = sign_in("tang")
        assert [row["id"] for row in tang.get(f"{root}?show=decide").json()["items"]] == [made.json()["id"]]
        given = {"verdict": "upheld", "text": "事实清楚"}
        assert tang.post(f"{here}/decide", given, content_type="application/json").json()["state"] == "decided"
        assert tang.post(f"{here}/decide", given, content_type="application/json").status_code == 409
