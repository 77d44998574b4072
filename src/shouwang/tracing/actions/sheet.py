"""The hand-over sheet of a case as Excel or Word: masked unless asked for in full, recorded before it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO

from django.db import transaction
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.files.sheets import SheetSpec, csv_chunks, write_xlsx
from shouwang.core.files.words import Heading, Paragraph, TableBlock, report_docx
from shouwang.core.scope import Actor
from shouwang.core.snapshot import one_moment
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import exchange, scripts
from shouwang.tracing.queries.contacts import case_to_trace
from shouwang.tracing.queries.sheet import Table, tables, written

FORMS = ("xlsx", "docx", *exchange.SYSTEMS)
ON_PAPER = {0, 1, 2, 3, 4, 5, 6, 8}
"""Columns of the table of contacts that fit on paper; the workbook has all."""


def hand_over_sheet(case: Case, *, form: str, full: bool, by: Actor, at: datetime) -> bytes:
    """The sheet of an open case in reach of trace.work, as `form` ("xlsx" or "docx"; "sormas" or "godata" write its
    contacts as the CSV file that this system imports). `full` writes names, numbers and
    the telephones this reader may see; otherwise they are masked. Classification and onset need `case.view`."""
    if form not in FORMS:
        raise BadInput(gettext_lazy("Choose %(forms)s."), field="form", forms=", ".join(FORMS))
    case = case_to_trace(by, case.pk)
    if form in exchange.SYSTEMS:
        return _file_of_contacts(case, form, full=full, by=by, at=at)
    with one_moment():
        found = tables(by, case, full=full, health=scripts.sees_health(by, case.person))
    footer = f"{by.label} · {at.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
    sheet = _workbook(found, footer, at) if form == "xlsx" else _document(case, found, footer, by=by, at=at)
    numbers = {"contacts": len(found[1].rows), "rows": sum(len(t.rows) for t in found)}
    _record(case, form, numbers, full=full, by=by, at=at)
    return sheet


def _file_of_contacts(case: Case, form: str, *, full: bool, by: Actor, at: datetime) -> bytes:
    with one_moment():
        rows = list(exchange.rows(by, case, form, full=full))
    _record(case, form, {"contacts": len(rows), "rows": len(rows)}, full=full, by=by, at=at)
    return b"".join(csv_chunks(exchange.header(form), rows))


def _record(case: Case, form: str, numbers: Mapping[str, int], *, full: bool, by: Actor, at: datetime) -> None:
    people = Contact.objects.filter(case=case).values_list("person_id", flat=True)
    with transaction.atomic():
        new = {"form": form, "masked": not full, **numbers}
        audit.record("case.handed_over", "case", case.pk, by=by, at=at, subject=case.person_id, new=new)
        audit.saw("contact.exported", "contact", people, by=by, at=at, object_id=case.pk)


def _workbook(found: list[Table], footer: str, at: datetime) -> bytes:
    out = BytesIO()
    write_xlsx(out, [SheetSpec(table.name, table.header, table.rows) for table in found], footer=footer, at=at)
    return out.getvalue()


def _document(case: Case, found: list[Table], footer: str, *, by: Actor, at: datetime) -> bytes:
    blocks: list[Heading | Paragraph | TableBlock] = []
    for number, table in enumerate(found):
        blocks.append(Heading(table.name))
        if not table.rows:
            blocks.append(Paragraph(_("None.")))
            continue
        keep = ON_PAPER if number == 1 else set(range(len(table.header)))
        widths = [width for k, width in enumerate(table.widths) if k in keep]
        stretch = 156 / sum(widths)
        blocks.append(
            TableBlock(
                [text for k, text in enumerate(table.header) if k in keep],
                [[written(cell) for k, cell in enumerate(row) if k in keep] for row in table.rows],
                [width * stretch for width in widths],
            )
        )
    blocks.append(Paragraph(footer))
    language = "zh-CN" if (get_language() or "zh").startswith("zh") else "en-GB"
    title = _("Hand-over sheet of case %(number)s") % {"number": case.number}
    return report_docx(title, [_("Confidential")], blocks, author=by.label, at=at, language=language)


def file_name(case: Case, form: str) -> str:
    """What the file is called when it is handed over."""
    title = _("Hand-over %(number)s") % {"number": case.number}
    return f"{title}-{form}.csv" if form in exchange.SYSTEMS else f"{title}.{form}"
