"""A throw-away SHOUWANG_HOME for benchmarks that need the database. Call `start` before importing any model."""

from __future__ import annotations

import os
from pathlib import Path


def start(folder: Path) -> None:
    """Point the program at `folder`, set Django up, make the database."""
    os.environ["SHOUWANG_HOME"] = str(folder)
    os.environ.pop("SHOUWANG_DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "shouwang.web.settings"
    import django

    django.setup()
    from shouwang.cli.setup import prepare

    prepare()
