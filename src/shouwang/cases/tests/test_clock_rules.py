"""Clocks as arithmetic: which exist, when they are due, how they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases import rules
from shouwang.core.packs import PackError, get_pack, read_pack

ONSET = datetime(2026, 2, 27, 16, tzinfo=UTC)
FOUND = datetime(2026, 3, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
COVID = rules.protocol(get_pack("covid19-2020-6"))
FLU = rules.protocol(get_pack("influenza-seasonal"))


def due(protocol: rules.Protocol, dates: rules.Dates) -> dict[str, datetime]:
    return {item.code: item.due for item in rules.clocks_for(dates, protocol.clocks)}


def test_due_times_of_covid_and_of_influenza_come_from_their_packs() -> None:
    dates = rules.Dates(detected=FOUND, onset=ONSET)
    assert due(COVID, dates) == {
        "detect": ONSET + 24 * HOUR,
        "report": FOUND + 2 * HOUR,
        "isolate": FOUND + 2 * HOUR,
        "treat": FOUND + 12 * HOUR,
    }
    assert due(FLU, dates) == {
        "detect": ONSET + 24 * HOUR,
        "report": FOUND + 24 * HOUR,
        "isolate": FOUND + 12 * HOUR,
        "treat": ONSET + 48 * HOUR,
    }


def test_without_onset_its_clocks_do_not_exist_and_are_named() -> None:
    dates = rules.Dates(detected=FOUND)
    assert set(due(COVID, dates)) == {"report", "isolate", "treat"}
    assert [spec.code for spec in rules.without_start(dates, COVID.clocks)] == ["detect", "trace"]
    assert [spec.code for spec in rules.without_start(dates, FLU.clocks)] == ["detect", "treat"]


@pytest.mark.parametrize(
    "ended, now, needed, closed, state",
    [
        (None, 0, True, None, "running"),
        (None, 2, True, None, "running"),  # due at exactly now is not yet overdue
        (None, 3, True, None, "overdue"),
        (2, 9, True, None, "met"),
        (3, 9, True, None, "late"),
        (-1, 9, True, None, "met"),
        (None, 9, False, None, "void"),
        (3, 9, False, None, "late"),
        (None, 9, True, 1, "void"),
        (None, 9, True, 3, "overdue"),
    ],
)
def test_states(ended: int | None, now: int, needed: bool, closed: int | None, state: str) -> None:
    at = {k: FOUND + k * HOUR for k in range(-1, 10)}
    found = rules.clock_state(
        at[2],
        at[ended] if ended is not None else None,
        now=at[now],
        needed=needed,
        closed=at[closed] if closed is not None else None,
    )
    assert found == state


@given(st.integers(0, 400), st.one_of(st.none(), st.integers(0, 400)))
def test_due_is_never_before_start_and_moves_with_it(detected: int, onset: int | None) -> None:
    def at(hours: int) -> datetime:
        return FOUND + hours * HOUR

    dates = rules.Dates(detected=at(detected), onset=at(onset) if onset is not None else None)
    later = rules.Dates(detected=at(detected + 7), onset=at(onset + 7) if onset is not None else None)
    for protocol in (COVID, FLU):
        now, moved = due(protocol, dates), due(protocol, later)
        assert all(item.due >= item.starts for item in rules.clocks_for(dates, protocol.clocks))
        assert moved == {code: value + 7 * HOUR for code, value in now.items()}


WRONG = [
    ('ends = "detected"', 'ends = "buried"'),
    ("hours = 24", "hours = 0"),
    ("hours = 24", 'hours = "soon"'),
    ("hours = 24\n", ""),
    ('code = "report"', 'code = "detect"'),
    ("days_before_onset = 2\n", ""),
    ("days_before_onset = 2", "days_before_onset = -1"),
    ('number_prefix = "COV"', 'number_prefix = "C/V"'),
    ('number_prefix = "COV"', 'number_prefix = "COV"\nnumber_suffix = "X"'),
]


@pytest.mark.parametrize("right, wrong", WRONG)
def test_a_wrong_pack_is_refused(right: str, wrong: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    from shouwang.core.errors import BadInput

    original = get_pack("covid19-2020-6").path
    file = tmp_path_factory.mktemp("packs") / original.name
    file.write_text(original.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        rules.protocol(read_pack(file))
    assert "covid19-2020-6" in caught.value.sentence
    assert caught.value.error_code == PackError.code


def test_window_from_onset_to_isolation() -> None:
    dates = rules.Dates(detected=FOUND, onset=ONSET, isolated=FOUND + HOUR)
    window = rules.infectious_window(dates, COVID.infectious, FOUND + 99 * HOUR)
    start, end = window
    assert (start, end) == (ONSET - timedelta(days=2), FOUND + HOUR)
    assert (window.basis, window.ended_by) == ("onset", "isolated")


def test_window_without_isolation_ends_now_and_at_the_packs_last_day() -> None:
    dates = rules.Dates(detected=FOUND, onset=ONSET)
    now = rules.infectious_window(dates, FLU.infectious, FOUND)
    assert (now.end, now.ended_by) == (FOUND, "now")
    later = rules.infectious_window(dates, FLU.infectious, FOUND + timedelta(days=30))
    assert (later.end, later.ended_by) == (ONSET + timedelta(days=7), "pack")


def test_window_without_onset_is_counted_from_detection_and_says_so() -> None:
    from django.utils.translation import override

    window = rules.infectious_window(rules.Dates(detected=FOUND), COVID.infectious, FOUND)
    assert (window.start, window.basis) == (FOUND - timedelta(days=2), "detected")
    with override("en"):
        assert window.because.startswith("Onset is unknown: begins 2 days before detection instead.")


def test_window_is_empty_for_who_was_isolated_before() -> None:
    dates = rules.Dates(detected=FOUND, onset=ONSET, isolated=ONSET - timedelta(days=5))
    window = rules.infectious_window(dates, COVID.infectious, FOUND)
    assert window.start == window.end
