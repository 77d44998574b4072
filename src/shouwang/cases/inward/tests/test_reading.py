"""A case file of another system as rows: header, separators, how days are written, what makes a row no case."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases.inward.reading import Reading, read_cases
from shouwang.cases.inward.rules import Outside
from shouwang.core.errors import BadInput

TODAY = date(2026, 3, 2)


def read(tmp_path: Path, text: str, *, order: str = "", encoding: str = "utf-8") -> Reading[Outside]:
    path = tmp_path / "cases.csv"
    path.write_bytes(text.encode(encoding))
    return read_cases(path, name=path.name, order=order, today=TODAY)


SORMAS = (
    "CaseData;CaseData;Person;Person;Person;CaseData;Symptoms\n"
    "externalID;disease;person.firstName;person.lastName;person.sex;reportDate;symptoms.onsetDate\n"
)


def test_sormas_has_a_row_of_entities_above_its_names(tmp_path: Path) -> None:
    found = read(tmp_path, f"{SORMAS}A-1;CORONAVIRUS;晓;林;FEMALE;02/28/2026;02/27/2026\n")
    [row] = found.rows
    assert (found.system, found.order, found.problems) == ("sormas", "month", [])
    assert (row.row, row.id, row.disease, row.sex) == (3, "A-1", "covid19", "f")
    assert (row.reported, row.onset) == (date(2026, 2, 28), date(2026, 2, 27))
    assert row.name == "林晓" and "晓林" in row.names


def test_rows_of_explanation_tell_how_days_are_written(tmp_path: Path) -> None:
    hint = "##Text;##;Text;Text;MALE,FEMALE;Datum: dd/MM/yyyy;Datum: dd/MM/yyyy\n"
    found = read(tmp_path, f"{SORMAS}{hint}A-1;CORONAVIRUS;晓;林;;01.02.26;01/02/2026\n")
    [row] = found.rows
    assert found.read == 1 and (row.reported, row.onset) == (date(2026, 2, 1), date(2026, 2, 1))


def test_a_day_that_may_be_two_is_refused_until_somebody_says_which(tmp_path: Path) -> None:
    text = f"{SORMAS}A-1;CORONAVIRUS;晓;林;;01/02/2026;\nA-2;CORONAVIRUS;蕾;王;;02/02/2026;\n"
    found = read(tmp_path, text)
    [problem] = found.problems
    assert (problem.row, problem.column, problem.code) == (3, "reportDate", "date_ambiguous")
    assert [row.reported for row in found.rows] == [date(2026, 2, 2)], "the second can be read only one way"
    assert next(row.reported for row in read(tmp_path, text, order="day").rows) == date(2026, 2, 1)
    assert next(row.reported for row in read(tmp_path, text, order="month").rows) == date(2026, 1, 2)


def test_go_data_keeps_days_as_midnight_in_utc(tmp_path: Path) -> None:
    text = "case_id,firstName,lastName,gender,age,classification,date_of_reporting,date_of_onset\n"
    found = read(tmp_path, f"{text}CASE-1,晓,林,FEMALE,20,SUSPECT,2026-02-28T00:00:00.000Z,2026-02-27\n")
    [row] = found.rows
    assert (found.system, row.classification, row.age) == ("godata", "suspected", 20)
    assert (row.reported, row.onset) == (date(2026, 2, 28), date(2026, 2, 27))


def test_codes_with_their_category_before_them_are_known(tmp_path: Path) -> None:
    code = "LNG_REFERENCE_DATA_CATEGORY_CASE_CLASSIFICATION_NOT_A_CASE_DISCARDED"
    found = read(tmp_path, f"case_id,firstName,classification,date_of_reporting\nC,林晓,{code},2026-02-28\n")
    assert found.rows[0].classification == "discarded"


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("A;CORONAVIRUS;晓;林;BLUE;02/28/2026;", "person.sex", "sex_unknown"),
        ("A;CORONAVIRUS;晓;林;;03/28/2026;", "reportDate", "date_future"),
        ("A;CORONAVIRUS;晓;林;;soon;", "reportDate", "date_unreadable"),
        (";CORONAVIRUS;;;;02/28/2026;", "", "nobody_named"),
        (f"A;CORONAVIRUS;{'晓' * 200};林;;02/28/2026;", "person.firstName", "text_too_long"),
    ],
)
def test_what_makes_a_row_no_case(tmp_path: Path, line: str, column: str, code: str) -> None:
    found = read(tmp_path, f"{SORMAS}{line}\n")
    [problem] = found.problems
    assert (problem.row, problem.column, problem.code) == (3, column, code) and problem.message
    assert not found.rows and found.read == 1


def test_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as contacts:
        read(tmp_path, "contact_id,firstName,date_of_reporting\nC,A,2026-01-01\n")
    assert contacts.value.error_code == "file_of_contacts"
    with pytest.raises(BadInput) as other:
        read(tmp_path, "team,size\nA,3\n")
    assert other.value.error_code == "columns_missing" and "team, size" in str(other.value)


def test_gbk_and_commas_are_read_too(tmp_path: Path) -> None:
    text = "姓名,性别,出生日期,病例分类,发病日期,报告日期\n林晓,女,2005-03-01,CONFIRMED,2026-02-27,2026-02-28\n"
    found = read(tmp_path, text, encoding="gbk")
    [row] = found.rows
    assert (row.name, row.sex, row.born, row.classification) == ("林晓", "f", date(2005, 3, 1), "confirmed")


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("any", numbered=True)
    try:
        found = read(folder, f"case_id,firstName,date_of_reporting\n{text}\n")
    except BadInput:
        return
    assert found.read == len(found.rows) + sum(found.refused.values())
