"""Pages, API and terminal of directives and tasks: the same acts, shown to whoever they concern."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwang.cli.directives import directive
from shouwang.cli.tasks import task as task_command
from shouwang.command import actions
from shouwang.command.capabilities import PAGES, page_of
from shouwang.command.models import Directive, Measure, Task
from shouwang.command.rules.notices import vocabulary
from shouwang.command.tests.papers import draft, issued, put_in_charge, task_of
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
BUREAU = Path(__file__).with_name("notices").joinpath("bureau.txt")
ENGLISH = {"accept-language": "en"}


def test_a_notice_given_on_the_page_is_kept_and_decided(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in("su")
    file = SimpleUploadedFile("通知.txt", BUREAU.read_bytes())
    kept = client.post("/command/notice/", {"file": file, "keep": "1"})
    row = Directive.objects.get()
    assert (kept.status_code, kept.headers["Location"]) == (302, f"/command/directives/{row.pk}/")
    page = client.get(f"/command/directives/{row.pk}/", headers=ENGLISH).content.decode()
    assert row.measures.first().quote in page  # type: ignore[union-attr]
    assert f"Accept the {row.measures.count()} undecided" in page
    first, second = row.measures.all()[:2]
    client.post(f"/command/directives/{row.pk}/measures/{first.pk}/decide/", {"version": 1, "state": "dropped"})
    client.post(
        f"/command/directives/{row.pk}/measures/{second.pk}/",
        {"version": 1, "text": "晨检", "evidence": "on", "due_at": "2026-03-05T17:00", "owner_unit": cast.org["IE"].pk},
    )
    second.refresh_from_db()
    assert (second.state, second.text, second.evidence) == ("accepted", "晨检", True)
    assert second.due_at is not None and second.due_at.isoformat() == "2026-03-05T09:00:00+00:00"
    client.post(f"/command/directives/{row.pk}/measures/accept/")
    assert set(row.measures.values_list("state", flat=True)) == {"accepted", "dropped"}
    assert sign_in("fang").post("/command/notice/", {"text": "一、要消毒。", "keep": "1"}).status_code == 403


def test_the_second_editor_sees_both_and_decides(cast: Cast, sign_in: SignIn) -> None:
    row = draft(cast)
    measure = row.measures.get()
    actions.edit_measure(measure, version=1, values={"text": "他人的写法"}, by=cast.by("su"), at=NOON)
    client, url = sign_in("su"), f"/command/directives/{row.pk}/measures/{measure.pk}/"
    page = client.post(url, {"version": 1, "text": "我的写法"}, headers=ENGLISH)
    html = page.content.decode()
    assert page.status_code == 422
    assert "他人的写法" in html and "我的写法" in html
    assert 'name="version" value="2"' in html
    assert client.post(url, {"version": 2, "text": "合起来的写法"}).status_code == 302
    assert Measure.objects.get().text == "合起来的写法"
    edit = f"/command/directives/{row.pk}/edit/"
    given = {"title": row.title, "body": row.body, "number_prefix": "望校防", "attachments": "# 表\n一行\n二行"}
    client.post(edit, {**given, "version": 1})
    row.refresh_from_db()
    assert row.attachments == [{"title": "表", "text": "一行\n二行"}]
    clash = client.post(edit, {**given, "version": 1, "attachments": "# 另一表"}, headers=ENGLISH)
    assert clash.status_code == 409
    assert "# 表" in clash.content.decode() and "# 另一表" in clash.content.decode()


def test_from_draft_to_receipts_on_the_pages(cast: Cast, sign_in: SignIn) -> None:
    put_in_charge(cast)
    row = draft(cast, aims=[])
    su, tang, fang = sign_in("su"), sign_in("tang"), sign_in("fang")
    url = f"/command/directives/{row.pk}/"
    assert "to which units" in su.post(f"{url}step/submit/", headers={**ENGLISH, "hx-request": "true"}).content.decode()
    times = {"acknowledge_by": "2026-03-03T12:00", "due_at": "2026-03-05T12:00"}
    su.post(f"{url}recipients/", {**times, "version": 1, "add": "1", "unit": cast.org["WCU"].pk, "kind": "college"})
    assert "2 units" in su.get(f"{url}recipients/", headers=ENGLISH).content.decode()
    assert su.post(f"{url}step/submit/").status_code == 302
    assert su.post(f"{url}step/sign/").status_code == 403
    assert fang.get(url).status_code == 404
    row.refresh_from_db()
    tang.post(f"{url}step/sign/", {"version": row.version})
    su.post(f"{url}step/issue/")
    row.refresh_from_db()
    assert row.number == "望校防〔2026〕1号"
    assert "is asked to read this" in fang.get(url, headers=ENGLISH).content.decode()
    assert fang.post(f"{url}acknowledge/{cast.org['FL'].pk}/").status_code == 404
    fang.post(f"{url}acknowledge/{cast.org['IE'].pk}/")
    page = su.get(f"{url}receipts/", headers=ENGLISH).content.decode()
    assert "欧阳静" in page and "信息工程学院" not in page.split("<tbody>")[1]
    paper = fang.get(f"{url}paper/").content.decode()
    assert "望川大学文件" in paper
    word = fang.get(f"/command/directives/{row.pk}.docx")
    assert word.content[:2] == b"PK"
    assert sign_in("lin").get(url).status_code == 404


def test_a_task_on_its_page(cast: Cast, sign_in: SignIn) -> None:
    put_in_charge(cast)
    task = task_of(cast, issued(cast), "IE")
    fang, url = sign_in("fang"), f"/command/tasks/{task.pk}/"
    assert task.text in sign_in("fang").get("/command/mine/").content.decode()
    assert task.text in fang.get("/").content.decode()
    fang.post(f"{url}acknowledge/")
    fang.post(f"{url}split/", {"units": [cast.org["CS2301"].pk]})
    part = Task.objects.get(parent=task)
    assert fang.post(f"{url}split/", {"units": [cast.org["EN2301"].pk]}).status_code == 404
    meng = sign_in("meng")
    page = meng.get(f"/command/tasks/{part.pk}/", headers=ENGLISH).content.decode()
    assert "Evidence: what was done" in page
    meng.post(f"/command/tasks/{part.pk}/done/", {"text": "登记在册"})
    assert "somebody else verifies it" in meng.get(f"/command/tasks/{part.pk}/", headers=ENGLISH).content.decode()
    fang.post(f"/command/tasks/{part.pk}/verify/")
    fang.post(f"{url}done/", {"text": "全院完成"})
    task.refresh_from_db()
    assert task.state == "done"
    assert sign_in("lin").get(url).status_code == 404


def test_what_is_written_is_never_markup(cast: Cast, sign_in: SignIn) -> None:
    put_in_charge(cast)
    row = draft(cast, title="<b>题</b>", body="一、<script>x</script>。内容", addressees="<i>各</i>")
    for path in ("", "paper/"):
        page = sign_in("su").get(f"/command/directives/{row.pk}/{path}").content.decode()
        assert "<script>x" not in page and "<b>题" not in page and "<i>各" not in page


def test_the_api_does_the_same(cast: Cast, sign_in: SignIn) -> None:
    put_in_charge(cast)
    su = sign_in("su")

    def call(client: Client, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        raw = json.dumps(body or {})
        answer = client.generic(method, f"/api/v1/command{path}", raw, content_type="application/json")
        return answer.json() | {"status": answer.status_code}

    made = call(su, "POST", "/directives", {
        "title": "通知", "body": "一、消毒", "prefix": "望校防", "aims": [{"unit": "WCU", "kind": "college"}],
        "acknowledge_by": "2026-03-03T12:00", "due_at": "2026-03-05T12:00",
    })  # fmt: skip
    one = made["id"]
    measure = call(su, "POST", f"/directives/{one}/measures", {"text": "消毒", "owner_unit": "HOSP"})
    changed = call(su, "PATCH", f"/directives/{one}/measures/{measure['id']}", {"version": 1, "owner_unit": None})
    assert changed["owner_unit"] is None
    assert call(su, "PATCH", f"/directives/{one}", {"version": 1, "title": "甲"})["title"] == "甲"
    clash = call(su, "PATCH", f"/directives/{one}", {"version": 1, "title": "乙"})
    assert (clash["status"], clash["code"]) == (409, "edited_meanwhile")
    assert clash["data"]["clashes"] == [{"field": "title", "theirs": "甲", "mine": "乙"}]
    call(su, "POST", f"/directives/{one}/step/submit")
    call(sign_in("tang"), "POST", f"/directives/{one}/step/sign")
    assert call(su, "POST", f"/directives/{one}/step/issue")["number"] == "望校防〔2026〕1号"
    fang = sign_in("fang")
    assert call(fang, "POST", f"/directives/{one}/acknowledge/IE")["unit"] == "IE"
    assert call(su, "GET", f"/directives/{one}/receipts")["acknowledged"] == 1
    (item,) = [item for item in call(fang, "GET", "/mine")["items"] if item["kind"] == "task"]
    assert call(fang, "POST", f"/tasks/{item['id']}/act/acknowledge")["state"] == "working"
    assert call(fang, "POST", f"/tasks/{item['id']}/split", {"units": ["CS2301"]})["parts"][0]["unit"] == "CS2301"
    assert call(fang, "POST", f"/tasks/{item['id']}/act/verify")["status"] == 403
    assert call(su, "GET", "/tasks?show=all")["counts"]["all"] == 3
    assert call(su, "GET", "/tasks?show=moon")["status"] == 400


def test_the_terminal_does_the_same(cast: Cast) -> None:
    put_in_charge(cast)

    def run(command: Any, *words: str) -> Any:
        done = CliRunner().invoke(command, [*words, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.output.splitlines()[-1])

    kept = run(directive, "import", str(BUREAU), "--as", "su")["rows"][0]
    assert kept["proposals"] == Measure.objects.count()
    row = draft(cast)
    run(directive, "step", str(row.pk), "submit", "--as", "su")
    run(directive, "step", str(row.pk), "sign", "--as", "tang")
    assert run(directive, "step", str(row.pk), "issue", "--as", "su")["rows"][0]["units"] == 2
    assert run(directive, "receipts", str(row.pk), "--as", "su")["recipients"] == 2
    mine = run(task_command, "mine", "--as", "fang")
    assert mine["total"] == 2
    task = task_of(cast, row, "IE")
    assert run(task_command, "split", str(task.pk), "CS2302", "--as", "fang")["rows"][0]["unit"] == "CS2302"
    assert (
        run(task_command, "do", str(task.pk), "note", "--text", "已布置", "--as", "fang")["rows"][0]["state"] == "split"
    )
    assert run(task_command, "list", "--as", "su")["counts"]["open"] == 3


@pytest.mark.parametrize("key", sorted(PAGES))
def test_a_capability_leads_to_a_page_that_exists(key: str) -> None:
    assert key in vocabulary().names()
    assert page_of(key)
    assert page_of("recognition") is None
