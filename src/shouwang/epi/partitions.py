"""What one partition of a cluster computes: the same kernel on a slice of the records, Arrow in and Arrow out.

Nothing here knows a cluster. A slice holds whole places (or whole stretches of time), and what slices answer is put
together by two rules:

- **a trace** by union: each slice gives the overlaps it sees, and the seconds of a contact are the length of their
  union (`gather`), since somebody may be on record at two places at once;
- **a network** by a sum that is made to be right. Let D(p) be the time in which p is on record in two slices or has a
  pair record. A pair can be counted twice only while both are in their D. So the seconds of a pair are those of every
  slice, less those of every slice within D, plus those within D with all slices taken together:
  |union E_k| = sum |E_k| - sum |E_k in D| + |union (E_k in D)|. Each term is the kernel's, on smaller and smaller rows,
  and only (a, b, seconds) leaves a machine. `WHOLE`, `LESS` and `AGAIN` are the three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from shouwang.epi.columns import AnyColumn, Int32, Int64, offsets_by_key, sealed
from shouwang.epi.contacts import Contacts, Encounters, Evidence, TraceResult, trace
from shouwang.epi.lake import NOBODY, SCHEMA, segment_of
from shouwang.epi.network import network_rows, people_on_record

WHOLE, LESS, AGAIN = 0, 1, 2
SIGN = {WHOLE: 1, LESS: -1, AGAIN: 1}

ENCOUNTERS = pa.schema(
    [
        ("case", pa.int32()),
        ("person", pa.int32()),
        ("place", pa.int32()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("source_case", pa.int16()),
        ("source_contact", pa.int16()),
    ]
)
"""The columns of `Encounters` for each case; and a row (case, NOBODY, NOBODY, rows read, 0, 0, 0) a slice."""

PAIRS = pa.schema([("a", pa.int32()), ("b", pa.int32()), ("seconds", pa.int64())])

SEEN = pa.schema([("who", pa.int32()), ("bucket", pa.int32()), *SCHEMA])
"""A record as seen by one of its people; `bucket` is the slice of a visit."""

PIECES = pa.schema([("bucket", pa.int32()), *SCHEMA])


def encounters_in(table: Any, cases: Sequence[int], low: int, high: int) -> Any:
    """Every overlap of the records of `cases` with those of others inside [low, high), as `ENCOUNTERS`."""
    segment = segment_of(table)
    present = np.intersect1d(people_on_record([segment]), np.array(cases, np.int32))
    parts = [ENCOUNTERS.empty_table()]
    for case in present.tolist():
        result = trace([segment], case, low, high)
        met = result.encounters
        columns: tuple[AnyColumn, ...] = (
            met.person,
            met.place,
            met.start,
            met.end,
            met.source_case,
            met.source_contact,
        )
        read = (NOBODY, NOBODY, result.visits_examined, 0, 0, 0)
        whole = [np.append(column.astype(np.int64), more) for column, more in zip(columns, read, strict=True)]
        of = np.full(len(whole[0]), case, np.int64)
        parts.append(pa.table([*map(pa.array, (of, *whole))], names=ENCOUNTERS.names).cast(ENCOUNTERS))
    return pa.concat_tables(parts)


@dataclass(frozen=True, eq=False)
class Gathered(Evidence):
    """Encounters that came from several slices, sorted by (person, start, end, place, sources)."""

    met: Encounters
    rows: Int64

    @property
    def encounters(self) -> Encounters:
        return self.met

    @property
    def offsets(self) -> Int64:
        return self.rows


def gather(table: Any, person: int, low: int, high: int, searched: int) -> TraceResult:
    """The answer for `person` from the `ENCOUNTERS` of all slices: what `trace` on all records would say.

    `visits_examined` is what the slices read, which may be less than one kernel over whole days reads.
    """
    rows = table.filter(compute.equal(table["case"], person))
    columns = [rows[name].to_numpy() for name in ENCOUNTERS.names[1:]]
    read = columns[0] == NOBODY
    examined = int(columns[2][read].sum())
    person_, place, start, end, of_case, of_contact = (column[~read] for column in columns)
    order = np.lexsort((of_contact, of_case, place, end, start, person_))
    met = Encounters(
        *(sealed(column[order]) for column in (person_, place, start, end)),
        *(sealed(column[order].astype(np.uint8)) for column in (of_case, of_contact)),
    )
    people, offsets = offsets_by_key(met.person)
    evidence = Gathered(met, sealed(offsets))
    return TraceResult(person, low, high, Contacts(sealed(people), evidence.sums[0], evidence), searched, examined)


def pairs_in(table: Any, term: int, low: int, high: int) -> Any:
    """Seconds of every pair of the slice inside [low, high), with the sign of the term, as `PAIRS`."""
    segment = segment_of(table)
    blocks = list(network_rows([segment], people_on_record([segment]), low, high, workers=1))
    a, b, seconds = (np.concatenate([np.empty(0, np.int32), *(block[k] for block in blocks)]) for k in range(3))
    return pa.table([pa.array(a), pa.array(b), pa.array(seconds.astype(np.int64) * SIGN[term])], schema=PAIRS)


def doubled_in(table: Any) -> Any:
    """The parts of visits that lie in their person's D, as `PIECES`; `table` (`SEEN`) holds all rows of its people."""
    who, bucket, start, end = (table[name].to_numpy() for name in ("who", "bucket", "start", "end"))
    visit = table["other"].to_numpy() == NOBODY
    if not len(who):
        return PIECES.empty_table()
    spans = _twice(who, np.where(visit, bucket, NOBODY), start, end)
    rows = np.flatnonzero(visit)
    row, begin, finish = _inside(who[rows], start[rows], end[rows], *spans)
    cut = table.take(pa.array(rows[row])).select(PIECES.names)
    for name, values in (("start", begin), ("end", finish)):
        cut = cut.set_column(PIECES.names.index(name), PIECES.field(name), pa.array(values))
    return cut.cast(PIECES)


def _twice(who: Int32, slot: Int32, start: Int64, end: Int64) -> tuple[Int32, Int64, Int64]:
    """Disjoint spans (who, start, end), rising, in which somebody is in two slots, or in slot NOBODY."""
    merged = _merged(who, slot, start, end)
    weight = np.where(merged[1] == NOBODY, 2, 1)
    people, moments = np.tile(merged[0], 2), np.concatenate(merged[2:])
    change = np.concatenate((weight, -weight))
    order = np.lexsort((moments, people))
    people, moments, depth = people[order], moments[order], np.cumsum(change[order])
    # Of each moment of a person the last row counts: all that begins and ends there is in its depth.
    last = np.append((people[1:] != people[:-1]) | (moments[1:] != moments[:-1]), True)
    people, moments, depth = people[last], moments[last], depth[last]
    twice = np.flatnonzero(depth >= 2)  # nobody's last moment is one, so that a row of the same person follows
    return people[twice], moments[twice], moments[twice + 1]


def _merged(who: Int32, slot: Int32, start: Int64, end: Int64) -> tuple[Int32, Int32, Int64, Int64]:
    """The union of the intervals of each person and slot, as disjoint intervals."""
    order = np.lexsort((start, slot, who))
    who, slot, start, end = who[order], slot[order], start[order], end[order]
    new = np.append(True, (who[1:] != who[:-1]) | (slot[1:] != slot[:-1]))
    # A running maximum that restarts at each (person, slot): lift every one above the one before.
    lift = (np.cumsum(new) - 1) * (int(end.max()) - int(start.min()) + 1)
    reach = np.maximum.accumulate(end + lift)
    opens = np.append(True, start[1:] + lift[1:] > reach[:-1])
    closes = np.append(opens[1:], True)
    return who[opens], slot[opens], start[opens], (reach - lift)[closes]


def _inside(
    who: Int32, start: Int64, end: Int64, of: Int32, low: Int64, high: Int64
) -> tuple[NDArray[np.intp], Int64, Int64]:
    """The parts of rows (who, start, end) that lie in their person's spans (of, low, high): row number, start, end."""
    if not len(of):
        return np.empty(0, np.intp), start[:0], end[:0]
    least, most = min(int(start.min(initial=0)), int(low.min())), max(int(end.max(initial=0)), int(high.max()))
    lift = most - least + 1
    people = np.unique(np.concatenate((who, of)))

    def lifted(person: Int32, moment: Int64) -> AnyColumn:
        return np.searchsorted(people, person).astype(np.int64) * lift + (moment - least)

    first = np.searchsorted(lifted(of, high), lifted(who, start), side="right")
    until = np.searchsorted(lifted(of, low), lifted(who, end), side="left")
    pieces = np.maximum(until - first, 0)
    row = np.repeat(np.arange(len(who)), pieces)
    span = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + first[row]
    return row, np.maximum(start[row], low[span]), np.minimum(end[row], high[span])
