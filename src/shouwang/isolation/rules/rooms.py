"""Beds: how many are free, who may share a room, and which room to propose. A person decides; this only proposes.

The order of preference is an assumption until an institution writes its own: a single room first; else a shared room
that is empty or holds only people of the same stated sex, the same kind of order and the same disease. Within each,
the first by place in the tree. Contacts and cases never share, nor people under orders for different diseases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who has, or needs, a bed. `sex` is "m", "f" or "" (not stated)."""

    sex: str
    kind: str
    disease: str


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A room as it stands. `capacity` None: nobody has said how many beds it has, so nobody is sent there."""

    id: int
    path: str
    capacity: int | None
    guests: tuple[Guest, ...] = ()


def free_beds(room: RoomFacts) -> int | None:
    """Beds left; None when the capacity is unknown. Never below 0, though a capacity may have been lowered later."""
    return None if room.capacity is None else max(room.capacity - len(room.guests), 0)


def conflicts(room: RoomFacts, newcomer: Guest) -> tuple[str, ...]:
    """What speaks against sharing with those in the room: "sex", "kind", "disease"; empty when nothing does."""
    found = []
    if any(not guest.sex or guest.sex != newcomer.sex for guest in room.guests):
        found.append("sex")
    if any(guest.kind != newcomer.kind for guest in room.guests):
        found.append("kind")
    if any(guest.disease != newcomer.disease for guest in room.guests):
        found.append("disease")
    return tuple(found)


def allot(
    rooms: Iterable[RoomFacts],
    newcomers: Iterable[tuple[int, Guest]],
    allowed: Mapping[int, Set[int]] | None = None,
) -> dict[int, int | None]:
    """A room for each of several newcomers, (key, guest) in the order given; each sees those before them as settled.

    `allowed`: key -> ids of the rooms that this one may be sent to (None: any).
    Greedy, so not always the fullest use of the beds; None where no room fits any more.
    """
    state = {room.id: room for room in rooms}
    found: dict[int, int | None] = {}
    for key, newcomer in newcomers:
        offered = [room for room in state.values() if allowed is None or room.id in allowed[key]]
        chosen = found[key] = choose_room(offered, newcomer)
        if chosen is not None:
            room = state[chosen]
            state[chosen] = RoomFacts(room.id, room.path, room.capacity, (*room.guests, newcomer))
    return found


def choose_room(rooms: Iterable[RoomFacts], newcomer: Guest) -> int | None:
    """The id of the room to propose, or None when no room fits."""
    fitting: Sequence[RoomFacts] = [room for room in rooms if free_beds(room) and not conflicts(room, newcomer)]
    best = min(fitting, key=lambda room: (room.capacity != 1, room.path), default=None)
    return best.id if best else None
