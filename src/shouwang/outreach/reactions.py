"""What outreach does when other rooms act; subscribed in `web/wiring.py`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from shouwang.core.scope import Actor
from shouwang.outreach import actions


def on_remind_asked(people: Collection[int], by: Actor, at: datetime) -> None:
    """Somebody chose people of a list to be reminded."""
    actions.remind_people(people, by=by, at=at)
