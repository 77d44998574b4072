"""The check-in form from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from shouwang.checkins import actions, queries, rules
from shouwang.checkins.models import FormVersion
from shouwang.cli.common import actor, as_option, json_option, print_json, table
from shouwang.core import clock

UNIT = click.option("--unit", default="", help="Code of the organisation; without it, one's own topmost.")
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def form() -> None:
    """Check-in forms of institutions and units: what is asked, how often, until when."""


@form.command("check")
@FILE
def check(file: Path) -> None:
    """Read a form document; errors name section and key."""
    found = rules.read_form(file.read_bytes())
    click.echo(f"{found.code} {found.version}: sound, {len(found.questions)} questions, {found.starts} to {found.ends}")


@form.command("publish")
@FILE
@UNIT
@as_option
@json_option
def publish(file: Path, unit: str, user: str | None, as_json: bool) -> None:
    """Put a form into force at and below a unit, from the day it starts; the operator who names none, for all."""
    by = actor(user)
    row = actions.publish_form(file.read_bytes(), unit=queries.form_unit(by, unit), by=by, at=clock.now())
    if as_json:
        print_json({"id": row.pk, "unit": _code(row), "code": row.code, "version": row.version, "sha256": row.sha256})
        return
    click.echo(f"{row.code} {row.version} is asked {_where(row)} from {row.starts} to {row.ends}.")


def _code(row: FormVersion) -> str:
    return row.organisation.code if row.organisation else ""


def _where(row: FormVersion) -> str:
    return f"in {row.organisation.code}" if row.organisation else "wherever no form is nearer"


@form.command("list")
@UNIT
@as_option
@json_option
def list_forms(unit: str, user: str | None, as_json: bool) -> None:
    """Published versions, newest first, and what is asked in a unit today."""
    by, today = actor(user), clock.today()
    rows = list(queries.form_versions(by))
    chosen = queries.form_unit(by, unit)
    path = chosen.path if chosen else ""
    now, level = queries.form_on(today, path), queries.level_on(path, today)
    cadence = now.asking(level).cadence.value
    if as_json:
        listed = [
            {
                "id": r.pk, "unit": _code(r), "code": r.code, "version": r.version, "starts": str(r.starts),
                "ends": str(r.ends),
            }
            for r in rows
        ]  # fmt: skip
        print_json({"forms": listed, "asked": {"sha256": now.sha256, "level": level, "cadence": cadence}})
        return
    table(
        ["id", "unit", "form", "version", "from", "to"],
        [[r.pk, _code(r), r.code, r.version, r.starts, r.ends] for r in rows],
    )
    click.echo(f"Today{' in ' + chosen.code if chosen else ''}: {now.code} {now.version}, level {level}, {cadence}.")


@form.command("withdraw")
@click.argument("version_id", type=int)
@as_option
def withdraw(version_id: int, user: str | None) -> None:
    """Make today the last day of a version."""
    by = actor(user)
    row = actions.withdraw_form(queries.form_version_for(by, version_id), by=by, at=clock.now())
    click.echo(f"{row.code} {row.version} is withdrawn.")


@form.command("quality")
@as_option
@json_option
def quality(user: str | None, as_json: bool) -> None:
    """Look at today's entries and list what they say about how units collect."""
    actions.note_quality(clock.today(), at=clock.now())
    rows = list(queries.quality_notes(actor(user))[:200])
    if as_json:
        listed = [
            {"unit": r.organisation.code, "day": str(r.day), "kind": r.kind, "count": r.count, "of": r.of} for r in rows
        ]
        print_json({"notes": listed})
        return
    shown = [[r.organisation.title, r.day, r.kind, f"{r.count}/{r.of}", r.detail, r.answer] for r in rows]
    table(["unit", "day", "kind", "count", "reading", "answer"], shown)
