"""`shouwang init`: make the home directory, its secret, its database."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click
from django.conf import settings
from django.core.management import call_command

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
    call_command("migrate", verbosity=0, interactive=False)
    return new_key


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
