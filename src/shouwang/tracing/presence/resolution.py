"""A parsed file plus the people and places of this institution: the batch to be stored, and what to say about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from shouwang.core import clock
from shouwang.core.files.problems import RowProblem
from shouwang.tracing.presence.batches import Batch, sorted_batch
from shouwang.tracing.presence.parsing import Parsed
from shouwang.tracing.presence.reading import problems_of
from shouwang.tracing.presence.resolving import (
    EVERYWHERE,
    PlaceTable,
    ids_of,
    people_by_card,
    people_by_number,
    places_by_text,
    spread,
)
from shouwang.tracing.rules.assumptions import Assumptions
from shouwang.tracing.rules.intake import (
    NO_DIRECTION,
    UNKNOWN,
    Fate,
    Fates,
    first_reason,
    person_reasons,
    place_reasons,
    split_door,
)

Int32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Strangers:
    """Texts of a file that nobody and no place answers to; `numbers` and `cards` are of people."""

    numbers: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """The batch in order of time; `fates` and problems in file order; `strangers` that could not be placed."""

    batch: Batch
    fates: Fates
    problems: list[RowProblem] = field(default_factory=list)


def strangers(parsed: Parsed, scope: Q = EVERYWHERE) -> Strangers:
    """Who and what the file names that the institution does not know, in rows that nothing else speaks against."""
    good = first_reason(len(parsed), parsed.reasons) == Fate.ACCEPTED
    who, where, other = _look_up(parsed, scope)
    by_number = _unknown(parsed.who, who, good & ~parsed.by_card)
    if parsed.other is not None and other is not None:
        by_number += _unknown(parsed.other, other, good)
    cards = _unknown(parsed.who, who, good & parsed.by_card)
    places: tuple[str, ...] = ()
    if parsed.where is not None and where is not None:
        places = tuple(split_door(text).place for text in _unknown(parsed.where, where, good))
    return Strangers(tuple(dict.fromkeys(by_number)), cards, tuple(dict.fromkeys(places)))


def _unknown(coded: Any, ids: Int32, rows: NDArray[np.bool_]) -> tuple[str, ...]:
    index = np.unique(coded.indices.to_numpy(zero_copy_only=False)[rows & (ids == UNKNOWN)])
    texts = coded.dictionary.to_pylist()
    return tuple(dict.fromkeys(texts[number] for number in index.tolist()))


def resolve(parsed: Parsed, rules: Assumptions, places: PlaceTable, scope: Q = EVERYWHERE) -> Resolved:
    """Look every text up, judge every row, and put the rows in order of time."""
    who, where, other = _look_up(parsed, scope)
    reasons = dict(parsed.reasons) | person_reasons(who, by_card=parsed.by_card)
    columns: dict[str, Any] = {"row": parsed.row, "who": parsed.who, "person": who, **parsed.numbers}
    if other is not None:
        further = person_reasons(other, by_card=np.zeros(len(parsed), np.bool_))
        reasons = {fate: rows | further.get(fate, False) for fate, rows in reasons.items()}
        reasons[Fate.SAME_PERSON] = (who == other) & (who >= 0)
        columns |= {"other": parsed.other, "partner": other}
    if where is not None:
        reasons |= place_reasons(where)
        columns |= {"where": parsed.where, "place": where}
    if parsed.source_format == "visits":
        reasons[Fate.TOO_LONG] = _too_long(parsed, where, rules, places)
    fates = first_reason(len(parsed), reasons)
    columns["fate"] = fates
    batch = sorted_batch(parsed.source_format, columns, step=parsed.step)
    return Resolved(batch, fates, [*parsed.problems, *problems_of(fates, parsed.row, parsed.shown)])


def _look_up(parsed: Parsed, scope: Q) -> tuple[Int32, Int32 | None, Int32 | None]:
    """(who, where, other): an id for every row, where the format has that column."""
    texts = parsed.who.dictionary.to_pylist()
    who = np.full(len(parsed), UNKNOWN, np.int32)
    if not np.all(parsed.by_card):
        who = spread(parsed.who, ids_of(texts, people_by_number(texts)))
    if np.any(parsed.by_card):
        cards = spread(parsed.who, ids_of(texts, people_by_card(texts, on=_first_day(parsed))))
        who = np.where(parsed.by_card, cards, who).astype(np.int32)
    other = None
    if parsed.other is not None:
        others = parsed.other.dictionary.to_pylist()
        other = spread(parsed.other, ids_of(others, people_by_number(others)))
    return who, _places(parsed, scope), other


def _first_day(parsed: Parsed) -> Any:
    timed = parsed.moment[parsed.timed]
    earliest = int(timed.min()) if len(timed) else 0
    return clock.local_day(datetime.fromtimestamp(earliest, tz=clock.zone()))


def _places(parsed: Parsed, scope: Q) -> Int32 | None:
    """The place of every row. A door is first looked up as it is written, then without its [进门]/[出门]."""
    if parsed.where is None:
        return None
    texts = parsed.where.dictionary.to_pylist()
    bare = [split_door(text) for text in texts]
    found = places_by_text({*texts, *(door.place for door in bare)}, scope)
    ids = {
        text: found[text] if found[text] >= 0 or door.direction == NO_DIRECTION else found[door.place]
        for text, door in zip(texts, bare, strict=True)
    }
    return spread(parsed.where, ids_of(texts, ids))


def _too_long(parsed: Parsed, where: Int32 | None, rules: Assumptions, places: PlaceTable) -> NDArray[np.bool_]:
    length = parsed.numbers["end"] - parsed.numbers["start"]
    if where is None:
        return np.zeros(len(parsed), np.bool_)
    distinct, row = np.unique(where, return_inverse=True)
    limit: Callable[[str], int] = rules.visits.max_stay.seconds
    limits = np.array([limit(places.kind.get(int(pk), "")) for pk in distinct], np.int64)
    too_long: NDArray[np.bool_] = length > limits[row] if len(where) else np.zeros(0, np.bool_)
    return too_long
