"""Questions beyond the fixed ones, as documents ask them: of whom, what fits as an answer, and what yesterday's gives.

A pack or the institution's form lists them under ``[[questions]]``. Answers to them travel in `Answers.extra`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.core.packs import Text

Scalar = bool | int | float | str
TEXT_LIMIT = 200
MOST_QUESTIONS = 40  # assumption: nobody reads further; a longer list is a survey
FIXED = frozenset({"unchanged", "temperature_c", "symptoms", "exposure", "place", "note", "situation"})


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name: Text


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question. Conditions that are left out always hold; those that stand must all hold.

    `carried`: "nothing changed" repeats the answer; otherwise it is asked anew each time. `was`: codes under which
    earlier versions asked the same, so that their answers move on. `low`/`high`: limits of a number, included.
    `symptoms_any`: asked only of whoever reports one of them. `monitored`: asked only of people who are (true) or are
    not (false) being monitored.
    """

    code: str
    kind: Literal["yes_no", "number", "choice", "text"]
    text: Text
    source: str
    help: Text | None = None
    choices: tuple[Choice, ...] = ()
    low: float | None = None
    high: float | None = None
    required: bool = False
    carried: bool = True
    was: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    situations: tuple[str, ...] = ()
    symptoms_any: tuple[str, ...] = ()
    monitored: bool | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked: what decides which questions they see. Symptoms are those they report now."""

    kind: str = "student"
    situation: str = "on_campus"
    monitored: bool = False
    symptoms: tuple[str, ...] = ()


def is_asked(question: Question, who: Asked) -> bool:
    """Whether `who` sees the question."""
    return (
        (not question.kinds or who.kind in question.kinds)
        and (not question.situations or who.situation in question.situations)
        and (question.monitored is None or question.monitored == who.monitored)
        and (not question.symptoms_any or not set(question.symptoms_any).isdisjoint(who.symptoms))
    )


def check_extra(
    extra: Mapping[str, Scalar], questions: Mapping[str, Question], who: Asked, *, complete: bool
) -> dict[str, Scalar]:
    """The answers, tidied, in the order of the questions. What was answered without being asked is kept.

    `complete` asks for every required one; it is not asked of whoever reports a symptom: the ill are heard first.
    BadInput names the question: unknown, of the wrong kind, outside its limits, or missing.
    """
    for code in extra:
        if code not in questions:
            sentence = _("The question “%(value)s” is not asked at present. Open the page again.")
            raise BadInput(sentence, code="question_unknown", field=str(code)[:40], value=str(code)[:40])
    tidy: dict[str, Scalar] = {}
    for code, question in questions.items():
        if code in extra:
            tidy[code] = _fitting(question, extra[code])
        elif complete and question.required and is_asked(question, who):
            sentence = _("Please answer: %(question)s")
            raise BadInput(sentence, code="answer_required", field=code, question=question.text)
    return tidy


def _fitting(question: Question, value: Scalar) -> Scalar:
    match question.kind:
        case "yes_no":
            if isinstance(value, bool):
                return value
            raise _wrong(question, _("yes or no"))
        case "number":
            return _number(question, value)
        case "choice":
            if isinstance(value, str) and any(choice.code == value for choice in question.choices):
                return value
            raise _wrong(question, _("one of the answers offered"))
        case "text":
            from shouwang.checkins.rules.answers import text

            if isinstance(value, str):
                return text(value, question.code, TEXT_LIMIT)
            raise _wrong(question, _("a text"))


def _number(question: Question, value: Scalar) -> Scalar:
    low = question.low if question.low is not None else float("-inf")
    high = question.high if question.high is not None else float("inf")
    # NaN is in no range; a boolean is an int to Python and no number to anybody else.
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _wrong(question, _("a number from %(low)s to %(high)s") % {"low": question.low, "high": question.high})
    return value


def _wrong(question: Question, wanted: object) -> BadInput:
    sentence = _("“%(question)s”: %(wanted)s is expected.")
    return BadInput(sentence, code="answer_unfit", field=question.code, question=question.text, wanted=str(wanted))


def carried_over(extra: Mapping[str, Scalar], questions: Mapping[str, Question], who: Asked) -> dict[str, Scalar]:
    """What of earlier answers still answers today's questions: under their own code or one they had before.

    An answer that no longer fits (a choice withdrawn, a limit changed) is not carried: the question is then new.
    """
    kept: dict[str, Scalar] = {}
    for code, question in questions.items():
        if not question.carried or not is_asked(question, who):
            continue
        for name in (code, *question.was):
            if name not in extra:
                continue
            try:
                kept[code] = _fitting(question, extra[name])
            except BadInput:
                continue
            break
    return kept


def new_to(extra: Mapping[str, Scalar], questions: Mapping[str, Question], who: Asked) -> tuple[Question, ...]:
    """The questions that earlier answers leave open: the only ones a page needs to highlight."""
    kept = carried_over(extra, questions, who)
    return tuple(q for code, q in questions.items() if is_asked(q, who) and code not in kept)


def check_questions(questions: Iterable[Question]) -> str:
    """What is wrong with a list of questions, in one line for whoever wrote it; "" when nothing is."""
    seen: set[str] = set()
    listed = list(questions)
    if len(listed) > MOST_QUESTIONS:
        return str(_("more than %(most)s questions") % {"most": MOST_QUESTIONS})
    for question in listed:
        code = question.code
        if not code.isidentifier() or not code.isascii() or len(code) > 40 or code in FIXED:
            return str(_("“%(code)s” cannot be the code of a question") % {"code": code[:40]})
        if seen & {code, *question.was}:
            return str(_("“%(code)s” is asked twice") % {"code": code})
        seen |= {code, *question.was}
        if (question.kind == "choice") != bool(question.choices):
            return str(_("“%(code)s”: choices belong to a question of kind choice, and to no other") % {"code": code})
        if question.low is not None and question.high is not None and question.low > question.high:
            return str(_("“%(code)s”: the lower limit is above the upper one") % {"code": code})
    return ""
