"""What units said of their day, put together for the unit they report to: numbers, words, who is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shouwang.command.models import UnitReport
from shouwang.command.queries.daily import Count, Line, Sheet, sees_health, sheet_of, unit_for
from shouwang.command.rules import daily as rules
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation

Shown = Mapping[str, int | str | None]


@dataclass(frozen=True, slots=True)
class Consolidated:
    """`keys` are the figures that the asker may see. `rows` stand beside the lines of the sheet that hand in directly;
    `totals` say in how many of them each number is known. `whole`: unit → what it said, for everything below."""

    sheet: Sheet
    keys: Sequence[str]
    values: Mapping[int, Shown]
    totals: Mapping[str, rules.Total]

    @property
    def rows(self) -> list[tuple[Line, list[int | str | None]]]:
        """Lines with the numbers of `columns`; no numbers where no report came."""
        columns = self.columns
        return [
            (line, [self.values[line.unit.pk].get(key) for key in columns] if line.report else [])
            for line in self.sheet.direct
        ]

    @property
    def columns(self) -> list[str]:
        return [key for key in rules.COLUMNS if key in self.keys]

    @property
    def words(self) -> list[tuple[Line, UnitReport]]:
        """What the units wrote."""
        rows = ((line, line.report) for line in self.sheet.direct)
        return [(line, row) for line, row in rows if row is not None and (row.problems or row.needs or row.done)]


def consolidated(by: Actor, unit_id: int, day: date, at: datetime) -> Consolidated:
    """The reports below a unit that one may see (NotFound otherwise). The number of queries does not depend on how
    many units there are."""
    unit = unit_for(by, unit_id, on=clock.local_day(at))
    sheet = sheet_of(unit, day, at)
    keys = keys_for(by, unit)
    values = _values(sheet.whole, keys)
    direct = [values[line.unit.pk] for line in sheet.direct if line.report]
    return Consolidated(sheet, keys, values, rules.totals(direct))


def keys_for(by: Actor, unit: Organisation) -> tuple[str, ...]:
    """The figures of a unit's report that one may see: without report.view only who was heard from."""
    return rules.KEYS if sees_health(by, unit) else rules.SAID_TO_ALL


def _values(lines: Iterable[Line], keys: Sequence[str]) -> dict[int, Shown]:
    """Unit → what may be shown of its numbers beside those of its siblings."""
    siblings: dict[int, dict[int, dict[str, int | None]]] = {}
    for line in lines:
        if line.report is not None:
            said = line.report.figures.get("values", {})
            siblings.setdefault(line.receiver, {})[line.unit.pk] = {key: said.get(key) for key in keys}
    found: dict[int, Shown] = {}
    for rows in siblings.values():
        found |= rules.shown(rows)
    return found


def consolidated_json(found: Consolidated) -> dict[str, Any]:
    """The same as plain data."""
    sheet = found.sheet
    return {
        "unit": sheet.unit.code,
        "day": sheet.day.isoformat(),
        "as_of": _moment(sheet.at),
        "direct": _count(sheet.count),
        "whole": _count(sheet.count_whole),
        "totals": {
            key: {"label": str(rules.LABELS[key]), "value": total.value, "known": total.known}
            for key, total in found.totals.items()
            if key in found.keys
        },
        "stamp": sheet.stamp,
        "reviews": [
            {"number": row.number, "at": _moment(row.at), "expected": row.expected, "taken": row.taken,
             "missing": row.missing, "reason": row.reason}
            for row in sheet.reviews
        ],
        "units": [line_json(line, found.values.get(line.unit.pk)) for line in sheet.direct],
    }  # fmt: skip


def _count(count: Count) -> dict[str, int]:
    return {"expected": count.expected, "received": count.received, "on_time": count.on_time, "zero": count.zero,
            "locked": count.locked, "missing": count.missing}  # fmt: skip


def line_json(line: Line, values: Shown | None) -> dict[str, Any]:
    """One unit's report as plain data; `values` are what the asker may see."""
    row = line.report
    body: dict[str, Any] = {
        "unit": line.unit.code, "title": line.unit.title, "due_at": _moment(line.due_at),
        "state": row.state if row else "missing",
    }  # fmt: skip
    if row is not None:
        body |= {
            "zero": row.zero, "on_time": row.on_time, "version": row.version, "submitted_at": _moment(row.submitted_at),
            "as_of": row.figures.get("as_of"), "figures": dict(values or {}), "problems": row.problems,
            "needs": row.needs, "done": row.done,
        }  # fmt: skip
    return body


def _moment(at: datetime) -> str:
    return at.astimezone(clock.zone()).isoformat(timespec="seconds")
