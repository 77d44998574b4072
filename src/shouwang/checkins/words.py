"""What was said, in the reader's language: lines that pages, cards and the API show alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.models import CheckIn
from shouwang.checkins.rules import Answers, Protocols, Question, State
from shouwang.checkins.rules.asking import Cadence
from shouwang.checkins.rules.questions import Scalar
from shouwang.core.packs import Text

Word = str | Promise
STATES: Mapping[State, Word] = {
    State.SYMPTOMATIC: _("Symptoms or exposure"),
    State.CONFLICTING: _("Conflicting words"),
    State.SILENT: _("Silent for 2 days or more"),
    State.NOT_YET: _("Not yet today"),
    State.IN: _("In"),
    State.EXCUSED: _("Excused"),
}
EXPOSURE: Mapping[bool | None, Word] = {
    True: _("was near a case or a place of spread"),
    False: _("no known exposure"),
    None: _("exposure not asked"),
}


def masked(text: str) -> str:
    """A name or number of which only enough is left to recognise whom one knows: 王〇〇, 202****01."""
    if len(text) < 5:
        return text[:1] + "〇" * max(0, len(text) - 1)
    return text[:3] + "*" * (len(text) - 5) + text[-2:]


CADENCES: Mapping[Cadence, Word] = {
    Cadence.DAILY: _("every day"),
    Cadence.TWICE_DAILY: _("twice a day"),
    Cadence.WEEKLY: _("once a week"),
    Cadence.UNWELL_ONLY: _("only who is unwell"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One answer: an icon of the sprite, words, and a tone of the shell."""

    icon: str
    text: Word
    tone: str = "neutral"


@dataclass(frozen=True, slots=True)
class Told:
    """A stored check-in with its words: `lines` of what was said, and `because` of triage (None: nothing found)."""

    row: CheckIn
    lines: tuple[Line, ...]
    because: Text | None


def told(row: CheckIn, protocols: Protocols) -> Told:
    return Told(row, tuple(lines(row.answers, protocols)), protocols.because(row.rule))


def lines(answers: Answers, protocols: Protocols) -> list[Line]:
    """The answers in order of weight; what was not asked is said to be so where it matters."""
    found = []
    if answers.temperature_c is not None:
        hot = answers.temperature_c >= Decimal(str(protocols.fever_c))
        found.append(Line("thermometer", f"{answers.temperature_c} °C", "warn" if hot else "neutral"))
    for code in answers.symptoms:
        symptom = protocols.symptoms.get(code)
        # A symptom of a pack that is no longer asked keeps its code.
        found.append(Line("mood-sick", str(symptom.name) if symptom else code, "warn"))
    if not answers.symptoms:
        found.append(Line("mood-smile", _("no symptoms")))
    found.append(Line("users", EXPOSURE[answers.exposure], "notice" if answers.exposure else "neutral"))
    if answers.place_changed:
        found.append(Line("map-pin", _("place changed"), "info"))
    if answers.place_note:
        found.append(Line("map-2", answers.place_note))
    for code, value in answers.extra.items():
        question = protocols.questions.get(code)
        # As with symptoms: what is no longer asked keeps its code.
        word = answer_word(question, value)
        found.append(Line("message-circle", f"{question.text if question else code}: {word}"))
    if answers.note:
        found.append(Line("message", answers.note))
    return found


def answer_word(question: Question | None, value: Scalar) -> str:
    """An answer to a further question, as it is read."""
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if question is not None:
        for choice in question.choices:
            if choice.code == value:
                return str(choice.name)
    return str(value)


@dataclass(frozen=True, slots=True)
class CopyDay:
    """Which day "nothing changed" repeats, as a word."""

    row: CheckIn
    yesterday: bool
    today: bool


def copy_day(row: CheckIn | None, *, day_of_page: object) -> CopyDay | None:
    if row is None:
        return None
    return CopyDay(row, row.day + timedelta(days=1) == day_of_page, row.day == day_of_page)
