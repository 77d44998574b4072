"""`shouwang daily`: daily reports of units."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from shouwang.cli.common import Row, actor, as_option, json_option, parse_day, print_json, reason_option, show
from shouwang.command import actions, consolidating
from shouwang.command.queries import daily as reads
from shouwang.command.queries.consolidated import consolidated, consolidated_json, keys_for, line_json
from shouwang.command.rules import daily as rules
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_named

day_option = click.option("--date", "day", help="Day, e.g. 2026-03-02; default today.")


@click.group()
def daily() -> None:
    """Daily reports of units: hand in, take in, who is missing, as Word and Excel."""


def _unit(by: Actor, code: str) -> Organisation:
    row = Organisation.objects.filter(code=code).values_list("pk", flat=True).first()
    if row is None:
        raise NotFound
    return reads.unit_for(by, row, on=clock.today())


@daily.command("list")
@click.argument("code", metavar="UNIT")
@day_option
@as_option
@json_option
def listing(code: str, day: str | None, user: str | None, as_json: bool) -> None:
    """What came from the units below UNIT, and what did not."""
    by, now = actor(user), clock.now()
    found = consolidated(by, _unit(by, code).pk, parse_day(day), now)
    if as_json:
        print_json(consolidated_json(found))
        return
    rows: list[Row] = [
        {"unit": line.unit.code, "title": line.unit.title, "report": consolidating.state_of(line),
         "due": line.due_at, **dict(zip(found.columns, values or [None] * len(found.columns), strict=True))}
        for line, values in found.rows
    ]  # fmt: skip
    show(rows, False)
    count = found.sheet.count
    click.echo(f"{count.received} of {count.expected} came, {count.on_time} in time, {count.locked} taken in.")


@daily.command("show")
@click.argument("code", metavar="UNIT")
@day_option
@as_option
def one(code: str, day: str | None, user: str | None) -> None:
    """UNIT's own report as a JSON object."""
    by = actor(user)
    unit, line = reads.report_seen(by, _unit(by, code).pk, parse_day(day))
    if line is None:
        raise BadInput("no report is asked of this unit on this day", code="not_asked", field="unit")
    said = line.report.figures["values"] if line.report else {}
    print_json(line_json(line, {key: said.get(key) for key in keys_for(by, unit)}))


@daily.command("hand-in")
@click.argument("code", metavar="UNIT")
@day_option
@click.option("--zero", is_flag=True, help="A zero report: there is nothing to report.")
@click.option("--problems", default="")
@click.option("--needs", default="")
@click.option("--done", default="", help="What the unit did.")
@click.option("--correct", "reason", default="", metavar="REASON", help="Correct the report that was handed in.")
@as_option
@json_option
def hand_in(
    code: str, day: str | None, zero: bool, problems: str, needs: str, done: str, reason: str, user: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Hand in UNIT's report with the numbers as they stand."""
    by = actor(user)
    unit, chosen = _unit(by, code), parse_day(day)
    line = reads.line_of(unit, chosen) if reason else None
    version = line.report.version if line and line.report else 0
    row = actions.hand_in(
        unit=unit, day=chosen, words=rules.Words(problems, needs, done), zero=zero, version=version, reason=reason,
        by=by, at=clock.now(),
    )  # fmt: skip
    show(
        [{"unit": unit.code, "day": row.day, "version": row.version, "zero": row.zero, "on_time": row.on_time}], as_json
    )


@daily.command("send-back")
@click.argument("code", metavar="UNIT")
@day_option
@click.option("--reason", required=True, help="What is to be corrected.")
@as_option
def send_back(code: str, day: str | None, reason: str, user: str | None) -> None:
    """Send UNIT's report back to it; it counts as not come until it is corrected."""
    by = actor(user)
    unit, line = reads.report_seen(by, _unit(by, code).pk, parse_day(day))
    if line is None or line.report is None:
        raise NotFound
    actions.send_back_report(line.report, reason=reason, by=by, at=clock.now())
    click.echo(f"Sent back to {unit.title}.")


@daily.command("take-in")
@click.argument("code", metavar="UNIT")
@day_option
@click.option("--reason", default="", help="Why what is missing is not waited for.")
@as_option
@json_option
def take_in(code: str, day: str | None, reason: str, user: str | None, as_json: bool) -> None:
    """Take in and lock what has come to UNIT."""
    by, now = actor(user), clock.now()
    unit, chosen = _unit(by, code), parse_day(day)
    stamp = reads.sheet_of(unit, chosen, now).stamp
    row = actions.take_in(unit=unit, day=chosen, stamp=stamp, reason=reason, by=by, at=now)
    show([{"number": row.number, "expected": row.expected, "taken": row.taken, "missing": len(row.missing)}], as_json)


@daily.command("export")
@click.argument("code", metavar="UNIT")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@day_option
@click.option("--template", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An .xlsx with marks.")
@as_option
def export(code: str, file: Path, day: str | None, template: Path | None, user: str | None) -> None:
    """Write the reports below UNIT to FILE: .docx, .xlsx, or the superior's table filled in."""
    by, now = actor(user), clock.now()
    found = consolidated(by, _unit(by, code).pk, parse_day(day), now)
    if template is not None:
        body = consolidating.daily_filled(template.read_bytes(), found, name=template.name).content
    elif file.suffix == ".docx":
        body = consolidating.daily_document(found, author=by.label, at=now)
    elif file.suffix == ".xlsx":
        body = consolidating.daily_workbook(found, author=by.label, at=now)
    else:
        raise click.BadParameter("write a .docx or an .xlsx", param_hint="FILE")
    file.write_bytes(body)
    click.echo(f"wrote {file}")


@daily.command("plan")
@click.argument("code", metavar="UNIT")
@click.option("--due", "pairs", multiple=True, metavar="KIND=HH:MM", help="As class=10:00; once for each kind.")
@click.option("--until", metavar="DAY", help="Last day; default in 14 days.")
@click.option("--end", is_flag=True, help="Ask for no reports any more.")
@reason_option
@as_option
def plan(code: str, pairs: tuple[str, ...], until: str | None, end: bool, reason: str, user: str | None) -> None:
    """Say which units below UNIT report each day until when."""
    by, now = actor(user), clock.now()
    organisation = organisation_named(by, code, reads.ISSUE)
    if end:
        actions.end_report_plan(organisation=organisation, reason=reason, by=by, at=now)
        click.echo(f"{organisation.title} asks for no daily reports any more.")
        return
    deadlines = {kind: text for kind, _equals, text in (pair.partition("=") for pair in pairs)}
    last = parse_day(until) if until else clock.local_day(now) + timedelta(days=14)
    row = actions.set_report_plan(
        organisation=organisation, deadlines=deadlines, until=last, reason=reason, by=by, at=now
    )
    click.echo(f"{organisation.title} asks for daily reports until {row.until}.")
