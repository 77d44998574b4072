"""`shouwang visitor`: visitors at the gate."""

from __future__ import annotations

from pathlib import Path

import click

from shouwang.cli.common import Row, actor, as_option, json_option, limit_option, moment, print_json, show
from shouwang.cli.imports import PROBLEMS_SHOWN, file_argument
from shouwang.core import clock
from shouwang.tracing.actions import visitors as actions
from shouwang.tracing.models_visitors import Visit
from shouwang.tracing.queries import visitors as queries


@click.group("visitor")
def visitors() -> None:
    """Visitors at the gate: register, leave, withdraw, list, import."""


@visitors.command("register")
@click.option("--name", required=True)
@click.option("--phone", required=True)
@click.option("--place", "where", required=True, help="Code or name of the place.")
@click.option("--until", required=True, metavar="MOMENT", help="Expected end, within a day.")
@click.option("--host", default="", help="Student or staff number of the host.")
@click.option("--key", required=True, help="Names this visit; the same again is the same visit.")
@as_option
@json_option
def register(
    name: str, phone: str, where: str, until: str, host: str, key: str, user: str | None, as_json: bool
) -> None:
    """Somebody came now."""
    now = clock.now()
    end = moment(until, "--until")
    coming = actions.Coming(name, phone, where, now, end or now, host)
    _said(actions.register(coming, key=key, by=actor(user), at=now), as_json)


@visitors.command("leave")
@click.argument("visit_id", type=int)
@click.option("--at", "left", metavar="MOMENT", help="Default: now.")
@as_option
@json_option
def leave(visit_id: int, left: str | None, user: str | None, as_json: bool) -> None:
    """The visitor has left."""
    left_at = moment(left, "--at")
    _said(actions.leave(visit_id, by=actor(user), at=clock.now(), left_at=left_at), as_json)


@visitors.command("withdraw")
@click.argument("visit_id", type=int)
@click.option("--reason", required=True)
@as_option
@json_option
def withdraw(visit_id: int, reason: str, user: str | None, as_json: bool) -> None:
    """Registered by mistake."""
    _said(actions.withdraw(visit_id, reason=reason, by=actor(user), at=clock.now()), as_json)


@visitors.command("list")
@click.option("--here", is_flag=True, help="Only who has not left.")
@limit_option
@as_option
@json_option
def listing(here: bool, limit: int, user: str | None, as_json: bool) -> None:
    """Visitors, latest first."""
    by = actor(user)
    rows = queries.here(by, clock.now()) if here else queries.visits(by)
    found: list[Row] = [dict(queries.visit_json(row)) for row in rows[:limit]]
    show(found, as_json=as_json)


@visitors.command("import")
@file_argument
@as_option
@json_option
def bring(file: Path, user: str | None, as_json: bool) -> None:
    """A table with name, telephone, place, came, and expected until or left."""
    result = actions.import_visits(file, name=file.name, by=actor(user), at=clock.now())
    if as_json:
        print_json(result.as_dict())
        return
    click.echo(f"{result.read} rows read, {result.accepted} new, {result.updated} there already.")
    for problem in result.problems[:PROBLEMS_SHOWN]:
        click.echo(f"  row {problem.row}, {problem.column}: {problem.message} {problem.remedy}")


def _said(row: Visit, as_json: bool) -> None:
    if as_json:
        print_json(dict(queries.visit_json(row)))
    else:
        left = f"left {row.left_at:%H:%M}" if row.left_at else f"expected until {row.expected_until:%H:%M}"
        click.echo(f"visit {row.pk}: {row.person.number} {row.person.name} at {row.place.code}, {left} UTC.")
