"""Rooms for 500 people in 600 beds: the plan, against giving one after another the first room that fits.

Both get the same people (30 exposure batches, a tenth of the people cases, both sexes) and the same empty rooms on
twelve floors. The peer is `rules.allot`, the greedy rule of a single order. Compared are time, how many wait
and how many share; the plan's walls are checked afterwards, and its first four aims must be proved best.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections import defaultdict
from collections.abc import Sequence

from bench.common import finish, say

PEOPLE, FLOORS, ROOMS_A_FLOOR, SEED = 500, 12, 25, 11


def main(arguments: Sequence[str] | None = None) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwang.web.settings")
    import django

    django.setup()
    from shouwang.isolation.rules import Guest, RoomFacts, allot
    from shouwang.isolation.rules.beds import Bedroom, Party, plan

    parser = argparse.ArgumentParser(prog="bench beds")
    parser.add_argument("--people", type=int, default=PEOPLE)
    people = parser.parse_args(arguments).people
    rng = random.Random(SEED)
    sizes = [(f, r, rng.choice((1, 2, 2, 3))) for f in range(FLOORS) for r in range(ROOMS_A_FLOOR)]
    rooms = [
        Bedroom(100 * f + r, f"{f:02d}.{r:02d}", f"{f:02d}", "", beds, beds, step_free=f == 0) for f, r, beds in sizes
    ]
    parties = [
        Party(
            (key,), "ill" if key % 10 == 0 else f"batch{min(29, int(rng.expovariate(0.2)))}", rng.choice("mf"),
            frozenset({""}), step_free=rng.random() < 0.02, first=key % 10 == 0,
        )
        for key in range(people)
    ]  # fmt: skip
    plan(parties[:2], rooms[:2])  # loads the solver
    began = time.perf_counter()
    found = plan(parties, rooms)
    ours = time.perf_counter() - began

    facts = [RoomFacts(room.id, room.path, room.beds) for room in rooms]
    guests = [
        (party.keys[0], Guest(party.sex, "isolation" if party.first else "quarantine", party.batch))
        for party in parties
    ]
    began = time.perf_counter()
    greedy = allot(facts, guests)
    theirs = time.perf_counter() - began

    inside: dict[int, set[tuple[str, str]]] = defaultdict(set)
    count: dict[int, int] = defaultdict(int)
    for party in parties:
        if (room := found.rooms.get(party.keys[0])) is not None:
            inside[room].add((party.batch, party.sex))
            count[room] += 1
    beds = {room.id: room.beds for room in rooms}
    held = all(len(kinds) == 1 for kinds in inside.values()) and all(count[pk] <= beds[pk] for pk in count)
    placed = [room for room in greedy.values() if room is not None]
    say(f"{people} people, {sum(beds.values())} beds in {len(rooms)} rooms")
    say(f"plan    {ours:6.2f} s, {len(found.waiting)} wait, {people - len(found.waiting) - len(count)} share a room")
    say(f"greedy  {theirs:6.2f} s, {people - len(placed)} wait, {len(placed) - len(set(placed))} share a room")
    for aim in found.aims:
        say(f"  {aim.name}: {aim.value}, no plan below {aim.bound}")
    finish(
        "beds",
        {"seconds": round(ours, 2), "waiting": len(found.waiting)},
        {"greedy": {"seconds": round(theirs, 2), "waiting": people - len(placed)}},
        {"seconds": round(ours / theirs, 1)},
        held and all(aim.proved for aim in found.aims[:4]),
        aims={aim.name: [aim.value, aim.bound] for aim in found.aims},
    )


if __name__ == "__main__":
    main()
