"""What intake must know about the people of a group, read once in a fixed number of statements.

Written as SQL: the hot path asks these questions for every few dozen check-ins, and putting a query together through
the ORM takes longer than the database needs to answer it. `test_facts` compares them with the ORM.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from shouwang.checkins.rules import Answers, Previous, zones
from shouwang.core import clock
from shouwang.core.bulk import among, listed, one_row, rows_as_json

PERSON = """p.id, p.home_path, p.number, p.name, p.kind, p.situation, p.born, p.left_on, c.serial, l.day, l.words,
 z.zone, z.since, k.id, k.day, k.at, k.source, k.severity, k.symptomatic, k.exposure, k.place_note, k.symptoms,
 k.extra"""
PEOPLE = """
FROM org_person p
LEFT JOIN checkins_credential c ON c.person_id = p.id
LEFT JOIN checkins_personzone z ON z.person_id = p.id
LEFT JOIN checkins_latestcheckin l ON l.person_id = p.id
LEFT JOIN checkins_checkin k ON k.id = l.checkin_id
WHERE """
ENTRY = """client_key, id, person_id, source, account_id, day, at, unchanged, temperature_c, symptoms, exposure,
 place_changed, place_note, note, extra, symptomatic, severity, rule, pack_sha256, proxy_reason, purge_on"""
STORED = " FROM checkins_checkin WHERE "
JSON_COLUMN = re.compile(r"\b(?:k\.)?(?:symptoms|extra)\b")
SPELL = "person_id, starts, ends"
MONITORED = " FROM checkins_monitoring WHERE temperature_required AND "
ALERTS = " FROM checkins_symptomalert WHERE "
ACCOUNTS = " FROM org_account WHERE is_active AND "
SpellRow = tuple[int, date, date]
# The same columns as JSON has them. SQLite's truths are 0 and 1, its moments UTC without a zone.
Bit = bool | int | None
PersonRow = tuple[
    int, str, str, str, str, str, date | None, date | None, int | None, date | None, int | None, str | None,
    datetime | None, int | None, date | None, datetime | None, str | None, str | None, Bit, Bit, str | None, str | None,
    str | None,
]  # fmt: skip
EntryRow = tuple[
    str, int, int, str, int | None, date, datetime, Bit, float | int | None, str, Bit, Bit, str, str, str, Bit, str,
    str, str, str, date,
]  # fmt: skip
LOCK = """SELECT count(*) FROM (SELECT id FROM org_person WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE) AS locked"""


@dataclass(slots=True)
class Said:
    """The last word about a person: what a later entry of the same group is compared with."""

    id: int
    day: date
    at: datetime
    source: str
    severity: str
    symptomatic: bool
    answers: Answers

    @property
    def as_previous(self) -> Previous:
        return Previous(self.day, self.answers, self.severity)


@dataclass(slots=True)
class Known:
    """A person as the group needs them. `serial` is that of the tickets which are good; `words` are the last words of
    `words_day` by source (`rules.said`); `zone` the clock by which they have lived since `since`, None for the
    institution's."""

    id: int
    home_path: str
    number: str
    name: str
    kind: str
    situation: str
    born: date | None
    left_on: date | None
    serial: int
    words_day: date | None
    words: int
    zone: ZoneInfo | None
    since: datetime | None
    said: Said | None
    monitored: tuple[tuple[date, date], ...] = ()

    def day_of(self, at: datetime) -> date:
        """Their own calendar day of `at`."""
        if self.zone is None:
            return clock.local_day(at)
        return zones.day_of(at, self.zone, self.since, clock.zone())

    def age_on(self, day: date) -> int | None:
        """Full years on `day`; None where the date of birth is not known."""
        if self.born is None:
            return None
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


@dataclass(slots=True)
class Stored:
    """A check-in that is on disk already, found by its key."""

    id: int
    person_id: int
    source: str
    account_id: int | None
    day: date
    at: datetime
    answers: Answers
    symptomatic: bool
    severity: str
    rule: str
    pack_sha256: str
    proxy_reason: str
    purge_on: date


def lock_people(ids: Sequence[int]) -> None:
    """Where the database has row locks, two check-ins of one person wait for each other here."""
    if connection.vendor == "postgresql":
        one_row(LOCK, [listed(ids)])


@dataclass(frozen=True, slots=True)
class Facts:
    """People by id (who does not exist is not in it), check-ins by client key, and which accounts may still act."""

    people: dict[int, Known]
    stored: dict[str, Stored]
    active: set[int]


def look(ids: Sequence[int], keys: Iterable[str], accounts: Sequence[int]) -> Facts:
    """One statement. A key that no database can hold is known to none; the rule refuses it."""
    askable = sorted({key for key in keys if key.isascii() and key.isprintable()})
    wanted = (ids, ids, askable, accounts)
    answers = one_row(_question(connection.vendor), [listed(values) for values in wanted])
    people, spells, entries, active = (
        _decoder(kind).decode(text) if text else []
        for kind, text in zip((PersonRow, SpellRow, EntryRow, tuple[int]), answers, strict=True)
    )
    return Facts(_known(people, spells), {row[0]: _stored(row) for row in entries}, {row[0] for row in active})


def any_alert(ids: Iterable[int]) -> bool:
    """Whether an alert was ever raised for one of these people."""
    return bool(one_row("SELECT count(*)" + ALERTS + among("person_id"), [listed(sorted(ids))])[0])


def _known(rows: Sequence[Any], spells: Sequence[Any]) -> dict[int, Known]:
    found: dict[int, Known] = {}
    for row in rows:
        number, home_path, code, name, kind, situation, born, left_on, serial, words_day, words, zone, since = row[:13]
        person = Known(
            number, home_path, code, name, kind, situation, born, left_on, serial or 0, words_day, words or 0,
            ZoneInfo(zone) if zone else None, _aware(since) if since else None, _said(row[13:]) if row[13] else None,
        )  # fmt: skip
        found[person.id] = person
    for person_id, starts, ends in spells:
        if person_id in found:
            found[person_id].monitored = (*found[person_id].monitored, (starts, ends))
    return found


@cache
def _question(vendor: str) -> str:
    """One row of four JSON texts: people, their spells, entries, accounts."""
    parts = (
        (PERSON, PEOPLE + among("p.id")),
        (SPELL, MONITORED + among("person_id")),
        (ENTRY, STORED + among("client_key")),
        ("id", ACCOUNTS + among("id")),
    )
    # PostgreSQL would nest a column of JSON in the array; SQLite hands it over as the text it is.
    cast = r"\g<0>::text" if vendor == "postgresql" else r"\g<0>"
    return "SELECT " + ", ".join(rows_as_json(JSON_COLUMN.sub(cast, columns), where) for columns, where in parts)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(list[kind])


def _said(row: Sequence[Any]) -> Said:
    number, day, at, source, severity, symptomatic, exposure, place_note, symptoms, extra = row
    # What can be copied, and whether it was ill.
    answers = Answers(
        exposure=None if exposure is None else bool(exposure),
        place_note=place_note,
        symptoms=_listing(symptoms),
        extra=_mapping(extra),
    )
    return Said(number, day, _aware(at), source, severity, bool(symptomatic), answers)


def _stored(row: Sequence[Any]) -> Stored:
    answers = Answers(
        unchanged=bool(row[7]),
        temperature_c=None if row[8] is None else Decimal(str(row[8])).quantize(Decimal("0.1")),
        symptoms=_listing(row[9]),
        exposure=None if row[10] is None else bool(row[10]),
        place_changed=bool(row[11]),
        place_note=row[12],
        note=row[13],
        extra=_mapping(row[14]),
    )
    return Stored(
        row[1], row[2], row[3], row[4], row[5], _aware(row[6]), answers, bool(row[15]), row[16], row[17], row[18],
        row[19], row[20],
    )  # fmt: skip


def _listing(text: str) -> tuple[str, ...]:
    return () if text == "[]" else tuple(json.loads(text))


def _mapping(text: str) -> dict[str, Any]:
    return {} if text == "{}" else dict(json.loads(text))


def _aware(at: datetime) -> datetime:
    """SQLite keeps moments in UTC without saying so."""
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
