"""The only reads of isolation, a question a file. What one may not see is not found."""

from shouwang.isolation.queries.absences import absences
from shouwang.isolation.queries.desk import SHOW, Desk, DeskFilter, desk, desk_counts, due_for_review, with_checks
from shouwang.isolation.queries.numbers import day_figures
from shouwang.isolation.queries.orders import (
    MANAGE,
    Detail,
    Helper,
    detail,
    grade_name,
    helpers,
    my_order,
    order_for,
    orders_of,
    own_order,
    pack_words,
    visible_orders,
    within,
)
from shouwang.isolation.queries.release import review
from shouwang.isolation.queries.rooms import (
    Beds,
    FacilityView,
    RoomView,
    free_beds,
    propose_room,
    room_choices,
    rooms,
)

__all__ = [
    "MANAGE",
    "SHOW",
    "Beds",
    "Desk",
    "DeskFilter",
    "Detail",
    "FacilityView",
    "Helper",
    "RoomView",
    "absences",
    "day_figures",
    "desk",
    "desk_counts",
    "detail",
    "due_for_review",
    "free_beds",
    "grade_name",
    "helpers",
    "my_order",
    "order_for",
    "orders_of",
    "own_order",
    "pack_words",
    "propose_room",
    "review",
    "room_choices",
    "rooms",
    "visible_orders",
    "with_checks",
    "within",
]
