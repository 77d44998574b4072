"""The API of org: the same scope as the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.org import actions
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.org.tests.worker import work

ROOT = "/api/v1/org"
SignIn = Callable[[str], Client]
ROSTER = "学号,姓名,班级,性别\n1001,甲,计科2301班,男\n1002,乙,计科2302班,雄\n".encode()


def ask(client: Client, path: str, status: int = 200, **query: str) -> Any:
    response = client.get(f"{ROOT}{path}", query)
    assert response.status_code == status, response.content.decode()
    return response.json()


def test_a_stranger_gets_nothing(db: None, client: Client) -> None:
    for path in ("/me", "/people", "/organisations", "/places", "/responsibilities", "/uncovered", "/imports/1"):
        assert client.get(f"{ROOT}{path}").status_code == 401


def test_me_and_who_saw_me(cast: Cast, sign_in: SignIn) -> None:
    lin = cast.person["lin"]
    actions.correct_person(lin, phone="138", by=system_actor(), at=NOON)
    told = ask(sign_in("lin"), "/me")
    assert (told["account"], told["roles"], told["person"]["phone"]) == ("lin", [], "138")
    assert told["person"]["responsible"] == "方老师"
    ask(sign_in("fang"), f"/people/{lin.pk}")
    items = ask(sign_in("lin"), "/me/seen")["items"]
    assert (items[0]["who"], items[0]["verb"], items[0]["is_read"]) == ("方老师", "person.seen", True)
    assert AuditEntry.objects.get(verb="person.seen").mouth == "api"


def test_people_within_reach_page_by_page(cast: Cast, sign_in: SignIn) -> None:
    fang = sign_in("fang")
    first = ask(fang, "/people", size="3")
    rest = ask(fang, "/people", size="3", cursor=first["next"])
    names = [item["name"] for item in first["items"] + rest["items"]]
    assert sorted(names) == sorted(["林晓", "王蕾", "孟欣", "赵宁", "方老师"])
    assert [item["name"] for item in ask(fang, "/people", q="2023010201")["items"]] == ["赵宁"]
    assert ask(fang, "/people", 404, unit="EN2301")["field"] == "organisation"
    assert ask(fang, "/people", 400, cursor="x")["field"] == "page"
    assert ask(fang, "/people", 422, size="0")["field"]
    ask(sign_in("lin"), "/people", 403)


def test_a_person_within_reach_and_the_telephone_only_for_whom_it_is(cast: Cast, sign_in: SignIn) -> None:
    lin = cast.person["lin"]
    actions.correct_person(lin, phone="138", by=system_actor(), at=NOON)
    assert ask(sign_in("fang"), f"/people/{lin.pk}")["phone"] == "138"
    told = ask(sign_in("meng"), f"/people/{lin.pk}")
    assert (told["phone"], told["memberships"][0]["what"]) == (None, "计科2301班")
    ask(sign_in("xu"), f"/people/{lin.pk}", 404)


def test_trees_counts_and_gaps(cast: Cast, sign_in: SignIn) -> None:
    fang = sign_in("fang")
    (college,) = ask(fang, "/organisations")["items"]
    assert (college["code"], college["people"], college["responsible"]) == ("IE", 5, "方老师")
    below = ask(fang, "/organisations", below=str(college["id"]))["items"]
    assert {item["code"]: item["people"] for item in below} == {"CS2301": 3, "CS2302": 1}
    ask(fang, "/organisations", 404, below=str(cast.org["FL"].pk))
    rooms = ask(fang, "/places", inside=str(cast.place["D1"].pk))["items"]
    assert {item["code"]: item["residents"] for item in rooms} == {"D1-101": 2, "D1-102": 2}
    assert ask(sign_in("lin"), "/places", inside=str(cast.place["D1"].pk))["items"][0]["residents"] is None
    gaps = ask(fang, "/uncovered")
    assert (gaps["organisations_total"], gaps["organisations_all"]) == (2, 3)
    assert ask(fang, "/responsibilities")["items"][0]["person"] == "T0001"


def test_a_roster_by_api(cast: Cast, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    made = admin.post(f"{ROOT}/imports", {"file": SimpleUploadedFile("r.csv", ROSTER), "organisation": "WCU"})
    assert made.status_code == 202
    run = made.json()["id"]
    assert admin.post(f"{ROOT}/imports/{run}/commit").status_code == 409
    work()
    told = ask(admin, f"/imports/{run}")
    assert (told["state"], told["counts"]["new"], told["counts"]["refused"]) == ("checked", 1, {"sex_unknown": 1})
    assert told["problems"][0]["row"] == 3
    chosen = admin.post(
        f"{ROOT}/imports/{run}/columns", {"columns": {"gossip": "学号"}}, content_type="application/json"
    )
    assert (chosen.status_code, chosen.json()["field"]) == (400, "columns")
    assert admin.post(f"{ROOT}/imports/{run}/commit").status_code == 202
    work()
    assert ask(admin, f"/imports/{run}")["state"] == "done"
    assert Person.objects.filter(number="1001").exists()
    ask(sign_in("fang"), f"/imports/{run}", 403)
    refused = sign_in("fang").post(f"{ROOT}/imports", {"file": SimpleUploadedFile("r.csv", ROSTER)})
    assert refused.status_code == 403
    assert admin.post(f"{ROOT}/imports", {"organisation": "WCU"}).status_code == 422
