"""/api/v1/outreach/: the same scope as the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import time_machine
from django.test import Client

from shouwang.org.tests.cast import Cast
from shouwang.outreach.tests.scenes import check_in, hour, planned

API = "/api/v1/outreach"
SignIn = Callable[[str], Client]


def send(client: Client, method: str, path: str, body: dict[str, Any]) -> Any:
    return getattr(client, method)(API + path, body, content_type="application/json", headers={"accept-language": "en"})


def test_inbox_round_and_reason(cast: Cast, sign_in: SignIn, noon: time_machine.Traveller) -> None:
    noon.move_to(hour(9))
    check_in(cast, "wang", at=hour(8))
    row = planned()
    (message,) = sign_in("lin").get(f"{API}/inbox").json()
    assert (message["purpose"], message["open"], message["path"]) == ("reminder", True, "/checkins/")
    meng = sign_in("meng")
    detail = meng.get(f"{API}/rounds/{row.pk}").json()
    assert detail["reminders"] == {"open": 2}
    assert [(unit["code"], unit["reminded"]) for unit in detail["units"]] == [("CS2301", 2)]
    (why,) = meng.get(f"{API}/why/{cast.person['wang'].pk}").json()
    assert [reason["code"] for reason in why["reasons"]] == ["heard"]
    assert meng.get(f"{API}/why/{cast.person['zhao'].pk}").status_code == 404
    assert [one["id"] for one in meng.get(f"{API}/rounds").json()["items"]] == [row.pk]


def test_remind_now(cast: Cast, sign_in: SignIn, noon: time_machine.Traveller) -> None:
    noon.move_to(hour(8.5))
    first = send(sign_in("meng"), "post", "/remind", {"organisation": "CS2301"})
    assert (first.status_code, first.json()["new"]) == (200, 3)
    assert send(sign_in("meng"), "post", "/remind", {"organisation": None}).json()["already"] == 3
    assert send(sign_in("meng"), "post", "/remind", {"organisation": "CS2302"}).status_code == 404
    assert send(sign_in("lin"), "post", "/remind", {"organisation": None}).status_code == 403


def test_preferences(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    assert lin.get(f"{API}/preferences").json() == {
        "mail": "", "by_mail": False, "zone": "", "wakes": None, "sleeps": None,
    }  # fmt: skip
    body = {"mail": "lin@example.edu.cn", "by_mail": True, "wakes": "08:00", "sleeps": "23:30"}
    assert send(lin, "put", "/preferences", body).json()["wakes"] == "08:00:00"
    refused = send(lin, "put", "/preferences", {"zone": "Mars/Base"})
    assert (refused.status_code, refused.json()["field"]) == (400, "zone")
    assert lin.get(f"{API}/preferences").json()["mail"] == "lin@example.edu.cn"


def test_channels_never_give_their_address_out(cast: Cast, sign_in: SignIn) -> None:
    su = sign_in("su")
    url = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"
    body = {"name": "班群", "kind": "dingtalk", "organisation": "CS2301", "url": url, "secret": "SECxyz"}
    made = send(su, "post", "/channels", body)
    assert (made.status_code, made.json()["hint"]) == (201, "oapi.dingtalk.com …cdef")
    listed = su.get(f"{API}/channels").content.decode()
    assert "0123456789" not in made.content.decode() + listed
    assert "SECxyz" not in made.content.decode() + listed
    assert send(su, "post", f"/channels/{made.json()['id']}/close", {}).json()["closed_at"]
    assert send(sign_in("fang"), "post", "/channels", body).status_code == 404
