"""What isolation deletes on its purge date: orders out of force, with their grounds, stays and objections."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.core.purging import Dataset, register
from shouwang.isolation.models import Order


def due_orders(on: date) -> QuerySet[Order]:
    """An order still in force stays, however long ago its end was computed: it ends by review only."""
    return Order.objects.filter(purge_on__lte=on, state__in=(Order.State.ENDED, Order.State.WITHDRAWN))


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("order", due_orders))
