"""The encounters of a case: its contacts grouped by what they met at (this lesson, this dormitory room, this meal).
Pure: rows of evidence in, groups out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shouwang.core.errors import NotFound

Row = Sequence[int]
"""Evidence as a contact keeps it: place (−1: none), start, end in unix seconds, source of the case's record, source
of the contact's."""

ALWAYS = 0
"""Start in the key of a room somebody lives in: all its nights are one encounter."""
_KEY = re.compile(r"(-1|[0-9]{1,18})_([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Key:
    """Names one encounter of a case: its place (−1: no place) and when it began, `ALWAYS` for a room lived in. The
    beginning is the earliest record of anybody there, so that a key holds until the case is traced again."""

    place: int
    start: int

    def __str__(self) -> str:
        return f"{self.place}_{self.start}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """NotFound for a text that is no key."""
        found = _KEY.fullmatch(text)
        if found is None:
            raise NotFound
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Met:
    """One contact at one encounter: the stretches together, and whether only plans (a bed, a timetable) put them
    there, so that a leave or a record elsewhere can contradict it."""

    contact: int
    spans: tuple[tuple[int, int], ...]
    expected: bool

    @property
    def seconds(self) -> int:
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class Encounter:
    """`start`, `end`: from the first to the last moment anybody was together there; `sources` codes, rising."""

    key: Key
    start: int
    end: int
    sources: tuple[int, ...]
    met: tuple[Met, ...]


def group(evidence: Mapping[int, Iterable[Row]], *, lived_in: int, planned: frozenset[int]) -> list[Encounter]:
    """Contact → rows of evidence, grouped; the most contacts first, then the latest. O(n log n) in rows.

    Rows at one place belong together while they overlap: two lessons in a row are two encounters, a canteen visit in
    which one leaves as another comes is one. Rows whose record of the case has the source `lived_in` are one encounter
    a place, whatever the night. `planned` are sources nobody saw anybody by.
    """
    rows: dict[tuple[int, bool], list[tuple[int, int, int, int, int]]] = {}
    for contact, kept in evidence.items():
        for place, start, end, of_case, of_contact in kept:
            home = of_case == lived_in and place >= 0
            rows.setdefault((place, home), []).append((start, end, contact, of_case, of_contact))
    found: list[Encounter] = []
    for (place, home), listed in rows.items():
        listed.sort()
        for run in [listed] if home else _runs(listed):
            found.append(_encounter(Key(place, ALWAYS if home else run[0][0]), run, planned))
    return sorted(found, key=lambda one: (-len(one.met), -one.end, one.key.place))


def _runs(listed: list[tuple[int, int, int, int, int]]) -> list[list[tuple[int, int, int, int, int]]]:
    """Rows in order of start, cut where nobody was together any more."""
    runs: list[list[tuple[int, int, int, int, int]]] = []
    reach = 0
    for row in listed:
        if runs and row[0] < reach:
            runs[-1].append(row)
        else:
            runs.append([row])
        reach = max(reach, row[1])
    return runs


def _encounter(key: Key, run: list[tuple[int, int, int, int, int]], planned: frozenset[int]) -> Encounter:
    spans: dict[int, list[tuple[int, int]]] = {}
    seen: set[int] = set()
    for start, end, contact, _of_case, of_contact in run:
        held = spans.setdefault(contact, [])
        if held and start <= held[-1][1]:
            held[-1] = (held[-1][0], max(held[-1][1], end))
        else:
            held.append((start, end))
        if of_contact not in planned:
            seen.add(contact)
    sources = tuple(sorted({code for row in run for code in row[3:]}))
    met = tuple(Met(contact, tuple(held), contact not in seen) for contact, held in spans.items())
    return Encounter(key, run[0][0], max(row[1] for row in run), sources, met)
