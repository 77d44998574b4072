"""`shouwang scan`: codes of places and scans of them."""

from __future__ import annotations

from pathlib import Path

import click

from shouwang.cli.common import Row, actor, as_option, json_option, limit_option, moment, print_json, show
from shouwang.core import clock
from shouwang.tracing.actions import scans as actions
from shouwang.tracing.queries import scans as queries


@click.group()
def scan() -> None:
    """Codes of places and scans of them."""


@scan.command("codes")
@click.option("--search", default="", help="Code or part of a name.")
@limit_option
@as_option
@json_option
def codes(search: str, limit: int, user: str | None, as_json: bool) -> None:
    """Places with the codes of their posters."""
    found = list(queries.places(actor(user), search)[:limit])
    rows: list[Row] = [dict(queries.poster_json(poster)) for poster in queries.posters(found)]
    show(rows, as_json=as_json)


@scan.command("issue")
@click.argument("place")
@click.option("--days", type=int, help="Good for so many days. Default: until the next edition.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write the QR code here.")
@click.option("--address", default="", help="Address of this installation that the QR code opens, with --svg.")
@as_option
@json_option
def issue(place: str, days: int | None, svg: Path | None, address: str, user: str | None, as_json: bool) -> None:
    """A new edition of the poster of PLACE (its code); earlier ones count no more."""
    import segno

    by = actor(user)
    if svg is not None and not address:
        raise click.UsageError("--svg needs --address, such as https://shouwang.example.edu")
    actions.issue_code(queries.place_for(by, place), days=days, by=by, at=clock.now())
    found = queries.poster_for(by, place)
    if svg is not None:
        segno.make(f"{address.rstrip('/')}/tracing/here/{found.code}/", error="q").save(str(svg), kind="svg", scale=6)
    if as_json:
        print_json(dict(queries.poster_json(found)))
    else:
        click.echo(found.code)


@scan.command("take")
@click.argument("code")
@click.option("--way", type=click.Choice(["in", "out"]), default="in", show_default=True)
@click.option("--key", required=True, help="Names this scan; the same again is the same scan.")
@click.option("--number", default="", help="Whose: a student or staff number. Default: the account's own person.")
@click.option("--at", "happened", metavar="ISO8601", help="When, where it is handed in late.")
@as_option
@json_option
def take(code: str, way: str, key: str, number: str, happened: str | None, user: str | None, as_json: bool) -> None:
    """Enter a scan of the signed CODE."""
    row = actions.scan(
        code, way=way, key=key, number=number, happened_at=moment(happened, "--at"), by=actor(user), at=clock.now()
    )
    if as_json:
        print_json(dict(queries.scan_json(row)))
    else:
        click.echo(f"scan {row.pk}: {row.place.name}, {row.way}, {row.at.isoformat()}")


@scan.command("mine")
@limit_option
@as_option
@json_option
def mine(limit: int, user: str | None, as_json: bool) -> None:
    """One's own scans, latest first."""
    rows: list[Row] = [dict(queries.scan_json(row)) for row in queries.own(actor(user))[:limit]]
    show(rows, as_json=as_json)


@scan.command("strike-out")
@click.argument("scan_id", type=int)
@as_option
@json_option
def strike_out(scan_id: int, user: str | None, as_json: bool) -> None:
    """One's own scan was wrong: one was not there by it."""
    row = actions.strike_out(scan_id, by=actor(user), at=clock.now())
    if as_json:
        print_json(dict(queries.scan_json(row)))
    else:
        click.echo(f"scan {row.pk}: struck out.")
