"""Seat plans on the command line and over the API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwang.cli.seats import seats
from shouwang.cli.tests.test_desk import run, said
from shouwang.core.errors import Forbidden
from shouwang.org.tests.cast import Cast

SHEET = "学号,排,座位\n2023010101,1,2\n999,1,3\n"


def test_import_list_show_remove(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "seats.csv"
    path.write_text(SHEET, encoding="utf-8")
    words = ("import", str(path), "--title", "考试", "--place", "T1-201", "--first", "2026-03-01", "--from", "08:00",
             "--until", "10:00")  # fmt: skip
    brought = said(seats, *words, "--as", "su")
    assert (brought["accepted"], brought["refused"]) == (1, {"person_unknown": 1})
    assert "row 3" in run(seats, *words, "--as", "su").output
    (plan,) = said(seats, "list", "--as", "su")["rows"]
    assert (plan["seats"], plan["starts"]) == (1, "08:00:00")
    assert said(seats, "show", str(plan["id"]), "--as", "su")["rows"] == [{"number": "2023010101", "row": 1, "seat": 2}]
    assert isinstance(run(seats, "list", "--as", "qiu").exception, Forbidden)
    assert said(seats, "remove", str(plan["id"]), "--as", "su") == {"removed": plan["id"]}
    assert said(seats, "list", "--as", "su")["rows"] == []


def test_the_same_over_the_api(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    su, address = sign_in("su"), "/api/v1/presence/seats"
    body = {"title": "考试", "where": "T1-201", "first_day": "2026-03-01", "last_day": "2026-03-01"}
    sheet = SimpleUploadedFile("seats.csv", SHEET.encode())
    brought = su.post(address, {**body, "file": sheet})
    assert brought.status_code == 200, brought.content
    (plan,) = su.get(address).json()
    assert su.get(f"{address}/{plan['id']}").json() == [{"number": "2023010101", "row": 1, "seat": 2}]
    assert sign_in("qiu").get(address).status_code == 403
    assert su.post(f"{address}/{plan['id']}/remove").status_code == 204
    assert su.get(address).json() == []
