"""Triage: which rule of which pack a person's answers meet, how urgent that is, and why, in words."""

from __future__ import annotations

from dataclasses import dataclass

from shouwang.checkins.rules.answers import Answers
from shouwang.checkins.rules.protocols import RANK, Fits, Protocol, Protocols, When
from shouwang.checkins.rules.questions import Scalar
from shouwang.core.packs import Text


@dataclass(frozen=True, slots=True)
class Finding:
    """One disease's judgement."""

    pack: str
    disease: str
    rule: str
    severity: str
    because: Text
    advice: Text

    @property
    def rank(self) -> int:
        return RANK[self.severity]


@dataclass(frozen=True, slots=True)
class Decision:
    """`findings`: at most one a disease, worst first; empty when nothing was found. `pack_sha256` names what was asked.

    `severity`, `rule` ("pack:rule") and `because` are those of the worst finding; "none", "" and None without one.
    """

    findings: tuple[Finding, ...]
    symptomatic: bool
    pack_sha256: str

    @property
    def severity(self) -> str:
        return self.findings[0].severity if self.findings else "none"

    @property
    def rule(self) -> str:
        return f"{self.findings[0].pack}:{self.findings[0].rule}" if self.findings else ""

    @property
    def because(self) -> Text | None:
        return self.findings[0].because if self.findings else None


MOST_REMEMBERED = 10_000


def triage(answers: Answers, protocols: Protocols, age: int | None = None) -> Decision:
    """Evaluate each pack's rules in order; the first that fits decides for that pack, the worst over all packs wins.

    `age` in years, None where unknown. Of two editions of one disease the worse judgement stands. The clinic's own
    list speaks only when no pack finds as much. Answers are taken as `validated` left them.
    """
    # Nearly everybody says the same thing on the same morning: the same answers are judged once.
    said = (answers.symptoms, answers.temperature_c, answers.exposure, age, tuple(answers.extra.items()))
    decision = protocols.judged.get(said)
    if decision is None:
        if len(protocols.judged) >= MOST_REMEMBERED:
            protocols.judged.clear()
        decision = protocols.judged[said] = _decide(answers, protocols, age)
    return decision


def _decide(answers: Answers, protocols: Protocols, age: int | None) -> Decision:
    findings: dict[str, Finding] = {}
    for protocol in protocols.active:
        finding = _judge(answers, protocol, age)
        if finding and (finding.disease not in findings or finding.rank > findings[finding.disease].rank):
            findings[finding.disease] = finding
    # Also where a pack finds less: one more symptom must not make anybody less urgent.
    own, worst = (
        _judge(answers, protocols.unspecified, age),
        max([0, *(f.rank for f in findings.values())]),
    )
    if own and own.rank > worst:
        findings[own.disease] = own
    # sorted() is stable: among equals the pack activated first stands first
    worst_first = sorted(findings.values(), key=lambda finding: -finding.rank)
    asked = protocols.active or (protocols.unspecified,)
    symptomatic = bool(answers.symptoms) or any(_fever(answers, protocol, age) for protocol in asked)
    return Decision(tuple(worst_first), symptomatic, protocols.sha256)


def _judge(answers: Answers, protocol: Protocol, age: int | None) -> Finding | None:
    # Only symptoms this pack lists count for it: "two or more" must not be met by another disease's symptoms.
    listed = protocol.symptoms.keys() & set(answers.symptoms)
    fever = _fever(answers, protocol, age)
    for rule in protocol.triage:
        if _fits(rule.when, listed, fever, answers):
            return Finding(
                protocol.code, protocol.disease, rule.code, rule.severity, rule.because, protocol.advice.unwell
            )
    return None


def _fits(when: When, listed: set[str], fever: bool, answers: Answers) -> bool:
    return (
        len(listed) >= when.symptoms_at_least
        and (when.fever is None or when.fever == fever)
        and (when.exposure is None or when.exposure == answers.exposure)
        and (not when.symptoms_any or not listed.isdisjoint(when.symptoms_any))
        and listed.issuperset(when.symptoms_all)
        and all(_answer_fits(fits, answers.extra.get(code)) for code, fits in when.answers.items())
    )


def _answer_fits(fits: Fits, given: Scalar | None) -> bool:
    if given is None:
        return False
    if fits.equal is not None and given != fits.equal:
        return False
    if fits.at_least is None and fits.at_most is None:
        return True
    if isinstance(given, bool | str):
        return False
    return (fits.at_least is None or given >= fits.at_least) and (fits.at_most is None or given <= fits.at_most)


def _fever(answers: Answers, protocol: Protocol, age: int | None) -> bool:
    limits = protocol.thresholds
    measured = answers.temperature_c is not None and float(answers.temperature_c) >= limits.fever_at(age)
    return measured or not set(limits.fever_symptoms).isdisjoint(answers.symptoms)
