"""Where presence lies on disk, and how a file comes there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

TEMPORARY = ".tmp"
CHUNK = 1 << 20


def batches_root() -> Path:
    """Raw records, one file an import."""
    return _folder("batches")


def days_root() -> Path:
    """Segments, one file a local day and version."""
    return _folder("days")


def _folder(name: str) -> Path:
    folder: Path = settings.SEGMENTS_ROOT / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def fresh_name(stem: str) -> str:
    """A file name nothing else uses, so that two processes never write to one path."""
    return f"{stem}.{secrets.token_hex(4)}.arrow"


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`; then sync it, rename it to `path` and sync the folder.

    After a crash there is no `path`, or a complete one. OSError when the disk refuses; then `path` is not there.
    """
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # other systems have no folder handle to sync
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sha256_of(path: Path) -> str:
    """SHA-256 of the file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
