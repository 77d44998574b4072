"""Check-ins from a table: a paper morning list, a thermometer gate, another system's file.

Every row is an entry like any other: the same rules, receipts and refusals. A row's key is made of what it says, so
that importing a file again changes nothing. Rows are taken in groups; each group is on disk before the next begins,
and one that is refused holds up nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.checkins import queries, rules
from shouwang.checkins.actions import Entry, submit_many
from shouwang.checkins.models import CheckIn
from shouwang.core import audit, clock
from shouwang.core.dates import parse_datetime
from shouwang.core.errors import BadInput, NotFound, ShouwangError
from shouwang.core.files.columns import Column, ColumnMap, map_columns
from shouwang.core.files.problems import RowProblem
from shouwang.core.files.tables import Row, read_table
from shouwang.core.scope import Actor
from shouwang.org.models import Person

COLUMNS = (
    Column("number", ("学号", "工号", "学工号", "编号", "number", "student no", "id"), required=True),
    Column("at", ("时间", "日期", "填报时间", "测温时间", "at", "time", "date")),
    Column("temperature", ("体温", "温度", "体温℃", "temperature", "temperature c", "temp")),
    Column("symptoms", ("症状", "symptoms", "symptom")),
    Column("exposure", ("接触史", "是否接触", "exposure", "contact")),
    Column("note", ("备注", "说明", "note", "remark")),
)
ROWS_A_GROUP = 2_000
MOST_PROBLEMS = 10_000
SPLIT = str.maketrans("、，；;/|", ",,,,,,")
YES, NO = {"是", "有", "y", "yes", "true", "1"}, {"否", "无", "没有", "n", "no", "false", "0"}
NOTHING = {"", "无", "无症状", "健康", "正常", "none", "-", "—", "/"}


@dataclass
class Imported:
    """`read` rows; of them `taken` now, `repeated` (in before, by this or another import), `refused`."""

    read: int = 0
    taken: int = 0
    repeated: int = 0
    refused: int = 0
    alerts: int = 0
    dry_run: bool = False
    problems: list[RowProblem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        counts: dict[str, int] = {}
        for problem in self.problems:
            counts[problem.code] = counts.get(problem.code, 0) + 1
        return {
            "read": self.read, "taken": self.taken, "repeated": self.repeated, "refused": self.refused,
            "alerts": self.alerts, "dry_run": self.dry_run, "by_reason": counts,
        }  # fmt: skip


def import_checkins(
    source: Path | BinaryIO,
    *,
    name: str,
    reason: str,
    clinic: bool = False,
    dry_run: bool = False,
    by: Actor,
    at: datetime,
    progress: Callable[[int, int | None], None] | None = None,
) -> Imported:
    """Take in a table. `reason` says why others enter it; the people can read it. `clinic`: measured at the clinic.

    BadInput or FileError for a file that cannot be used at all; what is wrong with a row is a problem of that row.
    """
    kind = CheckIn.Source.CLINIC if clinic else CheckIn.Source.PROXY
    rules.check_source(kind, reason, rules.Answers())
    result = Imported(dry_run=dry_run)
    protocols = queries.protocols_of(clock.local_day(at))
    with read_table(source, name=name) as table:
        columns = map_columns(table.header, COLUMNS)
        for group in _groups(table.rows):
            reading = _Reading(columns, protocols, kind, reason, by, at)
            with transaction.atomic():
                _take(reading, group, result)
                transaction.set_rollback(dry_run)
            if progress:
                progress(group[-1].number, table.total_rows)
    if not dry_run and result.taken:
        with transaction.atomic():
            counts = {"taken": result.taken, "refused": result.refused, "repeated": result.repeated}
            audit.record("checkin.imported", "file", name[:40], by=by, at=at, new=counts)
    return result


def _groups(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while group := list(islice(rows, ROWS_A_GROUP)):
        yield group


@dataclass(frozen=True, slots=True)
class _Reading:
    columns: ColumnMap
    protocols: rules.Protocols
    kind: str
    reason: str
    by: Actor
    at: datetime


def _take(reading: _Reading, group: list[Row], result: Imported) -> None:
    numbers = {reading.columns.value(row, "number") for row in group}
    people = {person.number: person for person in Person.objects.filter(number__in=numbers)}
    entries: list[tuple[Row, Entry]] = []
    for row in group:
        result.read += 1
        if row.problems:
            _refuse(result, row.problems)
            continue
        try:
            entries.append((row, _entry(reading, row, people)))
        except ShouwangError as error:
            _refuse(result, [_problem(reading, row, error)])
    taken = submit_many([entry for _row, entry in entries], by=reading.by, at=reading.at)
    result.taken += taken.made
    result.repeated += taken.repeated
    result.alerts += len(taken.alerts)
    for (row, _said), became in zip(entries, taken.rows, strict=True):
        if became.error is not None:
            _refuse(result, [_problem(reading, row, became.error)])


def _entry(reading: _Reading, row: Row, people: Mapping[str, Person]) -> Entry:
    value = reading.columns.value
    person = people.get(value(row, "number"))
    if person is None:
        raise NotFound(_("The roster knows nobody with this number."), code="person_unknown", field="number")
    when = value(row, "at")
    said_at = parse_datetime(when, clock.zone(), not_after=reading.at) if when else None
    answers = rules.Answers(
        temperature_c=_temperature(value(row, "temperature")),
        symptoms=_symptoms(value(row, "symptoms"), reading.protocols),
        exposure=_exposure(value(row, "exposure")),
        note=value(row, "note"),
    )
    day = clock.local_day(said_at or reading.at)
    said = "\x1f".join((person.number, when or str(day), reading.kind, repr(answers)))
    key = "import-" + hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:40]
    return Entry(person, answers, key, reading.kind, reading.reason, said_at)


def _temperature(text: str) -> Decimal | None:
    plain = text.strip().rstrip("℃°Cc 度").strip()
    if not plain:
        return None
    try:
        return Decimal(plain)
    except InvalidOperation as error:
        sentence = _("“%(value)s” is not a temperature. Enter °C, such as 36.5, or leave it empty.")
        raise BadInput(sentence, code="temperature_implausible", field="temperature", value=text[:40]) from error


def _symptoms(text: str, protocols: rules.Protocols) -> tuple[str, ...]:
    """Codes of symptoms given by code or by name, in either language."""
    if text.strip().casefold() in NOTHING:
        return ()
    known = {code: code for code in protocols.symptoms}
    for code, symptom in protocols.symptoms.items():
        known |= {symptom.name.zh: code, symptom.name.en.casefold(): code}
    found: list[str] = []
    for part in text.translate(SPLIT).split(","):
        name = part.strip()
        if not name:
            continue
        named = known.get(name) or known.get(name.casefold())
        if named is None:
            sentence = _("No symptom that is asked at present is called “%(value)s”.")
            raise BadInput(sentence, code="symptom_unknown", field="symptoms", value=name[:40])
        found.append(named)
    return tuple(found)


def _exposure(text: str) -> bool | None:
    plain = text.strip().casefold()
    if plain in YES:
        return True
    if plain in NO:
        return False
    if not plain:
        return None
    raise BadInput(
        _("“%(value)s” is neither yes nor no. Leave it empty where it was not asked."),
        code="exposure_unknown",
        field="exposure",
        value=text[:40],
    )


def _problem(reading: _Reading, row: Row, error: ShouwangError) -> RowProblem:
    named = {"temperature_c": "temperature", "at": "at", "person": "number"}.get(error.field or "", error.field or "")
    inside = named in reading.columns
    column = reading.columns.label(named) if inside else ""
    return RowProblem.from_error(
        error, row=row.number, column=column, value=reading.columns.value(row, named) if inside else ""
    )


def _refuse(result: Imported, problems: list[RowProblem] | tuple[RowProblem, ...]) -> None:
    result.refused += 1
    if len(result.problems) < MOST_PROBLEMS:
        result.problems.extend(problems)
