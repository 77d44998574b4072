"""The API says what the pages say, to the same people."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from shouwang.core.models import AuditEntry
from shouwang.isolation import actions
from shouwang.isolation.models import Order
from shouwang.isolation.tests.scenes import make_case, make_contact
from shouwang.org.tests.cast import NOON, Cast

BASE = "/api/v1/isolation"
Enter = Callable[[str], Client]


@pytest.fixture
def order(cast: Cast) -> Order:
    found = actions.order_for_contact(make_contact(cast, make_case(cast, "lin"), "wang"), by=cast.by("qiu"), at=NOON)
    assert found is not None
    return found


def post(browser: Client, path: str, body: dict[str, Any] | None = None) -> Any:
    return browser.post(f"{BASE}{path}", json.dumps(body or {}), content_type="application/json")


def test_mine_and_acknowledge(sign_in: Enter, order: Order) -> None:
    browser = sign_in("wang")
    [mine] = browser.get(f"{BASE}/mine").json()
    assert (mine["number"], mine["ends_on"], mine["where"], mine["checks_asked"]) == (
        "Q-2026-0001", "2026-03-15", "unassigned", 2,
    )  # fmt: skip
    assert any("同住一间宿舍" in line for line in mine["because"])
    assert post(browser, f"/mine/{order.pk}/acknowledge").json()["state"] == "acknowledged"
    assert post(sign_in("ou"), f"/mine/{order.pk}/acknowledge").status_code == 404
    assert sign_in("ou").get(f"{BASE}/mine").json() == []


def test_the_desk_pages_by_cursor_and_is_audited(cast: Cast, sign_in: Enter, order: Order) -> None:
    case = make_case(cast, "zhao")
    for name in ("ou", "meng"):
        actions.order_for_contact(make_contact(cast, case, name), by=cast.by("qiu"), at=NOON)
    browser = sign_in("he")
    first = browser.get(f"{BASE}/orders", {"size": 2}).json()
    second = browser.get(f"{BASE}/orders", {"size": 2, "cursor": first["next"]}).json()
    names = [item["person"]["name"] for item in first["items"] + second["items"]]
    assert sorted(names) == ["孟欣", "欧阳静", "王蕾"] and second["next"] is None
    assert AuditEntry.objects.filter(verb="orders.listed", mouth="api", subject=cast.person["wang"].pk).exists()
    assert browser.get(f"{BASE}/orders", {"show": "nonsense"}).status_code == 422
    for name in ("fang", "su", "wang"):
        assert sign_in(name).get(f"{BASE}/orders").status_code == 404
        assert sign_in(name).get(f"{BASE}/rooms").status_code == 404


def test_one_order_is_placed_and_ended(cast: Cast, sign_in: Enter, order: Order) -> None:
    browser = sign_in("he")
    seen = browser.get(f"{BASE}/orders/{order.pk}").json()
    assert seen["proposed_room"] == cast.place["ISO-1"].pk
    assert seen["review"]["allowed"] is False and len(seen["grounds"]) == 1
    placed = post(browser, f"/orders/{order.pk}/assign", {"room": seen["proposed_room"], "version": seen["version"]})
    assert placed.json()["where"] == "facility" and placed.json()["stays"][0]["room"] == "东苑1号房"
    stale = post(browser, f"/orders/{order.pk}/assign", {"address": "家属楼", "version": seen["version"]})
    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")
    [room, other] = browser.get(f"{BASE}/rooms").json()["facilities"][0]["rooms"]
    assert (room["taken"], room["free"], other["free"]) == (1, 0, 1)
    refused = post(browser, f"/orders/{order.pk}/end")
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (400, "release_reason", "reason")
    assert "term" in refused.json()["data"]["unmet"]
    assert post(browser, f"/orders/{order.pk}/end", {"reason": "转院"}).json()["end_code"] == "by_decision"
    assert post(browser, f"/orders/{order.pk}/end", {"reason": "转院"}).status_code == 409


def test_others_are_refused(sign_in: Enter, order: Order) -> None:
    assert sign_in("fang").get(f"{BASE}/orders/{order.pk}").status_code == 404
    assert post(sign_in("qiu"), f"/orders/{order.pk}/end", {"reason": "x"}).status_code == 403
    assert post(sign_in("su"), f"/orders/{order.pk}/assign", {"address": "x"}).status_code == 404
    assert Client().get(f"{BASE}/mine").status_code == 401
