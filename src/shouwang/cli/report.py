"""`shouwang report` and `shouwang level`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from shouwang.cli.common import actor, as_option, json_option, parse_day, print_json, table
from shouwang.command import actions, queries
from shouwang.command.documents import report_document
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_for


def organisation_of(by: Actor, code: str | None) -> Organisation:
    if code is None:
        first = queries.roots_for(by).first()
        if first is None:
            raise NotFound
        return first
    row = Organisation.objects.filter(code=code).values_list("pk", flat=True).first()
    if row is None:
        raise NotFound
    return organisation_for(by, row, "report.view")


@click.group()
def report() -> None:
    """The situation report of a day."""


@report.command("daily")
@click.option("--date", "day", help="Day, e.g. 2026-03-02; default today.")
@click.option("--organisation", "code", metavar="CODE", help="Default: the topmost organisation in reach.")
@click.option("--docx", type=click.Path(dir_okay=False, path_type=Path), help="Write a Word file.")
@click.option("--issue", is_flag=True, help="Keep it as the next version.")
@as_option
@json_option
def daily(day: str | None, code: str | None, docx: Path | None, issue: bool, user: str | None, as_json: bool) -> None:
    """Figures with denominators, what changed since yesterday, open gaps."""
    by, now, chosen = actor(user), clock.now(), parse_day(day)
    organisation = organisation_of(by, code)
    if issue:
        made = actions.issue_report(organisation=organisation, day=chosen, by=by, at=now)
        click.echo(f"issued as version {made.version}", err=True)
    if docx is not None:
        figures = queries.figures(by, organisation, chosen, now)
        gaps = queries.open_gaps(by, organisation, figures, now)
        level_row = queries.current_level(organisation.path, now)
        docx.write_bytes(report_document(figures, gaps, level_row, author=by.label, at=now))
        click.echo(f"wrote {docx}", err=True)
    body = queries.report_dict(by, organisation, chosen, now)
    if as_json:
        print_json(body)
        return
    click.echo(f"{body['organisation']['name']}  {body['day']}  as of {body['as_of']}")
    rows: list[list[object]] = [
        ["?" if f["value"] is None else f["value"], f["label"], f["denominator"] if f["of"] else "", f["change"]]
        for f in body["figures"].values()
    ]
    table(["number", "figure", "out of", "since yesterday"], rows)
    for gap in body["gaps"]:
        click.echo(f"! {gap['sentence']} {gap['next_step']}")


@report.command("tracing")
@click.option("--weeks", default=12, show_default=True, type=click.IntRange(1, 53))
@click.option("--disease", default="", help="Default: all.")
@as_option
@json_option
def tracing(weeks: int, disease: str, user: str | None, as_json: bool) -> None:
    """Quality of tracing: shares and delays by week of the report."""
    by = actor(user)
    body = queries.quality_json(queries.tracing_quality(by, weeks=weeks, disease=disease, at=clock.now()))
    if as_json:
        print_json(body)
        return
    columns = [body["together"], *reversed(body["weeks"])]
    head = ["all weeks" if week["week"] is None else str(week["week"]) for week in columns]
    rows: list[list[object]] = [["cases", *(week["cases"] for week in columns)]]
    for key in body["together"]["shares"]:
        rows.append([key, *(_share(week["shares"][key]) for week in columns)])
    for key in body["together"]["delays"]:
        rows.append([f"{key}, h", *(_delay(week["delays"][key]) for week in columns)])
    table(["", *(name + ("*" if week["incomplete"] else "") for name, week in zip(head, columns, strict=True))], rows)
    click.echo("* not complete. Delays: median, nine in ten are shorter.")


def _share(item: dict[str, Any]) -> str:
    part = item["left_out"] or item["part"]
    return "–" if part is None else f"{part}/{item['whole']}"


def _delay(item: dict[str, Any]) -> str:
    if item["median_hours"] is None:
        return "<5" if item["left_out"] else "–"
    return f"{item['median_hours']:.1f}, {item['p90_hours']:.1f}"


@click.command()
@click.option("--organisation", "code", metavar="CODE", help="Default: the topmost organisation in reach.")
@as_option
@json_option
def board(code: str | None, user: str | None, as_json: bool) -> None:
    """The main numbers, units by what needs attention, open gaps."""
    by = actor(user)
    organisation = organisation_of(by, code)
    actions.keep_board(at=clock.now())
    found = queries.board(by, organisation, clock.now())
    if as_json:
        print_json(queries.board_json(found))
        return
    if found.as_of is None:
        click.echo("Nothing has been counted yet: run `shouwang sweep`.")
        return
    click.echo(
        f"{organisation.title}  as of {found.as_of.astimezone(clock.zone()):%Y-%m-%d %H:%M:%S}, {found.age} s old"
    )
    rows: list[list[object]] = [
        ["?" if row["value"] is None else row["value"], str(row["figure"].label), row["of"], row["change"]]
        for row in found.main
    ]
    table(["number", "figure", "out of", "since yesterday"], rows)
    for _band, words, units in found.banded():
        click.echo(f"{words}: {len(units)}")
        for unit in units:
            click.echo(f"  {unit.title}  {unit.heard}/{unit.roster}  {'; '.join(unit.attention.words)}")
    for gap in found.gaps:
        click.echo(f"! {gap.sentence} {gap.next_step}")


@click.group()
def level() -> None:
    """Response levels."""


@level.command("show")
@json_option
def show(as_json: bool) -> None:
    """The level in force."""
    found = queries.current_level(None, clock.now())
    if as_json:
        print_json({"level": found.level if found else None, "basis": found.basis if found else None})
    else:
        click.echo(f"{found.get_level_display()}: {found.basis}" if found else "No level is declared.")


@level.command("end")
@click.option("--reason", required=True, help="Which notice of whom, or what has changed.")
@click.option("--organisation", "code", metavar="CODE")
@as_option
def end(reason: str, code: str | None, user: str | None) -> None:
    """End the level without declaring another; one declared further up holds again."""
    by = actor(user)
    row = actions.end_level(organisation=organisation_of(by, code), reason=reason, by=by, at=clock.now())
    click.echo(f"{row.get_level_display()} has ended for {row.organisation.title}.")


@level.command("declare")
@click.argument("number", type=click.IntRange(1, 4))
@click.option("--basis", required=True, help="Legal basis: which notice of whom.")
@click.option("--organisation", "code", metavar="CODE")
@click.option("--review-on", help="Day of review; default in 14 days.")
@as_option
def declare(number: int, basis: str, code: str | None, review_on: str | None, user: str | None) -> None:
    """Declare response level NUMBER (1 gravest … 4)."""
    by, now = actor(user), clock.now()
    row = actions.declare_level(
        organisation=organisation_of(by, code),
        level=number,
        basis=basis,
        review_on=parse_day(review_on) if review_on else clock.local_day(now) + timedelta(days=14),
        by=by,
        at=now,
    )
    click.echo(f"{row.get_level_display()} is in force for {row.organisation.title}.")
