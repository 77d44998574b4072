"""A check-in form: what an institution asks beyond the packs, how often at which level, and until when.

A form is a TOML document. A published version is in force from the day it starts to the day it ends: an end is
required, since what is asked without end is never looked at again. Its hash is stored with every answer.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from pathlib import Path

import msgspec
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.rules.asking import Asking, Cadence, Slot
from shouwang.checkins.rules.questions import Question, check_questions
from shouwang.core.errors import BadInput
from shouwang.core.packs import Source, Text

LARGEST_BYTES = 200_000
SLOTS = 2
LEVELS = ("none", "IV", "III", "II", "I")
BUILT_IN = Path(__file__).resolve().parent.parent / "daily.toml"


class FormHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`code` names the form through all its versions; `ends` is the last day on which it is asked."""

    code: str
    version: int
    title: Text
    starts: date
    ends: date


class CadenceTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often, by response level (`none`: no level in force); `due` is the local time the day's check-in is due.

    `slots` are the two parts of the day in which a check-in is asked twice; a form that names none has those of the
    built-in one (`slots_of`).
    """

    by_level: dict[str, Cadence]
    due: time
    source: str
    weekday: int = 0
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True)
class Form:
    """One version. `questions` keep the document's order."""

    code: str
    version: int
    title: Text
    starts: date
    ends: date
    cadence: CadenceTable
    questions: Mapping[str, Question]
    sha256: str
    slots: tuple[Slot, ...]

    def asking(self, level: str) -> Asking:
        """The cadence at `level`, one of `LEVELS`."""
        return Asking(self.cadence.by_level[level], self.cadence.due, self.cadence.weekday, self.slots)


def read_form(raw: bytes) -> Form:
    """Parse and check a form document. BadInput (`form_invalid`) says where and what."""
    if len(raw) > LARGEST_BYTES:
        raise _invalid(_("larger than %(most)s bytes") % {"most": LARGEST_BYTES})
    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid(error) from error
    if unknown := document.keys() - {"form", "sources", "cadence", "questions"}:
        raise _invalid(_("unknown section [%(name)s]") % {"name": sorted(unknown)[0][:40]})
    try:
        head = msgspec.convert(document.get("form"), FormHead, strict=True)
        sources = msgspec.convert(document.get("sources", []), list[Source], strict=True)
        cadence = msgspec.convert(document.get("cadence"), CadenceTable, strict=True)
        questions = msgspec.convert(document.get("questions", []), list[Question], strict=True)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    _check(head, {source.id for source in sources}, cadence, questions)
    asked = {question.code: question for question in questions}
    sha256 = hashlib.sha256(raw).hexdigest()
    return Form(head.code, head.version, head.title, head.starts, head.ends, cadence, asked, sha256, slots_of(cadence))


@lru_cache(maxsize=1)
def built_in_form() -> Form:
    return read_form(BUILT_IN.read_bytes())


def slots_of(cadence: CadenceTable) -> tuple[Slot, ...]:
    """The form's own slots; else the built-in ones, the first due with the form where that is before the second."""
    if cadence.slots:
        return cadence.slots
    first, second = built_in_form().slots
    due = cadence.due if first.starts < cadence.due <= second.starts else first.due
    return Slot(first.name, first.starts, due), second


def _check(head: FormHead, sources: set[str], cadence: CadenceTable, questions: list[Question]) -> None:
    if head.ends < head.starts:
        raise _invalid(_("the form ends before it starts"))
    if head.version < 1 or not head.code.isascii() or not 1 <= len(head.code) <= 40:
        raise _invalid(_("a form has a plain code of at most 40 characters and a version from 1"))
    if missing := [level for level in LEVELS if level not in cadence.by_level]:
        raise _invalid(_("the cadence at level %(level)s is missing") % {"level": missing[0]})
    if unknown := sorted(cadence.by_level.keys() - set(LEVELS)):
        raise _invalid(_("there is no level %(level)s") % {"level": unknown[0][:20]})
    if not 0 <= cadence.weekday <= 6:
        raise _invalid(_("the weekday of the weekly check-in is 0 (Monday) to 6"))
    if cadence.slots:
        _check_slots(cadence.slots)
    for named in (cadence.source, *(question.source for question in questions)):
        if named not in sources:
            raise _invalid(_("unknown source %(source)s") % {"source": named[:40]})
    if reason := check_questions(questions):
        raise _invalid(reason)


def _check_slots(slots: tuple[Slot, ...]) -> None:
    if len(slots) != SLOTS:
        raise _invalid(_("twice a day has exactly two slots"))
    first, second = slots
    if first.starts != time.min or not first.starts < first.due <= second.starts < second.due:
        raise _invalid(_("the first slot starts at 00:00; each is due after it starts, the first before the second"))


def _invalid(reason: object) -> BadInput:
    return BadInput(_("The form cannot be used: %(reason)s."), code="form_invalid", field="form", reason=str(reason))
