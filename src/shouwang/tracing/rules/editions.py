"""A dated edition of a contact rule, read from TOML: who is a contact, in which window, and what follows.

An edition is one document of one authority for one disease: its look-back, its grades, whether contacts of contacts
are looked for, and how long and with which tests a contact is watched. Every table with a number in it names one of
the file's `[[sources]]`; a source is dated, or its kind is "assumption". Nothing here knows a disease by name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

from shouwang.core.complaints import STEP, Complaint, Document, Unreadable, read_document
from shouwang.core.errors import BadInput
from shouwang.core.packs import Text
from shouwang.tracing.rules.grading import Condition, ContactRule, Grade

SECONDARY = "secondary"
PLACES_OF_OBSERVATION = ("central", "home")
DAYS = range(366)


class EditionError(BadInput):
    code = "contact_rule_invalid"


class DatedSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where numbers come from: a document with its day, or kind "assumption" where none states it."""

    id: str
    kind: str
    text: str
    url: str = ""
    date: date | None = None

    def __post_init__(self) -> None:
        if self.kind not in {"source", "assumption"}:
            raise ValueError('kind is "source" or "assumption"')
        if self.kind == "source" and self.date is None:
            raise ValueError(f'source {self.id!r} needs its date, or kind "assumption"')


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`by_date` false: used only when it is chosen by name, never because of its dates."""

    code: str
    disease: str
    title: Text
    issued_by: Text
    in_force_from: date
    source: str
    in_force_to: date | None = None
    by_date: bool = True
    weights: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,49}", self.code):
            raise ValueError("code is 2 to 50 small letters, digits and hyphens")
        if self.in_force_to is not None and self.in_force_to < self.in_force_from:
            raise ValueError("in_force_to lies before in_force_from")


class SomeDays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: int
    source: str

    def __post_init__(self) -> None:
        if self.days not in DAYS:
            raise ValueError(f"days is from 0 to {DAYS[-1]}")


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A yes or no of the document."""

    on: bool
    source: str


class WindowSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days before onset; before sampling for a case without symptoms; after onset where nothing ended it. With
    `last_negative` the window of a case found by routine testing begins at its last negative test."""

    before_onset: SomeDays
    after_onset: SomeDays
    before_sampling: SomeDays | None = None
    last_negative: Said | None = None


class SecondRing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Contacts of contacts: for contacts of the grades `of`, by these conditions. They stand before `outranks`."""

    on: bool
    source: str
    name: Text | None = None
    of: tuple[str, ...] = ()
    outranks: tuple[str, ...] = ()
    any: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if self.on and not (self.name and self.of and self.any):
            raise ValueError("a second ring that is on needs name, of and any")


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`days` in one kind of place; tests on these days of the phase, counted from 1."""

    place: str
    days: int
    source: str
    test_days: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.place not in PLACES_OF_OBSERVATION:
            raise ValueError(f"place is one of {', '.join(PLACES_OF_OBSERVATION)}")
        if self.days not in DAYS or any(not 1 <= day <= self.days for day in self.test_days):
            raise ValueError("days is from 0 to 365, and test_days lie within them")


class Observation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grade: str
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    head: Head
    sources: Mapping[str, DatedSource]
    determined: Said
    window: WindowSpec
    grades: tuple[Grade, ...]
    second_ring: SecondRing | None
    observation: tuple[Observation, ...]
    sha256: str

    @property
    def code(self) -> str:
        return self.head.code

    @property
    def rule(self) -> ContactRule:
        """The grades of the first ring, as `grading` takes them. Call it only where contacts are determined."""
        return ContactRule(self.code, self.head.source, self.grades)

    def in_force(self, day: date) -> bool:
        return self.head.in_force_from <= day and (self.head.in_force_to is None or day <= self.head.in_force_to)


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    edition: Head
    sources: tuple[DatedSource, ...]
    contacts: Said
    window: WindowSpec
    grades: tuple[Grade, ...] = ()
    second_ring: SecondRing | None = None
    observation: tuple[Observation, ...] = ()


Known = Mapping[str, frozenset[str]]
"""The words a condition may use: under "place_kinds", "sources" and "distances"."""


def parse(raw: bytes, file: str, *, known: Known) -> Edition:
    """Read one file. EditionError names file, line and key, and what to do."""
    document = _read(raw, file)
    try:
        found = msgspec.convert(document.tables, _Document, strict=True)
    except msgspec.ValidationError as error:
        raise _of(document.of_shape(str(error), ())) from error
    try:
        sources = _checked(found, document.tables, file, known)
    except EditionError as error:
        raise _with_line(error, document) from error
    return Edition(
        found.edition, sources, found.contacts, found.window, found.grades, found.second_ring, found.observation,
        hashlib.sha256(raw).hexdigest(),
    )  # fmt: skip


def _checked(found: _Document, tables: Mapping[str, Any], file: str, known: Known) -> dict[str, DatedSource]:
    """The sources by name, once everything fits together."""
    sources = {source.id: source for source in found.sources}
    if len(sources) != len(found.sources):
        raise refused(file, "two sources have one id", "sources")
    if file != f"{found.edition.code}.toml":
        raise refused(file, f"the file must be named {found.edition.code}.toml", "edition.code")
    check_sources(tables, sources, file)
    _check_grades(found, file)
    _check_words(found, file, known)
    return sources


def refused(file: str, reason: str, where: str = "") -> EditionError:
    sentence = _("Contact rule file %(file)s, %(where)s: %(reason)s")
    if not where:
        sentence = _("Contact rule file %(file)s: %(reason)s")
    return EditionError(sentence, file=file, where=where, reason=reason)


def _of(complaint: Complaint) -> EditionError:
    """What is wrong by file, line and key, with the remedy."""
    return EditionError(
        "%(sentence)s", sentence=lazystr(complaint), file=complaint.file, line=complaint.line, where=complaint.path,
        reason=complaint.what,
    )  # fmt: skip


def _with_line(error: EditionError, document: Document) -> EditionError:
    where = str(error.data["where"])
    path = tuple(name or int(number) for name, number in STEP.findall(f".{where}"))
    return _of(document.complaint(path, error.data["reason"], _("Correct this line.")))


def _read(raw: bytes, file: str) -> Document:
    try:
        return read_document(raw, file)
    except Unreadable as error:
        raise _of(error.complaint) from error


def document_of(raw: bytes, file: str) -> dict[str, Any]:
    return _read(raw, file).tables


def check_sources(document: Mapping[str, Any], sources: Mapping[str, Any], file: str) -> None:
    """Every table that holds a number names a source of the file, and no name leads nowhere."""
    for key, value in document.items():
        if key != "sources":
            _check_source(value, sources, file, key)


def _check_source(value: object, sources: Mapping[str, Any], file: str, where: str) -> None:
    if isinstance(value, list):
        for number, inner in enumerate(value):
            _check_source(inner, sources, file, f"{where}[{number}]")
    if not isinstance(value, dict):
        return
    named = value.get("source")
    numbers = [key for key, inner in value.items() if _is_number(inner)]
    if named is None and numbers:
        raise refused(file, 'a number without its source; add source = "…"', f"{where}.{numbers[0]}")
    if named is not None and named not in sources:
        raise refused(file, f"there is no source {named!r} in [[sources]]", f"{where}.source")
    for key, inner in value.items():
        _check_source(inner, sources, file, f"{where}.{key}")


def _is_number(value: object) -> bool:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return plain or (isinstance(value, list) and any(_is_number(inner) for inner in value))


def _check_grades(found: _Document, file: str) -> None:
    codes = [grade.code for grade in found.grades]
    if len(set(codes)) != len(codes):
        raise refused(file, "two grades have one code", "grades")
    if SECONDARY in codes:
        raise refused(file, f"{SECONDARY!r} is the grade of the second ring", "grades")
    if found.contacts.on != bool(codes):
        raise refused(file, "grades are given exactly where contacts are determined", "contacts.on")
    ring = found.second_ring
    named = [("second_ring", word) for word in (*ring.of, *ring.outranks)] if ring else []
    if ring is not None and ring.on:
        codes.append(SECONDARY)
    named += [("observation", item.grade) for item in found.observation]
    for where, word in named:
        if word not in codes:
            raise refused(file, f"there is no grade {word!r}", where)


def _check_words(found: _Document, file: str, known: Known) -> None:
    lists = [(f"grades[{n}].any", grade.any) for n, grade in enumerate(found.grades)]
    if found.second_ring is not None:
        lists.append(("second_ring.any", found.second_ring.any))
    for where, conditions in lists:
        for number, condition in enumerate(conditions):
            for key, allowed in known.items():
                for word in getattr(condition, key):
                    if word not in allowed:
                        named = ", ".join(sorted(allowed))
                        raise refused(file, f"{word!r} is none of {named}", f"{where}[{number}].{key}")


@dataclass(frozen=True, slots=True)
class CaseDates:
    """What a window is counted from. `sampled` stands for onset in a case without symptoms."""

    onset: datetime | None
    sampled: datetime
    isolated: datetime | None
    asymptomatic: bool
    last_negative: datetime | None = None


@dataclass(frozen=True, slots=True)
class TracingWindow:
    """[start, end) in which contacts are looked for; `basis` onset, sampling or last_negative, `ended_by` isolated,
    rule or now; `days_before` is None where a test begins the window."""

    start: datetime
    end: datetime
    basis: str
    ended_by: str
    days_before: float | None
    days_after: float


def window(dates: CaseDates, spec: WindowSpec, now: datetime) -> TracingWindow:
    """From the rule's look-back to isolation, else to the rule's last day, at most to `now`.

    A last negative test counts only where the edition says so. An empty window has start == end.
    """
    anchor, basis, before = dates.sampled, "sampling", spec.before_sampling or spec.before_onset
    if dates.onset is not None and not dates.asymptomatic:
        anchor, basis, before = dates.onset, "onset", spec.before_onset
    start = anchor - timedelta(days=before.days)
    days_before: float | None = before.days
    if spec.last_negative is not None and spec.last_negative.on and dates.last_negative is not None:
        start, basis, days_before = dates.last_negative, "last_negative", None
    last = anchor + timedelta(days=spec.after_onset.days)
    if dates.isolated is not None:
        end, ended_by = dates.isolated, "isolated"
    else:
        end, ended_by = (last, "rule") if last <= now else (now, "now")
    return TracingWindow(start, max(start, end), basis, ended_by, days_before, spec.after_onset.days)
