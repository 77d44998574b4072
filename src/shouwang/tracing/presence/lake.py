"""The built days as Parquet for Spark: written from the segments when they are first needed, deleted with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from django.conf import settings

from shouwang.core import clock
from shouwang.epi.lake import day_file, write_day
from shouwang.tracing.presence.files import TEMPORARY
from shouwang.tracing.presence.store import OpenDays

SEGMENT = ".arrow"


def lake_root() -> Path:
    """SHOUWANG_LAKE, which every machine of a cluster must see and which is this installation's alone, since what no
    segment stands for is deleted from it; else a folder beside the segments."""
    root: Path = settings.LAKE_ROOT or settings.SEGMENTS_ROOT / "lake"
    return root


def lake_files(days: OpenDays) -> list[Path]:
    """The file of each of these days, written now where it is not there yet. OSError when the disk refuses."""
    files = []
    for name, segment in zip(days.names, days.segments, strict=True):
        file = _file_of(name)
        if not file.exists():
            day = _day_of(name)
            low, high = clock.midnights(day, day)
            lake_root().mkdir(parents=True, exist_ok=True, mode=0o700)
            write_day(lake_root(), day, [segment], (low, high), version=name.removesuffix(SEGMENT))
        files.append(file)
    return files


def forget(names: Iterable[str]) -> None:
    """Delete the files of segments that are being deleted."""
    for name in names:
        _file_of(name).unlink(missing_ok=True)


def leftovers(known: set[str]) -> Iterator[Path]:
    """Files here that belong to none of the segments `known`."""
    for path in lake_root().glob("day=*/*"):
        if path.name.endswith(TEMPORARY) or f"{path.stem}{SEGMENT}" not in known:
            yield path


def _file_of(name: str) -> Path:
    return day_file(lake_root(), _day_of(name), name.removesuffix(SEGMENT))


def _day_of(name: str) -> date:
    """The local day that the name of a segment's file begins with."""
    return date.fromisoformat(name[:10])
