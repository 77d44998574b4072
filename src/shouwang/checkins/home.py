"""Cards of the home page that come from check-ins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.checkins import queries
from shouwang.checkins.views.own import page
from shouwang.core import clock
from shouwang.core.scope import Actor


def today_card(actor: Actor) -> Mapping[str, Any]:
    """Everybody who is a person: own state, and the one tap."""
    return page(queries.own_day(actor, at=clock.now()))


def unit_place(actor: Actor) -> Mapping[str, Any]:
    """Monitor, counsellor, clinic, office: a place for the numbers, which ask for themselves and stay live."""
    return {}


def alerts_card(actor: Actor) -> Mapping[str, Any]:
    """The clinic: open alerts by severity. No names."""
    severities = queries.open_by_severity(actor)
    return {"severities": severities, "total": sum(severities.values()), "at": clock.now()}
