"""Case definitions as data: criteria, and how they must come together for each classification.

A criterion is clinical, epidemiological or laboratory, and its answer is yes, no or unknown. Definitions join criteria
by *all*, *any*, *at least n of* and *none*, as deep as the document does. Unknown is kept unknown (Kleene's strong
logic): a definition is met, not met, or still open, and an open one names what would decide it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.cases.rules.classes import ASYMPTOMATIC, CONFIRMED, PROBABLE, SUSPECTED
from shouwang.core.packs import Pack, Text
from shouwang.core.toml_lines import Key

Answer = bool | None
CLASSES = (CONFIRMED, ASYMPTOMATIC, PROBABLE, SUSPECTED)
FORMS = ("all", "any", "none", "of")


class Criterion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of [[criteria]]. `symptoms_any`: codes of [[symptoms]]; reporting one of them answers it with yes."""

    code: str
    kind: Literal["clinical", "epidemiological", "laboratory"]
    name: Text
    source: str
    symptoms_any: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.code) <= 40:
            raise ValueError(gettext("code is 1 to 40 characters"))


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How criteria come together; exactly one of the forms. An entry is the code of a criterion or a rule in turn.

    `at_least` goes with `of`: so many of them must hold.
    """

    all: tuple[str | Rule, ...] = ()
    any: tuple[str | Rule, ...] = ()
    none: tuple[str | Rule, ...] = ()
    of: tuple[str | Rule, ...] = ()
    at_least: int = 0

    def __post_init__(self) -> None:
        if sum(bool(getattr(self, form)) for form in FORMS) != 1:
            raise ValueError(gettext("exactly one of all, any, none and of, with at least one entry"))
        if bool(self.of) != bool(self.at_least) or not 0 <= self.at_least <= max(len(self.of), 0):
            raise ValueError(gettext("at_least goes with of, and is from 1 to the number of its entries"))

    @property
    def form(self) -> str:
        return next(form for form in FORMS if getattr(self, form))

    @property
    def entries(self) -> tuple[str | Rule, ...]:
        found: tuple[str | Rule, ...] = getattr(self, self.form)
        return found


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of [[definitions]], strongest first: who meets `when` has this classification."""

    classification: Literal["suspected", "probable", "confirmed", "asymptomatic"]
    when: Rule
    source: str
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """How one definition stands: True met, False not met, None open. `open`: criteria whose answers decide it."""

    classification: str
    met: Answer
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`classification`: that of the first definition met; "" where none is. `findings` in the order of the pack."""

    classification: str
    findings: tuple[Finding, ...]

    @property
    def could_be(self) -> tuple[str, ...]:
        """Classifications that stand before the one met and are still open."""
        found = []
        for finding in self.findings:
            if finding.met:
                break
            if finding.met is None:
                found.append(finding.classification)
        return tuple(dict.fromkeys(found))


def judge(definitions: Sequence[Definition], answers: Mapping[str, Answer]) -> Judgement:
    """Every definition by these answers (criterion -> yes, no, None for unknown; one not named is unknown).

    >>> rule = Rule(at_least=2, of=("a", "b", "c"))
    >>> judge([Definition("suspected", rule, "s")], {"a": True, "b": False}).findings[0].open
    ('c',)
    """
    findings = [
        Finding(
            definition.classification,
            evaluate(definition.when, answers),
            tuple(dict.fromkeys(_open(definition.when, answers))),
        )
        for definition in definitions
    ]
    first = next((finding.classification for finding in findings if finding.met), "")
    return Judgement(first, tuple(findings))


def evaluate(rule: str | Rule, answers: Mapping[str, Answer]) -> Answer:
    """True, False, or None while the unknown could still turn it either way."""
    if isinstance(rule, str):
        return answers.get(rule)
    found = [evaluate(entry, answers) for entry in rule.entries]
    yes, unknown = sum(one is True for one in found), sum(one is None for one in found)
    if rule.form == "none":
        return False if yes else None if unknown else True
    needed = {"all": len(found), "any": 1, "of": rule.at_least}[rule.form]
    if yes >= needed:
        return True
    return None if yes + unknown >= needed else False


def _open(rule: str | Rule, answers: Mapping[str, Answer]) -> Iterator[str]:
    """The unknown criteria of those parts of a rule that are themselves undecided."""
    if evaluate(rule, answers) is not None:
        return
    if isinstance(rule, str):
        yield rule
        return
    for entry in rule.entries:
        yield from _open(entry, answers)


def codes_of(rule: str | Rule) -> Iterator[str]:
    """The criteria that a rule speaks of, in its order."""
    if isinstance(rule, str):
        yield rule
        return
    for entry in rule.entries:
        yield from codes_of(entry)


def answers_from_symptoms(criteria: Sequence[Criterion], symptoms: Sequence[str]) -> dict[str, Answer]:
    """What reported symptoms answer. A symptom that was not reported is no no: nobody may have asked for it."""
    said = set(symptoms)
    return {item.code: True for item in criteria if said.intersection(item.symptoms_any)}


def definitions_of(pack: Pack) -> tuple[tuple[Criterion, ...], tuple[Definition, ...]]:
    """[[criteria]] and [[definitions]]; a pack may leave both out. PackError names what does not fit together."""
    criteria = pack.optional("criteria", tuple[Criterion, ...]) or ()
    definitions = pack.optional("definitions", tuple[Definition, ...]) or ()
    codes = [item.code for item in criteria]
    listed = {str(item.get("code")) for item in pack.sections.get("symptoms", []) if isinstance(item, dict)}
    for number, item in enumerate(criteria):
        if item.code in codes[:number]:
            what = format_lazy(_("two criteria have the code “{code}”"), code=item.code)
            raise pack.refuse(("criteria", number, "code"), what, _("Give each its own."))
        for place, symptom in enumerate(item.symptoms_any):
            if symptom not in listed:
                what = format_lazy(_("there is no symptom “{code}” in [[symptoms]]"), code=symptom)
                raise pack.refuse(("criteria", number, "symptoms_any", place), what, _("Add it there, or correct it."))
    for number, definition in enumerate(definitions):
        for path, code in _named(definition.when, ("definitions", number, "when")):
            if code not in codes:
                what = format_lazy(_("there is no criterion “{code}” in [[criteria]]"), code=code)
                raise pack.refuse(path, what, _("Add it there, or correct it."))
    ranks = [CLASSES.index(definition.classification) for definition in definitions]
    for number in range(1, len(ranks)):
        if ranks[number] < ranks[number - 1]:
            what = _("a stronger definition stands after a weaker one, and would never be reached")
            remedy = _("Order them: confirmed, asymptomatic, probable, suspected.")
            raise pack.refuse(("definitions", number, "classification"), what, remedy)
    return criteria, definitions


def _named(rule: Rule, path: Key) -> Iterator[tuple[Key, str]]:
    for number, entry in enumerate(rule.entries):
        here = (*path, rule.form, number)
        if isinstance(entry, str):
            yield here, entry
        else:
            yield from _named(entry, here)
