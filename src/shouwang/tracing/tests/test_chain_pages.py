"""Chains on page, API and terminal: everybody sees the cases of their scope, and numbers agree with a plain count."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from shouwang.cases.models import Case
from shouwang.cli.main import shouwang
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor, system_actor
from shouwang.core.tree import subtree
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import TransmissionLink
from shouwang.tracing.queries import chains, sources
from shouwang.tracing.tests.chain_scene import chain, sick

SignIn = Callable[[str], Client]
TODAY = date(2026, 3, 2)
WANTED = chains.Wanted("covid19", TODAY - timedelta(days=59), TODAY)
PAGE = "/tracing/chains/"


@pytest.fixture
def outbreak(cast: Cast) -> dict[str, Case]:
    """Lin imported → Wang accepted → Zhao proposed; Ou stands alone."""
    found = chain(cast)
    how: dict[str, Any] = {"by": cast.by("qiu"), "at": NOON}
    actions.add_link(found["lin"], origin="imported", reason="外地返校", **how)
    link = TransmissionLink.objects.get(case=found["wang"], infector=found["lin"])
    actions.accept_link(link, reason="同寝室", **how)
    return found


def tracer_of(cast: Cast, code: str) -> Actor:
    """Somebody who traces in one part of the institution alone."""
    ranges = (subtree(cast.org[code].path),)
    reach = dict.fromkeys(("trace.work", "case.view", "report.view"), ranges)
    return Actor(account_id=None, person_id=None, label="tracer", roles=("tracer",), reach=reach)


def test_the_forest_is_what_was_accepted_and_proposed(cast: Cast, outbreak: dict[str, Case]) -> None:
    _page, rows = chains.table(cast.by("qiu"), WANTED, None)
    said = {row.case.person.name: (row.generation, row.exact, row.provisional, str(row.source)) for row in rows}
    assert said == {
        "林晓": (1, True, False, "imported"),
        "王蕾": (2, True, False, "case"),
        "赵宁": (3, True, True, "proposed"),
        "欧阳静": (1, False, False, "not_stated"),
    }
    accepted = chains.Wanted("covid19", WANTED.first, WANTED.last, proposals=False)
    _page, rows = chains.table(cast.by("qiu"), accepted, None)
    assert {row.case.person.name: row.generation for row in rows}["赵宁"] == 1


def test_numbers_agree_with_a_plain_count(cast: Cast, outbreak: dict[str, Case]) -> None:
    drawing = chains.drawing(cast.by("qiu"), WANTED)
    parents = dict(
        TransmissionLink.objects.filter(state="accepted", infector__isnull=False).values_list("case", "infector")
    )
    parents[outbreak["zhao"].pk] = outbreak["wang"].pk

    def generation(case: int) -> int:
        return 1 + generation(parents[case]) if case in parents else 1

    assert drawing.summary.generations == Counter(generation(case.pk) for case in outbreak.values())
    assert drawing.summary.sources == {"imported": 1, "case": 1, "proposed": 1, "not_stated": 1}
    assert (drawing.summary.total, drawing.summary.undecided, drawing.outside) == (4, 1, 0)
    assert chains.numbers(cast.by("su"), WANTED) == drawing.summary


def test_each_scope_sees_its_cases_and_the_rest_is_counted(cast: Cast, outbreak: dict[str, Case]) -> None:
    by = tracer_of(cast, "CS2302")
    drawing = chains.drawing(by, WANTED)
    assert [case.person.name for case in drawing.rows] == ["赵宁"]
    assert drawing.outside == 2
    row = chains.rows_of(by, drawing.rows, drawing.links)[0]
    assert (row.generation, row.infector, row.hidden) == (3, None, True)
    found = sources.sources_of(by, outbreak["zhao"])
    assert (found.answers, found.outside) == ((), 1)
    assert "林晓" not in json.dumps(chains.as_json(row), default=str)


def test_discarded_cases_and_other_days_are_left_out(cast: Cast, outbreak: dict[str, Case]) -> None:
    Case.objects.filter(pk=outbreak["wang"].pk).update(classification="discarded")
    drawing = chains.drawing(cast.by("qiu"), WANTED)
    assert drawing.summary.generations == {1: 3}
    early = chains.Wanted("covid19", TODAY - timedelta(days=9), TODAY - timedelta(days=7))
    assert [case.person.name for case in chains.drawing(cast.by("qiu"), early).rows] == ["林晓"]
    for first, last in (
        (TODAY, TODAY - timedelta(days=1)),
        (date.max, date.max),
        (date.min, date.min),
        (date.min, TODAY),
    ):
        with pytest.raises(BadInput):
            chains.Wanted("covid19", first, last)


def test_few_people_get_no_numbers(cast: Cast, outbreak: dict[str, Case]) -> None:
    reach = {"report.view": (subtree(cast.org["EN2301"].path),)}
    with pytest.raises(Forbidden) as refused:
        chains.numbers(Actor(None, None, "few", reach=reach), WANTED)
    assert refused.value.error_code == "group_small"


# --- the page ------------------------------------------------------------------------------------------------------


def drawn(response: Any) -> dict[str, Any]:
    found = re.search(r'<script id="chain-data" type="application/json">(.*?)</script>', response.content.decode())
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_a_tracer_sees_the_drawing_and_the_table_and_is_recorded(
    cast: Cast, sign_in: SignIn, outbreak: dict[str, Case]
) -> None:
    response = sign_in("qiu").get(PAGE)
    data = drawn(response)
    names = dict(zip(data["number"], range(4), strict=True))
    order = {name: names[case.number] for name, case in outbreak.items()}
    assert sorted(data["links"]) == sorted([[order["wang"], order["lin"], 0], [order["zhao"], order["wang"], 1]])
    assert [data["shape"][order[name]] for name in ("lin", "wang", "zhao", "ou")] == [1, 0, 3, 3]
    assert data["legends"]["class"][data["class"][order["lin"]]] in {"计科2301班", "CS 2301"}
    assert data["legends"]["dorm"][data["dorm"][order["wang"]]] == "一号宿舍楼"
    assert len(set(zip(data["x"], data["row"], strict=True))) == 4
    assert "林晓" not in json.dumps(data, ensure_ascii=False)
    reads = AuditEntry.objects.filter(is_read=True, verb="chain.listed", account=cast.account["qiu"].pk)
    assert set(reads.values_list("subject", flat=True)) == {case.person_id for case in outbreak.values()}


@pytest.mark.parametrize("query", ["links=accepted&arrange=day", "links=all&arrange=generation"])
def test_it_is_drawn_in_every_way(cast: Cast, sign_in: SignIn, outbreak: dict[str, Case], query: str) -> None:
    response = sign_in("he").get(f"{PAGE}?disease=covid19&first=2026-02-01&last=2026-03-02&{query}")
    assert len(drawn(response)["links"]) == (1 if "accepted" in query else 2)


@pytest.mark.parametrize("who", ["su", "tang"])
def test_office_and_leader_get_numbers_and_no_case(
    cast: Cast, sign_in: SignIn, outbreak: dict[str, Case], who: str
) -> None:
    text = sign_in(who).get(PAGE).content.decode()
    assert "chain-data" not in text
    assert not any(word in text for case in outbreak.values() for word in (case.number, case.person.name))
    assert sign_in(who).get(f"/tracing/chains/cases/{outbreak['lin'].pk}/").status_code == 404


@pytest.mark.parametrize("who", ["lin", "meng", "deng", "gu", "admin"])
def test_others_find_no_page(cast: Cast, sign_in: SignIn, outbreak: dict[str, Case], who: str) -> None:
    assert sign_in(who).get(PAGE).status_code == 404


def test_a_page_without_cases_and_bad_input(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in("qiu").get(PAGE).status_code == 200
    sick(cast, "lin", 3)
    base = f"{PAGE}?disease=covid19&links=all&arrange=day"
    assert sign_in("qiu").get(f"{base}&first=2026-03-02&last=2026-03-01").status_code == 422
    assert sign_in("qiu").get(f"{base}&first=x&last=2026-03-01").status_code == 422
    assert sign_in("qiu").get(f"{base}&first=2026-03-01&last=2026-03-02&page=zzz").status_code == 400


def test_a_source_is_read_decided_and_taken_back(cast: Cast, sign_in: SignIn, outbreak: dict[str, Case]) -> None:
    qiu, zhao = sign_in("qiu"), outbreak["zhao"]
    page = f"/tracing/chains/cases/{zhao.pk}/"
    text = qiu.get(page).content.decode()
    assert outbreak["wang"].number in text
    assert "4.7" in text
    assert "Nishiura" in text
    link = TransmissionLink.objects.get(case=zhao, infector=outbreak["wang"])
    decide = f"/tracing/chains/links/{link.pk}/decide/"
    assert qiu.post(decide, {"what": "accept", "reason": "", "version": link.version}).status_code == 400
    assert qiu.post(decide, {"what": "accept", "reason": "同组", "version": link.version}).status_code == 302
    assert qiu.post(decide, {"what": "reject", "reason": "同组", "version": link.version}).status_code == 409
    assert "同组" in qiu.get(page).content.decode()
    link.refresh_from_db()
    assert qiu.post(decide, {"what": "reopen", "reason": "再查", "version": link.version}).status_code == 302
    add = f"{page}add/"
    assert qiu.post(add, {"origin": "case", "infector": "", "reason": "x"}).status_code == 400
    assert qiu.post(add, {"origin": "case", "infector": "COV-0000", "reason": "x"}).status_code == 404
    assert qiu.post(add, {"origin": "unknown", "reason": ""}).status_code == 422
    assert qiu.post(add, {"origin": "unknown", "reason": "三次询问均无"}).status_code == 302
    assert AuditEntry.objects.filter(is_read=True, verb="chain.viewed", subject=zhao.person_id).exists()


def test_the_clinic_reads_a_source_and_cannot_decide(cast: Cast, sign_in: SignIn, outbreak: dict[str, Case]) -> None:
    he, zhao = sign_in("he"), outbreak["zhao"]
    text = he.get(f"/tracing/chains/cases/{zhao.pk}/").content.decode()
    assert "/decide/" not in text
    link = TransmissionLink.objects.get(case=zhao, infector=outbreak["wang"])
    assert he.post(f"/tracing/chains/links/{link.pk}/decide/", {"what": "accept", "reason": "x"}).status_code == 404
    assert f"/tracing/chains/cases/{zhao.pk}/" in he.get(f"/cases/{zhao.pk}/").content.decode()


# --- API and terminal ----------------------------------------------------------------------------------------------


def test_the_api_says_the_same(cast: Cast, sign_in: SignIn, outbreak: dict[str, Case]) -> None:
    qiu = sign_in("qiu")
    body = qiu.get("/api/v1/tracing/chains").json()
    assert body["numbers"]["generations"] == {"1": 2, "2": 1, "3": 1}
    assert {row["number"]: row["infector"] for row in body["items"]} == {
        outbreak["lin"].number: None,
        outbreak["wang"].number: outbreak["lin"].number,
        outbreak["zhao"].number: outbreak["wang"].number,
        outbreak["ou"].number: None,
    }
    first = qiu.get("/api/v1/tracing/chains?size=3").json()
    rest = qiu.get("/api/v1/tracing/chains", {"size": 3, "page": first["next"]}).json()
    assert [row["id"] for row in first["items"] + rest["items"]] == [row["id"] for row in body["items"]]
    office = sign_in("su").get("/api/v1/tracing/chains").json()
    assert (office["items"], office["outside"], office["numbers"]) == (None, None, body["numbers"])
    assert sign_in("lin").get("/api/v1/tracing/chains").status_code == 404


def test_the_api_decides(cast: Cast, sign_in: SignIn, outbreak: dict[str, Case]) -> None:
    qiu, zhao = sign_in("qiu"), outbreak["zhao"]
    base = "/api/v1/tracing"

    def send(path: str, **body: Any) -> Any:
        return qiu.post(f"{base}{path}", body, content_type="application/json")

    answer = qiu.get(f"{base}/cases/{zhao.pk}/sources").json()["answers"][0]
    assert (answer["state"], answer["certainty"], len(answer["checks"])) == ("proposed", "probable", 3)
    done = send(f"/links/{answer['id']}/accept", reason="同组", version=answer["version"])
    assert done.json()["answers"][0]["steps"][0]["reason"] == "同组"
    assert send(f"/links/{answer['id']}/reject", reason="x", version=answer["version"]).status_code == 409
    assert send(f"/links/{answer['id']}/reopen", reason="再查").json()["answers"][0]["state"] == "proposed"
    added = send(f"/cases/{zhao.pk}/sources", origin="case", infector=outbreak["ou"].number, reason="聚餐")
    assert added.json()["answers"][0]["infector"] == outbreak["ou"].number
    he = sign_in("he")
    assert he.get(f"{base}/cases/{zhao.pk}/sources").status_code == 200
    body = {"origin": "imported", "reason": "x"}
    assert he.post(f"{base}/cases/{zhao.pk}/sources", body, content_type="application/json").status_code == 404


def run(*words: str) -> Any:
    return CliRunner().invoke(shouwang, ["chains", *words], catch_exceptions=False)


def test_the_terminal_says_and_decides_the_same(cast: Cast, outbreak: dict[str, Case]) -> None:
    body = json.loads(run("--json").output.splitlines()[-1])
    assert body["numbers"]["generations"] == {"1": 2, "2": 1, "3": 1}
    assert len(body["cases"]) == 4
    text = run("--accepted-only", "--as", "qiu").output
    assert outbreak["zhao"].number in text
    lone = json.loads(run("--as", "su", "--json").output.splitlines()[-1])
    assert (lone["cases"], lone["numbers"]) == (None, body["numbers"])
    zhao, wang, ou = (outbreak[name].number for name in ("zhao", "wang", "ou"))
    assert "accepted" in run("accept", zhao, wang, "--reason", "同组", "--as", "qiu").output
    assert "proposed again" in run("reopen", zhao, wang, "--reason", "再查").output
    assert "rejected" in run("reject", zhao, wang, "--reason", "不在").output
    assert "recorded" in run("add", ou, "--origin", "unknown", "--reason", "查无").output
    assert "查无" in run("source", ou).output
    answers = json.loads(run("source", zhao, "--json", "--as", "he").output.splitlines()[-1])["answers"]
    assert [answer["state"] for answer in answers] == ["rejected"]
    assert run("add", ou, "--reason", "x").exit_code == 2
    assert run("accept", ou, "COV-1", "--reason", "x").exit_code == 2
    assert "0 links" in run("propose").output


def test_the_operator_sees_every_answer(cast: Cast, outbreak: dict[str, Case]) -> None:
    found = sources.sources_of(system_actor("operator"), outbreak["wang"])
    assert (len(found.answers), found.outside) == (2, 0)
