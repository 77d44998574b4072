"""Each format as columns with what can be judged before people and places are looked up.

A `Parsed` file is pure text work, done outside any transaction; `resolve` then adds ids and fates and makes the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from shouwang.core.errors import BadInput
from shouwang.core.files.columns import ColumnError
from shouwang.core.files.problems import RowProblem
from shouwang.tracing.presence.headers import GATE, VISITS
from shouwang.tracing.presence.reading import Columns, Progress, encode, read_columns
from shouwang.tracing.presence.sensors import read_pairs
from shouwang.tracing.presence.times import unix_seconds
from shouwang.tracing.rules import intake
from shouwang.tracing.rules.intake import Fate

Bool = NDArray[np.bool_]
Shown = Mapping[Fate, tuple[str, Callable[[int], object]]]

PROXIMITY_ROWS = 50_000_000
TABLE_ROWS = 5_000_000


@dataclass
class Parsed:
    """One file before resolution. Texts are dictionary-encoded; `by_card` marks rows whose `who` is a card number."""

    source_format: str
    row: NDArray[np.int64]
    who: Any
    by_card: Bool
    reasons: dict[Fate, Bool]
    shown: dict[Fate, tuple[str, Callable[[int], object]]]
    numbers: dict[str, NDArray[Any]]
    where: Any = None
    other: Any = None
    step: int = 0
    source: int = 0  # code of the presence source where it is not that of the format
    problems: list[RowProblem] = field(default_factory=list)
    remarks: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row)

    @property
    def moment(self) -> NDArray[np.int64]:
        return self.numbers["start" if self.source_format == "visits" else "t"]

    @property
    def timed(self) -> Bool:
        """Rows whose time could be read."""
        found: Bool = ~(self.reasons[Fate.TIME_INVALID] | self.reasons[Fate.ROW_MALFORMED])
        return found


def parse_gate(
    path: Path, *, name: str, saved: Mapping[str, str] | None, sheet: str | None, zone: tzinfo, latest: int,
    progress: Progress,
) -> Parsed:  # fmt: skip
    """Door swipes: card or number, time, door with [进门]/[出门] or a direction column, and whether it opened."""
    table = read_columns(path, name=name, spec=GATE, saved=saved, sheet=sheet, max_rows=TABLE_ROWS, progress=progress)
    who, by_card = _who(table)
    t, readable = unix_seconds(table.text["time"], zone)
    access = _access(table)
    doors = table.coded("place")
    direction = _directions(table, doors)
    reasons = {
        Fate.ROW_MALFORMED: table.malformed,
        Fate.TIME_INVALID: ~readable,
        Fate.IN_FUTURE: readable & (t > latest),
        Fate.DENIED: access == 0,
        Fate.ACCESS_UNKNOWN: access < 0,
    }
    shown = _shown(table, time="time")
    label = table.map.label("access") if "access" in table.map else ""
    shown[Fate.ACCESS_UNKNOWN] = (label, lambda index: table.value(index, "access"))
    parsed = Parsed("gate", table.row, who, by_card, reasons, shown, {"t": t, "direction": direction}, where=doors)
    return _finish(parsed, table)


def parse_visits(
    path: Path, *, name: str, saved: Mapping[str, str] | None, sheet: str | None, zone: tzinfo, latest: int,
    progress: Progress,
) -> Parsed:  # fmt: skip
    """Visit tables: person, place, start, and end or duration; a separate date column is put before both."""
    table = read_columns(path, name=name, spec=VISITS, saved=saved, sheet=sheet, max_rows=TABLE_ROWS, progress=progress)
    if "end" not in table.map and "duration" not in table.map:
        raise ColumnError(
            _("A visit needs an end: add a column “结束时间” (end) or “时长（分钟）” (duration)."), field="end"
        )
    who, by_card = _who(table)
    start, readable = unix_seconds(_dated(table, "start"), zone)
    end, ended, missing = _ends(table, start, zone)
    reasons = {
        Fate.ROW_MALFORMED: table.malformed,
        Fate.TIME_INVALID: ~readable | ~(ended | missing),
        Fate.IN_FUTURE: readable & (start > latest),
        Fate.END_MISSING: missing,
        Fate.END_BEFORE_START: ended & (end <= start),
    }
    shown = _shown(table, time="start")
    ends_at = "end" if "end" in table.map else "duration"
    for fate in (Fate.END_MISSING, Fate.END_BEFORE_START, Fate.TOO_LONG):
        shown[fate] = (table.map.label(ends_at), lambda index: table.value(index, ends_at))
    numbers = {"start": start, "end": end}
    parsed = Parsed("visits", table.row, who, by_card, reasons, shown, numbers, where=table.coded("place"))
    return _finish(parsed, table)


def parse_proximity(path: Path, *, name: str, step: int, latest: int, progress: Progress) -> Parsed:
    """Sensor pairs: a record at t covers (t − step, t]."""
    pairs = read_pairs(path, name=name, max_rows=PROXIMITY_ROWS, progress=progress)
    reasons = {
        Fate.ROW_MALFORMED: pairs.malformed,
        Fate.TIME_INVALID: ~pairs.readable & ~pairs.malformed,
        Fate.IN_FUTURE: pairs.t > latest,
    }
    shown: dict[Fate, tuple[str, Callable[[int], object]]] = {
        Fate.ROW_MALFORMED: ("", lambda index: f"{pairs.i[index]} {pairs.j[index]}"),
        Fate.TIME_INVALID: ("t", lambda index: ""),
        Fate.IN_FUTURE: ("t", lambda index: int(pairs.t[index])),
        Fate.PERSON_UNKNOWN: ("i, j", lambda index: f"{pairs.i[index]} {pairs.j[index]}"),
        Fate.SAME_PERSON: ("i, j", lambda index: pairs.i[index]),
    }
    by_card = np.zeros(len(pairs.row), np.bool_)
    parsed = Parsed("proximity", pairs.row, pairs.i, by_card, reasons, shown, {"t": pairs.t}, other=pairs.j, step=step)
    return _finish(parsed, None)


def _finish(parsed: Parsed, table: Columns | None) -> Parsed:
    if table is not None:
        parsed.problems += table.problems
        parsed.remarks |= {remark.code: remark.count for remark in table.remarks}
    late = intake.out_of_order(parsed.moment[parsed.timed])
    if late:
        parsed.remarks["out_of_order"] = late
    return parsed


def _who(table: Columns) -> tuple[Any, Bool]:
    """(who, by_card): the number where the row has one, else the card."""
    if "number" not in table.map and "card" not in table.map:
        raise ColumnError(
            _("No column names the person. Add one called “学号” (number) or “卡号” (card)."), field="number"
        )
    if "card" not in table.map:
        return table.coded("number"), np.zeros(len(table), np.bool_)
    if "number" not in table.map:
        return table.coded("card"), np.ones(len(table), np.bool_)
    given = pc.not_equal(table.text["number"], "")
    by_card = pc.invert(given).to_numpy(zero_copy_only=False)
    return encode(pc.if_else(given, table.text["number"], table.text["card"])), by_card


def _shown(table: Columns, *, time: str) -> dict[Fate, tuple[str, Callable[[int], object]]]:
    """Which column and value a refused row is quoted with."""
    who = "number" if "number" in table.map else "card"

    def quote(key: str) -> tuple[str, Callable[[int], object]]:
        return table.map.label(key), lambda index: table.value(index, key)

    return {
        Fate.TIME_INVALID: quote(time),
        Fate.IN_FUTURE: quote(time),
        Fate.PERSON_MISSING: quote(who),
        Fate.PERSON_UNKNOWN: quote(who),
        Fate.CARD_SHARED: quote("card"),
        Fate.CARD_UNKNOWN: quote("card"),
        Fate.PLACE_MISSING: quote("place"),
        Fate.PLACE_UNKNOWN: quote("place"),
        Fate.PLACE_AMBIGUOUS: quote("place"),
    }


def _access(table: Columns) -> NDArray[np.int8]:
    """1 allowed, 0 denied, −1 unclear, for each row. Without any such column every swipe passed."""
    if "access" not in table.map and "describe" not in table.map:
        return np.ones(len(table), np.int8)
    verdict = _each(table.coded("access"), intake.access_of) if "access" in table.map else None
    if verdict is None:
        # A description alone decides only when it speaks of a refusal.
        told = _each(table.coded("describe"), intake.access_of)
        return np.where(told == 0, 0, 1).astype(np.int8)
    return verdict


def _each(coded: Any, judge: Callable[[str], bool | None]) -> NDArray[np.int8]:
    words = [judge(text) for text in coded.dictionary.to_pylist()]
    values = np.array([-1 if word is None else int(word) for word in words], np.int8)
    index = coded.indices.to_numpy(zero_copy_only=False)
    return values[index] if len(values) else np.empty(0, np.int8)


def _directions(table: Columns, doors: Any) -> NDArray[np.int8]:
    """The direction column where it says something, else the suffix of the door's text."""
    suffix = [intake.split_door(text).direction for text in doors.dictionary.to_pylist()]
    index = doors.indices.to_numpy(zero_copy_only=False)
    found = np.array(suffix, np.int8)[index] if len(suffix) else np.empty(0, np.int8)
    if "direction" in table.map:
        coded = table.coded("direction")
        words = np.array([intake.direction_of(text) for text in coded.dictionary.to_pylist()], np.int8)
        said = words[coded.indices.to_numpy(zero_copy_only=False)] if len(words) else found
        found = np.where(said != intake.NO_DIRECTION, said, found).astype(np.int8)
    return found


def _dated(table: Columns, key: str) -> Any:
    """The field's text, with the date column before it where there is one and the text is only a time of day."""
    texts = table.text[key]
    if "date" not in table.map:
        return texts
    bare = pc.match_substring_regex(texts, r"^\d{1,2}:\d{2}(:\d{2})?$")
    return pc.if_else(bare, pc.binary_join_element_wise(table.text["date"], texts, " "), texts)


def _ends(table: Columns, start: NDArray[np.int64], zone: tzinfo) -> tuple[NDArray[np.int64], Bool, Bool]:
    """(end, readable, missing): from the end column, and from the duration where that is empty."""
    rows = len(table)
    end, ended, missing = np.zeros(rows, np.int64), np.zeros(rows, np.bool_), np.ones(rows, np.bool_)
    if "end" in table.map:
        end, ended = unix_seconds(_dated(table, "end"), zone)
        missing = pc.equal(table.text["end"], "").to_numpy(zero_copy_only=False)
        ended = ended & ~missing
    if "duration" in table.map:
        seconds, lasted, none = _durations(table)
        use = missing & ~none
        end, ended = np.where(use, start + seconds, end), np.where(use, lasted, ended)
        missing = missing & none
    return end, ended, missing


def _durations(table: Columns) -> tuple[NDArray[np.int64], Bool, Bool]:
    """(seconds, readable, missing) of the duration column."""
    header = table.map.label("duration")
    unit = intake.duration_unit(header)
    coded = table.coded("duration")
    texts = coded.dictionary.to_pylist()
    if unit is None and any(text and ":" not in text for text in texts):
        raise BadInput(
            _(
                "The column “%(column)s” does not say its unit. "
                "Name it “时长（分钟）” (minutes) or “时长（秒）” (seconds)."
            ),
            code="duration_unit_missing",
            field="duration",
            column=header,
        )
    values = [intake.seconds_of(text, unit=unit or 1) for text in texts]
    index = coded.indices.to_numpy(zero_copy_only=False)
    seconds = np.array([value or 0 for value in values], np.int64)[index] if texts else np.empty(0, np.int64)
    lasted = np.array([value is not None for value in values], np.bool_)[index] if texts else np.empty(0, np.bool_)
    empty = np.array([not text for text in texts], np.bool_)[index] if texts else np.empty(0, np.bool_)
    return seconds, lasted & ~empty, empty


def empty_texts() -> Any:
    """A dictionary-encoded column without rows."""
    return pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))
