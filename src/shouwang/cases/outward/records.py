"""Cases with their tests as plain values, for files that other systems read as records: DHIS2 and FHIR.

Keys that other systems keep for our people, cases and tests are made from the secret of the installation: the same
thing has the same key each time, and nobody outside can tell from it what it is.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings

from shouwang.cases.laboratory.models import Test
from shouwang.cases.laboratory.queries import VIEW as TESTS
from shouwang.cases.outward import queries
from shouwang.cases.queries import VIEW
from shouwang.checkins.words import masked
from shouwang.core.scope import Actor
from shouwang.core.tree import covers

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SIGNS = LETTERS + "0123456789"
COLUMNS = (
    "pk", "person_id", "number", "home_path", "person__number", "person__name", "person__sex", "person__born",
    "person__phone", "disease", "pack", "classification", "onset_at", "onset_day_only", "detected_at", "reported_at",
    "recovered_at", "closed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tested:
    """A test with its outcome."""

    pk: int
    method: str
    outcome: str
    barcode: str
    laboratory: str
    taken_at: datetime | None
    received_at: datetime | None
    resulted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """A case. Where `named` is false, name, number and telephone are masked, and only the year of birth may leave."""

    pk: int
    person: int
    number: str
    path: str
    person_number: str
    name: str
    sex: str
    born: date | None
    phone: str
    disease: str
    pack: str
    classification: str
    onset_at: datetime | None
    onset_day_only: bool
    detected_at: datetime
    reported_at: datetime | None
    recovered_at: datetime | None
    closed_at: datetime | None
    named: bool
    tests: tuple[Tested, ...]


def records(by: Actor, wanted: queries.LineFilter, *, full: bool) -> Iterator[Record]:
    """The cases of the line list in its order, fetched in slices. Tests with an outcome come along where `by` may see
    tests of the person. Forbidden without case.view, and for `full` without people.view."""
    by.require(VIEW)
    if full:
        by.require(queries.NAMES)
    named = by.ranges(queries.NAMES) if full else ()
    tested = by.ranges(TESTS) if by.holds(TESTS) else ()
    rows = queries.lines_of(by, wanted).order_by(*queries.ORDER).values_list(*COLUMNS)
    found = rows.iterator(chunk_size=queries.ROWS_A_READ)
    while part := list(islice(found, queries.ROWS_A_READ)):
        tests = _tests([row[1] for row in part if covers(tested, row[3])])
        for row in part:
            yield _record(row, covers(named, row[3]), tests)


def _record(row: tuple[Any, ...], named: bool, tests: Mapping[tuple[int, str], list[Tested]]) -> Record:
    pk, person, number, path, person_number, name, sex, born, phone, *rest = row
    if not named:
        person_number, name, phone = masked(person_number), masked(name), ""
    mine = tuple(tests.get((person, rest[0]), ()))
    values = (pk, person, number, path, person_number, name, sex, born, phone, *rest, named, mine)
    return Record(*values)


def _tests(people: list[int]) -> dict[tuple[int, str], list[Tested]]:
    """(person, disease) -> tests with an outcome, oldest first."""
    columns = (
        "person_id", "disease", "pk", "method", "outcome", "sample__barcode", "laboratory", "taken_at", "received_at",
        "resulted_at",
    )  # fmt: skip
    rows = Test.objects.filter(person__in=people).exclude(outcome="").order_by("resulted_at", "pk")
    found: dict[tuple[int, str], list[Tested]] = {}
    for person, disease, pk, method, outcome, barcode, *rest in rows.values_list(*columns):
        found.setdefault((person, disease), []).append(Tested(pk, method, outcome, barcode or "", *rest))
    return found


def _digest(*words: object) -> bytes:
    key = f"exchange|{settings.SECRET_KEY}".encode()
    return hmac.new(key, "|".join(map(str, words)).encode(), sha256).digest()


def uuid_of(*words: object) -> str:
    """The key of a thing as a UUID."""
    return str(UUID(bytes=_digest(*words)[:16], version=5))


def uid_of(*words: object) -> str:
    """The key of a thing as DHIS2 wants it: a letter, then ten letters or digits."""
    number = int.from_bytes(_digest(*words), "big")
    number, first = divmod(number, len(LETTERS))
    signs = [LETTERS[first]]
    for _place in range(10):
        number, sign = divmod(number, len(SIGNS))
        signs.append(SIGNS[sign])
    return "".join(signs)


def write_json(target: BinaryIO, head: Mapping[str, Any], list_name: str, items: Iterator[Mapping[str, Any]]) -> None:
    """`head` with one more key that holds the items, written as they come."""
    opening = json.dumps(head, ensure_ascii=False)[:-1]
    target.write(f"{opening}{', ' if head else ''}{json.dumps(list_name)}: [".encode())
    for index, item in enumerate(items):
        target.write((",\n" if index else "\n").encode() + json.dumps(item, ensure_ascii=False).encode())
    target.write(b"\n]}\n")
