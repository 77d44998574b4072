"""Disease packs from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from shouwang.cli.common import actor, as_option, json_option, parse_day, print_json, table
from shouwang.core import clock, packs
from shouwang.core.actions import activate_pack, deactivate_pack


@click.group()
def pack() -> None:
    """Disease packs: protocol documents as data."""


@pack.command("list")
@json_option
def list_packs(as_json: bool) -> None:
    """Packs at hand, and which are active today."""
    active = {found.code for found in packs.active_packs(clock.today())}
    found = [packs.get_pack(code) for code in packs.pack_files()]
    if as_json:
        print_json({"packs": [{"code": p.code, "active": p.code in active, "sha256": p.sha256} for p in found]})
        return
    rows: list[list[object]] = [
        [p.code, "active" if p.code in active else "", p.head.disease, p.head.edition, str(p.head.name)] for p in found
    ]
    table(["pack", "", "disease", "edition", "name"], rows)


@pack.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Read a pack file with every room's eyes; errors name section and key."""
    from shouwang.web.packs import check_pack

    found = packs.read_pack(file)
    check_pack(found)
    click.echo(f"{found.code}: sound, {len(found.sources)} sources, sha256 {found.sha256[:12]}")


@pack.command("activate")
@click.argument("code")
@click.option("--from", "since", help="First day; default today.")
@as_option
def activate(code: str, since: str | None, user: str | None) -> None:
    """Put a pack in force at this institution."""
    activate_pack(code, since=parse_day(since), by=actor(user), at=clock.now())
    click.echo(f"{code} is active.")


@pack.command("deactivate")
@click.argument("code")
@as_option
def deactivate(code: str, user: str | None) -> None:
    """End a pack today."""
    deactivate_pack(code, on=clock.today(), by=actor(user), at=clock.now())
    click.echo(f"{code} ends today.")
