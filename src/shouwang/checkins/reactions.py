"""What check-ins do when other rooms act; subscribed in `web/wiring.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shouwang.checkins import actions
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.org.models import Account

NUMERALS = {1: "I", 2: "II", 3: "III", 4: "IV"}


def on_level_declared(*, level: Any, by: Actor, at: datetime) -> None:
    """The level sets how often everybody under its organisation is asked, from today."""
    actions.set_level(level.organisation.path, NUMERALS[level.level], on=clock.local_day(at))


def on_level_ended(*, level: Any, by: Actor, at: datetime) -> None:
    """From today the level is no reason to ask; one further up, if there is any, holds again."""
    actions.clear_level(level.organisation.path, on=clock.local_day(at))


def on_account_secured(*, account: Account, by: Actor, at: datetime) -> None:
    """A password was changed or an account closed: whoever holds one of its tickets holds nothing any more."""
    if account.person is not None:
        actions.end_tickets(account.person, by=by, at=at)
