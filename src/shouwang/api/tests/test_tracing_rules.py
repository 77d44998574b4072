"""The API of contact rules and explanations: as the pages, and as the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.test import Client

from shouwang.cases.models import Case
from shouwang.cli.contact_rules import explain, rule
from shouwang.core.errors import BadInput, NotFound
from shouwang.org.tests.cast import Cast
from shouwang.tracing.queries import catalogue
from shouwang.tracing.tests.desk_scene import contact

ROOT = "/api/v1/tracing"
NINTH = "covid19-cn-9"
SignIn = Callable[[str], Client]


def test_rules_preview_apply_explain(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, base = sign_in("qiu"), f"{ROOT}/cases/{traced.pk}"
    listed = qiu.get(f"{ROOT}/rules", {"disease": "covid19"}).json()
    assert [row["code"] for row in listed][-1] == "covid19-who-2020" and len(listed) == 10
    assert qiu.get(f"{base}/rule").json()["basis"] == "pack"
    shown = qiu.get(f"{base}/rule/{NINTH}").json()
    assert shown["counts"] == {"added": 0, "dropped": 0, "changed": 1, "same": 3}
    assert shown["changes"][0]["after"] == "secondary"
    silent = qiu.post(f"{base}/rule", {"edition": NINTH, "reason": ""}, content_type="application/json")
    assert (silent.status_code, silent.json()["field"]) == (400, "reason")
    done = qiu.post(f"{base}/rule", {"edition": NINTH, "reason": "九版"}, content_type="application/json").json()
    assert (done["rule"], done["found"]) == (NINTH, 4)
    why = qiu.get(f"{base}/why/2023020101").json()
    assert (why["grade"], why["links"][0]["person"], why["on_record"]["link"]) == (
        "secondary", "2023010201", "2023010201",
    )  # fmt: skip
    zhao = qiu.get(f"{base}/why/2023010201").json()
    assert zhao["weight"]["total_hours"] == pytest.approx(
        sum(t["product_hours"] for t in zhao["weight"]["terms"]), abs=0.01
    )
    held = qiu.get(f"{ROOT}/contacts/{contact(traced, cast, 'zhao').pk}").json()
    assert held["rule"] == NINTH and "第九版" in held["rule_source"]
    assert qiu.get(f"{base}/rule/nowhere").status_code == 404


def test_another_grade(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    path = f"{ROOT}/contacts/{contact(traced, cast, 'ou').pk}/grade"
    body = {"grade": "close", "reason": "同桌", "version": 1}
    done = sign_in("qiu").post(path, body, content_type="application/json").json()
    assert (done["grade"], done["override"], done["version"]) == ("close", "close", 2)
    again = sign_in("qiu").post(path, body, content_type="application/json")
    assert again.status_code == 409


def test_the_terminal(cast: Cast, traced: Case, tmp_path: Path) -> None:
    run = CliRunner().invoke
    listed = json.loads(run(rule, ["list", "--on", "2022-07-01", "--disease", "covid19", "--json"]).output)
    assert [row["code"] for row in listed["rules"]] == [NINTH, "covid19-who-2020"]
    assert "covid19-cn-8" in run(rule, ["list"]).output
    sound = run(rule, ["check", str(catalogue.SHIPPED / f"{NINTH}.toml")])
    assert sound.exit_code == 0 and "3 sources, 1 of them an assumption" in sound.output
    bad = tmp_path / f"{NINTH}.toml"
    bad.write_text("[edition\n", "utf-8")
    assert isinstance(run(rule, ["check", str(bad)]).exception, BadInput)
    shown = run(rule, ["preview", traced.number, NINTH, "--as", "qiu"])
    assert "0 added, 0 dropped, 1 changed, 3 the same" in shown.output
    applied = run(rule, ["apply", traced.number, NINTH, "--reason", "九版", "--as", "qiu"])
    assert applied.exit_code == 0 and "4 contacts found" in applied.output
    words = ["--case", traced.number, "--person", "2023020101"]
    body = json.loads(run(explain, [*words, "--json"]).output)
    assert (body["verdict"], body["grade"]) == ("contact", "secondary")
    assert "2023010201" in run(explain, [*words, "--as", "qiu"]).output
    assert isinstance(run(explain, [*words, "--as", "fang"]).exception, NotFound)
    graded = run(rule, ["grade", str(contact(traced, cast, "ou").pk), "close", "--reason", "同桌"])
    assert "2023020101: close" in graded.output
