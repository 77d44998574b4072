"""Care on the command line: the same acts and the same walls as the pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from shouwang.cases.care.models import Clearance, Referral, Treatment, Visit
from shouwang.cases.care.queries import code_of
from shouwang.cases.care.tests.builders import open_influenza, write_hospitals
from shouwang.cases.models import Case
from shouwang.cli.care import care
from shouwang.cli.tests.test_desk import run, said
from shouwang.core.errors import Conflict, NotFound
from shouwang.org.tests.cast import Cast

HE = ("--as", "he")


@pytest.fixture
def ill(cast: Cast, own_home: Path) -> Case:
    write_hospitals(own_home)
    return open_influenza(cast)


def test_from_the_first_treatment_to_the_certificate(cast: Cast, ill: Case, tmp_path: Path) -> None:
    assert [row["code"] for row in said(care, "hospitals")["rows"]] == ["first", "lung"]
    said(care, "treat", ill.number, "奥司他韦 75 mg", *HE)
    said(care, "medical", ill.number, "--allergies", "青霉素", *HE)
    said(care, "refer", ill.number, "lung", "--until", "2026-03-09", "--reason", "高热不退", *HE)
    referral = Referral.objects.get()
    assert isinstance(run(care, "discharge", ill.number, "休息", *HE).exception, Conflict), "a hospital still has them"
    said(care, "step", str(referral.pk), "recovered", "--told-by", "赵护士", *HE)
    file = tmp_path / "note.docx"
    assert run(care, "note", str(referral.pk), str(file), *HE).exit_code == 0
    assert file.read_bytes()[:2] == b"PK"
    said(care, "discharge", ill.number, "多休息", *HE)
    said(care, "visit", str(Visit.objects.get().pk), "well", *HE)
    said(care, "clear", ill.number, "2026-03-02", "--reason", "复诊无异常", *HE)
    row = Clearance.objects.get()
    (verdict,) = said(care, "check", code_of(row))["rows"]
    assert (verdict["state"], verdict["name"]) == ("valid", "林**")
    assert [item["case"] for item in said(care, "list", "--show", "returned", *HE)["rows"]] == [ill.number]
    said(care, "late", ill.number, "胸闷", "--until", "2026-03-12", *HE)
    assert said(care, "check", code_of(row))["rows"][0]["state"] == "revoked"


def test_corrections_and_walls(cast: Cast, ill: Case) -> None:
    said(care, "leave", ill.number, "2026-03-02", "2026-03-05", *HE)
    said(care, "treat", ill.number, "药名写错", *HE)
    first = Treatment.objects.get()
    said(care, "correct", "treatment", str(first.pk), "--text", "对乙酰氨基酚", "--reason", "写错", *HE)
    assert [item["text"] for item in said(care, "show", ill.number, *HE)["treatments"]] == ["对乙酰氨基酚"]
    for who in ("fang", "qiu", "lin"):
        assert isinstance(run(care, "show", ill.number, "--as", who).exception, NotFound), who
