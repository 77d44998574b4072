"""Data files that an institution may replace: shipped with a room, overridden by the file of that name in its home."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

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
