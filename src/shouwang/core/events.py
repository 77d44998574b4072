"""Named events between rooms. A lower room publishes what happened; `web/wiring.py` says who acts on it.

Handlers run in the publisher's transaction: either everything that follows from an act is stored, or nothing is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

Handler = Callable[..., None]
_handlers: dict[str, list[Handler]] = {}


def subscribe(name: str, handler: Handler) -> None:
    """Call `handler(**payload)` at every `publish(name, ...)`. Subscribing the same function twice changes nothing."""
    handlers = _handlers.setdefault(name, [])
    if handler not in handlers:
        handlers.append(handler)


def subscribers(name: str) -> tuple[Handler, ...]:
    return tuple(_handlers.get(name, ()))


def publish(name: str, **payload: Any) -> None:
    """Tell the wiring. RuntimeError outside a transaction: an event must be undone with the act that caused it."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"event {name!r} published outside a transaction")
    for handler in subscribers(name):
        handler(**payload)
