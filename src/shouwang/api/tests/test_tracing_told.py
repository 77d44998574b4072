"""The API of interviews, unknown contacts, scripts and hand-over sheets: the same acts and scope as the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from shouwang.api.tests.test_tracing import ROOT, post
from shouwang.cases.models import Case
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import Cast

SignIn = Callable[[str], Client]
SAID: dict[str, Any] = {
    "starts_at": "2026-03-01T09:00:00+08:00", "ends_at": "2026-03-01T10:00:00+08:00", "certainty": "about",
    "where": "LIB", "companions": ["T0002"],
}  # fmt: skip


def test_statements(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, base = sign_in("qiu"), f"/cases/{traced.pk}/interview"
    row = post(qiu, base, SAID).json()
    assert (row["state"], row["companions"], row["place_id"]) == ("standing", ["T0002"], cast.place["LIB"].pk)
    told = qiu.get(f"{ROOT}{base}").json()
    assert len(told["conflicts"]) == 1
    silent = post(qiu, f"/statements/{row['id']}/correct", {**SAID, "reason": ""})
    assert (silent.status_code, silent.json()["field"]) == (400, "reason")
    new = post(
        qiu, f"/statements/{row['id']}/correct", {**SAID, "where": "校外", "reason": "记错", "version": 1}
    ).json()
    assert (new["version"], new["place_id"]) == (2, None)
    stale = post(qiu, f"/statements/{row['id']}/withdraw", {"reason": "x"})
    assert stale.status_code == 409
    assert post(qiu, f"/statements/{new['id']}/withdraw", {"reason": "x"}).json()["state"] == "withdrawn"
    assert post(qiu, base, {**SAID, "certainty": "maybe"}).status_code == 422
    assert post(sign_in("he"), base, SAID).status_code == 404
    assert AuditEntry.objects.filter(verb="statement.read", mouth="api", is_read=True).exists()


def test_unknown_contacts(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu = sign_in("qiu")
    row = post(
        qiu, f"/cases/{traced.pk}/unknown", {"description": "司机", "starts_at": "2026-03-01T14:20:00+08:00"}
    ).json()
    assert [case["unknown"] for case in qiu.get(f"{ROOT}/cases").json()] == [1]
    body = {"person": "T0008", "ends_at": "2026-03-01T14:40:00+08:00"}
    assert post(qiu, f"/unknown/{row['id']}/identify", {"person": "nobody"}).status_code == 404
    done = post(qiu, f"/unknown/{row['id']}/identify", body).json()
    assert (done["state"], done["person"]) == ("identified", "T0008")
    assert post(qiu, f"/unknown/{row['id']}/give-up", {"reason": "x"}).status_code == 409
    assert len(qiu.get(f"{ROOT}/cases/{traced.pk}/unknown").json()) == 1


def test_script_and_sheet(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, base = sign_in("qiu"), f"/cases/{traced.pk}"
    kept = post(qiu, f"{base}/script", {"answers": {"mask": "没有"}}).json()
    assert {row["question"]: row["answer"] for row in kept}["mask"] == "没有"
    assert post(qiu, f"{base}/script", {"answers": {"nothing": "x"}}).status_code == 400
    sheet = post(qiu, f"{base}/sheet", {"form": "docx"})
    assert (sheet.status_code, sheet.content[:2]) == (200, b"PK")
    assert post(sign_in("su"), f"{base}/sheet", {"form": "docx"}).status_code == 404
