"""Closed cases go on their purge date with everything about them; open ones and protected ones stay."""

from __future__ import annotations

from datetime import timedelta

from shouwang.cases import actions
from shouwang.cases.models import Case, ClassificationChange, Clock, DateChange
from shouwang.cases.tests.builders import alerted, opened
from shouwang.core import purging
from shouwang.org.tests.cast import NOON, Cast


def test_closed_cases_go_with_their_trails(cast: Cast) -> None:
    done = opened(cast, "lin", classification="confirmed", alert=alerted(cast))
    actions.close_case(done, reason="治愈", by=cast.by("he"), at=NOON)
    going_on = opened(cast, "wang")
    late = done.purge_on + timedelta(days=400)
    assert purging.purge(on=done.purge_on - timedelta(days=1), at=NOON)["case"] == 0
    assert purging.purge(on=late, at=NOON)["case"] == 1
    assert list(Case.objects.all()) == [going_on]
    for model in (ClassificationChange, Clock):
        assert set(model.objects.values_list("case", flat=True)) == {going_on.pk}
    assert not DateChange.objects.exists()


def test_a_case_that_an_order_stands_on_waits_for_it(cast: Cast, alone: None) -> None:
    from shouwang.isolation.actions import order_for_case

    case = opened(cast, classification="confirmed")
    order = order_for_case(case, by=cast.by("he"), at=NOON)
    assert order is not None
    actions.close_case(case, reason="治愈", by=cast.by("he"), at=NOON)
    from shouwang.cases.purging import due_cases

    assert not due_cases(case.purge_on)
    order.delete()
    assert list(due_cases(case.purge_on)) == [case]
