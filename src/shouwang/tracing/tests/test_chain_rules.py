"""Links are judged by arithmetic that can be checked by hand; forests have no circle, whatever is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.packs import PackError, get_pack
from shouwang.tracing.rules import chains, layout
from shouwang.tracing.rules.chains import Exposure, Incubation, Proposal, SerialInterval, Sick, Transmission

MONDAY = date(2026, 3, 2)
NUMBERS = Transmission(SerialInterval(4.0, 2.0, "s"), Incubation(1, 7, "i"))


def on(days: int) -> date:
    return MONDAY + timedelta(days=days)


def ill(onset: int | None, *, infectious: tuple[int, int] = (-2, 10)) -> Sick:
    return Sick(None if onset is None else on(onset), (on(infectious[0]), on(infectious[1])))


def met(*days: int, how: str = chains.TRACED_BEFORE, close: bool = True, dismissed: bool = False) -> Exposure:
    return Exposure(
        how, "close" if close else "general", dismissed, tuple(on(day) for day in days), 600 * len(days), len(days)
    )


def codes(found: chains.Judgement) -> list[str]:
    return [check.code for check in found.checks]


def test_all_three_speak_for_it() -> None:
    found = chains.judge(ill(0), ill(4), met(0, 1), NUMBERS)
    assert found.certainty == chains.PROBABLE
    assert codes(found) == ["traced_before", "incubation_fits", "serial_typical"]
    assert found.checks[1].values == {"least": 3, "most": 4, "low": 1, "high": 7, "source": "i"}
    assert found.distance_sd == 0.0


@pytest.mark.parametrize(
    ("onset", "code", "certainty"),
    [(2, "serial_typical", "probable"), (6, "serial_typical", "probable"), (7, "serial_wide", "possible"),
     (8, "serial_wide", "possible"), (9, "serial_outside", "unlikely"), (-1, "serial_outside", "unlikely")],
)  # fmt: skip
def test_the_serial_interval_at_its_edges(onset: int, code: str, certainty: str) -> None:
    found = chains.judge(ill(0), ill(onset), met(onset - 2), NUMBERS)
    assert (codes(found)[2], found.certainty) == (code, certainty)


@pytest.mark.parametrize(("day", "fits"), [(4, False), (3, True), (-3, True), (-4, False)])
def test_the_incubation_period_at_its_edges(day: int, fits: bool) -> None:
    found = chains.judge(ill(0), ill(4), met(day), NUMBERS)
    assert (codes(found)[1] == "incubation_fits") is fits
    assert (found.certainty == chains.PROBABLE) is fits


def test_one_fitting_day_of_several_is_enough() -> None:
    assert codes(chains.judge(ill(0), ill(4), met(-20, 2), NUMBERS))[1] == "incubation_fits"


@pytest.mark.parametrize(
    ("infector", "case", "exposure", "numbers"),
    [
        (None, 4, met(0), NUMBERS),
        (0, None, met(0), NUMBERS),
        (0, 4, None, NUMBERS),
        (0, 4, met(0, close=False), NUMBERS),
        (0, 4, met(0), Transmission()),
        (0, 4, met(0), Transmission(serial_interval=NUMBERS.serial_interval)),
    ],
)
def test_what_is_not_known_makes_a_link_possible_at_most(
    infector: int | None, case: int | None, exposure: Exposure | None, numbers: Transmission
) -> None:
    assert chains.judge(ill(infector), ill(case), exposure, numbers).certainty == chains.POSSIBLE


def test_a_tracer_who_saw_no_contact_speaks_against_it() -> None:
    assert chains.judge(ill(0), ill(4), met(0, dismissed=True), NUMBERS).certainty == chains.UNLIKELY


def test_a_meeting_found_from_the_other_side_counts_on_infectious_days_alone() -> None:
    outside = chains.judge(ill(0, infectious=(0, 2)), ill(4), met(3, how=chains.MET), NUMBERS)
    assert codes(outside)[:2] == ["met_outside", "incubation_unknown"]
    assert outside.certainty == chains.UNLIKELY
    inside = chains.judge(ill(0, infectious=(0, 2)), ill(4), met(2, 3, how=chains.MET), NUMBERS)
    assert inside.checks[0].values == {"days": 1, "minutes": 20}
    assert inside.certainty == chains.POSSIBLE


def test_the_shipped_packs_name_the_source_of_every_number() -> None:
    for code, mean in (("covid19-2020-6", 4.7), ("influenza-seasonal", 2.51)):
        pack = get_pack(code)
        spec = chains.transmission(pack)
        assert spec.serial_interval is not None
        assert spec.incubation is not None
        assert spec.serial_interval.mean_days == mean
        assert {pack.sources[spec.serial_interval.source].kind, pack.sources[spec.incubation.source].kind} == {"source"}


def test_a_pack_that_speaks_nonsense_is_refused() -> None:
    pack = get_pack("covid19-2020-6")
    delays = [{"kind": "incubation", "low_days": 9, "high_days": 1, "source": "nhc6"}]
    with pytest.raises(PackError):
        chains.transmission(replace(pack, sections={**pack.sections, "delays": delays}))
    without = {key: value for key, value in pack.sections.items() if key != "delays"}
    assert chains.transmission(replace(pack, sections=without)) == Transmission()


def test_the_widest_range_of_incubation_counts() -> None:
    spec = chains.transmission(get_pack("covid19-2020-6"))
    assert spec.incubation is not None and (spec.incubation.min_days, spec.incubation.max_days) == (1, 14)


# --- the forest ----------------------------------------------------------------------------------------------------

NODES = st.integers(0, 30)
PROPOSALS = st.lists(
    st.builds(
        Proposal, NODES, NODES, st.sampled_from(chains.CERTAINTIES), st.one_of(st.none(), st.floats(0, 5))
    ), max_size=60,
)  # fmt: skip
STATED = st.dictionaries(NODES, st.sampled_from(["imported", "unknown"]), max_size=8)


def top(parent: Mapping[int, int], node: int) -> int:
    seen = {node}
    while node in parent:
        node = parent[node]
        assert node not in seen, "a circle"
        seen.add(node)
    return node


@given(st.sets(NODES, max_size=31), st.dictionaries(NODES, NODES, max_size=30), STATED, PROPOSALS)
def test_a_forest_has_no_circle_and_generations_follow_the_infector(
    cases: set[int], accepted: dict[int, int], stated: dict[int, str], proposed: list[Proposal]
) -> None:
    stated = {case: word for case, word in stated.items() if case not in accepted}
    found = chains.grow(cases, accepted, stated, proposed)
    assert found.generation.keys() == found.root.keys() == cases
    for case in cases:
        assert found.root[case] == top(found.parent, case)
        infector = found.parent.get(case)
        assert found.generation[case] == (1 if infector is None else 1 + found.generation[infector])
        assert (case in found.exact) == (stated.get(found.root[case]) == "imported")
    for case, infector in found.parent.items():
        assert case in cases
        assert infector in cases
        if case in accepted:
            assert accepted[case] == infector
        else:
            assert case not in stated
            assert case in found.provisional
            assert any(
                (item.case, item.infector) == (case, infector) and item.certainty != "unlikely" for item in proposed
            )
    dropped = {case for case, infector in accepted.items() if {case, infector} <= cases and case not in found.parent}
    assert dropped == {case for case, _infector in found.refused}


@given(st.sets(NODES), PROPOSALS)
def test_the_order_in_which_proposals_arrive_changes_nothing(cases: set[int], proposed: list[Proposal]) -> None:
    assert chains.grow(cases, {}, {}, proposed) == chains.grow(cases, {}, {}, list(reversed(proposed)))


def test_the_surest_proposal_stands_in_and_a_decision_stands_before_it() -> None:
    proposed = [
        Proposal(3, 1, "possible", 0.1), Proposal(3, 2, "probable", 0.9), Proposal(4, 1, "unlikely", 3.0),
        Proposal(5, 1, "probable", 0.0),
    ]  # fmt: skip
    found = chains.grow([1, 2, 3, 4, 5], {2: 1}, {5: "unknown"}, proposed)
    assert found.parent == {2: 1, 3: 2}
    assert found.generation == {1: 1, 2: 2, 3: 3, 4: 1, 5: 1}
    assert found.provisional == {3}


@given(st.dictionaries(st.integers(0, 60), st.integers(0, 12), min_size=1), st.dictionaries(NODES, NODES))
def test_no_two_marks_meet_and_an_infector_is_drawn(column: dict[int, int], links: dict[int, int]) -> None:
    parent = chains.grow(column, links).parent
    found = layout.place(column, parent)
    assert found.at.keys() == column.keys()
    assert len(set(found.at.values())) == len(column)
    assert max(row for _x, row in found.at.values()) == found.rows - 1
    assert all(column[case] <= x < column[case] + 1 for case, (x, _row) in found.at.items())
    assert layout.place(dict(reversed(column.items())), parent) == found


def test_five_thousand_cases_are_placed_quickly() -> None:
    import time

    parent = {case: (case - 1) // 3 for case in range(1, 5000)}
    generation = chains.grow(range(5000), parent).generation
    started = time.process_time()
    found = layout.place({case: generation[case] for case in range(5000)}, parent)
    assert time.process_time() - started < 2  # measured: 0.02 s
    assert found.rows < 5000
