"""The API of tracing: the same acts and the same scope as the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from shouwang.cases.models import Case
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import Cast
from shouwang.tracing.models import Contact
from shouwang.tracing.tests.desk_scene import contact, ill, many_contacts

ROOT = "/api/v1/tracing"
SignIn = Callable[[str], Client]


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"{ROOT}{path}", {} if body is None else body, content_type="application/json")


def test_from_a_case_to_its_contacts(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, second = sign_in("qiu"), ill(cast, "ou")
    rows = qiu.get(f"{ROOT}/cases").json()
    assert [(row["number"], row["total"]) for row in rows] == [(second.number, None), (traced.number, 4)]
    run = post(qiu, f"/cases/{second.pk}/trace").json()
    assert run["found"] == Contact.objects.filter(case=second).count() > 0
    assert "2026-02-28" not in run["days_missing"]
    page = qiu.get(f"{ROOT}/cases/{traced.pk}/contacts", {"grade": "close"}).json()
    assert [row["person"]["name"] for row in page["items"]] == ["王蕾", "赵宁", "孟欣"]
    assert AuditEntry.objects.filter(verb="contact.listed", mouth="api", is_read=True).exists()


def test_pages_follow_the_cursor(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    many_contacts(traced, cast, 70)
    qiu, seen, cursor = sign_in("qiu"), [], ""
    while cursor is not None:
        page = qiu.get(f"{ROOT}/cases/{traced.pk}/contacts", {"page": cursor} if cursor else {}).json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 74


def test_decisions(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, zhao = sign_in("qiu"), contact(traced, cast, "zhao").pk
    done = post(qiu, f"/contacts/{zhao}/confirm", {"version": 1}).json()
    assert (done["state"], done["version"]) == ("confirmed", 2)
    stale = post(qiu, f"/contacts/{zhao}/dismiss", {"version": 1, "reason": "缺课"})
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
    silent = post(qiu, f"/contacts/{zhao}/dismiss", {"version": 2})
    assert (silent.status_code, silent.json()["field"]) == (400, "reason")
    back = post(qiu, f"/contacts/{zhao}/reconsider", {"reason": "点错"}).json()
    assert (back["state"], back["decided_at"]) == ("candidate", None)
    out = post(qiu, f"/contacts/{zhao}/dismiss", {"reason": "缺课", "version": 3}).json()
    assert (out["state"], out["decision_reason"]) == ("dismissed", "缺课")
    wang = contact(traced, cast, "wang").pk
    assert post(qiu, f"/cases/{traced.pk}/confirm", {"contacts": [wang, 10**9]}).status_code == 404
    many = post(qiu, f"/cases/{traced.pk}/confirm", {"contacts": [wang, zhao]}).json()
    assert [row["id"] for row in many] == [wang]
    assert set(
        AuditEntry.objects.filter(verb__startswith="contact.", is_read=False).values_list("mouth", flat=True)
    ) == {"api"}


def test_an_explanation_adds_up(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    said = sign_in("qiu").get(f"{ROOT}/contacts/{contact(traced, cast, 'wang').pk}").json()
    assert said["seconds"] == said["counted_seconds"] == sum(said["days"].values()) == 990 * 60
    assert (said["left_out"], said["rule"]) == (0, "nhc6")
    assert {item["place"] for item in said["evidence"]} == {"一号楼101"}
    assert "国家卫生健康委" in said["rule_source"]
    assert sum(item["seconds"] for item in said["evidence"]) == said["seconds"]


def test_a_trace_at_will(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, body = sign_in("qiu"), {"person": "2023010101", "onset": "2026-03-02T06:00:00+08:00", "lookback_days": 2}
    answer = post(qiu, "/trace", body).json()
    assert [row["person"] for row in answer["contacts"]] == ["2023010102", "2023010201", "2023010103", "2023020101"]
    assert AuditEntry.objects.filter(verb="presence.read", subject=cast.person["zhao"].pk).exists()
    # whoever is no open case has no trail to look at
    assert post(qiu, "/trace", body | {"person": "2023010201"}).status_code == 404
    assert post(qiu, "/trace", body | {"lookback_days": 400}).json()["field"] == "lookback_days"
    assert post(qiu, "/trace", body | {"rule": "guess"}).json()["field"] == "rule"


@pytest.mark.parametrize("body", [{}, {"person": "2023010101", "onset": "dusk", "lookback_days": 2}, [], '"x"'])
def test_malformed_requests(cast: Cast, sign_in: SignIn, body: Any) -> None:
    assert post(sign_in("qiu"), "/trace", body).status_code == 422


@pytest.mark.parametrize(
    ("onset", "days"), [("0001-01-01T00:00:00Z", 366), ("9999-12-31T23:59:59Z", 366), ("2026-03-02T06:00:00", 10**30)]
)
def test_extreme_windows(cast: Cast, sign_in: SignIn, traced: Case, onset: str, days: int) -> None:
    response = post(sign_in("qiu"), "/trace", {"person": "2023010101", "onset": onset, "lookback_days": days})
    assert response.status_code in (200, 400, 422), response.content


def test_days(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    rows = sign_in("qiu").get(f"{ROOT}/days", {"first": "2026-03-01", "last": "2026-03-01"}).json()
    assert [(row["day"], row["visits"] > 0) for row in rows] == [(date(2026, 3, 1).isoformat(), True)]
    assert sign_in("su").get(f"{ROOT}/days").status_code == 200


@pytest.mark.parametrize("who", ["lin", "fang", "tang", "deng", "admin"])
def test_nobody_else(cast: Cast, sign_in: SignIn, traced: Case, who: str) -> None:
    client, zhao = sign_in(who), contact(traced, cast, "zhao").pk
    assert client.get(f"{ROOT}/cases").status_code == 403
    assert client.get(f"{ROOT}/cases/{traced.pk}/contacts").status_code == 404
    assert client.get(f"{ROOT}/contacts/{zhao}").status_code == 404
    assert post(client, f"/cases/{traced.pk}/trace").status_code == 404
    for act in ("confirm", "dismiss", "reconsider"):
        assert post(client, f"/contacts/{zhao}/{act}", {"reason": "x"}).status_code == 404
    onset = "2026-03-02T06:00:00+08:00"
    asked = post(client, "/trace", {"person": "2023010101", "onset": onset, "lookback_days": 2})
    assert asked.status_code in (403, 404)
    assert Client().get(f"{ROOT}/cases").status_code == 401
