"""The card of the home page that comes from surveys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.core.scope import Actor
from shouwang.surveys import queries


def asked_card(actor: Actor) -> Mapping[str, Any] | None:
    """Whoever owes an answer: what is asked, the nearest deadline first. None when nothing is."""
    targets = [target for target in queries.open_targets(actor.person_id or 0) if not target.source]
    return {"targets": targets} if targets else None
