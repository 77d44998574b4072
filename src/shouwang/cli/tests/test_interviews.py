"""The interview on the command line: statements, unknown contacts, script, hand-over sheet, gatherings, lessons."""

from __future__ import annotations

from pathlib import Path

from shouwang.cases.models import Case
from shouwang.cli.imports import imports
from shouwang.cli.interviews import interview
from shouwang.cli.tests.test_desk import run, said
from shouwang.core.errors import Conflict, NotFound
from shouwang.org.tests.cast import Cast
from shouwang.tracing.models import Contact
from shouwang.tracing.models_gatherings import Gathering
from shouwang.tracing.models_told import Statement, UnknownContact

SPAN = ("--from", "2026-03-01T09:00", "--until", "2026-03-01T10:00")


def test_statements(cast: Cast, traced: Case) -> None:
    (row,) = said(interview, "enter", traced.number, *SPAN, "--where", "图书馆", "--with", "T0002", "--as", "qiu")[
        "rows"
    ]
    assert (row["version"], row["known place"]) == (1, True)
    told = said(interview, "list", traced.number, "--as", "qiu")
    assert [(clash["statement"], clash["expected"]) for clash in told["conflicts"]] == [(row["statement"], False)]
    (new,) = said(
        interview, "correct", str(row["statement"]), *SPAN, "--where", "校外", "--reason", "记错", "--as", "qiu"
    )["rows"]
    assert (new["version"], new["known place"]) == (2, False)
    assert isinstance(
        run(interview, "withdraw", str(row["statement"]), "--reason", "x", "--as", "qiu").exception, Conflict
    )
    assert run(interview, "withdraw", str(new["statement"]), "--reason", "x", "--as", "qiu").exit_code == 0
    assert not Statement.objects.filter(state="standing").exists()
    assert isinstance(run(interview, "list", traced.number, "--as", "he").exception, NotFound)
    assert run(interview, "enter", traced.number, "--from", "soon", "--until", "later", "--as", "qiu").exit_code == 2


def test_somebody_unknown_is_found_out(cast: Cast, traced: Case) -> None:
    noted = run(interview, "unknown", "note", traced.number, "出租车司机", "--from", "2026-03-01T14:20", "--as", "qiu")
    assert noted.exit_code == 0
    row = UnknownContact.objects.get()
    until = ("--until", "2026-03-01T14:40")
    assert run(interview, "unknown", "give-up", str(row.pk), "--reason", "查无", "--as", "qiu").exit_code == 0
    assert run(interview, "unknown", "identify", str(row.pk), "T0008", *until, "--as", "qiu").exit_code == 0
    (listed,) = said(interview, "unknown", "list", traced.number, "--as", "qiu")["rows"]
    assert (listed["state"], listed["person"]) == ("identified", "T0008")
    assert Contact.objects.get(case=traced, person=cast.person["gu"]).seconds == 1200


def test_script_and_sheet(cast: Cast, traced: Case, tmp_path: Path) -> None:
    rows = said(interview, "script", traced.number, "--answer", "mask=没有", "--as", "qiu")["rows"]
    assert {row["question"]: row["answer"] for row in rows}["mask"] == "没有"
    for name in ("sheet.xlsx", "sheet.docx"):
        assert run(interview, "sheet", traced.number, str(tmp_path / name), "--as", "qiu").exit_code == 0
        assert (tmp_path / name).read_bytes()[:2] == b"PK"


def test_a_gathering_from_a_list_of_numbers(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("2023010101\nT0002\n", encoding="utf-8")
    words = ("gathering", str(path), "--title", "排练", "--place", "LIB", *SPAN)
    assert run(imports, *words, "--as", "su").exit_code == 0
    assert Gathering.objects.get().participants.count() == 2
    assert run(imports, *words, "--as", "qiu").exit_code == 1
