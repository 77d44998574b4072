"""What people say counts by how sure they are: grades by what is certain, the range beside it, hearsay never alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.packs import Text
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models_told import Statement
from shouwang.tracing.presence.told import View, span
from shouwang.tracing.queries import why
from shouwang.tracing.rules.certainty import UNSURE, settle
from shouwang.tracing.rules.grading import WHY_LENGTH, Graded
from shouwang.tracing.rules.interviews import MOST_OFF, Said
from shouwang.tracing.tests.desk_scene import contact
from shouwang.tracing.tests.test_interview import moment

LATER = NOON + timedelta(hours=1)
NAMES = {"close": Text(zh="密接", en="close contact"), "general": Text(zh="一般接触", en="general contact")}
graded = st.one_of(
    st.none(),
    st.sampled_from(
        [Graded("close", 0, "同一教室", "one room"), Graded("general", 1, "长" * WHY_LENGTH, "x" * WHY_LENGTH)]
    ),
)


def tell(cast: Cast, case: Case, certainty: str, start: str, end: str, off: int | None = None, who: str = "xu") -> None:
    place = cast.place["T1-201"]
    said = Said(
        moment(start), moment(end), certainty, place.pk, place.name, "", (cast.person[who].pk,), give_or_take=off
    )
    actions.interview.state(case, case.person, said, by=cast.by("qiu"), at=LATER)
    actions.trace_case(case, by=cast.by("qiu"), at=LATER)


@given(graded, graded, st.integers(0, 5000), st.integers(0, 5000))
def test_a_grade_is_never_closer_than_what_is_certain(
    certain: Graded | None, most: Graded | None, least: int, more: int
) -> None:
    found = settle(certain, most, certain_seconds=least, most_seconds=least + more, names=NAMES)
    if certain is None:
        assert found is None if most is None else found is not None and found.code == UNSURE
    else:
        assert found is not None
        assert found.code == certain.code
    if found is not None:
        assert max(len(found.why_zh), len(found.why_en)) <= WHY_LENGTH
        assert (found.certain is None) == (found.most is None)


@given(st.sampled_from(["sure", "about", "heard"]), st.one_of(st.none(), st.integers(0, MOST_OFF)), st.integers(1, 600))
def test_what_is_certain_lies_in_what_was_stated_and_that_in_what_is_possible(
    certainty: str, off: int | None, minutes: int
) -> None:
    row = Statement(starts_at=NOON, ends_at=NOON + timedelta(minutes=minutes), certainty=certainty, give_or_take=off)
    certain, stated, possible = (span(row, view) for view in (View.CERTAIN, View.STATED, View.POSSIBLE))
    assert stated is not None
    assert possible is not None
    assert possible[0] <= stated[0] < stated[1] <= possible[1]
    if certainty == "heard":
        assert certain is None
    if certain is not None:
        assert stated[0] <= certain[0] < certain[1] <= stated[1]
    if certainty == "sure" and not off:
        assert certain == stated == possible


@pytest.mark.parametrize(
    ("certainty", "end", "off", "grade", "possible", "least", "most"),
    [
        ("sure", "16:00", None, "close", "", None, None),
        ("about", "16:00", None, "close", "", 40, 80),  # ±10 min by presence.toml
        ("about", "15:15", None, "unsure", "general", 0, 35),
        ("about", "16:00", 30, "unsure", "close", 0, 120),
        ("heard", "16:00", 0, "unsure", "close", 0, 60),
    ],
)
def test_the_rule_counts_what_is_certain_and_says_the_range(
    cast: Cast, traced: Case, certainty: str, end: str, off: int | None, grade: str, possible: str,
    least: int | None, most: int | None,
) -> None:  # fmt: skip
    tell(cast, traced, certainty, "15:00", end, off)
    row = contact(traced, cast, "xu")
    assert (row.grade, row.possible_grade) == (grade, possible)
    seconds = [None if minutes is None else minutes * 60 for minutes in (least, most)]
    assert [row.certain_seconds, row.possible_seconds] == seconds
    told = why.explain_person(cast.by("qiu"), traced, cast.person["xu"], at=LATER)
    assert told.grade == grade
    if most is None:
        assert told.range is None
    else:
        assert told.range is not None
        assert [told.range.certain, told.range.most] == seconds
        assert f"{most} min at most" in row.why_en
        assert f"至多 {most} 分钟" in row.why_zh


def test_hearsay_waits_for_a_tracers_grade(cast: Cast, traced: Case) -> None:
    by = cast.by("qiu")
    tell(cast, traced, "heard", "15:00", "16:00")
    row = contact(traced, cast, "xu")
    for attempt in (
        lambda: actions.confirm(row, by=by, at=LATER),
        lambda: actions.confirm_many(traced, [row.pk], by=by, at=LATER),
    ):
        with pytest.raises(Conflict) as refused:
            attempt()
        assert refused.value.error_code == "grade_first"
    graded = actions.regrade(row, grade="close", reason="本人电话确认", by=by, at=LATER)
    assert actions.confirm(graded, by=by, at=LATER).state == "confirmed"
    assert actions.dismiss(contact(traced, cast, "zhao"), reason="缺课", by=by, at=LATER).state == "dismissed"


def test_records_beside_a_statement_stay_certain(cast: Cast, traced: Case) -> None:
    before = contact(traced, cast, "zhao")
    tell(cast, traced, "heard", "15:00", "16:00", who="zhao")
    row = contact(traced, cast, "zhao")
    assert (row.grade, row.certain_seconds) == (before.grade, before.seconds)
    assert row.possible_seconds == before.seconds + 80 * 60


@pytest.mark.parametrize("off", [-1, MOST_OFF + 1])
def test_nobody_is_off_by_more_than_hours(cast: Cast, traced: Case, off: int) -> None:
    with pytest.raises(BadInput) as refused:
        tell(cast, traced, "about", "15:00", "16:00", off)
    assert refused.value.field == "give_or_take"
