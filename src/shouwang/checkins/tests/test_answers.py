"""What is refused, what is copied, and what a repeated key may carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shouwang.checkins import rules
from shouwang.checkins.rules import Answers, Previous
from shouwang.checkins.tests.builders import COVID, FLU, TODAY, protocols
from shouwang.core.errors import BadInput

ASKED = protocols(COVID, FLU)
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def refusal(answers: Answers, **kwargs: object) -> tuple[str, str | None]:
    with pytest.raises(BadInput) as caught:
        rules.validated(answers, ASKED, **{"source": "self", **kwargs})  # type: ignore[arg-type]
    assert caught.value.sentence
    return caught.value.error_code, caught.value.field


@pytest.mark.parametrize("reading", ["33.9", "43.1", "365", "-1", "0", "NaN", "Infinity", "-Infinity", "1E+99"])
def test_what_is_no_body_temperature_is_refused(reading: str) -> None:
    said = Answers(temperature_c=Decimal(reading))
    assert refusal(said) == ("temperature_implausible", "temperature_c")


def test_temperature_is_judged_as_it_is_stored() -> None:
    # 37.25 is stored as 37.3, so it must be judged as 37.3
    said = rules.validated(Answers(temperature_c=Decimal("37.25")), ASKED, source="self")
    assert said.temperature_c == Decimal("37.3")
    assert rules.triage(said, ASKED).rule == f"{COVID}:fever"


def test_symptoms_are_known_and_counted_once() -> None:
    assert refusal(Answers(symptoms=("cough", "plague"))) == ("symptom_unknown", "symptoms")
    assert refusal(Answers(symptoms=("cough",) * 65)) == ("symptom_unknown", "symptoms")
    tidy = rules.validated(Answers(symptoms=("cough", "fever", "cough")), ASKED, source="self")
    assert tidy.symptoms == ("fever", "cough")


@pytest.mark.parametrize(("field", "limit"), [("note", 500), ("place_note", 120)])
def test_texts_have_an_end_and_can_be_shown(field: str, limit: int) -> None:
    def said(text: str) -> Answers:
        return Answers(note=text) if field == "note" else Answers(place_note=text)

    assert getattr(rules.validated(said(f" {'字' * limit} "), ASKED, source="self"), field) == "字" * limit
    assert refusal(said("字" * (limit + 1))) == ("too_long", field)
    for bad in ("a\x00b", "\ud800", "\x1b[2J"):
        assert refusal(said(bad)) == ("unreadable", field)


def test_another_needs_a_reason_and_may_not_say_unchanged() -> None:
    assert refusal(Answers(), source="proxy") == ("proxy_reason_required", "proxy_reason")
    assert refusal(Answers(), source="proxy", proxy_reason="  ") == ("proxy_reason_required", "proxy_reason")
    assert refusal(Answers(), source="proxy", proxy_reason="x" * 201) == ("too_long", "proxy_reason")
    asked = {"source": "proxy", "proxy_reason": "phone broken"}
    assert refusal(Answers(unchanged=True), **asked) == ("unchanged_not_by_proxy", "unchanged")
    assert refusal(Answers(situation="abroad"), **asked) == ("situation_not_by_proxy", "situation")
    assert refusal(Answers(), source="robot") == ("source_unknown", "source")


def test_a_monitored_person_measures_unless_they_report_symptoms() -> None:
    assert refusal(Answers(), needs_temperature=True) == ("temperature_required", "temperature_c")
    assert refusal(Answers(unchanged=True), needs_temperature=True) == ("temperature_required", "temperature_c")
    ill = rules.validated(Answers(symptoms=("cough",)), ASKED, source="self", needs_temperature=True)
    assert ill.symptoms == ("cough",)


@pytest.mark.parametrize(
    "also", [{"symptoms": ("cough",)}, {"exposure": True}, {"place_changed": True}, {"place_note": "x"}]
)
def test_unchanged_and_a_change_contradict(also: dict[str, object]) -> None:
    assert refusal(Answers(unchanged=True, **also)) == ("unchanged_contradicted", "unchanged")  # type: ignore[arg-type]


HEALTHY = Previous(TODAY - timedelta(days=1), Answers(temperature_c=Decimal("36.5"), exposure=False), "none")


def test_unchanged_copies_the_answers_and_never_a_measurement() -> None:
    said = rules.copied(Answers(unchanged=True), HEALTHY, day=TODAY)
    assert said == Answers(unchanged=True, exposure=False)
    assert rules.copied(Answers(exposure=True), None, day=TODAY) == Answers(exposure=True)


@pytest.mark.parametrize(
    "before",
    [
        None,
        Previous(TODAY - timedelta(days=15), Answers(exposure=False), "none"),
        Previous(TODAY - timedelta(days=1), Answers(exposure=True), "medium"),
        Previous(TODAY - timedelta(days=1), Answers(symptoms=("runny_nose",)), "low"),
        Previous(TODAY, Answers(temperature_c=Decimal("39")), "high"),
    ],
)
def test_unchanged_stops_who_is_new_silent_or_ill(before: Previous | None) -> None:
    with pytest.raises(BadInput) as caught:
        rules.copied(Answers(unchanged=True), before, day=TODAY)
    assert caught.value.error_code == "changed_expected"
    assert caught.value.field == "unchanged"
    assert before is None or before.day.isoformat() in caught.value.sentence


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (NOW + timedelta(minutes=6), "moment_future"),
        (NOW - timedelta(days=14, seconds=1), "moment_ancient"),
        (NOW.replace(tzinfo=None), "moment_naive"),
    ],
)
def test_moments_outside_the_window(moment: datetime, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        rules.check_moment(moment, now=NOW)
    assert (caught.value.error_code, caught.value.field) == (code, "at")
    rules.check_moment(NOW - timedelta(days=14), now=NOW)
    rules.check_moment(NOW + timedelta(minutes=5), now=NOW)


@pytest.mark.parametrize(("hour", "due"), [(0, 0), (7, 0), (12, 0), (15, 1), (21, 1), (22, 2), (23, 2)])
def test_checks_fall_due_over_the_waking_day(hour: int, due: int) -> None:
    assert rules.checks_due(2, day=TODAY, now=datetime(2026, 3, 2, hour)) == due  # noqa: DTZ001 (local wall time)
    assert rules.checks_due(2, day=TODAY - timedelta(days=1), now=datetime(2026, 3, 2, hour)) == 2  # noqa: DTZ001
    assert rules.checks_due(2, day=TODAY + timedelta(days=1), now=datetime(2026, 3, 2, hour)) == 0  # noqa: DTZ001
