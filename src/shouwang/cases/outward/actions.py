"""The line list as a file: the same lines as on the page, recorded with their number and for each person in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouwang.cases.outward import dhis2, exchange, fhir, queries
from shouwang.cases.outward.records import Record, records, write_json
from shouwang.cases.queries import VIEW
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.files.sheets import CellValue, SheetSpec, csv_chunks, write_xlsx
from shouwang.core.scope import Actor
from shouwang.core.snapshot import one_moment

RECORDS = ("dhis2", "fhir")  # JSON
FORMS = ("csv", "xlsx", *exchange.SYSTEMS, *RECORDS)


def export_lines(
    target: BinaryIO, wanted: queries.LineFilter, *, form: str, full: bool = False, by: Actor, at: datetime
) -> int:
    """Write the list to `target` as CSV, Excel, a case file of another system, DHIS2 tracker JSON or a FHIR bundle;
    returns its number of cases, all of one moment.

    Needs case.view; `full` names those over whom `by` holds people.view. BadInput for another form. Recorded before the
    file is handed over: the number of rows, which filters were set, and for everybody in it that they were seen.
    """
    if form not in FORMS:
        raise BadInput(
            gettext_lazy("The list is written as %(forms)s."), code="form_invalid", field="form", forms=", ".join(FORMS)
        )
    people: list[int] = []

    def rows() -> Iterator[tuple[CellValue, ...]]:
        for line in queries.every_line(by, wanted, full=full, on=clock.local_day(at)):
            people.append(line.person_id)
            yield line.values

    by.require(VIEW)
    with one_moment():
        if form == "csv":
            for chunk in csv_chunks(queries.HEADER, rows()):
                target.write(chunk)
        elif form in exchange.SYSTEMS:
            theirs = exchange.rows(by, wanted, form, full=full, people=people)
            for chunk in csv_chunks(exchange.header(form), theirs):
                target.write(chunk)
        elif form in RECORDS:
            _write_records(target, form, _noted(records(by, wanted, full=full), people), by, wanted, at)
        else:
            footer = f"{by.label} · {at.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
            write_xlsx(target, [SheetSpec(_("Line list"), queries.HEADER, rows())], footer=footer)
    with transaction.atomic():
        new = {"form": form, "rows": len(people), "masked": not full, "filters": wanted.named()}
        audit.record("case.exported", "case", by=by, at=at, new=new)
        audit.saw("case.in_export", "case", people, by=by, at=at)
    return len(people)


def _noted(rows: Iterator[Record], people: list[int]) -> Iterator[Record]:
    for row in rows:
        people.append(row.person)
        yield row


def _write_records(
    target: BinaryIO, form: str, rows: Iterator[Record], by: Actor, wanted: queries.LineFilter, at: datetime
) -> None:
    if form == "dhis2":
        write_json(target, {}, "trackedEntities", dhis2.entities(dhis2.check(by, wanted), rows))
    else:
        fhir.check(queries.lines_of(by, wanted).count())
        write_json(target, fhir.head(at), "entry", fhir.entries(rows))
