"""A list as an Excel file: the same people as on the page, masked unless asked for in full, recorded with its size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from shouwang.checkins import queries, words
from shouwang.checkins.models import Excuse
from shouwang.checkins.queries.lists import Scope
from shouwang.checkins.rules import State, Todays
from shouwang.core import audit, clock
from shouwang.core.errors import Forbidden
from shouwang.core.files.sheets import CellValue, SheetSpec, write_xlsx
from shouwang.core.scope import Actor
from shouwang.core.snapshot import one_moment
from shouwang.org.models import Organisation

ROWS_A_READ = 2000
FULL = "people.view"


def export_list(
    target: BinaryIO, *, state: State, unit: Organisation | None, full: bool, by: Actor, at: datetime
) -> int:
    """Write the list; returns its number of rows. `full` names people (needs people.view), else names and numbers are
    masked. Never an answer. Read in slices and written as it is read; recorded before the first row leaves."""
    if full and not by.holds(FULL):
        raise Forbidden
    scope, on = queries.scope_of(by, unit), queries.today_of(at)
    header = [_("Number"), _("Name"), _("Unit"), _("List"), _("Last heard"), _("Excused until")]
    if by.holds("checkin.view"):
        header.append(_("Reason"))
    with one_moment():
        rows = _rows(scope, state, on, full=full, reasons=by.holds("checkin.view"))
        footer = f"{by.label} · {at.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
        count = write_xlsx(target, [SheetSpec(str(words.STATES[state]), header, rows)], footer=footer)
    with transaction.atomic():
        new = {"list": state.value, "unit": unit.code if unit else None, "rows": count, "masked": not full}
        audit.record("checkin.exported", "list", unit.pk if unit else "", by=by, at=at, new=new)
    return count


def _rows(scope: Scope, state: State, on: Todays, *, full: bool, reasons: bool) -> Iterator[list[CellValue]]:
    shown = str if full else words.masked
    codes = dict(Excuse.Code.choices)
    cursor = ""
    while True:
        page = queries.list_page(scope, state, on, cursor=cursor, size=ROWS_A_READ)
        for person in page.rows:
            latest = person.latest_checkin
            row: list[CellValue] = [
                shown(person.number),
                shown(person.name),
                person.home.title if person.home else None,
                str(words.STATES[state]),
                latest.day if latest.checkin_id else None,
                latest.excused_until,
            ]
            if reasons:
                visible = latest.excused_code and queries.sees_answers(scope, latest)
                row.append(str(codes[latest.excused_code]) if visible else None)
            yield row
        if page.next is None:
            return
        cursor = page.next
