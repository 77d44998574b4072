"""The case files of other systems: their columns and words, masked, counted, recorded."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from shouwang.cases.models import Classification
from shouwang.cases.outward import actions, exchange, queries
from shouwang.cases.tests.builders import DAY, opened
from shouwang.core.errors import Forbidden
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]


def written(cast: Cast, form: str, *, full: bool = False, who: str = "he") -> list[list[str]]:
    target = io.BytesIO()
    count = actions.export_lines(target, queries.LineFilter(), form=form, full=full, by=cast.by(who), at=NOON)
    found = list(csv.reader(io.StringIO(target.getvalue().decode("utf-8-sig"))))
    assert len(found) == count + (2 if form == "sormas" else 1)
    return found


@pytest.mark.parametrize("system", exchange.SYSTEMS)
def test_every_classification_has_a_word_there(system: str) -> None:
    assert set(exchange.words()[system]["classification"]) == set(Classification.values)


def test_sormas_has_two_rows_of_header_and_its_own_words(cast: Cast) -> None:
    case = opened(cast, "lin", classification="confirmed", onset_at=NOON - DAY)
    entities, columns, row = written(cast, "sormas")
    assert set(entities) == {"CaseData"} and len(entities) == len(columns) == len(row)
    values = dict(zip(columns, row, strict=True))
    assert values["externalID"] == case.number and values["disease"] == "CORONAVIRUS"
    assert values["caseClassification"] == "CONFIRMED"
    assert values["symptoms.onsetDate"] == f"{NOON - DAY:%m/%d/%Y}"
    assert values["person.lastName"] != cast.person["lin"].name


def test_godata_names_its_columns_and_leaves_the_unknown_empty(cast: Cast) -> None:
    case = opened(cast, "lin", classification="confirmed")
    columns, row = written(cast, "godata")
    values = dict(zip(columns, row, strict=True))
    assert values["case_id"] == case.number and values["classification"] == "CONFIRMED"
    assert values["date_of_onset"] == "" and values["firstName"] != cast.person["lin"].name
    entry = AuditEntry.objects.get(verb="case.exported")
    assert entry.new is not None
    assert entry.new["form"] == "godata" and entry.new["rows"] == 1 and entry.new["masked"]


@pytest.mark.parametrize("system", exchange.SYSTEMS)
def test_not_without_the_right(cast: Cast, system: str) -> None:
    with pytest.raises(Forbidden):
        written(cast, system, who="admin")


@pytest.mark.parametrize("system", exchange.SYSTEMS)
def test_over_http(cast: Cast, sign_in: SignIn, system: str) -> None:
    opened(cast, "lin")
    answer = sign_in("he").get(f"/api/v1/cases/lines/file?form={system}")
    assert answer["X-Row-Count"] == "1" and f"-{system}.csv" in answer["Content-Disposition"]


def test_a_day_of_report_that_nobody_knows_stays_empty(cast: Cast) -> None:
    opened(cast, "lin")
    for system, column in (("sormas", "reportDate"), ("godata", "date_of_reporting")):
        *_entities, columns, row = written(cast, system)
        assert dict(zip(columns, row, strict=True))[column] == ""


def test_columns_and_words_are_those_of_the_systems_own_files(real_data: Callable[[str], Path]) -> None:
    """SORMAS lists below its columns what each takes; Go.Data's own export shows its columns."""
    template = real_data("interop/sormas/TestCase_ImportPrio_template.csv").read_text("utf-8-sig").splitlines()
    columns, takes = template[1].split(";"), template[3].split(";")
    assert not set(exchange.SORMAS) - set(columns) - {"externalID"}
    for field, column in (("disease", "disease"), ("classification", "caseClassification"), ("sex", "person.sex")):
        known = set(takes[columns.index(column)].lstrip("#").split(","))
        assert not set(exchange.words()["sormas"][field].values()) - known, field
    with real_data("interop/godata/cases_clean.csv").open(encoding="utf-8-sig", newline="") as stream:
        header = next(csv.reader(stream))
    assert not set(exchange.GODATA) - set(header)
