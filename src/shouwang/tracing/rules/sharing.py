"""Who is asked to decide which contacts: by load, and never taking away what somebody already has. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from shouwang.tracing.rules.following import share


@dataclass(frozen=True, slots=True)
class Waiting:
    """An undecided contact, and who is asked to decide it (None: nobody)."""

    contact: int
    tracer: int | None


@dataclass(frozen=True, slots=True)
class Portion:
    """What one tracer has of this case, gets, and carries over all cases before and after."""

    tracer: int
    kept: int
    given: tuple[int, ...]
    before: int

    @property
    def after(self) -> int:
        return self.before + len(self.given)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`portions` in the order of ids; `left` are contacts for whom nobody is there."""

    portions: tuple[Portion, ...]
    left: tuple[int, ...]

    @property
    def moves(self) -> dict[int, int]:
        """Contact → tracer, of those that change hands."""
        return {contact: portion.tracer for portion in self.portions for contact in portion.given}


def propose(
    waiting: Sequence[Waiting], among: Collection[int], able: Collection[int], loads: Mapping[int, int]
) -> Proposal:
    """Each contact nobody has, or that somebody has who may not decide it any more (not in `able`), goes to the one
    `among` who carries the fewest then; of equals to the lower id. O(n·m) for n contacts and m tracers.

    `loads` counts the undecided contacts each carries over all cases. Asked again with its own answer, nothing moves:

    >>> first = propose([Waiting(1, None), Waiting(2, 7), Waiting(3, None)], [7, 8], [7, 8], {7: 1})
    >>> first.moves
    {3: 7, 1: 8}
    >>> propose([Waiting(1, 8), Waiting(2, 7), Waiting(3, 7)], [7, 8], [7, 8], {7: 2, 8: 1}).moves
    {}
    """
    takers = sorted(set(among) & set(able))
    kept = dict.fromkeys(takers, 0)
    loose: list[int] = []
    for one in waiting:
        if one.tracer is None or one.tracer not in able:
            loose.append(one.contact)
        elif one.tracer in kept:
            kept[one.tracer] += 1
    given: dict[int, list[int]] = {who: [] for who in takers}
    for contact, who in share(loose, {who: loads.get(who, 0) for who in takers}).items():
        given[who].append(contact)
    portions = tuple(Portion(who, kept[who], tuple(given[who]), loads.get(who, 0)) for who in takers)
    return Proposal(portions, () if takers else tuple(loose))
