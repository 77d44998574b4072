"""Files of other systems on the command line."""

from __future__ import annotations

from pathlib import Path

from shouwang.cases.inward.models import OutsideCase
from shouwang.cases.inward.tests.test_files import HEAD, LIN
from shouwang.cases.models import Case
from shouwang.cases.tests.builders import COVID, opened
from shouwang.cli.exchange import exchange
from shouwang.cli.tests.test_desk import run, said
from shouwang.core.errors import Forbidden
from shouwang.org.tests.cast import Cast
from shouwang.tracing.models_told import UnknownContact

HE = ("--as", "he")


def test_from_a_dry_run_to_the_case(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(HEAD + LIN + "A-2,CORONAVIRUS,Doe,J,,,,,02/28/2026,SUSPECT,\n", encoding="utf-8")
    dry = said(exchange, "import", str(path), "--pack", COVID, "--dry-run", *HE)
    assert (dry["state"], dry["system"], dry["counts"]["review"]) == ("checked", "sormas", 2)
    assert not OutsideCase.objects.exists()
    said(exchange, "import", str(path), "--pack", COVID, *HE)
    first, second = said(exchange, "rows", *HE)["rows"]
    assert (first["there"], first["why"], second["why"]) == ("A-1", "likely", "unknown")
    answer = run(exchange, "decide", str(first["id"]), "--person", "2023010101", "--reason", "电话核实", *HE)
    assert Case.objects.get().number in answer.output
    assert run(exchange, "decide", str(second["id"]), "--reason", "不是我校人员", *HE).exit_code == 0
    assert said(exchange, "rows", *HE)["rows"] == []
    assert isinstance(run(exchange, "rows", "--as", "fang").exception, Forbidden)


def test_without_json_it_says_what_is_wrong(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(HEAD.replace("caseClassification", "wrongColumn") + LIN.replace("02/28/2026", "soon"), "utf-8")
    answer = run(exchange, "import", str(path), "--pack", COVID, "--dry-run", *HE)
    assert answer.exit_code == 0 and "wrongColumn" in answer.output and "row 2, reportDate" in answer.output


def test_contacts_of_a_case(cast: Cast, tmp_path: Path) -> None:
    case = opened(cast, "lin", classification="confirmed")
    path = tmp_path / "contacts.csv"
    path.write_text("contact_id,firstName,date_of_last_contact\nC-1,Doe,2026-03-01\nC-2,Roe,\n", encoding="utf-8")
    dry = said(exchange, "contacts", case.number, str(path), "--dry-run", "--as", "qiu")
    assert (dry["new"], dry["written"], len(dry["problems"])) == (1, False, 1)
    assert not UnknownContact.objects.exists()
    answer = run(exchange, "contacts", case.number, str(path), "--as", "qiu")
    assert "new 1" in answer.output and "row 3" in answer.output
    assert UnknownContact.objects.get().outside_key == "C-1"
