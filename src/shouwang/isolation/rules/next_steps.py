"""What comes next with an order and with a stay. No state is without a next step and its owner, but an end."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from shouwang.core.nexts import Next

SERVED, ACKNOWLEDGED, UNASSIGNED = "served", "acknowledged", "unassigned"


def next_of_order(state: str, where: str, *, ends_on: date, today: date, objection: bool) -> Next:
    """Of an order. `objection`: one is open and waits for its answer."""
    if state not in (SERVED, ACKNOWLEDGED):
        return Next("over", "clinic", _("Nothing: the order is over."), final=True)
    if objection:
        return Next("answer", "clinic", _("Answer the objection."))
    if where == UNASSIGNED:
        return Next("place", "clinic", _("Give the person a room, or let them stay at home."))
    if today >= ends_on:
        return Next("review", "clinic", _("Review the release: the last day has come."))
    if state == SERVED:
        return Next("read", "person", _("The person reads the order; speak to them if they do not."))
    return Next("monitor", "clinic", _("Watch the daily checks until the last day."))


def next_of_stay(*, ended: bool, order_in_force: bool) -> Next:
    """Of a stay in a room."""
    if ended:
        return Next("over", "clinic", _("Nothing: the person has left the room."), final=True)
    if not order_in_force:
        return Next("leave", "clinic", _("The order is over: give the bed back."))
    return Next("stay", "clinic", _("The person stays until the order ends."))
