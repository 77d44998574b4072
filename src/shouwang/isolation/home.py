"""Cards of the home page and of the case page that come from this room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.isolation import queries


def order_card(actor: Actor) -> Mapping[str, Any] | None:
    """The person's own order in force, before everything else on their page."""
    order = queries.my_order(actor)
    if order is None:
        return None
    at = clock.now()
    return {"mine": queries.own(order, at=at)}


def desk_card(actor: Actor) -> Mapping[str, Any] | None:
    """The clinic: orders that wait for somebody, and the beds left. No names."""
    at = clock.now()
    return {"counts": queries.desk_counts(actor, at=at), "beds": queries.free_beds(at, actor.ranges(queries.MANAGE))}


def case_panel(actor: Actor, case: Case) -> Mapping[str, Any] | None:
    """On a case: its own order and the orders of its contacts."""
    found = queries.case_orders(actor, case)
    return None if found is None else {"orders": found}
