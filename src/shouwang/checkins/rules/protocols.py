"""What the disease packs ask and how they judge: sections ``[checkin] [[symptoms]] [[triage]] [advice]``.

`Protocols` joins the packs in force with the campus clinic's own list (`unspecified.toml`), so that somebody who is
unwell in a way no pack knows of, or while no pack is active, is heard all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.rules.forms import Form, built_in_form
from shouwang.checkins.rules.questions import Question, check_questions
from shouwang.core.packs import Pack, PackError, Text, read_pack
from shouwang.core.toml_lines import Key

if TYPE_CHECKING:
    from shouwang.checkins.rules.triage import Decision

LONGEST_CODE, LONGEST_REASON = 40, 200  # as the columns of an alert hold them
MOST_YEARS = 18  # assumption: who is older is no child to any protocol
RANK = {"none": 0, "low": 1, "medium": 2, "high": 3, "urgent": 4}
UNSPECIFIED = Path(__file__).resolve().parent.parent / "unspecified.toml"


class ChildThreshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fever threshold of children below an age in years."""

    below_years: int
    fever_c: float
    source: str


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Temperatures in °C; `fever_symptoms` are the codes by which a person reports fever without a thermometer."""

    temperature_low_c: float
    temperature_high_c: float
    fever_c: float
    source: str
    fever_symptoms: tuple[str, ...] = ("fever",)
    child: ChildThreshold | None = None

    def fever_at(self, age: int | None) -> float:
        """The fever threshold for somebody of `age` years. Where the age is unknown, the lower of the two."""
        if self.child is None:
            return self.fever_c
        if age is None:
            return min(self.fever_c, self.child.fever_c)
        return self.child.fever_c if age < self.child.below_years else self.fever_c


class Symptom(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name: Text
    severity: str


class Fits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer to a question must be; limits are included, and an answer that was not given fits nothing."""

    at_least: float | None = None
    at_most: float | None = None
    equal: bool | str | None = None


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conditions that must all hold; one that is left out always holds.

    `fever` and `exposure` compare with what is known: an unknown exposure is neither true nor false.
    """

    symptoms_any: tuple[str, ...] = ()
    symptoms_all: tuple[str, ...] = ()
    symptoms_at_least: int = 0
    fever: bool | None = None
    exposure: bool | None = None
    answers: dict[str, Fits] = {}


class TriageRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    severity: str
    when: When
    because: Text
    source: str


class Advice(msgspec.Struct, frozen=True):
    """What the person reads. The section holds other rooms' sentences too, so further keys are allowed."""

    unwell: Text


@dataclass(frozen=True)
class Protocol:
    """One pack as the check-in needs it. `symptoms` keep the pack's order; `triage` is evaluated in order."""

    code: str
    disease: str
    name: Text
    sha256: str
    thresholds: Thresholds
    symptoms: Mapping[str, Symptom]
    triage: tuple[TriageRule, ...]
    advice: Advice
    questions: Mapping[str, Question] = field(default_factory=dict)

    @classmethod
    def of(cls, pack: Pack) -> Protocol:
        """Read and check the pack's sections. PackError names what does not fit together."""
        return _protocol(pack.sha256, _Sections(pack))


@dataclass(frozen=True, eq=False)
class _Sections:
    """The pack, hashed by its file hash alone: two packs of one hash are the same file."""

    pack: Pack

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sections) and other.pack.sha256 == self.pack.sha256

    def __hash__(self) -> int:
        return hash(self.pack.sha256)


@lru_cache(maxsize=256)
def _protocol(sha256: str, sections: _Sections) -> Protocol:
    pack = sections.pack
    symptoms = pack.section("symptoms", list[Symptom])
    questions = pack.section("questions", list[Question]) if "questions" in pack.sections else []
    protocol = Protocol(
        code=pack.code,
        disease=pack.head.disease,
        name=pack.head.name,
        sha256=sha256,
        thresholds=pack.section("checkin", Thresholds),
        symptoms={symptom.code: symptom for symptom in symptoms},
        triage=tuple(pack.section("triage", list[TriageRule])),
        advice=pack.section("advice", Advice),
        questions={question.code: question for question in questions},
    )
    if reason := check_questions(questions):
        raise pack.refuse(("questions",), reason, _("Correct it; docs/packs.md shows how questions look."))
    _check(pack, protocol, [symptom.code for symptom in symptoms])
    return protocol


def _check(pack: Pack, protocol: Protocol, codes: list[str]) -> None:
    limits = protocol.thresholds
    rising = 25 < limits.temperature_low_c < limits.fever_c < limits.temperature_high_c < 50
    child = limits.child
    if not rising or (child and not limits.temperature_low_c < child.fever_c < limits.temperature_high_c):
        what = _("temperatures must rise from low to fever to high, between 25 and 50 °C")
        raise pack.refuse(("checkin",), what, _("Correct them; degrees are Celsius."))
    if child and not 0 < child.below_years <= MOST_YEARS:
        raise pack.refuse(
            ("checkin", "child", "below_years"), _("this is no age of a child"), _("Write years, e.g. 14.")
        )
    for place, code in enumerate(codes):
        if code in codes[:place]:
            raise pack.refuse(("symptoms", place, "code"), _("a symptom is listed twice"), _("Keep one of the two."))
    for place, symptom in enumerate(protocol.symptoms.values()):
        _check_severity(pack, symptom.severity, ("symptoms", place, "severity"))
    for place, rule in enumerate(protocol.triage):
        _check_rule(pack, protocol, rule, ("triage", place))
    for place, question in enumerate(protocol.questions.values()):
        for number, code in enumerate(question.symptoms_any):
            if code not in protocol.symptoms:
                raise _unlisted(pack, ("questions", place, "symptoms_any", number), code)


def _check_severity(pack: Pack, severity: str, path: Key) -> None:
    if severity not in RANK or severity == "none":
        what = _("a severity must be low, medium, high or urgent")
        raise pack.refuse(path, what, _("Write one of these words."))


def _check_rule(pack: Pack, protocol: Protocol, rule: TriageRule, path: Key) -> None:
    _check_severity(pack, rule.severity, (*path, "severity"))
    if not 0 < len(rule.code) <= LONGEST_CODE:
        what = format_lazy(_("a code is 1 to {limit} characters"), limit=LONGEST_CODE)
        raise pack.refuse((*path, "code"), what, _("Shorten it."))
    if max(len(rule.because.zh), len(rule.because.en)) > LONGEST_REASON:
        what = format_lazy(_("the reason is longer than {limit} characters"), limit=LONGEST_REASON)
        raise pack.refuse((*path, "because"), what, _("Shorten it; it is read on a telephone."))
    for key in ("symptoms_any", "symptoms_all"):
        for number, code in enumerate(getattr(rule.when, key)):
            if code not in protocol.symptoms:
                raise _unlisted(pack, (*path, "when", key, number), code)
    for code in rule.when.answers:
        if code not in protocol.questions:
            what = format_lazy(_("there is no question “{code}” in [[questions]]"), code=code)
            raise pack.refuse((*path, "when", "answers", code), what, _("Add it there, or correct it."))


def _unlisted(pack: Pack, path: Key, code: str) -> PackError:
    what = format_lazy(_("there is no symptom “{code}” in [[symptoms]]"), code=code)
    return pack.refuse(path, what, _("Add it there, or correct it."))


@dataclass(frozen=True)
class Protocols:
    """The packs in force together, in order of activation, the clinic's own list for everything else, and the
    institution's form."""

    active: tuple[Protocol, ...]
    unspecified: Protocol
    form: Form = field(default_factory=built_in_form)

    @classmethod
    def of(cls, packs: Iterable[Pack], form: Form | None = None) -> Protocols:
        return cls(tuple(Protocol.of(pack) for pack in packs), unspecified(), form or built_in_form())

    @property
    def everything(self) -> tuple[Protocol, ...]:
        return (*self.active, self.unspecified)

    @cached_property
    def symptoms(self) -> Mapping[str, Symptom]:
        """What is asked: the union of all lists; the first pack that lists a symptom names it."""
        found: dict[str, Symptom] = {}
        for protocol in self.everything:
            for code, symptom in protocol.symptoms.items():
                found.setdefault(code, symptom)
        return found

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """Further questions: those of the form first, then those of the packs; the first to use a code asks it."""
        found = dict(self.form.questions)
        for protocol in self.everything:
            for code, question in protocol.questions.items():
                found.setdefault(code, question)
        return found

    @cached_property
    def judged(self) -> dict[Hashable, Decision]:
        """Decisions already made under these protocols, by the answers that led to them; see `triage`."""
        return {}

    @cached_property
    def plausible_c(self) -> tuple[float, float]:
        """Lowest and highest temperature in °C that is taken for a body's. The widest of all packs: to refuse a real
        fever is worse than to accept an odd reading."""
        limits = [protocol.thresholds for protocol in self.everything]
        return min(x.temperature_low_c for x in limits), max(x.temperature_high_c for x in limits)

    @cached_property
    def fever_c(self) -> float:
        """The lowest fever threshold of the packs in force, °C."""
        return min(protocol.thresholds.fever_c for protocol in self.active or (self.unspecified,))

    @cached_property
    def sha256(self) -> str:
        """What was asked and by which rules: the pack's own hash, or the hash of several documents' hashes in order.

        The built-in form asks nothing of its own and is left out."""
        hashes = [protocol.sha256 for protocol in self.active or (self.unspecified,)]
        if self.form is not built_in_form():
            hashes.append(self.form.sha256)
        return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()

    def advice(self, rule: str) -> Text | None:
        """The sentence for a person whose check-in met `rule` ("pack:rule"); None when that pack is no longer asked."""
        code = rule.partition(":")[0]
        return next((protocol.advice.unwell for protocol in self.everything if protocol.code == code), None)

    def name(self, code: str) -> Text | str:
        """The name of the pack `code`; the code itself when that pack is no longer asked."""
        return next((protocol.name for protocol in self.everything if protocol.code == code), code)

    def because(self, rule: str) -> Text | None:
        """Why a check-in met `rule` ("pack:rule"); None without a rule or when that pack is no longer asked."""
        code, _colon, name = rule.partition(":")
        found = (r for p in self.everything if p.code == code for r in p.triage if r.code == name)
        return next((r.because for r in found), None)


@lru_cache(maxsize=1)
def unspecified() -> Protocol:
    return Protocol.of(read_pack(UNSPECIFIED))
