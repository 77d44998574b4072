"""The plan of rooms: never wrong, never worse than trying everything, the same for the same question, quick enough."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.isolation.rules.beds import AIMS, Bedroom, Party, Plan, forecast, plan

OWN = frozenset({""})


def person(key: int, *, batch: str = "a", sex: str = "m", step_free: bool = False, first: bool = False) -> Party:
    return Party((key,), batch, sex, OWN, step_free, first)


def room(pk: int, beds: int, *, floor: str = "1", step_free: bool | None = None) -> Bedroom:
    return Bedroom(pk, f"{floor}.{pk:03d}", floor, "", beds, beds, step_free)


parties = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", ""]),
        st.sampled_from(["m", "f", ""]),
        st.booleans(),
        st.booleans(),
        st.integers(1, 2),
    ),
    max_size=4,
)  # fmt: skip
rooms = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 2), st.sampled_from([True, None]), st.sampled_from(["1", "2"]),
              st.sampled_from(["", "x"]), st.sampled_from(["a", "b"]), st.sampled_from(["m", "f"])),
    max_size=3,
)  # fmt: skip


def made(
    asked: list[tuple[str, str, bool, bool, int]],
    offered: list[tuple[int, int, bool | None, str, str, str, str]],
) -> tuple[list[Party], list[Bedroom]]:
    people = []
    for k, (batch, sex, step_free, first, size) in enumerate(asked):
        keys = tuple(range(10 * k, 10 * k + size))
        people.append(Party(keys, batch, sex, OWN if k % 3 else frozenset({"", "x"}), step_free, first))
    found = []
    for k, (beds, taken, step_free_room, floor, owner, batch, sex) in enumerate(offered):
        taken = min(taken, beds)
        lying = (batch, sex) if taken else ("", "")
        found.append(Bedroom(k, f"{floor}.{k}", floor, owner, beds, beds - taken, step_free_room, *lying))
    return people, found


def allowed(people: list[Party], offered: list[Bedroom], where: dict[int, int]) -> bool:
    """Whether a placing keeps every wall; `where`: index of a party -> room id."""
    inside: dict[int, list[Party]] = defaultdict(list)
    for index, room_id in where.items():
        inside[room_id].append(people[index])
    for bedroom in offered:
        here = inside[bedroom.id]
        if sum(len(party.keys) for party in here) > bedroom.free:
            return False
        if any(bedroom.owner not in party.owners for party in here):
            return False
        if any(party.step_free and bedroom.step_free is not True for party in here):
            return False
        if not bedroom.empty and any(
            len(party.keys) > 1 or party.alone or (party.batch, party.sex) != (bedroom.batch, bedroom.sex)
            for party in here
        ):
            return False
        if len(here) > 1 and (
            any(len(party.keys) > 1 or party.alone for party in here)
            or len({(party.batch, party.sex) for party in here}) > 1
        ):
            return False
    return True


def scores(people: list[Party], offered: list[Bedroom], where: dict[int, int]) -> tuple[int, int]:
    """The first two aims, computed by looking."""
    total = len(people)
    out = [party for index, party in enumerate(people) if index not in where]
    unplaced = sum(len(party.keys) * (total + 1 if party.first else 1) for party in out)
    sharing = 0
    for bedroom in offered:
        singles = sum(len(people[index].keys) == 1 for index, room_id in where.items() if room_id == bedroom.id)
        sharing += singles if not bedroom.empty else max(singles - 1, 0)
    return unplaced, sharing


def placing(people: list[Party], found: Plan) -> dict[int, int]:
    where = {}
    for index, party in enumerate(people):
        given = {found.rooms.get(key) for key in party.keys}
        assert len(given) == 1, "a family was parted"
        if (room_id := given.pop()) is not None:
            where[index] = room_id
    return where


@settings(max_examples=40, deadline=None)
@given(parties, rooms)
def test_no_other_placing_is_better_and_no_wall_is_broken(
    asked: list[tuple[str, str, bool, bool, int]], offered: list[tuple[int, int, bool | None, str, str, str, str]]
) -> None:
    people, bedrooms = made(asked, offered)
    found = plan(people, bedrooms)
    where = placing(people, found)
    assert allowed(people, bedrooms, where)
    assert found.waiting == tuple(key for i, party in enumerate(people) if i not in where for key in party.keys)
    choices = product([None, *(bedroom.id for bedroom in bedrooms)], repeat=len(people))
    every = [{i: room_id for i, room_id in enumerate(choice) if room_id is not None} for choice in choices]
    best = min(scores(people, bedrooms, other) for other in every if allowed(people, bedrooms, other))
    assert scores(people, bedrooms, where) == best == (found.aims[0].value, found.aims[1].value)
    assert found.proved


def test_a_case_comes_before_any_number_of_contacts() -> None:
    people = [person(1), person(2), person(3, batch="ill", first=True)]
    assert plan(people, [room(1, 2)]).rooms == {3: 1}


def test_single_rooms_first_and_sharing_where_beds_are_short() -> None:
    people = [person(k) for k in range(3)]
    assert sorted(plan(people, [room(1, 1), room(2, 2), room(3, 2)]).rooms.values()) == [1, 2, 3]
    assert sorted(plan(people, [room(1, 1), room(2, 2)]).rooms.values()) == [1, 2, 2]


def test_batches_sexes_and_suspected_cases_do_not_share() -> None:
    people = [person(1), person(2, batch="b"), person(3, sex="f"), person(4, batch=""), person(5, sex="")]
    found = plan(people, [room(k, 4) for k in range(4)])
    assert len(set(found.rooms.values())) == 4 and len(found.waiting) == 1


def test_whoever_needs_no_steps_gets_such_a_room_and_others_leave_it() -> None:
    people = [person(1), person(2, step_free=True)]
    assert plan(people, [room(1, 1, step_free=True), room(2, 1)]).rooms == {2: 1, 1: 2}
    assert plan([person(1)], [room(1, 1, step_free=True), room(2, 1)]).rooms == {1: 2}
    assert plan([person(2, step_free=True)], [room(2, 1)]).waiting == (2,)


def test_a_family_has_a_room_to_itself() -> None:
    family = Party((1, 2, 3), "a", "f", OWN)
    assert plan([family, person(4)], [room(1, 4)]).rooms in ({1: 1, 2: 1, 3: 1}, {4: 1})
    assert plan([family], [room(1, 2)]).waiting == (1, 2, 3)
    assert set(plan([family, person(4)], [room(1, 4), room(2, 1)]).rooms) == {1, 2, 3, 4}


def test_earlier_comes_first_and_the_answer_does_not_change() -> None:
    people, offered = [person(k) for k in (7, 3, 9)], [room(1, 1), room(2, 1)]
    assert plan(people, offered) == plan(people, list(reversed(offered)))
    assert plan(people, offered).rooms == {7: 1, 3: 2} and plan(people, offered).waiting == (9,)


def test_five_hundred_people_and_six_hundred_beds() -> None:
    rng = random.Random(3)
    offered = [room(100 * f + r, rng.choice([1, 2, 2, 3]), floor=f"{f:02d}") for f in range(12) for r in range(25)]
    people = [
        person(k, batch=f"b{min(29, int(rng.expovariate(0.2)))}", sex=rng.choice("mf"), step_free=False)
        for k in range(500)
    ]
    found = plan(people, offered)
    assert len(found.rooms) == 500 and [aim.name for aim in found.aims] == list(AIMS)
    assert all(aim.proved for aim in found.aims[:4])
    assert found.aims[1].value == 200  # 500 people in 300 rooms


def test_nobody_waits_and_no_room_there_is() -> None:
    assert plan([], [room(1, 1)]).rooms == {}
    assert plan([person(1)], []).waiting == (1,)


@given(st.integers(0, 50), st.integers(0, 50), st.dictionaries(st.integers(0, 20), st.integers(0, 9)))
def test_the_days_ahead_add_up(free: int, waiting: int, freed: dict[int, int]) -> None:
    days = forecast(free=free, waiting=waiting, freed=freed, days=14)
    assert [day.day for day in days] == list(range(15))
    assert days[-1].free == free + sum(n for day, n in freed.items() if day <= 14)
    assert all(day.short == max(0, waiting - day.free) for day in days)
