"""Which room is proposed, as pure values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shouwang.isolation import rules
from shouwang.isolation.rules import Guest, RoomFacts

HER, HIM, UNSTATED = (
    Guest("f", "quarantine", "covid19"),
    Guest("m", "quarantine", "covid19"),
    Guest("", "quarantine", "covid19"),
)
HER_CASE, HER_FLU = Guest("f", "isolation", "covid19"), Guest("f", "quarantine", "influenza")


def test_single_rooms_first_then_by_place() -> None:
    rooms = [RoomFacts(1, "a", 2), RoomFacts(2, "c", 1), RoomFacts(3, "b", 1)]
    assert rules.choose_room(rooms, HER) == 3
    assert rules.choose_room(rooms[:1], HER) == 1


def test_full_and_unknown_rooms_are_never_proposed() -> None:
    assert rules.choose_room([RoomFacts(1, "a", 1, (HER,)), RoomFacts(2, "b", None), RoomFacts(3, "c", 0)], HER) is None
    assert rules.free_beds(RoomFacts(2, "b", None)) is None
    assert rules.free_beds(RoomFacts(1, "a", 1, (HER, HER))) == 0


def test_who_may_share() -> None:
    room = RoomFacts(1, "a", 4, (HER,))
    assert rules.conflicts(room, HER) == ()
    assert rules.conflicts(room, HIM) == ("sex",)
    assert rules.conflicts(room, UNSTATED) == ("sex",)
    assert rules.conflicts(room, HER_CASE) == ("kind",)
    assert rules.conflicts(room, HER_FLU) == ("disease",)
    assert rules.choose_room([room], HER) == 1
    assert rules.choose_room([room], HIM) is None


GUESTS = st.sampled_from([HER, HIM, UNSTATED, HER_CASE, HER_FLU])
ROOMS = st.lists(st.tuples(st.integers(0, 4) | st.none(), st.lists(GUESTS, max_size=2)), max_size=6).map(
    lambda found: [
        RoomFacts(n + 1, f"{n:04d}", size, tuple(guests[: size or 0])) for n, (size, guests) in enumerate(found)
    ]
)


@given(ROOMS, st.lists(GUESTS, max_size=12))
def test_allotment_never_exceeds_a_room_nor_mixes(rooms: list[RoomFacts], newcomers: list[Guest]) -> None:
    chosen = rules.allot(rooms, list(enumerate(newcomers)))
    assert set(chosen) == set(range(len(newcomers)))
    for room in rooms:
        new = [newcomers[key] for key, place in chosen.items() if place == room.id]
        if not new:
            continue
        assert room.capacity is not None and len(room.guests) + len(new) <= room.capacity
        people = [*room.guests, *new]
        assert len(people) == 1 or len({(guest.sex, guest.kind, guest.disease) for guest in people}) == 1
