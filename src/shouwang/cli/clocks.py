"""`shouwang clock`: readers whose clock ran wrong."""

from __future__ import annotations

import click

from shouwang.cli.common import Row, actor, as_option, json_option, limit_option, parse_day, print_json, show
from shouwang.core import clock
from shouwang.tracing.actions import readers as actions
from shouwang.tracing.models_readers import ReaderClock
from shouwang.tracing.queries import readers as queries

reason_option = click.option("--reason", required=True)


@click.group("clock")
def clocks() -> None:
    """Readers whose clock ran wrong: look, list, set, accept, reject, withdraw."""


@clocks.command("list")
@limit_option
@as_option
@json_option
def listing(limit: int, user: str | None, as_json: bool) -> None:
    """Proposals, corrections and what was withdrawn, latest first."""
    rows: list[Row] = [_short(row, as_json) for row in queries.clocks(actor(user))[:limit]]
    show(rows, as_json=as_json)


@clocks.command("look")
@as_option
@json_option
def look(user: str | None, as_json: bool) -> None:
    """Compare the readers over the last days, and propose what newly seems wrong."""
    now = clock.now()
    found = actions.look_for_clocks(last=clock.local_day(now), by=actor(user), at=now)
    show([_short(row, as_json) for row in found], as_json=as_json)


@clocks.command("set")
@click.argument("place")
@click.option("--seconds", type=int, required=True, help="How far it ran ahead; negative: behind.")
@click.option("--first", required=True, metavar="DAY")
@click.option("--last", metavar="DAY", help="Default: until further notice.")
@reason_option
@as_option
@json_option
def set_clock(
    place: str, seconds: int, first: str, last: str | None, reason: str, user: str | None, as_json: bool
) -> None:
    """Correct the clock of the reader at PLACE (code or name)."""
    row = actions.set_by_hand(
        place, seconds=seconds, first=parse_day(first), last=parse_day(last) if last else None, reason=reason,
        by=actor(user), at=clock.now(),
    )  # fmt: skip
    _said(row, as_json)


@clocks.command("accept")
@click.argument("clock_id", type=int)
@click.option("--seconds", type=int, help="Instead of what was proposed.")
@reason_option
@as_option
@json_option
def accept(clock_id: int, seconds: int | None, reason: str, user: str | None, as_json: bool) -> None:
    """The clock was wrong."""
    _said(actions.accept(clock_id, reason=reason, seconds=seconds, by=actor(user), at=clock.now()), as_json)


@clocks.command("reject")
@click.argument("clock_id", type=int)
@reason_option
@as_option
@json_option
def reject(clock_id: int, reason: str, user: str | None, as_json: bool) -> None:
    """The clock was right."""
    _said(actions.reject(clock_id, reason=reason, by=actor(user), at=clock.now()), as_json)


@clocks.command("withdraw")
@click.argument("clock_id", type=int)
@reason_option
@as_option
@json_option
def withdraw(clock_id: int, reason: str, user: str | None, as_json: bool) -> None:
    """The correction was wrong."""
    _said(actions.withdraw(clock_id, reason=reason, by=actor(user), at=clock.now()), as_json)


def _short(row: ReaderClock, as_json: bool) -> Row:
    told = dict(queries.clock_json(row))
    if not as_json:
        told.pop("evidence")
    return told


def _said(row: ReaderClock, as_json: bool) -> None:
    if as_json:
        print_json(_short(row, True))
    else:
        click.echo(f"clock {row.pk}: {row.place.code} {row.seconds:+d} s from {row.first_day}, {row.state}.")
