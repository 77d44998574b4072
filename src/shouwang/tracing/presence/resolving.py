"""From the texts of a file to the people and places of the institution, asked once for all distinct texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from shouwang.core.errors import ShouwangError
from shouwang.org.merging.queries import standing
from shouwang.org.models import Person, Place
from shouwang.tracing.rules.intake import AMBIGUOUS, MISSING, UNKNOWN

Int32 = NDArray[np.int32]
LARGEST = 2**31 - 1
MANY = 5_000
FEW = 500  # fewer distinct texts are asked for by name; more are found in one pass over the table


class IdTooLarge(ShouwangError):
    """Ids have grown beyond what a segment can hold."""

    code = "id_too_large"
    status = 500


def ids_of(distinct: Sequence[str], found: Mapping[str, int]) -> Int32:
    """One id for each distinct text: found, UNKNOWN, AMBIGUOUS (as `found` says), or MISSING for an empty text."""
    values = [found.get(text, UNKNOWN) if text else MISSING for text in distinct]
    if values and max(values) > LARGEST:
        raise IdTooLarge(_("An internal number has outgrown day segments. Ask whoever maintains the program."))
    return np.array(values, np.int32)


def spread(coded: Any, ids: Int32) -> Int32:
    """The id of every row of a dictionary-encoded text column."""
    index = coded.indices.to_numpy(zero_copy_only=False)
    return ids[index] if len(ids) else np.empty(0, np.int32)


def people_by_number(numbers: Iterable[str]) -> dict[str, int]:
    """Person ids by number. People who have left are found too: a file may speak of the past."""
    wanted = set(numbers)
    rows = Person.objects.order_by()
    if len(wanted) <= FEW:
        rows = rows.filter(number__in=wanted)
    into = standing()  # a number that was merged away is the record that stands for it
    return {number: into.get(pk, pk) for number, pk in rows.values_list("number", "pk") if number in wanted}


def numbers_by_id(ids: Sequence[int]) -> dict[int, str]:
    """Numbers of the people with these ids; whoever was deleted since is left out.

    A database takes only so many parameters (SQLite 32,766): beyond `MANY` the whole table is read in one pass.
    """
    wanted = set(ids)
    rows = Person.objects.order_by()
    if len(wanted) <= MANY:
        rows = rows.filter(pk__in=wanted)
    return {pk: number for pk, number in rows.values_list("pk", "number") if pk in wanted}


def people_by_card(cards: Iterable[str], *, on: date) -> dict[str, int]:
    """Person ids by access card; AMBIGUOUS for a card that two people held on `on`, the first day of the file.

    Cards are handed on: whoever had left before that day no longer holds theirs.
    """
    wanted = set(cards)
    rows = Person.objects.order_by().filter(Q(left_on__isnull=True) | Q(left_on__gte=on)).exclude(card="")
    if len(wanted) <= FEW:
        rows = rows.filter(card__in=wanted)
    found: dict[str, int] = {}
    into = standing()
    for card, holder in rows.values_list("card", "pk"):
        pk = into.get(holder, holder)
        if card in wanted:
            found[card] = AMBIGUOUS if found.get(card, pk) != pk else pk
    return found


def plain(name: str) -> str:
    """A place name for comparison: width and case do not matter, nor spaces."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


EVERYWHERE = Q()


def places_by_text(texts: Iterable[str], scope: Q = EVERYWHERE) -> dict[str, int]:
    """Place ids by code, else by name (Chinese or English), of the places in `scope`; AMBIGUOUS for a name that several
    of them have."""
    by_code: dict[str, int] = {}
    by_name: dict[str, int] = {}
    for pk, code, name, name_en in Place.objects.filter(scope).order_by().values_list("pk", "code", "name", "name_en"):
        by_code[plain(code)] = pk
        for title in {plain(name), plain(name_en)} - {""}:
            by_name[title] = AMBIGUOUS if title in by_name else pk
    return {text: by_code.get(key, by_name.get(key, UNKNOWN)) for text in texts for key in (plain(text),)}


@dataclass(frozen=True, slots=True)
class PlaceTable:
    """What the place tree says, by id: `room` is where presence is kept (a seat's room), `kind` that place's kind.

    `first` and `last` number the places in tree order so that b lies inside a exactly when
    first[a] <= first[b] <= last[a]. `building` is the nearest building at or above a place, else the place itself.
    """

    room: Mapping[int, int]
    kind: Mapping[int, str]
    first: Mapping[int, int]
    last: Mapping[int, int]
    building: Mapping[int, int]

    def inside(self, inner: int, outer: int) -> bool:
        """Whether `inner` lies in `outer` or is the same place; a place deleted since lies in none but itself."""
        if inner not in self.first or outer not in self.first:
            return inner == outer
        return self.first[outer] <= self.first[inner] <= self.last[outer]

    def rooms(self, place: Int32) -> Int32:
        """Each place replaced by where presence is kept."""
        distinct, row = np.unique(place, return_inverse=True)
        rooms = np.array([self.room.get(int(pk), int(pk)) for pk in distinct], np.int32)
        return rooms[row].astype(np.int32) if len(place) else place


def place_table() -> PlaceTable:
    """One query. Two flatmates whose beds are different seats of one room are in that room, not in two places."""
    rows = list(Place.objects.order_by("path").values_list("pk", "path", "kind", "parent_id"))
    kind = {pk: kind for pk, _path, kind, _parent in rows}
    parent = {pk: parent for pk, _path, _kind, parent in rows}
    room: dict[int, int] = {}
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    building: dict[int, int] = {}
    above: list[tuple[int, str]] = []
    for number, (pk, path, own, _parent) in enumerate(rows):
        room[pk] = room.get(parent[pk] or 0, pk) if own == Place.Kind.SEAT and parent[pk] else pk
        first[pk] = number
        over = building.get(parent[pk] or 0)
        in_one = over is not None and kind[over] == Place.Kind.BUILDING
        building[pk] = over if over is not None and in_one and own != Place.Kind.BUILDING else pk
        while above and not path.startswith(above[-1][1]):
            last[above.pop()[0]] = number - 1
        above.append((pk, path))
    for pk, _path in above:
        last[pk] = len(rows) - 1
    return PlaceTable(room, kind, first, last, building)
