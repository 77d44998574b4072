"""A notice is given on the page, by the API and on the terminal, and read the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwang.cli.directives import directive
from shouwang.org.tests.cast import Cast

SOURCE = Path(__file__).with_name("notices").joinpath("bureau.txt")
ENGLISH = {"accept-language": "en"}


def test_the_page_marks_the_words_and_names_whom_and_until_when(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    file = SimpleUploadedFile("通知.txt", SOURCE.read_bytes())
    page = sign_in("su").post("/command/notice/", {"file": file}, headers=ENGLISH).content.decode()
    assert "清教体〔2021〕17号" in page
    assert '<mark id="at-' in page
    assert "2021-09-10" in page
    assert "各学校应于9月10日前完成洗手设施和消毒用品的储备" in page


def test_nothing_given_and_nothing_readable_stand_at_the_field(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    client = sign_in("su")
    assert "Choose a file or paste" in client.post("/command/notice/", {}, headers=ENGLISH).content.decode()
    old = SimpleUploadedFile("a.doc", b"\xd0\xcf\x11\xe0" + b"\x00" * 99)
    page = client.post("/command/notice/", {"file": old}, headers=ENGLISH).content.decode()
    assert "Save it as .docx" in page


def test_what_a_notice_says_is_never_markup(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    text = "一、<script>alert(1)</script>\n各学院要做好消毒<img src=x onerror=1>。"
    page = sign_in("su").post("/command/notice/", {"text": text}, headers=ENGLISH).content.decode()
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page


def test_a_student_sees_no_such_page(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    assert sign_in("lin").get("/command/notice/").status_code == 404


def test_api_and_terminal_say_the_same(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    client = sign_in("su")
    body = json.dumps({"text": SOURCE.read_text(encoding="utf-8")})
    by_api = client.post("/api/v1/command/notice", body, content_type="application/json").json()
    done = CliRunner().invoke(directive, ["read", str(SOURCE), "--json"])
    by_terminal = json.loads(done.output.splitlines()[-1])
    assert by_api == by_terminal
    assert len(by_api["measures"]) > 8
    piped = CliRunner().invoke(directive, ["read", "-"], input=SOURCE.read_bytes())
    assert "清教体〔2021〕17号" in piped.output


@pytest.mark.parametrize("body", [{}, {"text": 5}, {"text": ""}, {"text": "\ud800"}])
def test_the_api_refuses_what_it_cannot_read(cast: Cast, sign_in: Callable[[str], Client], body: object) -> None:
    raw = json.dumps(body)
    response = sign_in("su").post("/api/v1/command/notice", raw, content_type="application/json")
    assert response.status_code in (400, 422) or response.json()["measures"] == []
