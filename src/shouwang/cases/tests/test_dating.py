"""Correcting dates: due times move, unknown stays unknown, two people do not overwrite each other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.cases import actions
from shouwang.cases.models import Case, Clock, DateChange
from shouwang.cases.tests.builders import DAY, HOUR, opened, states, verbs
from shouwang.core import events
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.scope import system_actor
from shouwang.org.tests.cast import NOON, Cast


def clocks(case: Case) -> list[tuple[Any, ...]]:
    return list(case.clocks.order_by("code").values_list("code", "starts_at", "due_at", "ended_at", "state"))


def test_moving_onset_moves_its_due_time(cast: Cast) -> None:
    case = opened(cast, onset_at=NOON - 10 * HOUR)
    assert case.clocks.get(code="detect").state == "met"
    actions.set_dates(case, onset_at=NOON - 30 * HOUR, by=cast.by("he"), at=NOON)
    clock = case.clocks.get(code="detect")
    assert (clock.due_at, clock.ended_at, clock.state) == (NOON - 6 * HOUR, NOON, "late")


def test_a_clock_begins_when_its_date_becomes_known_and_goes_when_it_is_taken_back(cast: Cast) -> None:
    case = opened(cast)
    assert "detect" not in states(case) and "trace" not in states(case)
    actions.set_dates(case, onset_at=NOON - HOUR, reported_at=NOON, by=cast.by("he"), at=NOON)
    assert states(case)["detect"] == "met"
    assert states(case)["trace"] == "running"
    actions.set_dates(case, onset_at=None, by=cast.by("he"), at=NOON)
    assert "detect" not in states(case)
    assert case.onset_day_only is False


def test_ending_in_time_and_late(cast: Cast) -> None:
    case = opened(cast)
    at = NOON + 5 * HOUR
    actions.set_dates(case, reported_at=NOON + HOUR, isolated_at=at, by=cast.by("he"), at=at)
    assert states(case) == {"report": "met", "isolate": "late", "treat": "running", "trace": "running"}


def test_the_same_dates_again_change_nothing(cast: Cast) -> None:
    case = opened(cast)
    actions.set_dates(case, reported_at=NOON, by=cast.by("he"), at=NOON)
    before = (case.version, clocks(case), DateChange.objects.count(), verbs(case))
    actions.set_dates(case, reported_at=NOON, by=cast.by("he"), at=NOON + HOUR)
    assert (case.version, clocks(case), DateChange.objects.count(), verbs(case)) == before


def test_the_trail_keeps_old_and_new_with_reason(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[dict[str, Any]] = []
    monkeypatch.setattr(events, "_handlers", {})
    events.subscribe("case.dated", lambda case, changed, by, at: heard.append(dict(changed)))
    case = opened(cast, onset_at=NOON - DAY)
    actions.set_dates(case, onset_at=NOON - 2 * DAY, reason="病人回忆更早", by=cast.by("he"), at=NOON)
    row = DateChange.objects.get()
    assert (row.field, row.old, row.new, row.reason) == ("onset_at", NOON - DAY, NOON - 2 * DAY, "病人回忆更早")
    assert heard == [{"onset_at": (NOON - DAY, NOON - 2 * DAY)}]
    assert verbs(case) == ["case.opened", "case.dated"]


def test_precision_alone_is_a_change_of_onset(cast: Cast) -> None:
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)  # 2 March 00:00 in Shanghai
    case = opened(cast, onset_at=midnight)
    actions.set_dates(case, onset_day_only=True, by=cast.by("he"), at=NOON)
    assert (case.onset_at, case.onset_day_only) == (midnight, True)
    row = DateChange.objects.get()
    assert (row.old_day_only, row.day_only) == (False, True)


def test_one_wrong_date_refuses_all(cast: Cast) -> None:
    case = opened(cast)
    before = clocks(case)
    with pytest.raises(BadInput) as caught:
        actions.set_dates(case, treated_at=NOON, reported_at=NOON - DAY, by=cast.by("he"), at=NOON)
    assert caught.value.error_code == "dates_out_of_order"
    fresh = Case.objects.get(pk=case.pk)
    assert (fresh.treated_at, fresh.version, clocks(fresh)) == (None, 1, before)


@pytest.mark.parametrize(
    "dates, code", [({"buried_at": NOON}, "date_unknown"), ({"detected_at": None}, "detected_missing")]
)
def test_unknown_fields_and_missing_detection(cast: Cast, dates: dict[str, Any], code: str) -> None:
    case = opened(cast)
    with pytest.raises(BadInput) as caught:
        actions.set_dates(case, by=cast.by("he"), at=NOON, **dates)
    assert caught.value.error_code == code


def test_the_later_of_two_learns_who_changed_what(cast: Cast) -> None:
    case = opened(cast)
    stale = Case.objects.get(pk=case.pk)
    actions.set_dates(case, reported_at=NOON, version=1, by=cast.by("he"), at=NOON)
    actions.classify(case, new="confirmed", reason="阳性", version=2, by=cast.by("he"), at=NOON)
    with pytest.raises(Conflict) as caught:
        actions.set_dates(stale, treated_at=NOON, version=1, by=system_actor(), at=NOON + HOUR)
    error = caught.value
    assert error.error_code == "version_conflict"
    assert [(item["field"], item["by"]) for item in error.data["changes"]] == [
        ("reported_at", "何医生"),
        ("classification", "何医生"),
    ]
    assert "何医生" in error.sentence and "2026-03-02 12:00" in error.sentence
    assert Case.objects.get(pk=case.pk).treated_at is None
    for act in (actions.close_case, actions.reopen_case):
        with pytest.raises(Conflict):
            act(stale, reason="x", version=1, by=cast.by("he"), at=NOON)


def test_tracing_and_isolation_may_set_their_own_date_and_no_other(cast: Cast) -> None:
    case, tracer = opened(cast), cast.by("qiu")
    actions.set_dates(case, traced_at=NOON, by=tracer, at=NOON)
    assert case.traced_at == NOON
    refused: list[dict[str, Any]] = [{"isolated_at": NOON}, {"traced_at": NOON, "reported_at": NOON}, {}]
    for dates in refused:
        with pytest.raises(Forbidden):
            actions.set_dates(case, by=tracer, at=NOON, **dates)
    assert actions.markable(tracer, case) == ("traced_at",)
    assert "onset_at" not in actions.markable(cast.by("he"), case)
    assert actions.markable(cast.by("su"), case) == ()


def test_dates_of_a_closed_case_can_be_corrected(cast: Cast) -> None:
    case = opened(cast, classification="confirmed")
    actions.close_case(case, reason="治愈", by=cast.by("he"), at=NOON + HOUR)
    assert states(case)["report"] == "void"
    actions.set_dates(case, reported_at=NOON, by=cast.by("he"), at=NOON + DAY)
    assert states(case) == {"report": "met", "isolate": "void", "treat": "void", "trace": "void"}


SHIFT = st.one_of(st.none(), st.integers(0, 72))


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from(["onset_at", *actions.DATE_FIELDS[2:]]), SHIFT), max_size=4))
def test_clocks_depend_on_the_dates_alone(cast: Cast, steps: list[dict[str, int | None]]) -> None:
    """Whatever the road, the clocks are those of a case that had these dates from the start; again changes nothing."""
    from shouwang.cases import queries, rules
    from shouwang.cases.actions import clocks as keeper

    Case.objects.all().delete()
    at = NOON + 4 * DAY
    case = opened(cast, detected_at=NOON)
    for step in steps:
        moved: dict[str, Any] = {}
        for name, hours in step.items():
            back = -1 if name == "onset_at" else 1
            moved[name] = None if hours is None else NOON + back * hours * HOUR
        try:
            actions.set_dates(case, by=cast.by("he"), at=at, **moved) if moved else None
        except BadInput:
            case.refresh_from_db()
    stored = clocks(case)
    wanted = rules.clocks_for(queries.dates_of(case), queries.protocol_of(case).clocks)
    assert [row[:4] for row in stored] == sorted((w.code, w.starts, w.due, w.ended) for w in wanted)
    assert all(row[2] >= row[1] for row in stored)
    keeper.sync(case, queries.protocol_of(case).clocks, at=at)
    assert clocks(case) == stored
    assert Clock.objects.count() == len(stored)
