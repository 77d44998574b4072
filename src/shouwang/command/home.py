"""What command shows on the home page. The picture of the day is a fragment of its own: it costs twenty queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.command import queries
from shouwang.command.account import queries as account
from shouwang.command.account.rules import STANDING, SUBJECT
from shouwang.command.teams import queries as teams
from shouwang.core import clock
from shouwang.core.scope import Actor


def picture(actor: Actor) -> Mapping[str, Any] | None:
    """For whoever leads or runs the office: a place for the picture, which asks for itself and stays live."""
    return {} if {"leader", "office"} & set(actor.roles) else None


def standing(actor: Actor) -> Mapping[str, Any] | None:
    """For people whose own pages are still to come (gate, stores): the level in force, said honestly."""
    if not {"guard", "keeper"} & set(actor.roles):
        return None
    return {"level": queries.level_of(actor, clock.now()), "roles": actor.roles}


def work_card(actor: Actor) -> Mapping[str, Any] | None:
    """The first directives and tasks of one's own queue; nothing for whom none waits."""
    found = queries.work_of(actor, at=clock.now(), whole=False)
    return {"work": found, "first": found.items[:5]} if found.total else None


def matter_card(actor: Actor) -> Mapping[str, Any] | None:
    """Matters under way about oneself or a unit one answers for, with the next step where it is one's own."""
    rows = account.own_matters(actor, on=clock.today())[:5]
    turns = [(row, STANDING[row.state].next_step if STANDING[row.state].side == SUBJECT else None) for row in rows]
    return {"rows": turns} if rows else None


def team_card(actor: Actor) -> Mapping[str, Any] | None:
    """Where the asker is asked to serve or serves, with their next duty; nothing for whom no team asks."""
    seats = teams.own_seats(actor)
    if not seats:
        return None
    return {"seats": seats, "shifts": teams.own_shifts(actor, at=clock.now()), "today": clock.today()}
