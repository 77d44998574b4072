"""The clock from a test's order to its result follows the case's own tests."""

from __future__ import annotations

from typing import Any

import pytest

from shouwang.cases import actions as case_actions
from shouwang.cases import queries
from shouwang.cases.laboratory import actions
from shouwang.cases.laboratory.tests.scenes import HOUR, ordered
from shouwang.cases.models import Case, Clock
from shouwang.cases.tests.builders import DAY, opened
from shouwang.core.packs import get_pack
from shouwang.org.tests.cast import NOON, Cast

pytestmark = pytest.mark.django_db


def clock_of(case: Case) -> Clock:
    return case.clocks.get(code="test")


def test_it_runs_from_the_first_order_to_the_last_result(cast: Cast, django_assert_num_queries: Any) -> None:
    case = opened(cast)
    assert actions.sync_test_clocks(at=NOON) == 0
    test = ordered(cast, case=case)
    assert actions.sync_test_clocks(at=NOON) == 1
    row = clock_of(case)
    assert (row.starts_at, row.due_at, row.awaited, row.owner_role) == (NOON, test.due_at, True, "clinic")
    with django_assert_num_queries(5):  # three, and the savepoint around them
        assert actions.sync_test_clocks(at=NOON) == 0
    sample = actions.take_sample([test], barcode="T1", capacity=1, by=cast.by("he"), at=NOON + HOUR)
    assert actions.sync_test_clocks(at=NOON + HOUR) == 1
    test.refresh_from_db()
    assert clock_of(case).due_at == test.due_at
    assert case.clock_events.filter(code="test", what="moved").count() == 1
    actions.record_result(sample, outcome="negative", by=cast.by("he"), at=NOON + 3 * HOUR)
    assert actions.sync_test_clocks(at=NOON + 3 * HOUR) == 1
    row = clock_of(case)
    assert (row.awaited, row.state) == (False, "met")
    test.refresh_from_db()
    assert row.ended_at == (test.resulted_at or test.told_at) == NOON + 3 * HOUR
    # Dates of the case leave it alone.
    case_actions.set_dates(case, reported_at=NOON, by=cast.by("he"), at=NOON + 4 * HOUR)
    assert clock_of(case).ended_at == row.ended_at


def test_it_is_late_taken_up_and_shown_as_the_others(cast: Cast) -> None:
    case = opened(cast)
    test = ordered(cast, case=case)
    actions.sync_test_clocks(at=NOON)
    assert test.due_at is not None
    late = test.due_at + HOUR
    for moment in ("reported_at", "isolated_at", "treated_at", "traced_at"):
        fields: dict[str, Any] = {moment: NOON}
        case_actions.set_dates(case, by=cast.by("he"), at=NOON, **fields)
    assert [row.code for row in queries.late_clocks(cast.by("he"), late)] == ["test"]
    assert case_actions.escalate_clocks(at=late) == 4  # nobody is named: every step is stored at once
    found = queries.case_for(cast.by("he"), case.pk)
    faces = queries.clock_faces(found, late)
    assert (faces[-1].code, faces[-1].state) == ("test", "overdue")
    assert queries.next_of(found, faces).step.code == "resulted"


def test_cancelled_tests_and_closed_cases_wait_for_nothing(cast: Cast) -> None:
    case, other = opened(cast, classification="confirmed"), opened(cast, "wang", classification="confirmed")
    test, _kept = ordered(cast, case=case), ordered(cast, "wang", case=other)
    actions.sync_test_clocks(at=NOON)
    actions.cancel_test(test, reason="误开", by=cast.by("he"), at=NOON)
    case_actions.close_case(other, reason="转院", by=cast.by("he"), at=NOON)
    actions.sync_test_clocks(at=NOON)
    assert not case.clocks.filter(code="test").exists()
    assert (clock_of(other).awaited, clock_of(other).state) == (False, "void")
    case_actions.reopen_case(other, reason="回院", by=cast.by("he"), at=NOON + DAY)
    assert clock_of(other).awaited


def test_no_pack_may_name_its_clock_so() -> None:
    from shouwang.cases.rules import ClockSpec

    spec = get_pack("covid19-2020-6").section("clocks", tuple[ClockSpec, ...])[0]
    values = {name: getattr(spec, name) for name in spec.__struct_fields__}
    with pytest.raises(ValueError, match="test"):
        ClockSpec(**{**values, "code": "test"})
