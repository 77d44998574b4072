"""The delays as an Excel file: numbers alone, recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from shouwang.cases import queries
from shouwang.cases.rules.delays import LEGS, Group
from shouwang.core import audit, clock
from shouwang.core.files.sheets import CellValue, SheetSpec, write_xlsx
from shouwang.core.scope import Actor

Row = tuple[CellValue, ...]


def export_delays(target: BinaryIO, found: queries.Delays, *, by: Actor, at: datetime) -> int:
    """Write weeks, units and 7-1-7 as sheets; how many rows. Nobody is named in it. Recorded in the log."""
    by.require("report.view")
    head = (
        _("Step"), _("with both dates"), _("all cases"), _("waiting"), _("missing"), _("median (hours)"),
        _("90th percentile (hours)"), _("complete"),
    )  # fmt: skip
    weeks = [row for group in (found.whole, *found.weeks) for row in _rows(_week(group), group)]
    units: list[Row] = []
    for line in found.units:
        units += _rows(line.unit.title, line.group) if line.group else [(line.unit.title, _("left out: few people"))]
    seven = list(_seven(found))
    sheets = [
        SheetSpec(_("By week of detection"), (_("Week"), *head), weeks, notes=_notes(found)),
        SheetSpec(_("By unit"), (_("Unit"), *head), units, notes=_notes(found)),
        SheetSpec(
            "7-1-7",
            (_("Disease"), _("First detected"), _("Last detected"), _("Cases"), _("Interval"), _("target (days)"),
             _("taken (days)"), _("Result")),
            seven,
            notes=[found.aims_source],
        ),
    ]  # fmt: skip
    write_xlsx(target, sheets, footer=f"{by.label} · {at.astimezone(clock.zone()):%Y-%m-%d %H:%M}")
    count = len(weeks) + len(units) + len(seven)
    new = {"rows": count, "first": found.first.isoformat(), "last": found.last.isoformat()}
    with transaction.atomic():
        audit.record("case.delays_exported", "case", by=by, at=at, new=new)
    return count


def _week(group: Group) -> CellValue:
    return _("all weeks") if group.key is None else str(group.key)


def _rows(name: CellValue, group: Group) -> list[Row]:
    done = _("no") if group.incomplete else _("yes")
    return [
        (name, str(LEGS[leg][2]), item.known, item.total, item.waiting, item.missing,
         "<5" if item.small else item.median_hours, "<5" if item.small else item.p90_hours, done)
        for leg, item in group.delays.items()
    ]  # fmt: skip


def _seven(found: queries.Delays) -> Iterator[Row]:
    names = queries.disease_names()
    for row in found.outbreaks:
        start = (names.get(row.disease, row.disease), clock.local_day(row.first), clock.local_day(row.last))
        if not found.told(row):
            yield (*start, "<5")
            continue
        for item in row.intervals:
            days = None if item.taken_days is None else round(item.taken_days, 1)
            yield (
                *start,
                row.cases,
                queries.INTERVAL_WORDS[item.name],
                item.days,
                days,
                queries.STATE_WORDS[item.state],
            )


def _notes(found: queries.Delays) -> Sequence[str]:
    return [
        _("Not complete: the week is not over, or of a step more than %(percent)s %% of what has begun still waits.")
        % {"percent": f"{found.open_share * 100:g}"},
        _("Waiting: the case is open and the date may still come. Missing: not known. Neither is counted as zero."),
        found.share_source,
    ]
