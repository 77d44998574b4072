"""The packs that come with the program: each sound, each number sourced, each disease judged on cases made by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases import rules as cases
from shouwang.checkins.rules import Answers, Protocols, triage, validated
from shouwang.command.packs import check_file
from shouwang.core.complaints import named_sources, unsourced
from shouwang.core.packs import SHIPPED, Pack, get_pack
from shouwang.isolation import rules as isolation
from shouwang.tracing.queries.following import follow_up_rule
from shouwang.tracing.queries.judging import contact_rule, named_edition

CODES = sorted(path.stem for path in SHIPPED.glob("*.toml"))
COVID = ("covid19-2020-5", "covid19-2020-6", "covid19-2020-7", "covid19-2021-8")
NOON = datetime(2026, 3, 20, 4, tzinfo=UTC)


@pytest.mark.parametrize("code", CODES)
def test_every_shipped_pack_is_sound_and_every_number_has_its_source(code: str) -> None:
    found, faults = check_file(SHIPPED / f"{code}.toml")
    assert faults == []
    assert found is not None
    tables = tomllib.loads((SHIPPED / f"{code}.toml").read_text(encoding="utf-8"))
    assert not list(unsourced({key: value for key, value in tables.items() if key != "sources"}))
    assert {name for _path, name in named_sources(tables)} <= set(found.sources)
    assert all(source.text and (source.kind == "assumption" or source.text) for source in found.sources.values())


def test_the_diseases_and_editions_there_are() -> None:
    heads = [get_pack(code).head for code in CODES]
    assert {head.disease for head in heads} == {
        "covid19", "influenza", "norovirus", "measles", "tuberculosis", "varicella", "hand-foot-mouth", "mumps",
    }  # fmt: skip
    editions = sorted((head for head in heads if head.disease == "covid19"), key=lambda head: head.in_force_from)
    assert len(editions) == 9
    for earlier, later in pairwise(editions):  # one edition follows the other without a gap or an overlap
        assert earlier.in_force_to == later.in_force_from - timedelta(days=1)
    assert editions[-1].in_force_to is None
    for head in editions:
        edition = named_edition(get_pack(head.code))
        if edition is not None:
            assert (edition.head.in_force_from, edition.head.in_force_to) == (head.in_force_from, head.in_force_to)


def judge(code: str, yes: str, no: str = "") -> str:
    _criteria, definitions = cases.definitions_of(get_pack(code))
    answers: dict[str, bool | None] = {**dict.fromkeys(yes.split(), True), **dict.fromkeys(no.split(), False)}
    return cases.judge(definitions, answers).classification


@pytest.mark.parametrize(
    ("code", "yes", "no", "expected"),
    [
        *((code, "contact fever_respiratory blood", "", "suspected") for code in COVID),
        *((code, "contact fever_respiratory", "imaging blood", "") for code in COVID),
        *((code, "fever_respiratory imaging blood", "area contact feverish cluster", "suspected") for code in COVID),
        *((code, "fever_respiratory imaging", "area contact feverish cluster blood", "") for code in COVID),
        *((code, "cluster fever_respiratory blood pcr", "", "confirmed") for code in COVID),
        *((code, "pcr", "fever_respiratory imaging", "asymptomatic") for code in COVID),
        ("covid19-2022-9", "fever_respiratory imaging igm", "area contact feverish cluster blood", "suspected"),
        ("covid19-2022-9", "fever_respiratory imaging", "area contact feverish cluster blood igm", ""),
        ("covid19-2022-9", "pcr fever_respiratory", "", "confirmed"),
        ("covid19-2022-10-measures", "pcr", "fever_respiratory imaging", "asymptomatic"),
        ("covid19-2022-20-measures", "area blood imaging", "fever_respiratory", "suspected"),
        ("covid19-2023-10", "clinical antigen", "", "confirmed"),
        ("covid19-2023-10", "pcr", "clinical", "asymptomatic"),
        ("covid19-2023-10", "clinical", "pcr antigen", "suspected"),
        ("influenza-seasonal", "fever38 respiratory", "", "suspected"),
        ("influenza-seasonal", "fever38", "respiratory", ""),
        ("influenza-seasonal", "fever38 respiratory linked", "", "probable"),
        ("influenza-seasonal", "rna", "", "confirmed"),
        ("norovirus-school", "vomiting_twice", "", "suspected"),
        ("norovirus-school", "stools_three linked", "", "probable"),
        ("norovirus-school", "vomiting_twice rna", "", "confirmed"),
        ("norovirus-school", "rna", "vomiting_twice stools_three", "asymptomatic"),
        ("norovirus-school", "linked", "vomiting_twice stools_three", ""),
        ("measles-school", "fever38 rash conjunctivitis", "", "suspected"),
        ("measles-school", "fever38 rash", "cough coryza conjunctivitis physician", ""),
        ("measles-school", "physician linked", "", "probable"),
        ("measles-school", "fever38 rash cough igm", "", "confirmed"),
        ("measles-school", "igm", "fever38 physician", ""),
        ("varicella-school", "rash", "linked", "probable"),
        ("varicella-school", "rash linked", "", "confirmed"),
        ("varicella-school", "pcr", "rash", ""),
        ("hand-foot-mouth-school", "rash", "fever", "probable"),
        ("hand-foot-mouth-school", "mouth fever", "rash contact", "suspected"),
        ("hand-foot-mouth-school", "mouth fever contact", "rash", "probable"),
        ("hand-foot-mouth-school", "rash rna", "", "confirmed"),
        ("hand-foot-mouth-school", "virus", "rash mouth fever", "asymptomatic"),
        ("mumps-school", "swelling", "contact", "suspected"),
        ("mumps-school", "orchitis", "contact swelling", ""),
        ("mumps-school", "orchitis contact", "swelling", "suspected"),
        ("mumps-school", "swelling contact", "", "probable"),
        ("mumps-school", "swelling igg4", "", "confirmed"),
        ("tuberculosis-school", "imaging", "symptoms immune", "suspected"),
        ("tuberculosis-school", "imaging symptoms", "", "probable"),
        ("tuberculosis-school", "smear_one", "imaging culture", ""),
        ("tuberculosis-school", "smear_one culture", "imaging", "confirmed"),
        ("tuberculosis-school", "imaging molecular", "", "confirmed"),
        ("tuberculosis-school", "smear_two", "", "confirmed"),
        ("tuberculosis-school", "symptoms", "contact immune imaging", ""),
    ],
)
def test_cases_made_by_hand(code: str, yes: str, no: str, expected: str) -> None:
    assert judge(code, yes, no) == expected


def severity(
    code: str, age: int | None = None, temperature: str | None = None, symptoms: str = "", **more: object
) -> str:
    protocols = Protocols.of([get_pack(code)])
    exposure = more.pop("exposure", None)
    said = Answers(
        temperature_c=Decimal(temperature) if temperature else None,
        symptoms=tuple(symptoms.split()),
        exposure=exposure if isinstance(exposure, bool) else None,
        extra={key: value for key, value in more.items() if isinstance(value, int)},
    )
    decision = triage(validated(said, protocols, source="self"), protocols, age)
    # where the pack finds nothing, the clinic's own list is asked; here only the pack
    return next((finding.severity for finding in decision.findings if finding.pack == code), "none")


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        ("covid19-2022-9", {"temperature": "37.3"}, "high"),
        ("covid19-2022-9", {"temperature": "37.3", "exposure": True}, "urgent"),
        ("covid19-2023-10", {"temperature": "37.3"}, "medium"),
        ("covid19-2023-10", {"symptoms": "short_breath"}, "urgent"),
        ("influenza-seasonal", {"temperature": "37.9", "symptoms": "cough"}, "low"),
        ("influenza-seasonal", {"temperature": "38.0", "symptoms": "cough"}, "high"),
        # 37.3 °C is a fever of an adult; a child below six has one from 37.5 °C on
        ("varicella-school", {"temperature": "37.4", "symptoms": "rash", "age": 20}, "high"),
        ("varicella-school", {"temperature": "37.4", "symptoms": "rash", "age": 5}, "medium"),
        ("varicella-school", {"temperature": "37.5", "symptoms": "rash", "age": 5}, "high"),
        ("hand-foot-mouth-school", {"temperature": "37.4", "symptoms": "mouth_sores", "age": 4}, "medium"),
        ("hand-foot-mouth-school", {"temperature": "37.5", "symptoms": "mouth_sores", "age": 4}, "high"),
        ("hand-foot-mouth-school", {"temperature": "37.4", "symptoms": "mouth_sores", "age": 30}, "high"),
        (
            "hand-foot-mouth-school",
            {"temperature": "37.4", "symptoms": "mouth_sores"},
            "high",
        ),  # age unknown: the lower
        ("mumps-school", {"temperature": "37.4", "exposure": True, "age": 3}, "none"),
        ("mumps-school", {"temperature": "37.4", "exposure": True, "age": 19}, "medium"),
        ("mumps-school", {"symptoms": "parotid_swelling"}, "high"),
        ("norovirus-school", {"symptoms": "vomiting", "vomits_24h": 1}, "medium"),
        ("norovirus-school", {"symptoms": "vomiting", "vomits_24h": 2}, "high"),
        ("norovirus-school", {"symptoms": "diarrhoea", "stools_24h": 3}, "high"),
        ("norovirus-school", {"symptoms": "diarrhoea dehydrated"}, "urgent"),
        ("measles-school", {"temperature": "38.0", "symptoms": "rash red_eyes"}, "urgent"),
        ("measles-school", {"temperature": "37.9", "symptoms": "rash"}, "medium"),
        ("tuberculosis-school", {"symptoms": "cough", "cough_days": 13}, "low"),
        ("tuberculosis-school", {"symptoms": "cough", "cough_days": 14}, "high"),
        ("tuberculosis-school", {"symptoms": "haemoptysis"}, "urgent"),
    ],
)
def test_triage_of_answers_made_by_hand(code: str, said: dict[str, object], expected: str) -> None:
    age, temperature = said.pop("age", None), said.pop("temperature", None)
    symptoms = str(said.pop("symptoms", ""))
    assert severity(
        code, age if isinstance(age, int) else None, str(temperature) if temperature else None, symptoms, **said
    ) == expected  # fmt: skip


def released(code: str, hours_well: float, *, confirmed: bool = True, days: int = 40) -> set[str]:
    """The criteria open for a case isolated `days` ago, whose last symptom lies `hours_well` back."""
    spec = isolation.protocol(get_pack(code)).isolation
    assert spec is not None
    starts = (NOON - timedelta(days=days)).date()
    ends, _line = isolation.end_date(starts, spec.days)
    step = timedelta(hours=24 / spec.checks_per_day)
    checks = []
    for number in range(int(timedelta(days=days) / step)):
        at = NOON - step * number
        ill = (NOON - at) >= timedelta(hours=hours_well)
        checks.append(isolation.Check(at, False, 1 if ill else 0, True))
    facts = isolation.OrderFacts(
        starts, ends, spec.checks_per_day, spec.release.clear_checks, spec.temperature_required,
        spec.release.symptom_free_hours, spec.release.confirm, spec.release.tests,
    )  # fmt: skip
    seen = frozenset(item.code for item in spec.release.confirm) if confirmed else frozenset()
    gap = timedelta(hours=24)
    negatives = [isolation.Finding("pcr", NOON - gap * number, "negative") for number in (1, 2)] if confirmed else []
    decision = isolation.may_end(facts, isolation.ReviewFacts(checks, 0, seen, negatives), NOON, UTC)
    return {reason.code for reason in decision.unmet}


@pytest.mark.parametrize(
    ("code", "unconfirmed"),
    [
        *((code, {"tests:pcr"}) for code in (*COVID, "covid19-2022-9", "covid19-2022-20-measures")),
        ("covid19-2020-2", set()), ("covid19-2022-10-measures", {"confirm:ct35"}), ("influenza-seasonal", set()),
        ("norovirus-school", set()), ("measles-school", set()), ("varicella-school", {"confirm:crusted"}),
        ("hand-foot-mouth-school", {"confirm:certificate"}), ("mumps-school", {"confirm:swelling_gone"}),
        ("tuberculosis-school", {"confirm:certificate"}),
    ],
)  # fmt: skip
def test_release_of_a_case_of_each_disease(code: str, unconfirmed: set[str]) -> None:
    assert released(code, 200) == set()
    assert released(code, 200, confirmed=False) == unconfirmed
    assert "no_symptoms" in released(code, 0)
    assert "term" in released(code, 200, days=1)


def test_norovirus_is_released_72_hours_after_the_last_symptom() -> None:
    assert released("norovirus-school", 60) == {"symptom_free"}
    assert released("norovirus-school", 72) == set()


def test_nobody_is_isolated_by_the_tenth_edition_nor_are_contacts_determined() -> None:
    pack = get_pack("covid19-2023-10")
    stay = isolation.protocol(pack)
    assert (stay.quarantine, stay.isolation, stay.follow_up) == (None, None, None)
    assert [grade.any for grade in contact_rule(pack).grades] == [()]


@pytest.mark.parametrize(
    ("code", "days"), [("measles-school", 21), ("varicella-school", 21), ("mumps-school", 25), ("norovirus-school", 2)]
)
def test_contacts_are_followed_until_the_last_day(code: str, days: int) -> None:
    rule = follow_up_rule(get_pack(code))
    assert rule is not None and (rule.days, "close" in rule.for_grades, "general" in rule.for_grades) == (
        days,
        True,
        False,
    )


EVERY = [get_pack(code) for code in CODES]
SYMPTOMS = sorted({code for pack in EVERY for code in Protocols.of([pack]).symptoms})
CRITERIA = sorted({item.code for pack in EVERY for item in cases.definitions_of(pack)[0]})
QUESTIONS = sorted({code for pack in EVERY for code in Protocols.of([pack]).questions})


@given(
    st.sampled_from(EVERY),
    st.lists(st.sampled_from(SYMPTOMS), unique=True),
    st.none() | st.decimals("34", "43", places=1),
    st.sampled_from([None, True, False]),
    st.dictionaries(st.sampled_from(QUESTIONS), st.one_of(st.integers(0, 99), st.booleans(), st.text(max_size=3))),
    st.none() | st.integers(0, 120),
    st.dictionaries(st.sampled_from(CRITERIA), st.sampled_from([True, False, None])),
)
def test_no_answers_make_any_rule_crash(
    pack: Pack, symptoms: list[str], temperature: Decimal | None, exposure: bool | None,
    extra: dict[str, bool | int | float | str], age: int | None, answers: Mapping[str, bool | None],
) -> None:  # fmt: skip
    said = Answers(temperature_c=temperature, symptoms=tuple(symptoms), exposure=exposure, extra=extra)
    decision = triage(said, Protocols.of([pack]), age)
    assert decision.severity in {"none", "low", "medium", "high", "urgent"}
    criteria, definitions = cases.definitions_of(pack)
    found = cases.judge(definitions, {**answers, **cases.answers_from_symptoms(criteria, symptoms)})
    assert found.classification in {"", "suspected", "probable", "confirmed", "asymptomatic"}


@given(
    st.sampled_from(EVERY), st.dictionaries(st.sampled_from(CRITERIA), st.sampled_from([True, False, None])), st.data()
)
def test_what_is_learnt_never_overturns_what_was_decided(
    pack: Pack, answers: dict[str, bool | None], data: st.DataObject
) -> None:
    _criteria, definitions = cases.definitions_of(pack)
    before = cases.judge(definitions, answers)
    unknown = [code for code in CRITERIA if answers.get(code) is None]
    learnt = data.draw(st.dictionaries(st.sampled_from(unknown), st.booleans())) if unknown else {}
    after = cases.judge(definitions, answers | learnt)
    for old, new in zip(before.findings, after.findings, strict=True):
        assert old.met is None or old.met == new.met
        assert (old.met is None) == bool(old.open)
        if old.met is None and not set(old.open) & set(learnt):
            assert new.met is None
