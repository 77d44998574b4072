"""API and command line do what the pages do, under the same scope."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwang.cli.surveys import survey
from shouwang.org.tests.cast import Cast
from shouwang.surveys.models import Campaign, Submission
from shouwang.surveys.tests import scenes
from shouwang.surveys.tests.forms import xlsx

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
API = "/api/v1/surveys/"


def post(client: Client, path: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(API + path, json.dumps(body or {}), content_type="application/json")


def test_a_campaign_by_api(cast: Cast, sign_in: SignIn) -> None:
    su, lin, fang = sign_in("su"), sign_in("lin"), sign_in("fang")
    upload = SimpleUploadedFile("went.xlsx", xlsx(scenes.SURVEY, form_id="went"))
    version = su.post(API + "forms", {"file": upload}).json()
    assert (version["form"], version["version"], version["questions"]) == ("went", 1, 4)
    body = {"version": version["id"], "organisation": cast.org["WCU"].pk, "kinds": ["student"], "title": "t",
            "deadline": "2026-03-05T20:00:00"}  # fmt: skip
    made = post(su, "", body).json()
    assert made["state"] == "draft"
    assert post(su, f"{made['id']}/open").json() == {"joined": 5, "left": 0, "asked": 5}
    assert [row["title"] for row in lin.get(API + "mine").json()] == ["t"]
    refused = post(lin, f"{made['id']}/answers", {"client_key": "a", "answers": {"went": "yes"}})
    assert refused.status_code == 400
    assert [fault["key"] for fault in refused.json()["data"]["faults"]] == ["city"]
    sent = post(lin, f"{made['id']}/answers", {"client_key": "a", "answers": {"went": "yes", "city": "武汉"}})
    assert (sent.status_code, sent.json()["source"]) == (201, "self")
    board = fang.get(f"{API}{made['id']}").json()
    assert (board["counts"]["asked"], board["counts"]["by_self"], len(board["not_yet"])) == (4, 1, 3)
    assert fang.get(f"{API}{made['id']}/answers").json()["items"][0]["answers"]["city"] == "武汉"
    assert post(fang, f"answers/{sent.json()['id']}/verify").json()["verified_at"]
    counts = [c.get(f"{API}{made['id']}/cross?question=went").json()["total"]["counts"] for c in (su, sign_in("he"))]
    assert counts == [[None, None], [1, 0]]
    assert fang.get(f"{API}{made['id']}/export").content[:2] == b"PK"
    assert su.get(f"{API}{made['id']}/export").status_code == 404
    assert post(su, f"{made['id']}/close").json()["state"] == "closed"


def test_a_broken_form_by_api_names_its_places(cast: Cast, sign_in: SignIn) -> None:
    upload = SimpleUploadedFile("b.xlsx", xlsx([{"type": "text", "name": "a", "label": "A", "relevant": "frob(1)"}]))
    answer = sign_in("su").post(API + "forms", {"file": upload})
    assert answer.status_code == 400
    (problem,) = answer.json()["data"]["problems"]
    assert {key: problem[key] for key in ("sheet", "row", "column", "header", "code")} == {
        "sheet": "survey", "row": 2, "column": "D", "header": "relevant", "code": "formula_unknown_function",
    }  # fmt: skip


def run(*words: str, code: int = 0) -> Any:
    result = CliRunner().invoke(survey, list(words))
    assert result.exit_code == code, result.output + str(result.exception)
    return json.loads(result.output.splitlines()[-1]) if "--json" in words else result.output


def test_a_campaign_by_command_line(cast: Cast, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(xlsx(scenes.SURVEY, form_id="went"))
    bad.write_bytes(xlsx([{"type": "select_one nowhere", "name": "q", "label": "Q"}]))
    assert run("check", str(good), "--json")["rows"][0]["questions"] == 4
    assert run("check", str(bad), "--json", code=1)["rows"][0]["code"] == "list_missing"
    version = run("import", str(good), "--as", "fang", "--json")["rows"][0]["id"]
    made = run("make", str(version), "--unit", "IE", "--kind", "student", "--as", "fang", "--json")["rows"][0]
    assert made["people"] == 4
    assert run("open", str(made["id"]), "--as", "fang", "--json")["rows"][0]["asked"] == 4
    scenes.answer(cast, Campaign.objects.get(), "lin")
    told = run("status", str(made["id"]), "--as", "fang", "--json")
    assert told["rows"][0] == {"unit": "all", "asked": 4, "verified": 0, "self": 1, "proxy": 0, "unknown": 3}
    assert len(told["not_yet"]) == 3
    target = tmp_path / "out.xlsx"
    assert "1 rows" in run("export", str(made["id"]), str(target), "--as", "fang")
    assert target.read_bytes()[:2] == b"PK"
    assert "closed" in run("close", str(made["id"]), "--as", "fang")
    assert Submission.objects.count() == 1
