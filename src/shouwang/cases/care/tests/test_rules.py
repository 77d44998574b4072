"""Decisions of care: the order of the log, conditions of the return, next steps without a dead end, codes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases.care import rules
from shouwang.cases.care.rules.pack import CareSpec
from shouwang.cases.laboratory.rules import Finding, Negatives
from shouwang.core.errors import BadInput
from shouwang.core.packs import SHIPPED, Text, get_pack

NOW = datetime(2026, 3, 20, 4, tzinfo=UTC)
TODAY = date(2026, 3, 20)
AMBULANCE = list(rules.AMBULANCE)


def at(minutes: int) -> datetime:
    return NOW - timedelta(hours=24) + timedelta(minutes=minutes)


def taken(*steps: tuple[str, int]) -> list[rules.Step]:
    """The log after each was entered in this order; raises what the rule refuses."""
    log: list[rules.Step] = []
    for what, minutes in steps:
        new = rules.Step(what, at(minutes))
        rules.check_step(log, new, now=NOW)
        log.append(new)
    return log


@given(st.permutations(AMBULANCE), st.lists(st.integers(0, 600), min_size=4, max_size=4))
def test_the_ambulance_log_is_in_order_whatever_was_entered_first(order: list[str], minutes: list[int]) -> None:
    when = dict(zip(AMBULANCE, minutes, strict=True))
    entered = [(what, when[what]) for what in order]
    if minutes == sorted(minutes):
        assert len(taken(*entered)) == 4
    else:
        with pytest.raises(BadInput) as refused:
            taken(*entered)
        assert refused.value.error_code == "steps_out_of_order"
        assert refused.value.field == "happened_at"


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([("called", 0), ("called", 5)], "step_twice"),
        ([("left", 30), ("received", 20)], "steps_out_of_order"),
        ([("recovered", 100), ("critical", 200)], "steps_out_of_order"),
        ([("critical", 200), ("recovered", 100)], "steps_out_of_order"),
        ([("died", 100), ("recovered", 200)], "referral_ended"),
        ([("lost", 1)], "step_unknown"),
        ([("received", 24 * 60 + 5)], "date_future"),
        ([("received", -20 * 366 * 24 * 60)], "date_too_old"),
    ],
)
def test_what_the_log_refuses(steps: list[tuple[str, int]], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        taken(*steps)
    assert refused.value.error_code == code
    assert str(refused.value.sentence)


def test_the_last_word_is_the_end_where_there_is_one() -> None:
    log = taken(("received", 10), ("critical", 60), ("in_treatment", 90))
    last = rules.last_status(log)
    assert last is not None and last.what == "in_treatment"
    assert rules.is_open(log)
    log = taken(("received", 10), ("recovered", 90))
    assert not rules.is_open(log)
    assert rules.last_status(taken(("called", 0))) is None


# --- the return ------------------------------------------------------------------------------------------------------

PCR = Negatives("pcr", 1, Text(zh="复检阴性", en="Repeat test negative"), "x")
SPEC = CareSpec(observe_days=14, source="x", tests=(PCR,))
FREE = rules.Released((), date(2026, 3, 4))
GOOD = rules.ClearFacts(
    died=False, released=FREE, hospital="", discharged_on=date(2026, 3, 5), reopened_on=None,
    findings=[Finding("pcr", NOW - timedelta(days=1), "negative")], alerts_open=0,
)  # fmt: skip


def changed(**more: object) -> rules.ClearFacts:
    values = {name: getattr(GOOD, name) for name in GOOD.__slots__} | more
    return rules.ClearFacts(**values)


def test_everything_met_and_the_first_day_it_can_be() -> None:
    found = rules.review(GOOD, SPEC, back_on=date(2026, 3, 19), zone=UTC)
    assert found.met and not found.barred
    assert found.earliest == date(2026, 3, 19)
    early = rules.review(GOOD, SPEC, back_on=date(2026, 3, 18), zone=UTC)
    assert [line.code for line in early.unmet] == ["observed"]


@pytest.mark.parametrize(
    ("more", "unmet", "barred"),
    [
        ({"released": None}, "released", True),
        ({"released": rules.Released(("I-2026-0001",), None)}, "released", True),
        ({"died": True}, "alive", True),
        ({"hospital": "市传染病医院"}, "hospital", False),
        ({"reopened_on": date(2026, 3, 19)}, "reopened", False),
        ({"findings": []}, "tests:pcr", False),
        ({"findings": [Finding("pcr", NOW, "positive")]}, "tests:pcr", False),
        ({"alerts_open": 1}, "no_alert", False),
    ],
)
def test_one_condition_that_is_not_met(more: dict[str, object], unmet: str, barred: bool) -> None:
    found = rules.review(changed(**more), SPEC, back_on=date(2026, 3, 25), zone=UTC)
    assert [line.code for line in found.unmet] == [unmet]
    assert found.barred is barred


def test_an_unknown_discharge_speaks_against_everything_counted_from_it() -> None:
    found = rules.review(changed(discharged_on=None), SPEC, back_on=date(2026, 4, 25), zone=UTC)
    assert [line.code for line in found.unmet] == ["discharged", "observed", "tests:pcr"]
    assert found.earliest is None


def test_a_pack_that_asks_nothing_adds_nothing() -> None:
    found = rules.review(GOOD, None, back_on=TODAY, zone=UTC)
    assert [line.code for line in found.lines] == ["released", "discharged", "no_alert"]


# --- next steps ------------------------------------------------------------------------------------------------------


def test_every_state_of_care_has_a_next_step_and_an_owner() -> None:
    days = [None, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]
    hospital = [None, "", *rules.STATUSES]
    codes = set()
    for died, at_hospital, moved, treated, discharged, visit, back in product(
        (False, True), hospital, (False, True), (False, True), (False, True), days, days
    ):
        care = rules.Standing(died, at_hospital, moved, treated, discharged, visit, back)
        step = rules.next_of_care(care, today=TODAY)
        assert step.role in ("clinic", "person") and str(step.words)
        assert step.final == (step.code in ("over", "died"))
        codes.add(step.code)
    assert codes == set(rules.NEXT_WORDS)


# --- codes -----------------------------------------------------------------------------------------------------------


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=12, max_size=12), st.integers(1, 10**6))
def test_a_guessed_code_is_none(guess: str, number: int) -> None:
    name = f"R-2026-{number:04d}"
    code = rules.certificate_code("secret", name, "salt")
    assert rules.certificate_number(code) == name
    assert rules.same_code(f" {code.lower()} ", code)
    assert rules.same_code(f"{name}-{guess[:4]}-{guess[4:8]}-{guess[8:]}", code) == (
        code.replace("-", "")[-12:] == guess
    )
    assert code != rules.certificate_code("other", name, "salt") != rules.certificate_code("other", name, "pepper")


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert rules.certificate_number(text) is None or text.strip().upper().startswith("R-")
    with pytest.raises(BadInput):
        rules.read_link("secret", text, now=0)


def test_a_link_holds_until_its_end() -> None:
    text = rules.issue_link("secret", rules.LinkTicket(7, 2, 100))
    assert rules.read_link("secret", text, now=99) == rules.LinkTicket(7, 2, 100)
    for refused, now, code in ((text, 100, "link_expired"), (text[:-1], 1, "link_forged")):
        with pytest.raises(BadInput) as error:
            rules.read_link("secret", refused, now=now)
        assert error.value.error_code == code


def test_every_shipped_pack_says_what_comes_after_treatment() -> None:
    for path in SHIPPED.glob("*.toml"):
        pack = get_pack(path.stem)
        spec = rules.care_spec(pack)
        assert spec is not None and spec.visits and spec.late is not None, path.stem
        assert {visit.source for visit in spec.visits} | {spec.late.source} <= set(pack.sources)
