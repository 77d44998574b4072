"""What the laboratory shows elsewhere: the panel on a case, the clinic's card on the home page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.cases.laboratory import queries
from shouwang.cases.laboratory.rules.next_steps import next_of_test
from shouwang.cases.models import Case, Classification
from shouwang.core import clock
from shouwang.core.scope import Actor


def case_panel(actor: Actor, case: Case) -> Mapping[str, Any]:
    """Tests of the case's person for its disease; a word where a positive result contradicts the class."""
    tests = queries.of_case(case)
    word = queries.suggestion_for(case, tests)
    return {
        "tests": [
            (test, next_of_test(test.state, test.outcome, has_case=True, settled=test.settled_at is not None))
            for test in tests
        ],
        "suggestion": str(Classification(word).label) if word else "",
        "may_order": actor.holds(queries.VIEW),
    }


def tests_card(actor: Actor) -> Mapping[str, Any] | None:
    """Positives without a case, overdue tests, re-tests; no card where nothing waits. No names."""
    at = clock.now()
    numbers = queries.desk_numbers(actor, at)
    return {"numbers": numbers, "at": at} if any(numbers.values()) else None
