"""The sweep: each clock becomes overdue once, whoever sweeps; lists are right without it."""

from __future__ import annotations

import pytest

from shouwang.cases import actions, queries
from shouwang.cases.actions import clocks
from shouwang.cases.models import Clock
from shouwang.cases.tests.builders import DAY, HOUR, opened, states
from shouwang.core import events
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(events, "_handlers", {})
    events.subscribe("clock.overdue", lambda clock, at: told.append(f"{clock.case.number} {clock.code} {clock.state}"))
    return told


def test_running_and_past_due_becomes_overdue_once(cast: Cast, heard: list[str]) -> None:
    case = opened(cast)
    assert actions.sweep_clocks(at=NOON + 2 * HOUR) == 0
    assert actions.sweep_clocks(at=NOON + 3 * HOUR) == 2
    assert states(case) == {"report": "overdue", "isolate": "overdue", "treat": "running"}
    assert heard == [f"{case.number} report overdue", f"{case.number} isolate overdue"]
    assert actions.sweep_clocks(at=NOON + 3 * HOUR) == 0
    assert len(heard) == 2
    assert AuditEntry.objects.filter(verb="clock.overdue", subject=case.person_id).count() == 2


def test_two_sweepers_share_the_work(cast: Cast, heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The second sweeps while the first tells its handlers: no clock is told twice."""
    for who in ("lin", "wang", "zhao"):
        opened(cast, who)
    counts: list[int] = []
    started: list[bool] = []

    def second(clock: Clock, at: object) -> None:
        if not started:
            started.append(True)
            counts.append(actions.sweep_clocks(at=NOON + DAY))

    events.subscribe("clock.overdue", second)
    monkeypatch.setattr(clocks, "BATCH", 4)
    first = actions.sweep_clocks(at=NOON + DAY)
    assert first + counts[0] == 9 == len(heard) == len(set(heard))


def test_a_handler_that_fails_undoes_its_batch(cast: Cast, heard: list[str]) -> None:
    case = opened(cast)

    def fail(clock: Clock, at: object) -> None:
        raise RuntimeError

    events.subscribe("clock.overdue", fail)
    with pytest.raises(RuntimeError):
        actions.sweep_clocks(at=NOON + DAY)
    assert set(states(case).values()) == {"running"}


def test_a_late_clock_that_is_met_and_corrected_runs_again(cast: Cast, heard: list[str]) -> None:
    case = opened(cast)
    at = NOON + 3 * HOUR
    actions.sweep_clocks(at=at)
    actions.set_dates(case, reported_at=at, by=cast.by("he"), at=at)
    assert states(case)["report"] == "late"
    actions.set_dates(case, reported_at=None, by=cast.by("he"), at=at)
    assert states(case)["report"] == "running"
    assert actions.sweep_clocks(at=at) == 1
    actions.set_dates(case, detected_at=NOON + 2 * HOUR, by=cast.by("he"), at=at)
    assert states(case)["report"] == "running"


def test_lists_are_right_before_any_sweep(cast: Cast) -> None:
    case = opened(cast)
    at = NOON + 3 * HOUR
    clinic = cast.by("he")
    assert states(case) == {"report": "running", "isolate": "running", "treat": "running"}
    assert [row.code for row in queries.late_clocks(clinic, at)] == ["report", "isolate"]
    assert [row.code for row in queries.due_soon(clinic, at)] == ["treat"]
    assert [face.state for face in queries.clock_faces(case, at)] == [
        "unstarted", "overdue", "overdue", "running", "unstarted",
    ]  # fmt: skip
    actions.sweep_clocks(at=at)
    assert [row.code for row in queries.late_clocks(clinic, at)] == ["report", "isolate"]


def test_closed_cases_are_left_alone(cast: Cast, heard: list[str]) -> None:
    case = opened(cast, classification="confirmed")
    actions.close_case(case, reason="转院", by=cast.by("he"), at=NOON)
    assert actions.sweep_clocks(at=NOON + 9 * DAY) == 0
    assert not queries.late_clocks(cast.by("he"), NOON + 9 * DAY)


def test_queries_of_a_sweep_do_not_grow_with_the_clocks(cast: Cast, django_assert_max_num_queries: object) -> None:
    for who in ("lin", "wang", "zhao", "ou", "meng"):
        opened(cast, who)
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        assert actions.sweep_clocks(at=NOON + DAY) == 15


def test_faces_say_in_words_how_they_stand(cast: Cast) -> None:
    from django.utils.translation import override

    case = opened(cast, onset_at=NOON - 51 * HOUR)
    with override("en"):
        faces = {face.code: face.sentence for face in queries.clock_faces(case, NOON + 3 * HOUR)}
    assert faces == {
        "detect": "Took 2 d 3 h",
        "report": "1 h 00 min overdue",
        "isolate": "1 h 00 min overdue",
        "treat": "9 h 00 min left",
        "trace": "Begins with: report to the health authority",
    }
    with override("en"):
        unknown = queries.clock_faces(opened(cast, "wang"), NOON)[0]
    assert (unknown.state, unknown.sentence, unknown.due) == (
        "unstarted",
        "Onset unknown: this clock cannot be read.",
        None,
    )
