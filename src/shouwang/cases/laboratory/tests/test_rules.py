"""Pure rules: what a result suggests, when a step is due, how long things took, the data of methods, purging."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shouwang.cases.laboratory import data, rules
from shouwang.cases.laboratory.models import Sample, Test
from shouwang.cases.laboratory.tests.scenes import HOUR, resulted, taken
from shouwang.core import purging
from shouwang.core.errors import BadInput
from shouwang.org.tests.cast import NOON, Cast


@pytest.mark.parametrize(
    ("classification", "positives", "onset", "word"),
    [
        ("suspected", [True], True, "confirmed"),
        ("suspected", [True], False, "asymptomatic"),
        ("probable", [False, True], True, "confirmed"),
        ("suspected", [False], True, ""),  # an antigen test alone confirms nothing
        ("discarded", [False], True, "suspected"),
        ("discarded", [True], True, "confirmed"),
        ("confirmed", [True], True, ""),
        ("asymptomatic", [True], False, ""),
        ("suspected", [], True, ""),
    ],
)
def test_what_a_positive_speaks_against(classification: str, positives: list[bool], onset: bool, word: str) -> None:
    assert rules.suggestion(classification, positives, onset_known=onset) == word


def test_medians_are_values_that_occurred_and_denominators_are_all() -> None:
    tests = [rules.Moments(NOON, NOON + k * HOUR) for k in range(1, 11)] + [rules.Moments(NOON)]
    (take, *_rest) = rules.legs(tests)
    assert (take.known, take.total, take.median_hours, take.p90_hours) == (10, 11, 5.0, 9.0)
    assert rules.legs([])[0] == rules.Leg("take", 0, 0, None, None)


def test_due_follows_the_last_step() -> None:
    hours = {"take": 24.0, "receive": 6.0, "result": 12.0}
    assert rules.due(rules.Moments(NOON), **hours) == NOON + 24 * HOUR
    assert rules.due(rules.Moments(NOON, NOON + HOUR), **hours) == NOON + 7 * HOUR
    assert rules.due(rules.Moments(NOON, NOON + HOUR, NOON + 2 * HOUR), **hours) == NOON + 13 * HOUR
    assert rules.due(rules.Moments(NOON, NOON, NOON, NOON), **hours) is None


def test_every_method_has_its_source_and_every_word_one_meaning() -> None:
    found = data.laboratory()
    assert {"pcr", "antigen", "antibody", "culture", "xray", "ppd"} <= set(found.by_code)
    assert found.words[data.plain("弱阳性")] == "positive" and found.words[data.plain("未检出")] == "negative"
    with pytest.raises(BadInput) as refused:
        data.method_of("horoscope")
    assert "pcr" in refused.value.sentence


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('source = "treatment-9"', 'source = "nowhere"'),
        ('"未检出"', '"检出"'),
        ("capacities = [1, 5, 10]", "capacities = [0]"),
        ("pools = true", "pools = maybe"),
    ],
)
def test_a_wrong_file_of_the_institution_is_named(tmp_path: Path, settings: Any, old: str, new: str) -> None:
    settings.HOME = tmp_path
    text = data.SHIPPED.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "laboratory.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        data.laboratory()
    assert refused.value.error_code == "laboratory_file"
    (tmp_path / "laboratory.toml").write_text(text.replace("result = 24 }", "result = 8 }", 1), encoding="utf-8")
    assert data.method_of("pcr").hours.result == 8


def test_tests_and_their_tubes_go_on_their_date(cast: Cast) -> None:
    sample = resulted(cast, taken(cast, "lin", "wang", capacity=5), "positive")
    due = sample.purge_on
    assert purging.purge(on=due - timedelta(days=1), at=NOON)["test"] == 0
    counts = purging.purge(on=due, at=NOON)
    assert (counts["test"], counts["sample"]) == (4, 1)
    assert not Test.objects.exists() and not Sample.objects.exists()
