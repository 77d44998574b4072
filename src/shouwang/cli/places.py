"""`shouwang place …`: to whom a campus belongs."""

from __future__ import annotations

import click

from shouwang.cli.common import actor, as_option
from shouwang.core import clock
from shouwang.org import actions
from shouwang.org.queries import organisation_named, place_named


@click.group()
def place() -> None:
    """Places: to whom a campus belongs."""


@place.command("give")
@click.argument("code")
@click.option("--to", "owner", required=True, metavar="CODE", help="The organisation it belongs to from now on.")
@as_option
def give(code: str, owner: str, user: str | None) -> None:
    """Give a campus, and everything that stands on it, to an organisation. A common ancestor's is shared."""
    by = actor(user)
    campus, to = place_named(by, code), organisation_named(by, owner, "org.manage")
    count = actions.give_place(campus, owner=to, by=by, at=clock.now())
    click.echo(f"{campus.code} -> {to.code}: {count}")
