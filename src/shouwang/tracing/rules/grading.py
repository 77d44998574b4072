"""How close a contact was, by the rule of a disease pack, and why in words.

The rule is data: grades in order, each with conditions; the first grade one of whose conditions holds is the grade. A
condition counts the *union* of the overlaps it speaks of (at one kind of place, from one kind of source, or all of
them) in seconds; double records of one stay are never added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from shouwang.core.packs import Text

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

WHY_LENGTH = 300


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Holds when the union over one of `place_kinds` and one of `sources` (empty: any) is `min_minutes` or longer.

    `distances` (empty: any) keeps overlaps of these classes of distance alone, all of them together.

    An overlap counts for a source only when both records are of that source. `source` names the document that gives
    the number, where it is not the one of the whole rule.
    """

    min_minutes: int
    because: Text
    place_kinds: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    source: str = ""
    distances: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.min_minutes < 0:
            raise ValueError("min_minutes must not be negative")


class Grade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name: Text
    any: tuple[Condition, ...]


class ContactRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section [contact_rule] of a pack. Rank 0 is the first, the closest grade."""

    name: str
    source: str
    grades: tuple[Grade, ...]

    def __post_init__(self) -> None:
        codes = [grade.code for grade in self.grades]
        if not codes or len(set(codes)) != len(codes):
            raise ValueError("a contact rule needs at least one grade, each code once")


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What grading needs to know of a place: its kind, its names, whether any seat plan was entered for it."""

    kind: str
    name_zh: str
    name_en: str
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Encounters of all contacts, one row an overlap; `contact` numbers them 0..contacts−1 and rises.

    `place` is −1 for a sensor pair; `source` is the common source code of both records, 0 where they differ; `day`
    numbers the local day in which the overlap starts. `distance` is the code of the class of distance of every row, or
    empty where nobody asked for it: then a condition on distances holds for nobody.
    """

    contacts: int
    contact: Int64
    place: Int32
    start: Int64
    end: Int64
    source: UInt8
    day: Int64
    distance: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Graded:
    """The grade of one contact: code, rank (0 closest) and the reason in both languages, numbers included."""

    code: str
    rank: int
    why_zh: str
    why_en: str


@dataclass(frozen=True, slots=True)
class _Met:
    """What one condition saw of every contact: union seconds, days met, longest place, number of places."""

    seconds: Int64
    days: Int64
    place: Int32
    places: Int64


def union_seconds(group: Int64, groups: int, start: Int64, end: Int64) -> Int64:
    """Seconds of the union of the intervals of each group. O(n log n), no loop.

    Sorted by (group, start), an interval adds what reaches beyond the latest end before it. Lifting each group by more
    than the whole span keeps one running maximum from reaching into the next group.
    """
    if len(start) == 0:
        return np.zeros(groups, np.int64)
    low = start.min()
    span = int(end.max() - low) + 1
    order = np.lexsort((start, group))
    owner = group[order]
    begin = start[order] - low + owner * span
    finish = end[order] - low + owner * span
    reach = np.maximum.accumulate(finish)
    before = np.concatenate((np.zeros(1, np.int64), reach[:-1]))
    added = np.maximum(finish - np.maximum(begin, before), 0)
    return np.bincount(owner, weights=added, minlength=groups).astype(np.int64)


def meetings(group: Int64, groups: int, start: Int64, end: Int64, break_seconds: int) -> Int64:
    """How many stretches of time the intervals of each group make, breaks shorter than `break_seconds` closed."""
    if len(start) == 0:
        return np.zeros(groups, np.int64)
    low = start.min()
    span = int(end.max() - low) + 1 + break_seconds
    order = np.lexsort((start, group))
    owner = group[order]
    begin, finish = start[order] - low + owner * span, end[order] - low + owner * span
    before = np.concatenate((np.full(1, -break_seconds, np.int64), np.maximum.accumulate(finish)[:-1]))
    new = (begin > before) & (begin - before >= break_seconds)
    new[np.flatnonzero(np.diff(owner, prepend=-1))] = True
    return np.bincount(owner[new], minlength=groups).astype(np.int64)


def grade(
    overlaps: Overlaps, rule: ContactRule, places: Mapping[int, PlaceFacts], source_codes: Mapping[str, int]
) -> list[Graded | None]:
    """The grade of every contact, None where no condition of the rule holds.

    `places` must know every place of the overlaps; `source_codes` maps the pack's words (gate, proximity ...) to the
    codes in segments. ValueError for a source the caller does not know.
    """
    kinds, kind_of_row = _kinds(overlaps.place, places)
    found: list[Graded | None] = [None] * overlaps.contacts
    open_ = np.ones(overlaps.contacts, np.bool_)
    for rank, step in enumerate(rule.grades):
        for condition in step.any:
            for rows in _selections(condition, kinds, kind_of_row, overlaps, source_codes):
                met = _meet(overlaps, rows)
                holds = open_ & (met.seconds >= condition.min_minutes * 60)
                for contact in np.flatnonzero(holds).tolist():
                    why = _words(condition, met, contact, places)
                    found[contact] = Graded(step.code, rank, *why)
                open_ &= ~holds
    return found


@dataclass(frozen=True, slots=True)
class Examined:
    """What one condition makes of one person: `seconds` counted (the most of its alternatives) against `needed`, and
    a word: holds, below (too short), kind (never at such a place), record (never by such records), none (no
    overlap)."""

    grade: str
    condition: Condition
    seconds: int
    needed: int
    word: str


def examine(
    overlaps: Overlaps, rule: ContactRule, places: Mapping[int, PlaceFacts], source_codes: Mapping[str, int]
) -> list[Examined]:
    """Every condition of the rule for one person (`overlaps.contacts` is 1), in the order they are tried."""
    kinds, kind_of_row = _kinds(overlaps.place, places)
    found = []
    for step in rule.grades:
        for condition in step.any:
            selections = _selections(condition, kinds, kind_of_row, overlaps, source_codes)
            chosen = [rows for rows in selections if rows.any()]
            sums = [int(union_seconds(overlaps.contact[r], 1, overlaps.start[r], overlaps.end[r])[0]) for r in chosen]
            needed = condition.min_minutes * 60
            seconds = max(sums, default=0)
            word = "holds" if chosen and seconds >= needed else "below"
            if not chosen:
                of_kind = not condition.place_kinds or any(kind in kinds for kind in condition.place_kinds)
                word = "none" if not len(overlaps.place) else "record" if of_kind else "kind"
            found.append(Examined(step.code, condition, seconds, needed, word))
    return found


def _kinds(place: Int32, places: Mapping[int, PlaceFacts]) -> tuple[dict[str, int], Int64]:
    """Distinct place kinds numbered, and the number of each row (−1 for a sensor pair)."""
    distinct, row = np.unique(place, return_inverse=True)
    names = [places[int(pk)].kind if pk >= 0 else "" for pk in distinct]
    numbers = {name: index for index, name in enumerate(dict.fromkeys(names)) if name}
    of_place = np.array([numbers.get(name, -1) for name in names], np.int64)
    return numbers, of_place[row] if len(row) else np.empty(0, np.int64)


def _selections(
    condition: Condition, kinds: Mapping[str, int], kind_of_row: Int64, overlaps: Overlaps, codes: Mapping[str, int]
) -> list[Bool]:
    """The rows each alternative of the condition speaks of: one for every (place kind, source) it names."""
    source = overlaps.source
    by_kind = [kind_of_row == kinds[kind] for kind in condition.place_kinds if kind in kinds]
    if not condition.place_kinds:
        by_kind = [np.ones(len(source), np.bool_)]
    if condition.distances:
        asked = len(overlaps.distance) == len(source)
        near = np.isin(np.asarray(overlaps.distance), condition.distances) if asked else np.zeros(len(source), np.bool_)
        by_kind = [rows & near for rows in by_kind]
    if not condition.sources:
        return by_kind
    unknown = [word for word in condition.sources if word not in codes]
    if unknown:
        raise ValueError(f"unknown source {unknown[0]!r} in a contact rule")
    return [rows & (source == codes[word]) for rows in by_kind for word in condition.sources]


def _meet(overlaps: Overlaps, rows: Bool) -> _Met:
    """Sum up the chosen rows for every contact."""
    number, contact = overlaps.contacts, overlaps.contact[rows]
    start, end, place = overlaps.start[rows], overlaps.end[rows], overlaps.place[rows]
    seconds = union_seconds(contact, number, start, end)
    day = overlaps.day[rows]
    width = int(day.max()) + 1 if len(day) else 1
    days = np.bincount(np.unique(contact * width + day) // width, minlength=number).astype(np.int64)
    distinct, index = np.unique(place, return_inverse=True)
    key = contact * max(len(distinct), 1) + index
    pairs, pair_of_row = np.unique(key, return_inverse=True)
    at_place = np.bincount(pair_of_row, weights=(end - start).astype(np.float64), minlength=len(pairs))
    owner = pairs // max(len(distinct), 1)
    places = np.bincount(owner, minlength=number).astype(np.int64)
    longest = np.full(number, -1, np.int32)
    which = pairs % max(len(distinct), 1)
    order = np.lexsort((-which, at_place, owner))  # the last of each owner is the place they shared longest
    longest[owner[order]] = distinct[which[order]]
    return _Met(seconds, days, longest, places)


def _words(condition: Condition, met: _Met, contact: int, places: Mapping[int, PlaceFacts]) -> tuple[str, str]:
    """The reason with its numbers, in Chinese and in English."""
    minutes = written_minutes(int(met.seconds[contact]))
    days, others = int(met.days[contact]), int(met.places[contact]) - 1
    facts = places.get(int(met.place[contact]))
    where_zh = f"：{facts.name_zh}" + (f"等 {others + 1} 处" if others > 0 else "") if facts else ""
    where_en = f": {facts.name_en}" + (f" and {others} more" if others > 0 else "") if facts else ""
    zh = f"{condition.because.zh}{where_zh}，{days} 天共 {minutes} 分钟"
    en = f"{condition.because.en}{where_en}, {minutes} min on {days} {'day' if days == 1 else 'days'}"
    return zh[:WHY_LENGTH], en[:WHY_LENGTH]


def written_minutes(seconds: int) -> str:
    """Minutes as they are read: whole ones rounded down, below one minute "<1"."""
    return "<1" if 0 < seconds < 60 else str(seconds // 60)
