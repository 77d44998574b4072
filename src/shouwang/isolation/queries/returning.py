"""What the care of a case asks of orders: is one in force, when did the last one end."""

from __future__ import annotations

from shouwang.cases.care.rules import Released
from shouwang.core import clock
from shouwang.isolation.models import IN_FORCE, Order


def release_of(person: int) -> Released:
    """One query. The caller holds a right over the person that lets them know."""
    rows = list(Order.objects.filter(person_id=person).order_by("number").values_list("number", "state", "ended_at"))
    ended = [clock.local_day(at) for _number, state, at in rows if state not in IN_FORCE and at is not None]
    return Released(tuple(number for number, state, _at in rows if state in IN_FORCE), max(ended, default=None))
