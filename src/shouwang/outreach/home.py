"""The card of the home page: messages that still ask for something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.outreach import queries


def inbox_card(actor: Actor) -> Mapping[str, Any] | None:
    """Left out when nothing is open: what is done closes by itself."""
    received = queries.unread(actor, at=clock.now())
    return {"received": received} if received else None
