"""`shouwang channel`: ways out of the house."""

from __future__ import annotations

import click

from shouwang.cli.common import Row, actor, as_option, json_option, limit_option, show
from shouwang.core import clock
from shouwang.org.queries import organisation_named
from shouwang.outreach import actions, queries
from shouwang.outreach.models import Channel
from shouwang.outreach.queries.channels import MANAGE

number = click.argument("channel_id", type=click.IntRange(1, 2**63 - 1))


@click.group()
def channel() -> None:
    """Channels to people's mail and to the groups of units."""


def _row(row: Channel) -> Row:
    return {
        "id": row.pk, "name": row.name, "kind": row.kind, "unit": row.organisation.code, "leads_to": row.hint,
        "closed": row.closed_at,
    }  # fmt: skip


@channel.command("list")
@limit_option
@as_option
@json_option
def list_channels(limit: int, user: str | None, as_json: bool) -> None:
    """Channels in reach, with what went through them."""
    rows = list(queries.visible_channels(actor(user)).order_by("-pk")[:limit])
    counts = queries.delivery_counts([row.pk for row in rows])
    show([{**_row(row), "sent": counts[row.pk].get("sent", 0)} for row in rows], as_json)


@channel.command("add")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(Channel.Kind.values))
@click.option("--organisation", "code", required=True, metavar="CODE")
@click.option("--url", prompt=True, hide_input=True, help="Asked for when not given, so that it stays out of history.")
@click.option("--secret", default="", help="Signing secret of a DingTalk or Feishu bot.")
@as_option
@json_option
def add(name: str, kind: str, code: str, url: str, secret: str, user: str | None, as_json: bool) -> None:
    """Add a channel NAME."""
    by = actor(user)
    unit = organisation_named(by, code, right=MANAGE)
    row = actions.add_channel(
        name=name, kind=kind, organisation=unit, url=url, secret=secret, by=by, at=clock.now()
    )  # fmt: skip
    show([_row(row)], as_json)


@channel.command("test")
@number
@click.option("--to", "address", default="", help="Mail address, for a mail channel.")
@as_option
@json_option
def test(channel_id: int, address: str, user: str | None, as_json: bool) -> None:
    """Send one line that says it is a test."""
    by = actor(user)
    done = actions.test_channel(queries.channel_for(by, channel_id), address=address, by=by, at=clock.now())
    show([{"outcome": done.outcome, "answer": done.answer}], as_json)


@channel.command("close")
@number
@as_option
def close(channel_id: int, user: str | None) -> None:
    """Nothing goes through it any more; its address is forgotten."""
    by = actor(user)
    row = actions.close_channel(queries.channel_for(by, channel_id), by=by, at=clock.now())
    click.echo(f"{row.name}: closed")
