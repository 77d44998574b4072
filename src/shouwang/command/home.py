"""What command shows on the home page: the leader's six numbers, the office's gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.command import queries, rules
from shouwang.core import clock
from shouwang.core.scope import Actor


def picture(actor: Actor) -> Mapping[str, Any] | None:
    """The six numbers, what changed, the gaps; for whoever leads or runs the office."""
    if not {"leader", "office"} & set(actor.roles):
        return None
    organisation = queries.roots_for(actor).first()
    if organisation is None:
        return None
    now = clock.now()
    found = queries.figures(actor, organisation, clock.local_day(now), now)
    return {
        "organisation": organisation,
        "figures": found,
        "main": [row for row in found.rows() if row["figure"].main],
        "changes": rules.changes(found),
        "gaps": queries.open_gaps(actor, organisation, found, now),
    }


def standing(actor: Actor) -> Mapping[str, Any] | None:
    """For people whose own pages are still to come (gate, stores): the level in force, said honestly."""
    if not {"guard", "keeper"} & set(actor.roles):
        return None
    return {"level": queries.level_of(actor, clock.now()), "roles": actor.roles}
