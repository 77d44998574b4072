"""The release rule: every criterion, met and unmet; what is missing never counts as healthy."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from shouwang.isolation import rules

ZONE = ZoneInfo("Asia/Shanghai")
ORDER = rules.OrderFacts(date(2026, 3, 2), date(2026, 3, 15), 2, 4, True)
AFTER = datetime(2026, 3, 16, 8, tzinfo=ZONE)


def checks(*, last: date = ORDER.ends_on, days: int = 3, **values: object) -> list[rules.Check]:
    """Two checks a day, newest first; `values` change the newest one."""
    found = [
        rules.Check(datetime(day.year, day.month, day.day, hour, tzinfo=ZONE), False, 0, True)
        for day in (last - timedelta(days=k) for k in range(days))
        for hour in (20, 8)
    ]
    if values:
        newest = found[0]
        found[0] = rules.Check(
            newest.at,
            values.get("fever", newest.fever),  # type: ignore[arg-type]
            values.get("symptoms", newest.symptoms),  # type: ignore[arg-type]
            values.get("has_temperature", newest.has_temperature),  # type: ignore[arg-type]
        )
    return found


def unmet(facts: rules.ReviewFacts, now: datetime = AFTER, order: rules.OrderFacts = ORDER) -> set[str]:
    decision = rules.may_end(order, facts, now, ZONE)
    assert decision.allowed == (not decision.unmet)
    assert all(reason.text for reason in decision.reasons)
    return {reason.code for reason in decision.unmet}


def test_all_met() -> None:
    assert unmet(rules.ReviewFacts(checks(), 0)) == set()


def test_the_last_day_is_included() -> None:
    evening = datetime(2026, 3, 15, 23, 59, tzinfo=ZONE)
    assert unmet(rules.ReviewFacts(checks(), 0), evening) == {"term"}
    assert unmet(rules.ReviewFacts(checks(), 0), datetime(2026, 3, 16, 0, 0, tzinfo=ZONE)) == set()


def test_a_missing_check_on_the_last_day() -> None:
    assert unmet(rules.ReviewFacts(checks()[1:], 0)) == {"last_day"}


def test_fever_and_symptoms_in_the_latest_checks_only() -> None:
    assert unmet(rules.ReviewFacts(checks(fever=True), 0)) == {"no_fever"}
    assert unmet(rules.ReviewFacts(checks(symptoms=2), 0)) == {"no_symptoms"}
    early = checks()
    early[-1] = rules.Check(early[-1].at, True, 3, True)
    assert unmet(rules.ReviewFacts(early, 0)) == set()


def test_a_check_without_temperature_is_not_a_normal_temperature() -> None:
    assert unmet(rules.ReviewFacts(checks(fever=None, has_temperature=False), 0)) == {"temperatures"}
    relaxed = rules.OrderFacts(ORDER.starts_on, ORDER.ends_on, 2, 4, False)
    assert unmet(rules.ReviewFacts(checks(fever=None, has_temperature=False), 0), order=relaxed) == set()


def test_no_checks_at_all_meet_nothing_but_the_term() -> None:
    assert unmet(rules.ReviewFacts([], 0)) == {"last_day", "enough_checks", "no_fever"}


def test_an_open_alert_holds_back() -> None:
    assert unmet(rules.ReviewFacts(checks(), 1)) == {"no_alert"}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.booleans()), max_size=12), st.integers(0, 20))
def test_release_by_rule_needs_every_criterion(rows: list[tuple[bool, int, bool]], days_after: int) -> None:
    made = [
        rules.Check(datetime(2026, 3, 15, 23, tzinfo=ZONE) - timedelta(hours=6 * k), fever, symptoms, known)
        for k, (fever, symptoms, known) in enumerate(rows)
    ]
    now = datetime(2026, 3, 10, 9, tzinfo=ZONE) + timedelta(days=days_after)
    allowed = rules.may_end(ORDER, rules.ReviewFacts(made, 0), now, ZONE).allowed
    last_day = [check for check in made if check.at.date() == date(2026, 3, 15)]
    expected = (
        now.date() > date(2026, 3, 15)
        and len(last_day) >= 2
        and len(made) >= 4
        and all(known and not fever and not symptoms for fever, symptoms, known in rows[:4])
    )
    assert allowed == expected
