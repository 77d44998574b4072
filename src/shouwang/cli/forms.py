"""The check-in form from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from shouwang.checkins import actions, queries, rules
from shouwang.cli.common import actor, as_option, json_option, print_json, table
from shouwang.core import clock

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def form() -> None:
    """The institution's check-in form: what is asked, how often, until when."""


@form.command("check")
@FILE
def check(file: Path) -> None:
    """Read a form document; errors name section and key."""
    found = rules.read_form(file.read_bytes())
    click.echo(f"{found.code} {found.version}: sound, {len(found.questions)} questions, {found.starts} to {found.ends}")


@form.command("publish")
@FILE
@as_option
@json_option
def publish(file: Path, user: str | None, as_json: bool) -> None:
    """Put a form into force from the day it starts."""
    row = actions.publish_form(file.read_bytes(), by=actor(user), at=clock.now())
    if as_json:
        print_json({"id": row.pk, "code": row.code, "version": row.version, "sha256": row.sha256})
        return
    click.echo(f"{row.code} {row.version} is asked from {row.starts} to {row.ends}.")


@form.command("list")
@as_option
@json_option
def list_forms(user: str | None, as_json: bool) -> None:
    """Published versions, newest first, and what is asked today."""
    rows = list(queries.form_versions(actor(user)))
    today = clock.today()
    now, level = queries.form_in_force(today), queries.level_on(None, today)
    if as_json:
        listed = [
            {"id": r.pk, "code": r.code, "version": r.version, "starts": str(r.starts), "ends": str(r.ends)}
            for r in rows
        ]
        cadence = now.asking(level).cadence.value
        print_json({"forms": listed, "asked": {"sha256": now.sha256, "level": level, "cadence": cadence}})
        return
    table(["id", "form", "version", "from", "to"], [[r.pk, r.code, r.version, r.starts, r.ends] for r in rows])
    click.echo(f"Today: {now.code} {now.version}, level {level}, {now.asking(level).cadence.value}.")


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
