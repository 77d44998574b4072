"""`shouwang measure`: control measures that hold, and what a level would change."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import click

from shouwang.cli.common import Row, actor, as_option, json_option, parse_day, print_json, show
from shouwang.cli.report import organisation_of
from shouwang.command.actions import control as actions
from shouwang.command.queries import control as queries
from shouwang.command.rules import control as rules
from shouwang.core import clock

unit_option = click.option("--organisation", "code", metavar="CODE", help="Default: the topmost in reach.")
review_option = click.option("--review-on", help="Day of review; default in 14 days.")


@click.group()
def measure() -> None:
    """Control measures in force."""


@measure.command("list")
@unit_option
@as_option
@json_option
def listing(code: str | None, user: str | None, as_json: bool) -> None:
    """What holds: of each kind the strictest declared there or above."""
    unit = organisation_of(actor(user), code)
    rows: list[Row] = [
        {"id": row.pk, "kind": row.kind, "value": row.value, "for": row.organisation.code,
         "since": row.starts_at, "review": row.review_on}
        for row in queries.measures_at(unit.path, clock.now())
    ]  # fmt: skip
    show(rows, as_json)


@measure.command("preview")
@click.argument("level", type=click.IntRange(1, 4))
@unit_option
@as_option
def preview(level: int, code: str | None, user: str | None) -> None:
    """What LEVEL would change, for how many, as JSON. Nothing is declared."""
    by = actor(user)
    print_json(queries.preview_json(queries.preview(by, organisation_of(by, code), level, clock.now())))


@measure.command("level")
@click.argument("level", type=click.IntRange(1, 4))
@click.option("--basis", required=True, help="Legal basis: which notice of whom.")
@click.option("--without", multiple=True, metavar="KIND", help="Leave out this measure of the level.")
@unit_option
@review_option
@as_option
def level(
    level: int, basis: str, without: tuple[str, ...], code: str | None, review_on: str | None, user: str | None
) -> None:
    """Declare LEVEL with the measures it brings."""
    by, at = actor(user), clock.now()
    unit = organisation_of(by, code)
    kinds = {plan.kind for plan in queries.level_file().of(level)} - set(without)
    row = actions.declare_with_measures(
        organisation=unit, level=level, basis=basis, review_on=_review(review_on), kinds=kinds, by=by, at=at
    )  # fmt: skip
    click.echo(f"{row.get_level_display()} is in force for {unit.title}.")
    for held in queries.measures_at(unit.path, at):
        click.echo(f"  {held.kind_word}: {held.value_word}")


@measure.command("declare")
@click.argument("kind", type=click.Choice(list(rules.KINDS)))
@click.argument("value")
@click.option("--reason", required=True, help="In plain words; everybody reads it.")
@click.option("--basis", required=True)
@unit_option
@review_option
@as_option
def declare(
    kind: str, value: str, reason: str, basis: str, code: str | None, review_on: str | None, user: str | None
) -> None:
    """Declare one measure."""
    by = actor(user)
    row = actions.declare_measure(
        organisation=organisation_of(by, code), kind=kind, value=value, reason=reason, basis=basis,
        review_on=_review(review_on), by=by, at=clock.now(),
    )  # fmt: skip
    print_json(queries.measure_json(row))


@measure.command("extend")
@click.argument("measure_id", type=int)
@click.option("--reason", required=True)
@review_option
@as_option
def extend(measure_id: int, reason: str, review_on: str | None, user: str | None) -> None:
    """Reviewed and kept until the next review."""
    by = actor(user)
    row = queries.measure_for(by, measure_id)
    done = actions.extend_measure(row, review_on=_review(review_on), reason=reason, by=by, at=clock.now())
    print_json(queries.measure_json(done))


@measure.command("end")
@click.argument("measure_id", type=int)
@click.option("--reason", required=True)
@as_option
def end(measure_id: int, reason: str, user: str | None) -> None:
    """End one measure; what holds from above does again."""
    by = actor(user)
    row = actions.end_measure(queries.measure_for(by, measure_id), reason=reason, by=by, at=clock.now())
    click.echo(f"{row.kind_word}: ended.")


@measure.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Is FILE a file of levels (levels.toml)?"""
    click.echo(f"{len(rules.read_levels(file.read_bytes()).measures)} measures.")


def _review(text: str | None) -> date:
    return parse_day(text) if text else clock.today() + timedelta(days=14)
