"""Codes of places and scans of them, on the command line and over the API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.test import Client

from shouwang.cli.scans import scan
from shouwang.cli.tests.test_desk import run, said
from shouwang.core.errors import Forbidden
from shouwang.org.tests.cast import Cast
from shouwang.tracing.models_scans import PlaceScan


def test_issue_scan_and_strike_out(cast: Cast, tmp_path: Path) -> None:
    svg = tmp_path / "lib.svg"
    issued = said(
        scan, "issue", "LIB", "--days", "7", "--svg", str(svg), "--address", "https://x.example", "--as", "su"
    )
    assert svg.read_text(encoding="utf-8").startswith("<?xml")
    taken = said(scan, "take", issued["code"], "--key", "k", "--as", "fang")
    assert (taken["place"], taken["way"]) == ("LIB", "in")
    (mine,) = said(scan, "mine", "--as", "fang")["rows"]
    assert mine["id"] == taken["id"]
    assert said(scan, "strike-out", str(taken["id"]), "--as", "fang")["removed_at"]
    (row,) = said(scan, "codes", "--search", "LIB", "--as", "su")["rows"]
    assert row["serial"] == 1
    assert isinstance(run(scan, "issue", "LIB", "--as", "qiu").exception, Forbidden)


def test_the_same_over_the_api(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    su, fang = sign_in("su"), sign_in("fang")
    issued = su.post("/api/v1/presence/codes/LIB", {"days": None}, content_type="application/json")
    assert issued.status_code == 200, issued.content
    body = {"code": issued.json()["code"], "way": "in", "key": "k"}
    assert fang.post("/api/v1/presence/scans", body, content_type="application/json").json()["place"] == "LIB"
    late = {**body, "key": "k2", "way": "out", "at": "2026-03-02T11:00:00+08:00"}
    assert fang.post("/api/v1/presence/scans", late, content_type="application/json").status_code == 200
    assert [row["way"] for row in fang.get("/api/v1/presence/scans").json()] == ["in", "out"]
    assert [row["serial"] for row in su.get("/api/v1/presence/codes?q=LIB").json()] == [1]
    for body_, status in (({**body, "code": "x"}, 400), ({**body, "way": "up"}, 422), ({**body, "number": "1"}, 403)):
        answer = fang.post("/api/v1/presence/scans", body_, content_type="application/json")
        assert answer.status_code in {status, 400 if status == 422 else status}, answer.content
    row = PlaceScan.objects.first()
    assert row is not None
    assert fang.post(f"/api/v1/presence/scans/{row.pk}/strike-out").json()["removed_at"]
    assert sign_in("lin").post(f"/api/v1/presence/scans/{row.pk}/strike-out").status_code == 404
