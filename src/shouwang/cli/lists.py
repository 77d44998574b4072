"""`shouwang checkin list|why|bulk|export`: the lists of a unit, as the pages show them."""

from __future__ import annotations

from pathlib import Path

import click

from shouwang.checkins import actions, queries
from shouwang.checkins.models import BulkJob
from shouwang.checkins.rules import State
from shouwang.cli.common import Row, actor, as_option, json_option, limit_option, parse_day, show
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.snapshot import one_moment
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_named, person_by_number

STATUS = "checkin.status"
state_option = click.option("--state", type=click.Choice([state.value for state in State]), help="The list.")
unit_option = click.option("--unit", metavar="CODE", help="Only this organisation and what lies below it.")


def _unit(by: Actor, code: str | None) -> Organisation | None:
    return organisation_named(by, code, right=STATUS) if code else None


@click.command("list")
@state_option
@unit_option
@click.option("--find", default="", metavar="TEXT", help="Beginning of a name or number; looks through every list.")
@limit_option
@as_option
@json_option
def list_people(state: str | None, unit: str | None, find: str, limit: int, user: str | None, as_json: bool) -> None:
    """Who stands in a list, with the sizes of all lists."""
    by, at = actor(user), clock.now()
    wanted, on = queries.state_named(by, state or ""), queries.today_of(at)
    with one_moment():
        scope = queries.scope_of(by, _unit(by, unit))
        board = queries.board_of(scope, on, at=at)
        if find:
            page = queries.search_page(scope, find, size=limit)
        else:
            page = queries.list_page(scope, wanted, on, size=limit)
    exceptions = (State.SYMPTOMATIC, State.CONFLICTING)
    if wanted in exceptions and not find:
        actions.note_reading("checkin", [person.pk for person in page.rows], by=by, at=at)
    rows: list[Row] = []
    for person in page.rows:
        sees = queries.sees_answers(scope, person.latest_checkin)
        rows.append(
            {
                "number": person.number,
                "name": person.name,
                "unit": person.home.title if person.home else None,
                "list": queries.stands(person.latest_checkin, on, sees=sees).value,
                "why": str(queries.why_here(person.latest_checkin, on, sees=sees)),
            }
        )
    sizes = {one.value: board.states[one] for one in queries.states_for(by)}
    show(rows, as_json, states=sizes, roster=board.counts.roster, as_of=board.counts.as_of)
    if not as_json:
        click.echo("  ".join(f"{name} {size}" for name, size in sizes.items()) + f"  of {board.counts.roster}")


@click.command("why")
@click.argument("number")
@as_option
@json_option
def why(number: str, user: str | None, as_json: bool) -> None:
    """Why the person NUMBER stands in their list, and is reminded or not."""
    by = actor(user)
    found = queries.explain(by, person_by_number(by, number, right=STATUS).pk, at=clock.now())
    lines: list[Row] = [{"of": "list", "sentence": str(line)} for line in found.because]
    lines += [{"of": "reminders", "sentence": str(line)} for line in found.reminders]
    show(lines, as_json, number=found.person.number, list=found.state.value)


@click.command("bulk")
@click.argument("kind", type=click.Choice(BulkJob.Kind.values))
@click.option("--number", "numbers", multiple=True, metavar="NUMBER", help="Once for each person; or name a list.")
@state_option
@unit_option
@click.option("--code", default="", help="excuse: leave, hospital, no_phone, intern, abroad, exercise, other")
@click.option("--from", "starts", help="excuse: first day; default today.")
@click.option("--until", "ends", help="excuse: last day, included.")
@click.option("--text", default="", help="excuse: a note; well, unwell: why you enter it.")
@as_option
@json_option
def bulk(
    kind: str,
    numbers: tuple[str, ...],
    state: str | None,
    unit: str | None,
    code: str,
    starts: str | None,
    ends: str | None,
    text: str,
    user: str | None,
    as_json: bool,
) -> None:
    """One act on the people named, or on everybody in a list; done here and now, with a result for each."""
    by, at = actor(user), clock.now()
    if bool(numbers) == bool(state):
        raise click.UsageError("say either --number or --state")
    first, last = parse_day(starts) if starts else None, parse_day(ends) if ends else None
    chosen = actions.Chosen(ids=tuple(queries.ids_of(numbers)))
    if state:
        chosen = actions.Chosen(state=queries.state_named(by, state), unit=_unit(by, unit))
    job = actions.start_bulk(actions.Asked(kind, code, first, last, text), chosen, by=by, at=at)
    done = actions.perform_bulk(job.pk, by=by, now=clock.now)
    if done is None:
        raise NotFound
    refused = queries.job_rows(done, refused=True)
    rows: list[Row] = [{"number": row.person.number, "code": row.code, "why": row.detail} for row in refused.rows]
    show(rows, as_json, job=done.pk, total=done.total, done=done.done, refused=done.refused)
    if not as_json:
        click.echo(f"{done.done} of {done.total} people, {done.refused} of them not done")


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@state_option
@unit_option
@click.option("--full", is_flag=True, help="Names and numbers as they are; otherwise masked.")
@as_option
def export(file: Path, state: str | None, unit: str | None, full: bool, user: str | None) -> None:
    """Write a list to FILE as Excel."""
    by, at = actor(user), clock.now()
    wanted, chosen = queries.state_named(by, state or ""), _unit(by, unit)
    with file.open("wb") as target:
        count = actions.export_list(target, state=wanted, unit=chosen, full=full, by=by, at=at)
    click.echo(f"{count} rows in {file}")
