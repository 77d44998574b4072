"""`shouwang init`: make the home directory, its secret, its database."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from shouwang.cli.common import json_option, print_json


def make_home(home: Path) -> bool:
    """Create home, folders and secret key; True when the key is new. Only the owner may read any of it."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("files", "segments", "packs"):
        (home / name).mkdir(exist_ok=True, mode=0o700)
    key = home / "secret_key"
    if key.exists():
        return False
    descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(48))
        stream.flush()
        os.fsync(stream.fileno())
    return True


def prepare() -> bool:
    """`make_home` and bring the database to the present shape. Safe to run again and again."""
    new_key = make_home(settings.HOME)
    if new_key:
        settings.SECRET_KEY = (settings.HOME / "secret_key").read_text(encoding="ascii").strip()
    lay_out()
    call_command("migrate", verbosity=0, interactive=False)
    return new_key


def lay_out() -> None:
    """Where there is no database file yet: the tables as the models have them, every migration noted as done.

    Walking through the history of empty tables takes four times as long. The file gets its name last, so that it is
    there whole or not at all. `test_laying_out` compares the two ways.
    """
    path = Path(str(settings.DATABASES["default"]["NAME"]))
    if connection.vendor != "sqlite" or path.exists():
        return
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.unlink(missing_ok=True)
    before = settings.MIGRATION_MODULES
    connection.close()
    connection.settings_dict["NAME"] = beside
    try:
        known = MigrationLoader(None).disk_migrations
        settings.MIGRATION_MODULES = dict.fromkeys(config.label for config in apps.get_app_configs())
        call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        for app, name in known:
            recorder.record_applied(app, name)
    finally:
        settings.MIGRATION_MODULES = before
        connection.close()
        connection.settings_dict["NAME"] = path
    if not put_in_place(beside, path):
        click.echo("Another init was quicker; its database is used.", err=True)


def put_in_place(beside: Path, path: Path) -> bool:
    """Give the new file its name, whole; False, and the new one goes, where a file of that name stands already.

    A link and not a rename, which would take the place of what another `init` has just made.
    """
    try:
        os.link(beside, path)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    return True


@click.command()
@json_option
def init(as_json: bool) -> None:
    """Create SHOUWANG_HOME with secret key and database, or bring an old one up to date."""
    new_key = prepare()
    if as_json:
        print_json({"home": str(settings.HOME), "new": new_key, "database": settings.DATABASES["default"]["ENGINE"]})
        return
    click.echo(f"{'Created' if new_key else 'Up to date'}: {settings.HOME}")
    click.echo("Next: shouwang account create USER --role administrator --organisation CODE, then shouwang serve.")
