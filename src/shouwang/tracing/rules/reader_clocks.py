"""Readers whose clock ran wrong on a day, found from the people who passed other readers shortly before or after.

For every person, the time from a record at another reader to the one at this reader is taken, with its sign, up to
`window`. On usual days these differences have a shape of their own (the ways between doors take what they take). A
clock that runs `s` seconds ahead moves the whole shape by `s`. The shift is the one under which the day agrees best
with the other days, and it is proposed only where it explains clearly more than no shift does. It is a proposal: a
person decides, and no record is changed.

What this cannot see: a clock that was wrong on most of the days compared (the others then look wrong), one that is
further off than `largest`, and which of two readers is wrong when people pass just these two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

BIN_S = 10
AROUND_S = 1800
SMOOTHED_S = 60  # differences so near each other are alike: people do not walk to the second
MOST_NEIGHBOURS = 32  # records of a person after one record that are compared with it
Int64 = NDArray[np.int64]
Float = NDArray[np.float64]
Column = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """When a clock is proposed: seconds, pairs of records a day, days to compare, and shares between 0 and 1: how far a
    day must agree with the others after the shift (`least_agreement`), and how much better (`least_gain`)."""

    window: int
    largest: int
    least_seconds: int
    least_pairs: int
    least_days: int
    least_agreement: float
    least_gain: float


@dataclass(frozen=True, slots=True)
class Differences:
    """`diff` seconds from a record of `partner` to one of `reader`, of the same person, on day number `day`."""

    reader: Column
    partner: Column
    day: Column
    diff: Int64


@dataclass(frozen=True, slots=True)
class Shift:
    """The clock of `reader` ran `seconds` ahead (negative: behind) on `day`, after `pairs` differences. `stated` and
    `corrected`: agreement with the other days before and after the shift. `partner` is the only reader that nearly all
    differences are with, None where there are several: then it may as well be that one, the other way."""

    reader: int
    day: int
    seconds: int
    pairs: int
    stated: float
    corrected: float
    partner: int | None


def differences(person: Column, reader: Column, t: Int64, day: Column, window: int) -> Differences:
    """Differences between records of one person at different readers, at most `window` seconds apart, each told from
    both sides. O(n log n + pairs)."""
    order = np.lexsort((t, person))
    who, where, when, on = person[order], reader[order], t[order], day[order]
    parts: list[tuple[Column, Column, Column, Int64]] = []
    row = np.arange(len(who))
    for step in range(1, MOST_NEIGHBOURS + 1):
        row = row[row + step < len(who)]
        later = row + step
        near = (who[row] == who[later]) & (when[later] - when[row] <= window)
        row, later = row[near], later[near]
        if not len(row):
            break
        apart = where[row] != where[later]
        a, b = row[apart], later[apart]
        gap = when[b] - when[a]
        parts += [(where[b], where[a], on[b], gap), (where[a], where[b], on[a], -gap)]
    if not parts:
        nothing = np.empty(0, np.int64)
        return Differences(nothing, nothing, nothing, nothing)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Differences(columns[0], columns[1], columns[2], columns[3])


def shifts(found: Differences, limits: Limits) -> list[Shift]:
    """Every reader and day whose clock seems wrong, by reader and day."""
    order = np.lexsort((found.day, found.reader))
    reader, partner, day, diff = (column[order] for column in (found.reader, found.partner, found.day, found.diff))
    edges = np.flatnonzero(np.diff(reader, prepend=-1, append=-1)) if len(reader) else np.empty(0, np.int64)
    result: list[Shift] = []
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        result += _of_reader(int(reader[low]), partner[low:high], day[low:high], diff[low:high], limits)
    return result


def _of_reader(reader: int, partner: Column, day: Column, diff: Int64, limits: Limits) -> list[Shift]:
    days, row = np.unique(day, return_inverse=True)
    pairs = np.bincount(row)
    enough = np.flatnonzero(pairs >= limits.least_pairs)
    if len(enough) <= limits.least_days:
        return []
    width = 2 * limits.window // BIN_S + 1
    slot = (diff + limits.window) // BIN_S
    table = np.zeros((len(days), width))
    np.add.at(table, (row, slot), 1)
    shapes = np.array([_shape(table[k]) for k in enough])
    found: list[Shift] = []
    for index, k in enumerate(enough.tolist()):
        usual = _unit(np.delete(shapes, index, axis=0).sum(axis=0))
        seconds, stated, corrected = _best(shapes[index], usual, limits.largest // BIN_S)
        clear = corrected >= limits.least_agreement and corrected - stated >= limits.least_gain
        if clear and abs(seconds) >= limits.least_seconds:
            only = _only(partner[row == k])
            found.append(Shift(reader, int(days[k]), seconds, int(pairs[k]), stated, corrected, only))
    return found


def _best(shape: Float, usual: Float, most: int) -> tuple[int, float, float]:
    """(seconds, agreement without a shift, agreement with it): the shift of `shape` that fits `usual` best."""
    fits = np.correlate(np.pad(shape, most), usual, "valid")  # entry `most` is no shift
    best = int(np.argmax(fits))
    return (best - most) * BIN_S, round(float(fits[most]), 3), round(float(fits[best]), 3)


def _shape(counts: Float) -> Float:
    """What is particular about a day's differences: the smoothed counts without what lies around them anyway, since
    people who come and go all day are at every distance from each other."""
    near, around = np.ones(SMOOTHED_S // BIN_S), np.ones(AROUND_S // BIN_S)
    smooth = np.convolve(counts, near / len(near), "same")
    return _unit(smooth - np.convolve(counts, around / len(around), "same"))


def _unit(shape: Float) -> Float:
    length = float(np.sqrt(np.sum(shape * shape)))
    return shape / length if length else shape


def _only(partners: Column) -> int | None:
    values, often = np.unique(partners, return_counts=True)
    return int(values[np.argmax(often)]) if often.max() >= 0.8 * often.sum() else None


def without_echoes(found: Sequence[Shift], alike: int) -> list[Shift]:
    """Without shifts that another explains: people come to this reader from one other alone, and that one, which many
    readers bear witness against, is off by as much the other way."""
    witnessed = {(one.reader, one.day): one.seconds for one in found if one.partner is None}
    return [
        one
        for one in found
        if one.partner is None
        or (one.partner, one.day) not in witnessed
        or abs(witnessed[one.partner, one.day] + one.seconds) > alike
    ]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Neighbouring days of one reader whose shifts are alike: `seconds` is their median."""

    reader: int
    first: date
    last: date
    seconds: int
    days: tuple[Shift, ...]


def proposals(found: Sequence[Shift], first: date, alike: int) -> list[Proposal]:
    """Shifts of one reader on following days, no more than `alike` seconds apart, as one. Day 0 is `first`."""
    runs: list[list[Shift]] = []
    for shift in sorted(found, key=lambda one: (one.reader, one.day)):
        last = runs[-1][-1] if runs else None
        together = last is not None and last.reader == shift.reader and shift.day == last.day + 1
        if together and last is not None and abs(last.seconds - shift.seconds) <= alike:
            runs[-1].append(shift)
        else:
            runs.append([shift])
    return [
        Proposal(
            run[0].reader, first + timedelta(days=run[0].day), first + timedelta(days=run[-1].day),
            round(float(np.median([shift.seconds for shift in run]))), tuple(run),
        )
        for run in runs
    ]  # fmt: skip
