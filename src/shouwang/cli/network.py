"""`shouwang network`: who was together with whom, for modelling."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shouwang.cli.common import actor, as_option, engine_option, json_option, parse_day, print_json
from shouwang.core import clock

if TYPE_CHECKING:
    from shouwang.tracing.presence.on_spark import Engine


@click.command()
@click.option("--last", metavar="DAY", help="Last day; default yesterday.")
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, 31))
@click.option("--min-minutes", default=240, show_default=True, type=click.IntRange(1), help="Together, in all.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the pairs as Parquet.")
@engine_option
@as_option
@json_option
def network(
    last: str | None, days: int, min_minutes: int, out: Path | None, engine: Engine, user: str | None, as_json: bool
) -> None:
    """Pairs of people who were together, under numbers that belong to nobody. Every run is in the audit log."""
    from shouwang.tracing import actions

    end = parse_day(last) if last else clock.today() - timedelta(days=1)
    found = actions.write_network(
        out,
        first=end - timedelta(days=days - 1),
        last=end,
        min_seconds=min_minutes * 60,
        engine=engine,
        by=actor(user),
        at=clock.now(),
    )
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"{found.people:,} people on record, {found.pairs:,} pairs of at least {min_minutes} minutes together.")
    click.echo(
        f"Half of the people have {found.degree_p50:g} others or fewer, one in twenty more than {found.degree_p95:g}."
    )
    for label, missing in (("no records", found.days_missing), ("damaged", found.days_damaged)):
        if missing:
            click.echo(f"Days with {label}, unknown and not empty: {', '.join(map(str, missing))}")
