"""`shouwang gap`: what is weak, its corrections, what people tell, what was learnt."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from shouwang.cases.queries.naming import unit_written
from shouwang.cli.common import Row, actor, as_option, json_option, limit_option, print_json, show
from shouwang.command.mending import actions, queries, rules
from shouwang.command.queries import MANAGE
from shouwang.core import clock
from shouwang.core.errors import NotFound


@click.group()
def gap() -> None:
    """Weak points and their corrections."""


@gap.command("list")
@as_option
@json_option
def listing(user: str | None, as_json: bool) -> None:
    """Gaps that are there now, the gravest first."""
    by = actor(user)
    if not by.holds(queries.VIEW):
        raise NotFound
    rows: list[Row] = [
        {"id": gap.finding.pk, "severity": gap.finding.severity, "unit": gap.finding.organisation.code,
         "gap": gap.sentence, "since": gap.finding.first_seen,
         "correction": gap.correction.pk if gap.correction else ""}
        for gap in queries.open_gaps(by)
    ]  # fmt: skip
    show(rows, as_json)


@gap.command("find")
@json_option
def find(as_json: bool) -> None:
    """Judge all rules now instead of with the next round."""
    changed = actions.sweep_gaps(at=clock.now(), every=timedelta(0))
    if as_json:
        print_json({"changed": changed})
    else:
        click.echo(f"{changed} findings began or ended.")


@gap.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Is FILE a file of rules (gaps.toml)?"""
    found = rules.read_rules(file.read_bytes())
    click.echo(f"{len(found.rules)} rules, version {found.version}.")


@gap.command("open")
@click.argument("gap_id", type=int)
@click.option("--text", default="", help="What is to be mended; default: as the rule proposes.")
@as_option
def open_(gap_id: int, text: str, user: str | None) -> None:
    """Open the correction of a gap."""
    by, at = actor(user), clock.now()
    made = actions.open_correction(queries.finding_for(by, gap_id), text=text, by=by, at=at)
    print_json(queries.correction_json(made, at=at))


@gap.command("corrections")
@click.option("--show", "wanted", type=click.Choice(queries.SHOWS), default="open", show_default=True)
@as_option
@json_option
def corrections(wanted: str, user: str | None, as_json: bool) -> None:
    """Corrections within reach, by their time; the first 50."""
    at = clock.now()
    page = queries.corrections_page(actor(user), wanted, None, at=at)
    rows: list[Row] = [
        {"id": row.pk, "unit": row.organisation.code, "state": row.state, "due": row.due_at, "text": row.title[:60]}
        for row in page.rows
    ]
    show(rows, as_json)


@gap.command("do")
@click.argument("correction_id", type=int)
@click.argument("act", type=click.Choice(list(rules.ACTS)))
@click.option("--text", default="", help="What there is to say.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help='For "extend".')
@as_option
def do(correction_id: int, act: str, text: str, due: datetime | None, user: str | None) -> None:
    """One step of a correction: note, done, verify …"""
    by, at = actor(user), clock.now()
    row = queries.correction_for(by, correction_id, at=at)
    due_at = due.replace(tzinfo=clock.zone()) if due else None
    print_json(queries.correction_json(actions.act(row, act, text=text, due_at=due_at, by=by, at=at), at=at))


@gap.command("tell")
@click.argument("text")
@click.option("--unit", "code", required=True, help="Code of the unit it concerns.")
@click.option("--where", default="")
@click.option("--wish", default="", help="What would help.")
@click.option("--with-name", is_flag=True, help="Keep who told it.")
@as_option
def tell(text: str, code: str, where: str, wish: str, with_name: bool, user: str | None) -> None:
    """Tell of a weak point; prints the code by which to read on."""
    by = actor(user)
    unit = next((row for row in queries.units_to_tell(by) if row.code == code), None)
    if unit is None:
        raise NotFound
    _row, secret = actions.tell(
        unit, text=text, where=where, wish=wish, anonymous=not with_name, by=by, at=clock.now()
    )  # fmt: skip
    click.echo(secret)


@gap.command("told")
@click.option("--waiting", is_flag=True, help="Only what nobody has answered yet.")
@limit_option
@as_option
@json_option
def told(waiting: bool, limit: int, user: str | None, as_json: bool) -> None:
    """What people told, newest first: for the office."""
    page = queries.points_page(actor(user), waiting=waiting, size=limit)
    rows: list[Row] = [
        {"id": row.pk, "day": row.day, "unit": row.organisation.code, "state": row.state, "text": row.text[:80]}
        for row in page.rows
    ]
    show(rows, as_json)


@gap.command("answer")
@click.argument("point_id", type=int)
@click.argument("answer")
@as_option
def answer(point_id: int, answer: str, user: str | None) -> None:
    """Answer what somebody told, without a correction."""
    by = actor(user)
    actions.answer_point(queries.point_for(by, point_id), answer=answer, by=by, at=clock.now())
    click.echo("Answered.")


@gap.command("take")
@click.argument("point_id", type=int)
@click.argument("text")
@click.option("--unit", "code", required=True, help="Code of the unit that mends it.")
@click.option("--due", required=True, type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]))
@as_option
def take(point_id: int, text: str, code: str, due: datetime, user: str | None) -> None:
    """Make what somebody told a correction of a unit."""
    by, at = actor(user), clock.now()
    row = queries.point_for(by, point_id)
    unit = unit_written(by, code, MANAGE) or row.organisation
    due_at = due.replace(tzinfo=clock.zone())
    made = actions.take_point(row, unit=unit, text=text, due_at=due_at, by=by, at=at)
    print_json(queries.correction_json(made, at=at))


@gap.command("learnt")
@as_option
def learnt(user: str | None) -> None:
    """What was mended, how fast, and what came back, as JSON."""
    by = actor(user)
    if not by.holds(queries.VIEW):
        raise NotFound
    print_json({"items": [queries.learnt_json(item) for item in queries.learnt(by)]})
