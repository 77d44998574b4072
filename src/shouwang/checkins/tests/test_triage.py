"""Triage: the first rule that fits, the worst pack, every disease for itself; any answers end in a decision or a
typed refusal."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shouwang.checkins import rules
from shouwang.checkins.rules import Answers, Decision
from shouwang.checkins.rules.protocols import RANK, Advice, Protocol, Symptom, Thresholds, TriageRule, When
from shouwang.checkins.tests.builders import COVID, FLU, protocols
from shouwang.core.errors import BadInput
from shouwang.core.packs import Text


def judge(answers: Answers, *packs: str) -> Decision:
    asked = protocols(*packs)
    return rules.triage(rules.validated(answers, asked, source="self"), asked)


@pytest.mark.parametrize(
    ("answers", "severity", "rule"),
    [
        (Answers(exposure=False), "none", ""),
        (Answers(temperature_c=Decimal("37.2")), "none", ""),
        (Answers(temperature_c=Decimal("37.3")), "high", "fever"),
        (Answers(symptoms=("fever",)), "high", "fever"),
        (Answers(temperature_c=Decimal("37.3"), exposure=True), "urgent", "fever_exposed"),
        (Answers(symptoms=("short_breath", "fever")), "urgent", "breathless"),
        (Answers(symptoms=("cough",)), "medium", "respiratory"),
        (Answers(symptoms=("cough",), exposure=True), "high", "respiratory_exposed"),
        (Answers(exposure=True), "medium", "exposed"),
        (Answers(symptoms=("fatigue",)), "low", "one_minor"),
        (Answers(symptoms=("fatigue", "myalgia")), "medium", "several"),
        (Answers(symptoms=("fatigue",), exposure=None), "low", "one_minor"),
    ],
)
def test_covid_rules_in_order(answers: Answers, severity: str, rule: str) -> None:
    decision = judge(answers, COVID)
    assert (decision.severity, decision.rule) == (severity, f"{COVID}:{rule}" if rule else "")


def test_the_worst_of_all_packs_wins_and_each_disease_keeps_its_own() -> None:
    decision = judge(Answers(temperature_c=Decimal("38.4"), symptoms=("cough",)), FLU, COVID)
    assert [(f.disease, f.severity, f.rule) for f in decision.findings] == [
        ("influenza", "high", "ili"),
        ("covid19", "high", "fever"),
    ]
    # 37.5 °C is fever for COVID-19 (37.3) and not for influenza (38.0)
    decision = judge(Answers(temperature_c=Decimal("37.5")), FLU, COVID)
    assert [f.disease for f in decision.findings] == ["covid19"]
    assert decision.symptomatic


def test_symptoms_of_another_disease_do_not_count() -> None:
    # headache is influenza's alone: with it COVID-19 sees one symptom, influenza two
    decision = judge(Answers(symptoms=("myalgia", "headache")), COVID, FLU)
    assert {f.disease: f.rule for f in decision.findings} == {"covid19": "one_minor", "influenza": "several"}


def test_exposure_without_symptoms_is_no_symptom() -> None:
    decision = judge(Answers(exposure=True), COVID)
    assert decision.severity == "medium"
    assert not decision.symptomatic


def test_the_clinics_own_list_speaks_only_when_no_pack_does() -> None:
    alone = judge(Answers(symptoms=("unwell",)), COVID)
    assert [(f.disease, f.rule, f.severity) for f in alone.findings] == [("unspecified", "unwell", "medium")]
    both = judge(Answers(symptoms=("cough", "unwell")), COVID)
    assert [f.disease for f in both.findings] == ["covid19"]


def test_without_any_pack_fever_and_exposure_are_heard() -> None:
    assert judge(Answers(temperature_c=Decimal("37.3"))).rule == "unspecified:fever"
    assert judge(Answers(exposure=True)).rule == "unspecified:exposed"
    assert judge(Answers()).severity == "none"


def test_two_editions_of_a_disease_give_one_finding_the_worse() -> None:
    mild = _protocol("mild", "low")
    harsh = _protocol("harsh", "urgent")
    asked = rules.Protocols((mild, harsh), protocols().unspecified)
    decision = rules.triage(Answers(symptoms=("rash",)), asked)
    assert [(f.pack, f.severity) for f in decision.findings] == [("harsh", "urgent")]


def test_all_of_a_rules_symptoms_are_needed() -> None:
    both = _protocol("both", "high", When(symptoms_all=("rash", "itch")))
    asked = rules.Protocols((both,), protocols().unspecified)
    assert rules.triage(Answers(symptoms=("rash",)), asked).severity == "none"
    assert rules.triage(Answers(symptoms=("rash", "itch")), asked).severity == "high"


def _protocol(code: str, severity: str, when: When | None = None) -> Protocol:
    word = Text("词", "word")
    return Protocol(
        code=code,
        disease="measles",
        name=word,
        sha256=code,
        thresholds=Thresholds(34.0, 43.0, 37.5, "s"),
        symptoms={name: Symptom(name, word, "low") for name in ("rash", "itch")},
        triage=(TriageRule("only", severity, when or When(symptoms_any=("rash",)), word, "s"),),
        advice=Advice(word),
    )


ASKED = protocols(COVID, FLU)
codes = st.sampled_from([*ASKED.symptoms])
answers = st.builds(
    Answers,
    temperature_c=st.none() | st.decimals(34, 43, places=1),
    symptoms=st.lists(codes, max_size=5).map(tuple),
    exposure=st.none() | st.booleans(),
)


@example(Answers(symptoms=("unwell",)), "fatigue")
@given(answers, codes)
def test_one_more_symptom_never_makes_it_less_urgent(said: Answers, more: str) -> None:
    before = rules.triage(rules.validated(said, ASKED, source="self"), ASKED)
    more_said = replace(said, symptoms=(*said.symptoms, more))
    after = rules.triage(rules.validated(more_said, ASKED, source="self"), ASKED)
    assert RANK[after.severity] >= RANK[before.severity]


@given(answers)
def test_a_decision_explains_itself(said: Answers) -> None:
    decision = rules.triage(rules.validated(said, ASKED, source="self"), ASKED)
    assert (decision.severity == "none") == (not decision.findings) == (decision.because is None)
    assert all(f.because.zh and f.because.en and RANK[f.severity] > 0 for f in decision.findings)
    assert len({f.disease for f in decision.findings}) == len(decision.findings)
    assert [f.rank for f in decision.findings] == sorted((f.rank for f in decision.findings), reverse=True)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.decimals() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([*Answers.__slots__, "weight"])
tempting = st.sampled_from(["cough", "36.5", 36.5, "NaN", "1e999999", "\ud800", "a\x00b", "x" * 501, ["fever"], True])


@given(st.dictionaries(names, anything | tempting, max_size=8) | anything)
def test_any_raw_answers_end_in_a_decision_or_a_typed_refusal(raw: Any) -> None:
    try:
        said = rules.validated(Answers.read(raw), ASKED, source="self")
    except BadInput as error:
        assert error.field and error.error_code and error.sentence
        return
    decision = rules.triage(said, ASKED)
    assert decision.severity in RANK
    assert said.temperature_c is None or 34 <= said.temperature_c <= 43
