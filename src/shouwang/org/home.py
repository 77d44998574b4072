"""What org puts on the home page of those who keep the tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.core import clock
from shouwang.core.models import ImportRun
from shouwang.core.scope import Actor
from shouwang.org import queries


def gaps_card(actor: Actor) -> Mapping[str, Any] | None:
    """Units and places nobody answers for, and imports that wait for a decision."""
    if not actor.holds("people.view"):
        return None
    waiting: list[ImportRun] = []
    if actor.holds("people.manage"):
        waiting = list(queries.visible_runs(actor).filter(state=ImportRun.State.CHECKED)[:3])
    return {"gaps": queries.gaps(actor, on=clock.today()), "waiting": waiting, "as_of": clock.now()}
