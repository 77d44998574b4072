"""Data files that an institution may replace: shipped with a room, overridden by the file of that name in its home."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from shouwang.core.errors import BadInput

T = TypeVar("T")


def in_force(home: Path, shipped: Path, read: Callable[[bytes], T]) -> T:
    """What `read` makes of the institution's own file, else of the shipped one. Kept until the file changes."""
    own = home / shipped.name
    path = own if own.is_file() else shipped
    found: T = _kept(path, path.stat().st_mtime_ns, read)
    return found


@lru_cache(maxsize=32)
def _kept(path: Path, _stamp: int, read: Callable[[bytes], Any]) -> Any:
    """`_stamp` is the file's time of change: an edited file is read again. A refusal is not kept."""
    return read(path.read_bytes())


def decoded(content: bytes, kind: type[T], refusal: Callable[[str], BadInput]) -> T:
    """TOML as a `kind`; what is wrong with it as the room's own refusal."""
    try:
        return msgspec.toml.decode(content, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise refusal(str(error)) from error


class Coded(Protocol):
    """An entry of such a file: known by its code, resting on one of the file's sources."""

    @property
    def code(self) -> str: ...
    @property
    def source(self) -> str: ...


def check_coded(
    entries: Iterable[Coded], *, codes: Collection[str], sources: Collection[str], refusal: Callable[[str], BadInput]
) -> None:
    """The room's own refusal for a code that is none of `codes` or stands there twice, and for a source that is not
    there."""
    seen: set[str] = set()
    for entry in entries:
        if entry.code not in codes:
            raise refusal(f"{entry.code!r}: none of {', '.join(codes)}")
        if entry.code in seen:
            raise refusal(f"{entry.code!r} stands there twice")
        if entry.source not in sources:
            raise refusal(f"{entry.code!r}: source {entry.source!r} is not there")
        seen.add(entry.code)


def version_of(content: bytes) -> str:
    """What tells two texts of a file apart: SHA-256, shortened to 12 digits."""
    return hashlib.sha256(content).hexdigest()[:12]
