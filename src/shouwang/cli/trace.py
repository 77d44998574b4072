"""`shouwang trace`: everyone who was with a person in a window."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from shouwang.cli.common import actor, as_option, engine_option, json_option, print_json, table
from shouwang.core import audit, clock
from shouwang.org.models import Person

if TYPE_CHECKING:
    from shouwang.tracing.presence.on_spark import Engine


@click.command()
@click.option("--person", "number", required=True, metavar="NO", help="Student or staff number.")
@click.option("--onset", required=True, metavar="ISO8601|UNIX", help="End of the window; with no zone: local time.")
@click.option(
    "--lookback-days", required=True, type=click.IntRange(0, 366), help="The window begins so many days earlier."
)
@click.option("--rule", metavar="NAME", help="Grade by this pack's contact rule. Default: the active pack's.")
@click.option("--min-seconds", type=click.IntRange(0), help="Leave out who was there for less.")
@click.option("--limit", default=30, show_default=True, help="Contacts shown without --json.")
@engine_option
@as_option
@json_option
def trace(
    number: str,
    onset: str,
    lookback_days: int,
    rule: str | None,
    min_seconds: int | None,
    limit: int,
    engine: Engine,
    user: str | None,
    as_json: bool,
) -> None:
    """Everyone who overlapped with a person in (onset − N days, onset], with places, times, seconds and sources."""
    from shouwang.epi.contacts import warm_up
    from shouwang.tracing import queries

    by, now = actor(user), clock.now()
    if engine == "embedded":
        warm_up()  # loading the compiled kernel is start-up, not search: elapsed_ms is the search alone
    answer = queries.answer_json(
        by,
        number=number,
        onset=_moment(onset),
        lookback_days=lookback_days,
        rule=rule,
        min_seconds=min_seconds,
        engine=engine,
        at=now,
    )
    numbers = [answer["person"], *(row["person"] for row in answer["contacts"])]
    audit.saw(
        "presence.read", "person", Person.objects.filter(number__in=numbers).values_list("pk", flat=True), by=by, at=now
    )
    if as_json:
        print_json(answer)
        return
    contacts = answer["contacts"]
    click.echo(
        f"{len(contacts)} contacts; {answer['visits_searched']:,} visits searched in {answer['elapsed_ms']:.2f} ms"
    )
    rows: list[list[object]] = [
        [c["person"], c["grade"], f"{c['seconds'] / 60:.0f} min", c["last"], c["why"]] for c in contacts[:limit]
    ]
    table(["person", "grade", "time", "last", "why"], rows)


def _moment(text: str) -> datetime:
    if text.isdecimal():
        return datetime.fromtimestamp(int(text), tz=clock.zone())
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is neither ISO 8601 nor unix seconds", param_hint="--onset") from error
    return clock.aware(moment)
