"""`shouwang export`: what leaves the program as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from shouwang.cases.outward import actions, exchange, queries, research
from shouwang.cli.common import actor, as_option, json_option, show
from shouwang.core import clock


@click.group()
def export() -> None:
    """Files for others; each is recorded in the audit log."""


@export.command("lines")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--disease", default="")
@click.option("--pack", default="", metavar="CODE")
@click.option("--class", "classification", default="", help="e.g. confirmed")
@click.option("--unit", default="", metavar="CODE", help="Only this organisation and what lies below it.")
@click.option("--place", default="", metavar="CODE", help="Only who lives there today.")
@click.option("--by", "moment", type=click.Choice(list(queries.MOMENTS)), default="onset", show_default=True)
@click.option("--first", type=click.DateTime(["%Y-%m-%d"]), help="First day of that date.")
@click.option("--last", type=click.DateTime(["%Y-%m-%d"]), help="Last day of that date, included.")
@click.option("--missing", is_flag=True, help="Only cases whose date is unknown.")
@click.option(
    "--for",
    "system",
    type=click.Choice([*exchange.SYSTEMS, *actions.RECORDS]),
    help="As the file that this system imports.",
)
@click.option("--full", is_flag=True, help="Names and numbers in full; otherwise masked.")
@as_option
@json_option
def lines(
    target: Path,
    system: str | None,
    first: datetime | None,
    last: datetime | None,
    full: bool,
    user: str | None,
    as_json: bool,
    **words: Any,
) -> None:
    """Write the line list of cases into TARGET, a .csv or .xlsx."""
    by, at = actor(user), clock.now()
    words |= {"first": first.date() if first else None, "last": last.date() if last else None}
    wanted = queries.line_filter(by, **words)
    form = system or target.suffix.lstrip(".").lower()
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as stream:
            count = actions.export_lines(stream, wanted, form=form, full=full, by=by, at=at)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    show([{"file": str(target), "rows": count, "masked": not full}], as_json)


@export.command("research")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--purpose", required=True, help="What the file is for; kept in the audit log.")
@click.option("--k", type=int, default=5, show_default=True, help="Everybody is like at least so many.")
@click.option("--disease", default="")
@click.option("--unit", default="", metavar="CODE", help="Only this organisation and what lies below it.")
@as_option
@json_option
def research_file(target: Path, purpose: str, k: int, disease: str, unit: str, user: str | None, as_json: bool) -> None:
    """Write cases without names into TARGET, a .csv or .xlsx, so coarse that nobody stands out."""
    by, at = actor(user), clock.now()
    wanted = queries.line_filter(by, disease=disease, unit=unit)
    form = target.suffix.lstrip(".").lower()
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as stream:
            written = research.export_research(stream, wanted, form=form, k=k, purpose=purpose, by=by, at=at)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    told = written.as_dict()
    if not as_json:
        told["levels"] = ", ".join(f"{name} {level}" for name, level in written.levels.items())
    show([{"file": str(target), **told}], as_json)
