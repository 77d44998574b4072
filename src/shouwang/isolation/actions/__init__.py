"""The only writes of isolation, a noun a file. Every verb locks the order, checks, writes and leaves an audit row.

The instance given is refreshed in place. A caller who passes the `version` it read gets Conflict when somebody wrote
in between.
"""

from shouwang.isolation.actions.objections import answer_objection, object_to
from shouwang.isolation.actions.orders import (
    order_for_case,
    order_for_contact,
    order_many,
    orders_for_contacts,
    withdraw_for_case,
    withdraw_for_contact,
    withdraw_many,
)
from shouwang.isolation.actions.places import assign_room, stay_home
from shouwang.isolation.actions.planning import Placing, apply_plan, set_need
from shouwang.isolation.actions.release import acknowledge, end_order
from shouwang.isolation.actions.rooms import clean_rooms, set_room

__all__ = [
    "Placing",
    "acknowledge",
    "answer_objection",
    "apply_plan",
    "assign_room",
    "clean_rooms",
    "end_order",
    "object_to",
    "order_for_case",
    "order_for_contact",
    "order_many",
    "orders_for_contacts",
    "set_need",
    "set_room",
    "stay_home",
    "withdraw_for_case",
    "withdraw_for_contact",
    "withdraw_many",
]
