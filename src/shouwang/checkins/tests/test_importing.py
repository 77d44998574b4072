"""A table of check-ins: read as people write it, once, row by row, and never for whom one may not speak."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from shouwang.checkins.importing import Imported, import_checkins
from shouwang.checkins.models import CheckIn, SymptomAlert
from shouwang.core.errors import BadInput
from shouwang.core.files.columns import ColumnError
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast

HEAD = "学号,时间,体温,症状,接触史,备注\n"


def bring(cast: Cast, text: str, name: str = "meng", *, dry_run: bool = False, clinic: bool = False) -> Imported:
    file = io.BytesIO(text.encode())
    return import_checkins(
        file, name="晨检.csv", reason="晨检纸质登记", dry_run=dry_run, clinic=clinic, by=cast.by(name), at=NOON
    )


def test_a_paper_list_is_taken_once_and_what_is_wrong_is_named(cast: Cast) -> None:
    lin, wang, zhao = (cast.person[name].number for name in ("lin", "wang", "zhao"))
    text = HEAD + (
        f"{lin},2026-03-02 08:01,36.5℃,无,否,\n"
        f"{wang},2026-03-02 08:02,38.4,咳嗽、乏力,,夜里发热\n"
        f"{zhao},2026-03-02 08:03,36.4,,,\n"  # another class: not hers to enter
        "404404,2026-03-02 08:04,36.4,,,\n"
        f"{lin},2026-03-02 08:05,热,,,\n"
        f"{lin},2026-03-02 08:06,36.6,头疼欲裂,,\n"
        f"{lin},2027-03-02 08:06,36.6,,,\n"
    )
    tried = bring(cast, text, dry_run=True)
    assert not CheckIn.objects.exists() and not SymptomAlert.objects.exists()
    found = bring(cast, text)
    assert tried.as_dict() | {"dry_run": False} == found.as_dict()
    assert (found.read, found.taken, found.refused, found.alerts) == (7, 2, 5, 1)
    where = [(problem.row, problem.column, problem.code) for problem in found.problems]
    assert sorted(where)[:4] == [
        (4, "", "forbidden"), (5, "学号", "person_unknown"), (6, "体温", "temperature_implausible"),
        (7, "症状", "symptom_unknown"),
    ]  # fmt: skip
    ill = CheckIn.objects.get(person=cast.person["wang"])
    assert (ill.source, ill.proxy_reason, ill.symptomatic) == ("proxy", "晨检纸质登记", True)
    assert ill.at == NOON - timedelta(hours=3, minutes=58)
    again = bring(cast, text)
    assert (again.taken, again.repeated, CheckIn.objects.count()) == (0, 2, 2)
    assert AuditEntry.objects.get(verb="checkin.imported").new == {"taken": 2, "refused": 5, "repeated": 0}


def test_the_clinic_brings_measurements(cast: Cast) -> None:
    found = bring(cast, f"number,temperature\n{cast.person['ou'].number},39.1\n", "he", clinic=True)
    assert (found.taken, found.alerts) == (1, 1)
    assert CheckIn.objects.get().source == "clinic"
    refused = bring(cast, f"number,temperature\n{cast.person['lin'].number},36.1\n", "meng", clinic=True)
    assert [problem.code for problem in refused.problems] == ["forbidden"]


def test_a_table_without_numbers_or_a_reason_is_refused_whole(cast: Cast) -> None:
    with pytest.raises(ColumnError):
        bring(cast, "姓名,体温\n林,36.5\n")
    with pytest.raises(BadInput) as caught:
        import_checkins(io.BytesIO(HEAD.encode()), name="x.csv", reason=" ", by=cast.by("meng"), at=NOON)
    assert caught.value.field == "proxy_reason"
