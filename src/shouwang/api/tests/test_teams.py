"""The API of teams: the same actions and walls as the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import time_machine
from django.test import Client

from shouwang.command.models import BoardCell
from shouwang.command.teams import actions
from shouwang.org.tests.cast import NOON, Cast

ROOT = "/api/v1/command"
SignIn = Callable[[str], Client]
TEAM = {"unit": "IE", "name": "流调专班", "purpose": "支援学院流调", "review_on": "2026-03-12"}
SECOND = {"person": "2023010101", "role": "leader", "starts": "2026-03-02", "ends": "2026-03-08"}


def post(client: Client, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = client.post(f"{ROOT}{path}", body, content_type="application/json")
    assert answer.status_code == status, answer.content.decode()
    return answer.json()


@time_machine.travel(NOON, tick=False)
def test_the_whole_way(cast: Cast, sign_in: SignIn) -> None:
    su, fang, lin = sign_in("su"), sign_in("fang"), sign_in("lin")
    made = post(su, "/teams", TEAM)
    here = f"/teams/{made['id']}"
    assert post(su, "/teams", TEAM, 409)["code"] == "team_name_taken"
    assert post(su, f"{here}/step/stand", {}, 409)["code"] == "no_leader"
    wrong = post(su, f"{here}/members", {**SECOND, "ends": "2026-03-01"}, 400)
    assert (wrong["code"], wrong["field"]) == ("end_before_start", "ends")
    asked = post(su, f"{here}/members", SECOND)
    seat = f"{here}/members/{asked['id']}"
    assert post(su, f"{seat}/approve", {}, 403)["code"] == "own_asking"
    post(lin, f"{seat}/cannot", {"text": "周三有考试"})
    assert post(fang, f"{seat}/approve", {}, 400)["code"] == "text_missing"
    assert post(fang, f"{seat}/approve", {"text": "已商定避开周三"})["state"] == "approved"
    told = {name: client.get(f"{ROOT}{here}").json() for name, client in (("su", su), ("fang", fang), ("lin", lin))}
    assert {name: one["members"][0]["cannot"] for name, one in told.items()} == {
        "su": None, "fang": "周三有考试", "lin": "周三有考试",
    }  # fmt: skip
    assert post(su, f"{here}/step/stand", {})["leader"] == "林晓"
    assert post(su, f"{here}/step/dissolve", {"text": "太短"}, 400)["code"] == "text_missing"
    post(su, f"{here}/step/dissolve", {"text": "流调二十人，转运三人，未发现遗漏；经验：先电话后上门。"})
    [record] = lin.get(f"{ROOT}/service").json()
    assert (record["team"], record["shifts_done"]) == ("流调专班", 0)
    assert sign_in("xu").get(f"{ROOT}{here}").status_code == 404


@time_machine.travel(NOON, tick=False)
def test_a_proposal_carries_its_numbers_and_their_time(cast: Cast, sign_in: SignIn) -> None:
    BoardCell.objects.create(path=cast.org["CS2301"].path, roster=30, cases_open=3, contacts_close=12)
    actions.sweep_teams(at=NOON)
    su = sign_in("su")
    body = su.get(f"{ROOT}/team-proposals").json()
    [item] = body["items"]
    assert item["evidence"][0] == {"code": "cases_open", "count": 3, "of": 30}
    assert item["points"] >= body["needed"] and item["as_of"].startswith("2026-03-02")
    assert post(su, f"/team-proposals/{item['id']}/dismiss", {"text": "学院人手足够"})["until"] == "2026-03-05"
    assert sign_in("fang").get(f"{ROOT}/team-proposals").status_code == 404
