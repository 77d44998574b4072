"""The line list as the case files that SORMAS and Go.Data import: their columns, their words, from `exchange.toml`.

A day of report that nobody knows stays empty, though SORMAS refuses a line without one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path

from shouwang.cases.outward import queries
from shouwang.cases.queries import VIEW, disease_names
from shouwang.checkins.words import masked
from shouwang.core import clock
from shouwang.core.files.sheets import CellValue
from shouwang.core.scope import Actor
from shouwang.core.tree import covers

SYSTEMS = ("sormas", "godata")
SORMAS = (
    "externalID", "disease", "diseaseDetails", "person.firstName", "person.lastName", "person.sex",
    "person.approximateAge", "person.approximateAgeType", "reportDate", "caseClassification", "symptoms.onsetDate",
)  # fmt: skip
GODATA = (
    "case_id", "firstName", "lastName", "gender", "age", "classification", "date_of_reporting", "date_of_onset",
)  # fmt: skip
READ = (
    "person_id", "number", "home_path", "person__name", "person__sex", "person__born", "disease", "classification",
    "onset_at", "detected_at", "reported_at",
)  # fmt: skip


@cache
def words() -> dict[str, dict[str, dict[str, str]]]:
    """System -> field -> our code -> its code."""
    return tomllib.loads(Path(__file__).with_name("exchange.toml").read_text("utf-8"))


def header(system: str) -> tuple[str, ...]:
    """The first row. That of SORMAS names the entity of each column; the columns stand in its second row."""
    return ("CaseData",) * len(SORMAS) if system == "sormas" else GODATA


def rows(
    by: Actor, wanted: queries.LineFilter, system: str, *, full: bool, people: list[int]
) -> Iterator[list[CellValue]]:
    """The rows below the first; adds everybody written to `people`. Names as in the line list: masked unless `full` and
    `by` holds people.view over them. Forbidden without case.view."""
    by.require(VIEW)
    if full:
        by.require(queries.NAMES)
    named = by.ranges(queries.NAMES) if full else ()
    diseases = disease_names()
    if system == "sormas":
        yield list(SORMAS)
    found = queries.lines_of(by, wanted).order_by(*queries.ORDER).values_list(*READ)
    for person, number, path, name, *rest in found.iterator(chunk_size=queries.ROWS_A_READ):
        people.append(person)
        shown = name if covers(named, path) else masked(name)
        write = _sormas if system == "sormas" else _godata
        yield write(number, shown, diseases, *rest)


def _sormas(
    number: str, name: str, diseases: Mapping[str, str], sex: str, born: date | None, disease: str, classification: str,
    onset: datetime | None, detected: datetime, reported: datetime | None,
) -> list[CellValue]:  # fmt: skip
    # A name here is one text. SORMAS demands two: the whole stands as the last name, a dash as the first.
    table = words()["sormas"]
    age = _age(born, onset or detected)
    theirs = table["disease"].get(disease, "OTHER")
    details = str(diseases.get(disease, disease)) if theirs == "OTHER" else ""
    return [
        number, theirs, details, "-", name, table["sex"].get(sex, "UNKNOWN"), age, "" if age is None else "YEARS",
        _day(reported, "%m/%d/%Y"), table["classification"][classification], _day(onset, "%m/%d/%Y"),
    ]  # fmt: skip


def _godata(
    number: str, name: str, diseases: Mapping[str, str], sex: str, born: date | None, disease: str, classification: str,
    onset: datetime | None, detected: datetime, reported: datetime | None,
) -> list[CellValue]:  # fmt: skip
    table = words()["godata"]
    return [
        number, name, "", table["sex"].get(sex, ""), _age(born, onset or detected),
        table["classification"][classification], _day(reported, "%Y-%m-%d"), _day(onset, "%Y-%m-%d"),
    ]  # fmt: skip


def _day(moment: datetime | None, pattern: str) -> str:
    return "" if moment is None else moment.astimezone(clock.zone()).strftime(pattern)


def _age(born: date | None, at: datetime) -> int | None:
    return queries.age_on(born, clock.local_day(at)) if born else None
