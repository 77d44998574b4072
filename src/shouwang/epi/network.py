"""The contact network of a whole campus: `trace` for everybody, on all processors.

The kernels run without the interpreter's lock, so threads share the mapped segments and nothing is copied. What the
numbers are NOT is said in `contacts`; a network of overlaps is still no network of transmission.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike

from shouwang.epi.columns import Int32, sealed
from shouwang.epi.contacts import Segment, trace

PEOPLE_A_TASK = 64  # traces handed to a thread at once
MOST_PAIRS = 200_000_000
"""Pairs of one network: 12 bytes each, 2.4 GB."""


@dataclass(frozen=True, eq=False, slots=True)
class Network:
    """Pairs of people that overlapped in [`window_start`, `window_end`), each once, rising by (`a`, `b`), a < b;
    `seconds` the length of the union of their overlaps, at least `min_seconds`. Columns of one length."""

    a: Int32
    b: Int32
    seconds: Int32
    window_start: int
    window_end: int
    min_seconds: int

    def __len__(self) -> int:
        return len(self.a)


def network_rows(
    segments: Sequence[Segment],
    people: ArrayLike,
    window_start: int,
    window_end: int,
    *,
    min_seconds: int = 1,
    workers: int | None = None,
) -> Iterator[tuple[Int32, Int32, Int32]]:
    """Pairs (a, b, seconds) with a of `people` and a < b, a block of people at a time, in rising order of a.

    Memory stays that of a few blocks, however large the network. `people` are sorted and taken once each. Raises
    ValueError as `trace` does, and for `min_seconds` below 1.
    """
    if min_seconds < 1:
        raise ValueError(f"min_seconds: {min_seconds} is less than the shortest overlap, one second")
    kept = list(segments)
    chosen = np.unique(np.asarray(people, np.int32))
    parts = [chosen[start : start + PEOPLE_A_TASK] for start in range(0, len(chosen), PEOPLE_A_TASK)]

    def work(part: Int32) -> tuple[Int32, Int32, Int32]:
        a, b, seconds = [], [], []
        for person in part.tolist():
            found = trace(kept, person, window_start, window_end).contacts
            keep = (found.person > person) & (found.seconds >= min_seconds)
            b.append(found.person[keep])
            seconds.append(found.seconds[keep].astype(np.int32))
            a.append(np.full(len(b[-1]), person, np.int32))
        return np.concatenate(a), np.concatenate(b), np.concatenate(seconds)

    number = _workers(workers)
    with ThreadPoolExecutor(number) as pool:
        # A few blocks ahead and no more: who reads slowly must not have the whole network in memory.
        ahead = [pool.submit(work, part) for part in parts[: 2 * number]]
        for following in chain(parts[2 * number :], [None] * len(ahead)):
            yield ahead.pop(0).result()
            if following is not None:
                ahead.append(pool.submit(work, following))


def contact_network(
    segments: Sequence[Segment],
    people: ArrayLike,
    window_start: int,
    window_end: int,
    *,
    min_seconds: int = 1,
    most_pairs: int = MOST_PAIRS,
    workers: int | None = None,
) -> Network:
    """The network of `people` among all on record: every pair with an overlap of at least `min_seconds` in all.

    Raises ValueError when there are more than `most_pairs` pairs, before memory runs out: a longer `min_seconds` keeps
    fewer. Cost: one trace a person.

    >>> from shouwang.epi.segments import build_pair_segment, build_visit_segment
    >>> day = build_visit_segment([7, 7, 7], [0, 600, 800], [900, 1200, 1000], [1, 2, 3], [0, 0, 0])
    >>> found = contact_network([(day, build_pair_segment([], [], [], [], []))], [1, 2, 3], 0, 86_400, min_seconds=150)
    >>> list(zip(found.a.tolist(), found.b.tolist(), found.seconds.tolist()))
    [(1, 2, 300), (2, 3, 200)]
    """
    columns: tuple[list[Int32], list[Int32], list[Int32]] = ([], [], [])
    total = 0
    for block in network_rows(segments, people, window_start, window_end, min_seconds=min_seconds, workers=workers):
        total += len(block[0])
        if total > most_pairs:
            raise ValueError(
                f"most_pairs: more than {most_pairs:,} pairs; take a longer min_seconds than {min_seconds}"
            )
        for column, part in zip(columns, block, strict=True):
            column.append(part)
    a, b, seconds = (sealed(np.concatenate(parts) if parts else np.empty(0, np.int32)) for parts in columns)
    return Network(a, b, seconds, window_start, window_end, min_seconds)


def people_on_record(segments: Sequence[Segment]) -> Int32:
    """Ids of everybody with a visit or a pair record, rising."""
    keys = [part for visits, pairs in segments for part in (visits.person_keys, pairs.a_keys)]
    return np.unique(np.concatenate(keys)).astype(np.int32) if keys else np.empty(0, np.int32)


def _workers(asked: int | None) -> int:
    if asked is not None and asked < 1:
        raise ValueError(f"workers: {asked} is less than one")
    return asked or os.cpu_count() or 1
