"""The API of check-ins: the same acts and the same scope as the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from shouwang.checkins.models import CheckIn, SymptomAlert
from shouwang.checkins.rules import Answers
from shouwang.checkins.tests.builders import fever, say, well
from shouwang.checkins.tests.test_phone import publish
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast

ROOT = "/api/v1/checkins"
SignIn = Callable[[str], Client]


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(f"{ROOT}{path}", body, content_type="application/json")


def test_check_in_and_retry(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    body = {"client_key": "phone-1", "answers": {"temperature_c": 38.4, "symptoms": ["cough"], "exposure": True}}
    first = post(lin, "/", body)
    assert first.status_code == 201
    said = first.json()
    assert (said["severity"], said["rule"], said["person"]) == ("urgent", "covid19-2020-6:fever_exposed", "2023010101")
    assert said["because"] and said["advice"] and said["source"] == "self"
    assert post(lin, "/", body).json()["receipt"] == said["receipt"]
    assert CheckIn.objects.get().mouth == "api"
    assert [row["receipt"] for row in lin.get(f"{ROOT}/").json()] == [said["receipt"]]
    stands = lin.get(f"{ROOT}/receipts/{said['receipt'].lower()}")
    assert stands.json()["receipt"] == said["receipt"]
    assert lin.get(f"{ROOT}/receipts/26C-0000000").json()["code"] == "receipt_invalid"
    assert sign_in("wang").get(f"{ROOT}/receipts/{said['receipt']}").status_code == 404


def test_a_pass_is_good_until_it_is_withdrawn(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    given = post(lin, "/ticket", {}).json()
    url = f"/c/{given['ticket']}/"
    assert Client().get(url).status_code == 200
    assert given["expires"].startswith("2026-04-01")
    assert post(lin, "/ticket/revoke", {}).status_code == 204
    assert Client().get(url).status_code == 401


def test_a_correction_and_another_clock(cast: Cast, sign_in: SignIn) -> None:
    row = say(cast, "lin", well(), at=NOON - timedelta(days=1))
    lin = sign_in("lin")
    body = {"client_key": "c-1", "answers": {"symptoms": ["cough"]}, "corrects": row.receipt}
    found = post(lin, "/", body).json()
    assert (found["corrects"], found["day"]) == (row.receipt, "2026-03-01")
    assert [one["corrects"] for one in lin.get(f"{ROOT}/").json()] == [row.receipt, None]
    assert post(sign_in("wang"), "/", body | {"client_key": "c-2"}).status_code == 404
    moved = {"exposure": False, "place_changed": True, "situation": "abroad", "zone": "America/Toronto"}
    assert post(lin, "/", {"client_key": "c-3", "answers": moved}).json()["day"] == "2026-03-01"
    asked = lin.get(f"{ROOT}/questions").json()
    assert (asked["zone"], asked["day"], asked["due"]) == ("America/New_York", "2026-03-01", "10:00:00")
    refused = post(lin, "/", {"client_key": "c-4", "answers": moved | {"zone": "Mars/Olympus"}})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (400, "zone_unknown", "zone")


def test_further_questions_by_the_api(cast: Cast, sign_in: SignIn) -> None:
    publish(1, "2026-03-02")
    lin = sign_in("lin")
    asked = lin.get(f"{ROOT}/questions", headers={"accept-language": "en"}).json()
    assert [(one["code"], one["kind"], one["new"]) for one in asked["questions"]] == [
        ("vaccinated", "yes_no", True), ("breath_rate", "number", False),
    ]  # fmt: skip
    body = {"client_key": "q-1", "answers": {"exposure": False, "extra": {"vaccinated": 1}}, "form": asked["sha256"]}
    refused = post(lin, "/", body).json()
    assert (refused["code"], refused["field"]) == ("answer_unfit", "vaccinated")
    body["answers"] = {"exposure": False, "extra": {"vaccinated": True}}
    assert post(lin, "/", body).json()["extra"] == {"vaccinated": True}
    assert post(lin, "/", body | {"client_key": "q-2", "form": "old"}).json()["code"] == "form_changed"


def test_what_is_asked(cast: Cast, sign_in: SignIn) -> None:
    asked = sign_in("lin").get(f"{ROOT}/questions").json()
    assert {"fever", "cough", "unwell"} <= {symptom["code"] for symptom in asked["symptoms"]}
    assert (asked["fever_c"], asked["needs_temperature"], asked["may_repeat"]) == (37.3, False, False)
    say(cast, "lin", well(), at=NOON - timedelta(days=1))
    assert sign_in("lin").get(f"{ROOT}/questions").json()["may_repeat"] is True


@pytest.mark.parametrize(
    ("answers", "status", "code"),
    [
        ({"temperature_c": 99}, 400, "temperature_implausible"),
        ({"temperature_c": "NaN"}, 422, "malformed"),
        ({"temperature_c": "warm"}, 422, "malformed"),
        ({"symptoms": ["plague"]}, 400, "symptom_unknown"),
        ({"symptoms": ["\ud800"]}, 400, "symptom_unknown"),
        ({"symptoms": "cough"}, 422, "malformed"),
        ({"unchanged": True}, 400, "changed_expected"),
        ({"unchanged": True, "exposure": True}, 400, "unchanged_contradicted"),
        ({"note": "x" * 501}, 400, "too_long"),
        ({"note": "\u0000"}, 400, "unreadable"),
        ({"situation": "the moon"}, 400, "bad_input"),
    ],
)
def test_bad_answers_are_typed(cast: Cast, sign_in: SignIn, answers: Any, status: int, code: str) -> None:
    response = post(sign_in("lin"), "/", {"client_key": "k", "answers": answers})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["field"] and response.json()["message"]
    assert not CheckIn.objects.exists()


def test_proxy_tells_no_answer_back(cast: Cast, sign_in: SignIn) -> None:
    body = {"client_key": "p", "person": "2023010102", "reason": "phone broken", "answers": {"symptoms": ["cough"]}}
    taken = post(sign_in("meng"), "/proxy", body)
    assert taken.status_code == 201
    assert set(taken.json()) == {"receipt", "person", "day", "at", "source"}
    assert post(sign_in("meng"), "/proxy", {**body, "client_key": "q", "reason": ""}).json()["field"] == "proxy_reason"
    assert post(sign_in("meng"), "/proxy", {**body, "client_key": "r", "person": "2023020101"}).status_code == 404
    assert post(sign_in("fang"), "/proxy", {**body, "client_key": "s", "source": "clinic"}).status_code == 404
    clinic = post(sign_in("he"), "/proxy", {**body, "client_key": "t", "source": "clinic", "reason": ""})
    assert clinic.json()["source"] == "clinic"
    assert (
        post(sign_in("meng"), "/proxy", {**body, "client_key": "u", "answers": {"unchanged": True}}).status_code == 400
    )
    assert CheckIn.objects.count() == 2


def test_unit_status_by_reach(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", fever())
    found = sign_in("meng").get(f"{ROOT}/unit", {"state": "silent"}).json()
    assert found["counts"]["roster"] == 3 and found["counts"]["by_self"] == 1 and "symptomatic" not in found["counts"]
    assert found["states"] == {"not_yet": 0, "silent": 2, "in": 1, "excused": 0}
    assert [person["name"] for person in found["items"]] == ["王蕾", "孟欣"]
    assert found["items"][0]["last_heard"] is None
    fang = sign_in("fang").get(f"{ROOT}/unit").json()
    assert (fang["state"], [person["name"] for person in fang["items"]]) == ("symptomatic", ["林晓"])
    assert AuditEntry.objects.filter(is_read=True, verb="checkin.read", label="fang").count() == 1
    assert sign_in("meng").get(f"{ROOT}/unit", {"state": "symptomatic"}).status_code == 400
    assert sign_in("meng").get(f"{ROOT}/unit", {"unit": cast.org["EN2301"].pk}).status_code == 404
    assert sign_in("fang").get(f"{ROOT}/unit", {"unit": 2**70}).status_code == 422
    assert sign_in("lin").get(f"{ROOT}/unit").status_code == 404


def test_alerts_and_closing(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", Answers(symptoms=("cough",)))
    say(cast, "ou", fever())
    he = sign_in("he")
    found = he.get(f"{ROOT}/alerts").json()
    assert [alert["name"] for alert in found["items"]] == ["欧阳静", "林晓"]
    assert found["open_by_severity"] == {"urgent": 0, "high": 1, "medium": 1, "low": 0}
    assert found["items"][0]["checkin"]["temperature_c"] == "38.2"
    one = found["items"][0]["id"]
    assert post(he, f"/alerts/{one}/close", {"reason": " "}).json()["field"] == "reason"
    closed = post(he, f"/alerts/{one}/close", {"reason": "seen, vaccine reaction"}).json()
    assert (closed["state"], closed["close_reason"]) == ("closed", "seen, vaccine reaction")
    assert post(he, f"/alerts/{one}/close", {"reason": "again"}).status_code == 409
    assert [alert["id"] for alert in he.get(f"{ROOT}/alerts", {"handled": True}).json()["items"]] == [one]
    for name in ("lin", "meng", "fang", "su", "admin"):
        client = sign_in(name)
        assert client.get(f"{ROOT}/alerts").status_code == 404
        assert post(client, f"/alerts/{one}/close", {"reason": "x"}).status_code == 404
    assert SymptomAlert.objects.filter(state="open").count() == 1


def test_strangers_get_401(cast: Cast) -> None:
    assert Client().get(f"{ROOT}/").status_code == 401
    assert post(Client(), "/", {"client_key": "k", "answers": {}}).status_code == 401


def test_pages_of_the_list_do_not_overlap(cast: Cast, sign_in: SignIn) -> None:
    from shouwang.checkins.actions import sync_standings
    from shouwang.org.models import Person

    home = cast.org["CS2301"]
    Person.objects.bulk_create(
        [Person(number=f"8{n:05}", name=f"人{n}", home=home, home_path=home.path) for n in range(60)]
    )
    sync_standings(at=NOON)
    meng, seen, cursor = sign_in("meng"), [], ""
    while cursor is not None:
        page = meng.get(f"{ROOT}/unit", {"state": "silent", "cursor": cursor}).json()
        seen += [person["number"] for person in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 63
