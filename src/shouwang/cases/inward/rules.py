"""What becomes of each case of another system's file: opened, known, left out, refused, or left to a person.

Nobody is guessed: a case is opened by itself only where number and name, or name, sex and birthday, fit one person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.cases import rules as cases
from shouwang.core import clock
from shouwang.core.errors import BadInput

NEW, SAME, REPEATED, LEFT, REVIEW, REFUSED = "new", "same", "repeated", "left", "review", "refused"
NEAR_AGE = 1  # years by which a written age may differ from the birthday: it was counted on another day

# why a row waits
UNKNOWN, LIKELY, SEVERAL, OPEN, DIFFERS, DISEASE, CLASS, PAST = (
    "unknown", "likely", "several", "open", "differs", "disease", "class", "past",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outside:
    """One case as another system writes it. Codes are ours, None or "" where the file says nothing we know."""

    row: int
    id: str
    number: str
    name: str
    names: tuple[str, ...]
    sex: str
    born: date | None
    age: int | None
    disease: str
    classification: str
    onset: date | None
    reported: date | None
    outcome: str
    key: str = ""

    def content(self) -> dict[str, Any]:
        """As it is kept: what a person needs to say whose it is."""
        plain = ("id", "number", "name", "sex", "age", "disease", "classification", "outcome")
        days = {key: day.isoformat() if day else None for key, day in self._days()}
        return {**{key: getattr(self, key) for key in plain}, **days}

    def _days(self) -> tuple[tuple[str, date | None], ...]:
        return ("born", self.born), ("onset", self.onset), ("reported", self.reported)


@dataclass(frozen=True, slots=True)
class PersonFact:
    pk: int
    number: str
    name: str
    sex: str
    born: date | None


@dataclass(frozen=True, slots=True)
class CaseFact:
    pk: int
    person: int
    classification: str
    onset: date | None


@dataclass(frozen=True, slots=True)
class RecordFact:
    content: Mapping[str, Any]
    case: CaseFact | None
    settled: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What is known here within reach of whoever brings the file in. `disease` is that of the pack chosen for it."""

    disease: str
    by_name: Mapping[str, tuple[PersonFact, ...]] = field(default_factory=dict)
    by_number: Mapping[str, PersonFact] = field(default_factory=dict)
    cases: Mapping[str, CaseFact] = field(default_factory=dict)
    open: Mapping[int, CaseFact] = field(default_factory=dict)
    records: Mapping[str, RecordFact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: str
    outside: Outside
    code: str = ""
    person: int | None = None
    case: int | None = None
    error: BadInput | None = None


def plain(name: str) -> str:
    """A name for comparison: no case, no spaces, no marks between its parts."""
    return "".join(character for character in name.casefold() if character.isalnum())


def fingerprint(path: str, system: str, outside: Outside) -> str:
    """The same case of the same system brought in for the same unit has the same one; one without number is known by
    what it says."""
    key = outside.key or outside.id or repr(sorted(outside.content().items(), key=lambda item: item[0]))
    return hashlib.sha256(f"{path}|{system}|{key}".encode()).hexdigest()


def judge(
    rows: Sequence[Outside], known: Known, *, path: str, system: str, past_days: int, now: datetime
) -> list[Verdict]:
    """One verdict a row, in the order of the file."""
    met: dict[str, Outside] = {}
    taken: set[int] = set()
    verdicts = []
    for outside in rows:
        key = fingerprint(path, system, outside)
        if key in met:
            same = met[key].content() == outside.content()
            error = None if same else BadInput(ID_TWICE, code="id_repeated", field="id", row=met[key].row)
            verdicts.append(Verdict(REPEATED if same else REFUSED, outside, "id_repeated", error=error))
            continue
        met[key] = outside
        verdict = _one(outside, known, known.records.get(key), past_days, now)
        if verdict.kind == NEW and verdict.person is not None:
            if verdict.person in taken:
                verdict = Verdict(REVIEW, outside, OPEN, verdict.person)
            taken.add(verdict.person or 0)
        verdicts.append(verdict)
    return verdicts


ID_TWICE = _("The number of this case stood already in row %(row)s, with other words. Keep the right one of the two.")


def _one(outside: Outside, known: Known, record: RecordFact | None, past_days: int, now: datetime) -> Verdict:
    if record is not None and record.content == outside.content():
        return Verdict(SAME, outside, case=record.case.pk if record.case else None)
    try:
        _check(outside, now)
    except BadInput as error:
        return Verdict(REFUSED, outside, error.error_code, error=error)
    ours = record.case if record is not None and record.case is not None else known.cases.get(outside.id)
    if ours is not None:
        return _against(outside, ours)
    if outside.classification == cases.DISCARDED:
        return Verdict(LEFT, outside)
    code, person = who(outside, known)
    if outside.disease and outside.disease != known.disease:
        return Verdict(REVIEW, outside, DISEASE, person)
    if is_past(outside, past_days, now):
        return Verdict(REVIEW, outside, PAST, person)
    if code:
        return Verdict(REVIEW, outside, code, person)
    if person is not None and person in known.open:
        return Verdict(REVIEW, outside, OPEN, person, known.open[person].pk)
    if not outside.classification:
        return Verdict(REVIEW, outside, CLASS, person)
    return Verdict(NEW, outside, person=person)


def _against(outside: Outside, ours: CaseFact) -> Verdict:
    if differences(outside.content(), ours):
        return Verdict(REVIEW, outside, DIFFERS, ours.person, ours.pk)
    return Verdict(SAME, outside, case=ours.pk)


def differences(content: Mapping[str, Any], ours: CaseFact) -> dict[str, tuple[str, str]]:
    """Field -> (theirs, ours), where both say something and not the same."""
    theirs = {"classification": content.get("classification") or "", "onset": content.get("onset") or ""}
    here = {"classification": ours.classification, "onset": ours.onset.isoformat() if ours.onset else ""}
    return {key: (value, here[key]) for key, value in theirs.items() if value and value != here[key]}


def detected(outside: Outside, now: datetime) -> datetime:
    """The day of report, from its first minute on; now, where the file does not say."""
    return now if outside.reported is None else clock.day_start(outside.reported)


def _check(outside: Outside, now: datetime) -> None:
    onset = clock.day_start(outside.onset) if outside.onset else None
    cases.check_dates(cases.Dates(detected=detected(outside, now), onset=onset, onset_day_only=True), now=now)
    if outside.classification and outside.classification != cases.DISCARDED:
        cases.check_transition("", outside.classification, closed=False, onset_known=onset is not None)


def is_past(outside: Outside, past_days: int, now: datetime) -> bool:
    """History: its outcome is known, or it was reported long ago."""
    if outside.outcome:
        return True
    return outside.reported is not None and outside.reported < clock.local_day(now) - timedelta(days=past_days)


def who(outside: Outside, known: Known) -> tuple[str, int | None]:
    """(why it is not certain, person): "" with a person is certain; a person with a reason is a proposal."""
    named = {person.pk: person for name in outside.names for person in known.by_name.get(plain(name), ())}
    by_number = known.by_number.get(outside.number) if outside.number else None
    if by_number is not None:
        fits = by_number.pk in named and not _contradicts(outside, by_number)
        return ("" if fits else LIKELY), by_number.pk
    left = [person for person in named.values() if not _contradicts(outside, person)]
    if not left:
        return UNKNOWN, None
    sure = [p for p in left if outside.born and p.born == outside.born and outside.sex and p.sex == outside.sex]
    if len(sure) == 1:
        return "", sure[0].pk
    return (LIKELY, left[0].pk) if len(left) == 1 else (SEVERAL, None)


def _contradicts(outside: Outside, person: PersonFact) -> bool:
    """The file says something of them that cannot be of this person."""
    if outside.sex and person.sex and outside.sex != person.sex:
        return True
    if person.born is None:
        return False
    if outside.born is not None:
        return outside.born != person.born
    if outside.age is None or outside.reported is None:
        return False
    years = outside.reported.year - person.born.year
    return abs(years - outside.age) > NEAR_AGE


Sentence = str | Promise
REASONS: Mapping[str, Sentence] = {
    UNKNOWN: _("nobody within reach has this name"),
    LIKELY: _("somebody has this name, but nothing proves that it is them"),
    SEVERAL: _("several people have this name"),
    OPEN: _("this person has an open case already"),
    DIFFERS: _("the case here says something else"),
    DISEASE: _("it is about another disease than the one chosen"),
    CLASS: _("the file does not say how the case is classified"),
    PAST: _("it lies in the past, or its outcome is known"),
}
