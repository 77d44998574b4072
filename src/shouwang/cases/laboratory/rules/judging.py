"""A laboratory's rows against what is known: taken, already known, waiting for somebody, or refused. Nothing is lost:
each row of a file ends in exactly one of these."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Message

BARCODE_LENGTH = 40
_BARCODE = re.compile(r"[0-9A-Z][0-9A-Z._/\-]*")

# Verdicts.
NEW, SAME, REPEATED, REVIEW, REFUSED = "new", "same", "repeated", "review", "refused"
# Why a row waits; codes of `ReviewItem.Why`.
BARCODE_UNKNOWN, PERSON_UNKNOWN, PERSON_OTHER = "barcode", "person", "other"
AMBIGUOUS, CONFLICT, DIFFERS = "ambiguous", "conflict", "differs"

# Why a row is refused: the column, what is wrong, how to mend it.
BAD_ROWS: Mapping[str, tuple[str, Message, Message]] = {
    "nobody_named": (
        "barcode",
        _("The row has neither a barcode nor a person's number."),
        _("Enter the barcode of the tube as it was scanned when the sample was taken."),
    ),
    "barcode_malformed": (
        "barcode",
        _("This is no barcode."),
        _("A barcode has at most 40 letters and digits. Format the column as text and scan it again."),
    ),
    "outcome_missing": (
        "outcome",
        _("The row has no result."),
        _("Enter negative, positive, inconclusive or invalid."),
    ),
    "outcome_unknown": (
        "outcome",
        _("This is no result we know."),
        _("Write negative, positive, inconclusive or invalid (阴性、阳性、可疑、无效)."),
    ),
    "result_in_future": ("resulted", _("The result lies in the future."), _("Correct the time of the result.")),
    "result_before_sample": (
        "resulted",
        _("The result is older than the sample."),
        _("Ask the laboratory whether the barcode or the time is wrong, correct the row, and import the file again."),
    ),
    "text_too_long": ("value", _("The text is too long."), _("Shorten it to 120 characters.")),
}


def tidy_barcode(text: str) -> str:
    """A barcode as it is kept: half-width, upper case, without spaces. BadInput for what no scanner reads."""
    found = "".join(unicodedata.normalize("NFKC", text).upper().split())
    if len(found) > BARCODE_LENGTH or not _BARCODE.fullmatch(found):
        raise BadInput(
            _("“%(value)s” is no barcode: at most 40 letters and digits. Scan it again."),
            code="barcode_malformed", field="barcode", value=text[:40],
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file, read. `resulted_at` None: the file names no time; `day` then may name at least the day."""

    row: int
    outcome: str
    barcode: str = ""
    number: str = ""
    name: str = ""
    value: str = ""
    laboratory: str = ""
    resulted_at: datetime | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class SampleFact:
    """What is known of a sample: when it was taken, its outcome ("" none yet), the numbers of the people in it."""

    pk: int
    taken_at: datetime
    taken_on: date
    outcome: str
    version: int
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Known:
    """Samples by barcode; people by number with the barcodes of tubes of their own that await a result."""

    samples: Mapping[str, SampleFact]
    people: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Verdict:
    line: Line
    kind: str
    code: str = ""
    sample: SampleFact | None = None


def judge(lines: Sequence[Line], known: Known, *, now: datetime) -> list[Verdict]:
    """One verdict for each line, in order."""
    found = [_alone(line, known, now) for line in lines]
    return _together(found)


def _alone(line: Line, known: Known, now: datetime) -> Verdict:
    """A row by itself: whose sample it is, and whether its time fits."""
    if line.resulted_at is not None and line.resulted_at > now:
        return Verdict(line, REFUSED, "result_in_future")
    if line.barcode:
        sample = known.samples.get(line.barcode)
        if sample is None:
            return Verdict(line, REVIEW, BARCODE_UNKNOWN)
        if line.number and line.number not in known.people:
            return Verdict(line, REVIEW, PERSON_UNKNOWN)
        if line.number and line.number not in sample.people:
            return Verdict(line, REVIEW, PERSON_OTHER)
    elif line.number not in known.people:
        return Verdict(line, REVIEW, PERSON_UNKNOWN)
    else:
        waiting = known.people[line.number]
        if len(waiting) != 1:
            return Verdict(line, REVIEW, AMBIGUOUS)
        sample = known.samples[waiting[0]]
        line = replace(line, barcode=waiting[0])
    if _too_early(line, sample):
        return Verdict(line, REFUSED, "result_before_sample")
    if not sample.outcome:
        return Verdict(line, NEW, sample=sample)
    same = sample.outcome == line.outcome
    return Verdict(line, SAME if same else REVIEW, "" if same else DIFFERS, sample)


def _too_early(line: Line, sample: SampleFact) -> bool:
    """To the minute, as people write times; to the day where the file names no more."""
    if line.resulted_at is not None:
        return line.resulted_at < sample.taken_at.replace(second=0, microsecond=0)
    return line.day is not None and line.day < sample.taken_on


def _together(found: list[Verdict]) -> list[Verdict]:
    """The same tube several times: agreeing rows count once, contradicting ones wait, all of them."""
    outcomes: dict[str, set[str]] = {}
    for verdict in found:
        if verdict.line.barcode and verdict.kind != REFUSED:
            outcomes.setdefault(verdict.line.barcode, set()).add(verdict.line.outcome)
    taken: set[str] = set()
    final = []
    for verdict in found:
        barcode = verdict.line.barcode
        if verdict.kind == NEW and len(outcomes[barcode]) > 1:
            verdict = replace(verdict, kind=REVIEW, code=CONFLICT)
        elif verdict.kind == NEW:
            if barcode in taken:
                verdict = replace(verdict, kind=REPEATED)
            taken.add(barcode)
        final.append(verdict)
    return final


def fingerprint(line: Line, path: str) -> str:
    """The same row of the same file is the same item, however often the file is brought in."""
    when = line.resulted_at.isoformat() if line.resulted_at else str(line.day or "")
    parts = (path, line.barcode, line.number, line.name, line.outcome, line.value, line.laboratory, when)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
