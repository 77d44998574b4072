"""`shouwang secrets`: the key under which the addresses of channels are kept."""

from __future__ import annotations

import click

from shouwang.cli.common import json_option, print_json
from shouwang.core import clock, sealing
from shouwang.core.scope import CLI, system_actor
from shouwang.outreach import actions
from shouwang.outreach.queries import channel_faults


@click.group()
def secrets() -> None:
    """The key that seals addresses of channels: it lies beside the database, not in it."""


@secrets.command("status")
@json_option
def status(as_json: bool) -> None:
    """Whether every channel's address can be read. Ends with status 1 when not. Shows no secret."""
    total, faults = channel_faults()
    if as_json:
        print_json({"file": str(sealing.key_file()), "channels": total, "unreadable": len(faults)})
    else:
        click.echo(f"{sealing.key_file()}: {total - len(faults)} of {total} channels can be read")
        for name, fault in faults:
            click.echo(f"  {name}: {fault}")
    if faults:
        raise SystemExit(1)


@secrets.command("rotate")
@click.option(
    "--forget-older", is_flag=True,
    help="Then delete the older keys: an older backup of the database cannot be read with this file any more.",
)  # fmt: skip
@json_option
def rotate(forget_older: bool, as_json: bool) -> None:
    """Make a new key, seal everything anew under it, and keep the older keys for older backups."""
    by = system_actor("secrets rotate", mouth=CLI)
    count, gone = actions.rotate_keys(forget_older=forget_older, by=by, at=clock.now())
    if as_json:
        print_json({"file": str(sealing.key_file()), "channels": count, "forgotten": gone})
        return
    click.echo(f"{count} channels are sealed under the new key in {sealing.key_file()}; {gone} older keys are gone.")
    click.echo("Back the file up, apart from the database.")
