"""`trace` on a named cast: Li has the disease; Wang, Zhao and Chen were about."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from shouwang.epi import contacts, kernels
from shouwang.epi.contacts import PROXIMITY, seconds_by_day, trace, warm_up
from shouwang.epi.tests.build import segment
from shouwang.epi.tests.oracle import Pair, Visit

LI, WANG, ZHAO, CHEN = 1, 2, 3, 4
DORM, CANTEEN = 10, 20
DAY = (0, 86_400)


def seconds(*parts: contacts.Segment, who: int = LI, window: tuple[int, int] = DAY) -> dict[int, int]:
    found = trace(list(parts), who, *window).contacts
    return dict(zip(found.person.tolist(), found.seconds.tolist(), strict=True))


def test_touching_at_an_endpoint_is_no_contact() -> None:
    assert seconds(segment([Visit(DORM, 0, 100, LI), Visit(DORM, 100, 200, WANG)])) == {}
    assert seconds(segment([Visit(DORM, 0, 101, LI), Visit(DORM, 100, 200, WANG)])) == {WANG: 1}


def test_own_double_records_count_once() -> None:
    day = segment([Visit(DORM, 0, 100, LI, 1), Visit(DORM, 0, 100, LI, 2), Visit(DORM, 40, 200, WANG, 1)])
    result = trace([day], LI, *DAY)
    assert result.contacts.seconds.tolist() == [60]
    assert result.encounters.source_case.tolist() == [1, 2]


def test_two_places_at_once_are_united_not_added() -> None:
    both = [Visit(p, 0, 100, LI) for p in (DORM, CANTEEN)]
    other = [Visit(DORM, 0, 60, WANG), Visit(CANTEEN, 40, 100, WANG)]
    assert seconds(segment(both + other)) == {WANG: 100}


def test_pair_record_inside_a_shared_visit_adds_nothing() -> None:
    day = segment([Visit(DORM, 0, 100, LI), Visit(DORM, 0, 100, WANG)], [Pair(WANG, LI, 20, 40, 7)])
    result = trace([day], LI, *DAY)
    assert result.contacts.seconds.tolist() == [100]
    assert result.encounters.place.tolist() == [DORM, PROXIMITY]
    assert result.encounters.source_contact.tolist() == [0, 7]


def test_window_clips_and_is_half_open() -> None:
    day = segment([Visit(DORM, 0, 100, LI), Visit(DORM, 0, 100, WANG)])
    assert seconds(day, window=(30, 50)) == {WANG: 20}
    assert seconds(day, window=(100, 200)) == {}
    assert seconds(day, window=(-(2**62), 2**62)) == {WANG: 100}


def test_contact_recorded_later_in_a_segment_of_its_own() -> None:
    assert seconds(segment([Visit(DORM, 0, 100, LI)]), segment([Visit(DORM, 50, 150, WANG)])) == {WANG: 50}


def test_no_segments_no_records_unknown_person() -> None:
    assert seconds() == {}
    assert seconds(segment()) == {}
    result = trace([segment([Visit(DORM, 0, 100, LI)])], CHEN, *DAY)
    assert (len(result.contacts), len(result.encounters)) == (0, 0)
    assert (result.visits_searched, result.visits_examined) == (1, 0)
    assert result.contacts.first.tolist() == result.contacts.offsets[1:].tolist() == []


def test_window_that_does_not_end_after_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="window"):
        trace([], LI, 100, 100)


def test_searched_counts_records_in_the_window_only() -> None:
    day = segment(
        [Visit(DORM, 0, 100, LI), Visit(CANTEEN, 100, 200, ZHAO), Visit(CANTEEN, 99, 101, CHEN)],
        [Pair(WANG, ZHAO, 50, 60)],
    )
    assert trace([day], LI, 0, 100).visits_searched == 3
    assert trace([day], LI, 100, 200).visits_searched == 2


def test_many_encounters_of_one_person_out_of_order() -> None:
    """A keeper in the canteen all day, and pair records besides: more than are put in order by hand."""
    visits = [Visit(CANTEEN, 0, 10_000, LI)] + [Visit(CANTEEN, 100 * k, 100 * k + 50, WANG) for k in range(100)]
    records = [Pair(LI, WANG, 100 * k + 40, 100 * k + 60) for k in reversed(range(100))]
    result = trace([segment(visits, records)], LI, *DAY)
    assert result.contacts.seconds.tolist() == [6_000]
    assert (np.diff(result.encounters.start) >= 0).all()


def test_seconds_by_day_refuses_days_that_leave_out_an_encounter() -> None:
    result = trace([segment([Visit(DORM, 0, 100, LI), Visit(DORM, 0, 100, WANG)])], LI, *DAY)
    for boundaries in ([10, 200], [0, 99], [0, 0], [5], [200, 100]):
        with pytest.raises(ValueError, match="boundaries"):
            seconds_by_day(result, boundaries)
    assert [c.tolist() for c in seconds_by_day(result, [0, 60, 100])] == [[0, 0], [0, 1], [60, 40]]


def test_results_cannot_be_written_into() -> None:
    result = trace([segment([Visit(DORM, 0, 100, LI), Visit(DORM, 0, 100, WANG)])], LI, *DAY)
    for values in (result.contacts.seconds, result.contacts.first, result.encounters.start):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1


def test_threads_do_not_disturb_each_other() -> None:
    day = segment([Visit(k % 7, 10 * k, 10 * k + 500, k % 50) for k in range(2_000)])
    alone = {who: seconds(day, who=who) for who in range(50)}
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(lambda who: (who, seconds(day, who=who)), list(range(50)) * 4)
        assert all(alone[who] == found for who, found in together)


def test_a_trace_broken_off_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    day = segment([Visit(DORM, 0, 100, LI), Visit(DORM, 0, 100, WANG), Visit(DORM, 0, 50, ZHAO)])
    assert seconds(day) == {WANG: 100, ZHAO: 50}

    def broken(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(kernels, "collect", broken)
        seconds(day)
    assert seconds(day) == {WANG: 100, ZHAO: 50}


def test_segments_travel_between_processes_and_results_refuse_to() -> None:
    day = segment([Visit(DORM, 0, 100, LI), Visit(DORM, 0, 100, WANG)], [Pair(LI, WANG, 0, 9)])
    result = trace([day], LI, *DAY)
    arrived = pickle.loads(pickle.dumps(day))
    assert "card" in day[0].__dict__
    assert "card" not in arrived[0].__dict__
    assert seconds(arrived) == {WANG: 100}
    with pytest.raises(TypeError, match="addresses"):
        pickle.dumps(result)


def test_importing_is_cheap_and_warm_up_loads_the_compiler() -> None:
    """A web process that never traces must not wait for the compiler; after warm-up nothing is compiled any more."""
    lines = (
        "import sys; from shouwang.epi import contacts, proximity, segments, swipes",
        "assert 'numba' not in sys.modules; contacts.warm_up(); assert 'numba' in sys.modules",
        "from shouwang.epi import kernels; f = kernels.tally; n = len(f.signatures)",
        "contacts.warm_up(); assert len(f.signatures) == n == 1",
    )
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, env={"PYTHONPATH": ":".join(sys.path)})
    warm_up()
