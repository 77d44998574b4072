"""`shouwang seats`: who sits where in a room."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from shouwang.cli.common import Row, actor, as_option, json_option, limit_option, parse_day, print_json, show
from shouwang.cli.imports import PROBLEMS_SHOWN, file_argument
from shouwang.core import audit, clock
from shouwang.tracing.actions import seats as actions
from shouwang.tracing.queries import seating as queries

HOUR = click.DateTime(formats=["%H:%M"])


@click.group()
def seats() -> None:
    """Seat plans."""


@seats.command("import")
@file_argument
@click.option("--title", required=True)
@click.option("--place", "where", required=True, help="Code or name of the room.")
@click.option("--first", required=True, metavar="DAY")
@click.option("--last", metavar="DAY", help="Default: the first day.")
@click.option("--weekday", type=click.IntRange(1, 7), help="1 Monday to 7 Sunday. Default: every day.")
@click.option("--from", "starts", type=HOUR, help="HH:MM. Default: all day.")
@click.option("--until", "ends", type=HOUR, help="HH:MM.")
@as_option
@json_option
def bring(
    file: Path,
    title: str,
    where: str,
    first: str,
    last: str | None,
    weekday: int | None,
    starts: datetime | None,
    ends: datetime | None,
    user: str | None,
    as_json: bool,
) -> None:
    """Import a sheet with number, row, seat. The same room, title and first day again replaces."""
    day = parse_day(first)
    plan = actions.PlanOf(
        title, where, day, parse_day(last) if last else day, weekday, starts.time() if starts else None,
        ends.time() if ends else None,
    )  # fmt: skip
    result = actions.import_plan(file, plan, by=actor(user), at=clock.now())
    if as_json:
        print_json(result.as_dict())
        return
    click.echo(f"{result.read} rows read, {result.accepted} new or changed, {result.updated} there already.")
    for problem in result.problems[:PROBLEMS_SHOWN]:
        click.echo(f"  row {problem.row}, {problem.column}: {problem.message} {problem.remedy}")


@seats.command("list")
@limit_option
@as_option
@json_option
def listing(limit: int, user: str | None, as_json: bool) -> None:
    """Plans, latest first."""
    rows: list[Row] = [dict(row) for row in queries.plans_json(queries.plans(actor(user))[:limit])]
    show(rows, as_json=as_json)


@seats.command("show")
@click.argument("plan_id", type=int)
@as_option
@json_option
def plan(plan_id: int, user: str | None, as_json: bool) -> None:
    """Who sits where; recorded as read."""
    by = actor(user)
    row = queries.plan_for(by, plan_id)
    people = list(row.seats.order_by("pk").values_list("person_id", flat=True))
    audit.saw("seats.read", "seat_plan", people, by=by, at=clock.now(), object_id=row.pk)
    rows: list[Row] = [dict(seat) for seat in queries.seats_json(row)]
    show(rows, as_json=as_json)


@seats.command("remove")
@click.argument("plan_id", type=int)
@as_option
@json_option
def remove(plan_id: int, user: str | None, as_json: bool) -> None:
    """The plan was wrong."""
    actions.remove(plan_id, by=actor(user), at=clock.now())
    if as_json:
        print_json({"removed": plan_id})
    else:
        click.echo(f"plan {plan_id}: removed.")
