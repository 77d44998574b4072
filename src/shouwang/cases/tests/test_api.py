"""/api/v1/cases/: the same acts and the same scope as the pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from shouwang.cases.models import Case
from shouwang.cases.tests.builders import DAY, HOUR, alerted, opened
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
ROOT = "/api/v1/cases/"


def send(browser: Client, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Status and JSON of one call."""
    data = json.dumps(body) if body is not None else ""
    response = browser.generic(method, ROOT + path, data, content_type="application/json")
    return response.status_code, response.json()


def test_the_whole_life_of_a_case(cast: Cast, sign_in: SignIn) -> None:
    clinic = sign_in("he")
    body = {"person": "2023010101", "pack": "covid19-2020-6", "reason": "发热", "onset_at": "2026-03-01T08:00:00"}
    status, case = send(clinic, "POST", "", body)
    assert (status, case["number"], case["version"]) == (201, "COV-2026-0001", 1)
    assert case["onset_at"] == "2026-03-01T00:00:00Z"
    assert {clock["code"]: clock["state"] for clock in case["clocks"]} == {
        "detect": "late", "report": "running", "isolate": "running", "treat": "running", "trace": "unstarted",
    }  # fmt: skip
    assert case["infectious"]["basis"] == "onset"
    at = f"{case['id']}"
    status, case = send(
        clinic, "POST", f"{at}/classify", {"classification": "confirmed", "reason": "核酸阳性", "version": 1}
    )
    assert (status, case["classification"], len(case["history"])) == (200, "confirmed", 2)
    status, case = send(clinic, "PATCH", f"{at}/dates", {"reported_at": "2026-03-02T04:00:00Z", "version": 2})
    assert (status, case["reported_at"], case["onset_at"]) == (200, "2026-03-02T04:00:00Z", "2026-03-01T00:00:00Z")
    status, case = send(clinic, "PATCH", f"{at}/dates", {"onset_at": None, "version": 3})
    assert (status, case["onset_at"], case["infectious"]["basis"]) == (200, None, "detected")
    status, case = send(clinic, "POST", f"{at}/close", {"reason": "治愈", "version": 4})
    assert (status, case["close_reason"]) == (200, "治愈")
    assert send(clinic, "POST", f"{at}/reopen", {"reason": "复阳"})[1]["closed_at"] is None
    assert AuditEntry.objects.filter(mouth="api", verb__startswith="case.", is_read=False).count() == 6


def test_from_an_alert(cast: Cast, sign_in: SignIn) -> None:
    alert = alerted(cast, at=NOON - HOUR)
    status, case = send(sign_in("he"), "POST", "", {"alert": alert.pk, "reason": "发热"})
    assert (status, case["alert"], case["detected_at"]) == (201, alert.pk, "2026-03-02T03:00:00Z")
    assert send(sign_in("he"), "POST", "", {"alert": alert.pk + 9, "reason": "发热"})[0] == 404


def test_list_pages_and_clocks(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: object) -> None:
    for hours, who in enumerate(("lin", "wang", "zhao")):
        opened(cast, who, at=NOON - (hours + 3) * HOUR)
    clinic = sign_in("qiu")
    status, page = send(clinic, "GET", "?size=2")
    assert (status, [item["person"]["name"] for item in page["items"]]) == (200, ["林晓", "王蕾"])
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        rest = send(clinic, "GET", f"?size=2&cursor={page['next']}")[1]
    assert ([item["person"]["unit"] for item in rest["items"]], rest["next"]) == (["计科2302班"], None)
    clocks = send(clinic, "GET", "clocks")[1]
    assert [row["code"] for row in clocks["late"]] == ["report", "isolate"] * 3
    assert {row["state"] for row in clocks["late"]} == {"overdue"}
    assert {row["code"] for row in clocks["soon"]} == {"treat"}


def test_epicurve_for_the_leader(cast: Cast, sign_in: SignIn) -> None:
    opened(cast, "lin", onset_at=NOON - DAY)
    opened(cast, "wang")
    status, curve = send(sign_in("tang"), "GET", "epicurve?first=2026-03-01&last=2026-03-02")
    assert (status, curve["days"], curve["total"]) == (200, ["2026-03-01", "2026-03-02"], 2)
    assert (curve["series"]["suspected"], curve["unknown"]) == ([1, 0], {"suspected": 1})
    assert send(sign_in("lin"), "GET", "epicurve?first=2026-03-01&last=2026-03-02")[0] == 403
    assert send(sign_in("tang"), "GET", "epicurve?first=2026-03-02&last=2026-03-01")[0] == 400


@pytest.mark.parametrize("who", ["fang", "lin", "tang", "admin"])
def test_strangers(cast: Cast, sign_in: SignIn, who: str) -> None:
    case, browser = opened(cast), sign_in(who)
    assert send(browser, "GET", "")[0] == 403
    assert send(browser, "GET", "clocks")[0] == 403
    assert send(browser, "GET", f"{case.pk}")[0] == 404
    assert send(browser, "POST", f"{case.pk}/classify", {"classification": "confirmed", "reason": "x"})[0] == 404
    assert send(browser, "PATCH", f"{case.pk}/dates", {"reported_at": None})[0] == 404
    assert send(browser, "POST", "", {"person": "2023010102", "pack": "covid19-2020-6", "reason": "x"})[0] in (403, 404)
    assert Case.objects.count() == 1


def test_nobody_without_a_session(cast: Cast) -> None:
    assert send(Client(), "GET", "")[0] == 401


def test_refusals_are_typed(cast: Cast, sign_in: SignIn) -> None:
    case, clinic = opened(cast), sign_in("he")
    at = f"{case.pk}/dates"
    tries = [
        ("PATCH", at, {"reported_at": "2026-03-01T00:00:00Z"}, 400, "dates_out_of_order", "reported_at"),
        ("PATCH", at, {"treated_at": "2027-01-01T00:00:00Z"}, 400, "date_future", "treated_at"),
        ("PATCH", at, {"treated_at": "9999-12-31T23:59:59Z"}, 400, "bad_input", "treated_at"),
        ("PATCH", at, {"detected_at": None}, 400, "detected_missing", "detected_at"),
        ("PATCH", at, {"treated_at": "2026-03-02T03:00:00Z", "version": 7}, 409, "version_conflict", "version"),
        ("POST", f"{case.pk}/close", {"reason": "x"}, 400, "case_undecided", None),
        ("POST", "", {"person": "2023010101", "pack": "covid19-2020-6", "reason": "x"}, 409, "case_exists", None),
        ("POST", "", {"person": "2023010102", "pack": "plague", "reason": "x"}, 400, "pack_not_active", "pack"),
    ]
    for method, path, body, status, code, field in tries:
        found, answer = send(clinic, method, path, body)
        assert (found, answer["code"], answer["field"]) == (status, code, field), body
    assert send(clinic, "PATCH", at, {"reported_at": "soon"})[0] == 422
    assert send(clinic, "POST", f"{case.pk}/classify", {"classification": "ill", "reason": "x"})[0] == 422
    assert send(clinic, "GET", "?cursor=%F0%9F%92%A9")[0] == 400
    assert send(clinic, "GET", "?state=x")[0] == 400
    assert send(clinic, "GET", "99999999999999999999")[0] == 404
    case.refresh_from_db()
    assert case.version == 1


def test_reading_is_recorded(cast: Cast, sign_in: SignIn) -> None:
    case = opened(cast)
    send(sign_in("he"), "GET", f"{case.pk}")
    send(sign_in("he"), "GET", "")
    verbs = AuditEntry.objects.filter(subject=case.person_id, is_read=True, mouth="api").values_list("verb", flat=True)
    assert list(verbs.order_by("id")) == ["case.viewed", "case.listed"]
