"""Who sees cases: case.view within reach; everybody else is told that there is nothing."""

from __future__ import annotations

import pytest

from shouwang.cases import queries
from shouwang.cases.tests.builders import opened
from shouwang.core.errors import Forbidden, NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import subtree
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON, SINCE, Cast


@pytest.mark.parametrize("who", ["he", "qiu"])
def test_clinic_and_tracer_see_cases(cast: Cast, who: str) -> None:
    case = opened(cast)
    assert queries.case_for(cast.by(who), case.pk) == case
    assert queries.case_by_number(cast.by(who), case.number.lower()) == case
    assert list(queries.visible_cases(cast.by(who))) == [case]


@pytest.mark.parametrize("who", ["lin", "meng", "fang", "xu", "su", "tang", "deng", "gu", "admin"])
def test_nobody_else_does_the_counsellor_least_of_all(cast: Cast, who: str) -> None:
    case, by = opened(cast), cast.by(who)
    with pytest.raises(NotFound):
        queries.case_for(by, case.pk)
    with pytest.raises(NotFound):
        queries.case_by_number(by, case.number)
    assert not queries.visible_cases(by)
    assert not queries.late_clocks(by, NOON)
    assert not queries.due_soon(by, NOON)
    assert queries.desk_summary(by, NOON).open == 0


def clinic_of(cast: Cast, code: str) -> Actor:
    ranges = (subtree(cast.org[code].path),)
    return Actor(None, None, "branch clinic", reach={"case.view": ranges, "case.manage": ranges, "report.view": ranges})


def test_a_branch_clinic_sees_its_own_part(cast: Cast) -> None:
    ours, theirs = opened(cast, "lin"), opened(cast, "ou")
    by = clinic_of(cast, "IE")
    assert list(queries.visible_cases(by)) == [ours]
    assert {row.case_id for row in queries.due_soon(by, NOON)} == {ours.pk}
    with pytest.raises(NotFound):
        queries.case_for(by, theirs.pk)
    with pytest.raises(Forbidden):
        opened(cast, "wang", by="xu")


def test_a_further_membership_is_within_reach_for_reading_and_writing(cast: Cast) -> None:
    from shouwang.cases import actions
    from shouwang.core.scope import system_actor

    case, by = opened(cast, "ou"), clinic_of(cast, "IE")
    org.join(cast.person["ou"], organisation=cast.org["IE"], since=SINCE, by=system_actor(), at=NOON)
    assert queries.case_for(by, case.pk) == case
    actions.classify(case, new="confirmed", reason="阳性", by=by, at=NOON)
    assert case.classification == "confirmed"
