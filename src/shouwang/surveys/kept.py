"""Files that came with answers, on disk: under names that tell nothing, read by nobody but through the database."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

UNKNOWN_FOR = 24 * 3600  # seconds: a file without a row is of a post that failed, and goes after so long


def root() -> Path:
    return Path(settings.FILES_ROOT) / "surveys"


def put(content: bytes) -> str:
    """Keep it; returns its name. On disk when this returns."""
    name = secrets.token_hex(16)
    folder = root() / name[:2]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return name


def get(name: str) -> bytes | None:
    """None when it is gone."""
    try:
        return (root() / name[:2] / name).read_bytes()
    except FileNotFoundError:
        return None


def remove(names: Iterable[str]) -> None:
    for name in names:
        (root() / name[:2] / name).unlink(missing_ok=True)


def forgotten(known: set[str]) -> list[str]:
    """Names of files older than a day that no row knows of."""
    limit = time.time() - UNKNOWN_FOR
    found = (path for path in root().glob("??/*") if path.is_file())
    return [path.name for path in found if path.name not in known and path.stat().st_mtime < limit]
