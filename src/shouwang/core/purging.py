"""Deleting what has passed its purge date. Rooms register how; core only keeps the list and the order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from shouwang.core import audit
from shouwang.core.scope import system_actor


@dataclass(frozen=True, slots=True)
class Dataset:
    """`due(day)` are the rows whose date has passed; `remove` deletes what stands outside the database first."""

    name: str
    due: Callable[[date], QuerySet]  # type: ignore[type-arg]
    remove_files: Callable[[date], None] | None = None


_datasets: dict[str, Dataset] = {}


def register(dataset: Dataset) -> None:
    """Add a dataset to the purge; registering the same name again replaces it."""
    _datasets[dataset.name] = dataset


def datasets() -> tuple[Dataset, ...]:
    return tuple(_datasets.values())


def purge(*, on: date, at: datetime, dry_run: bool = False) -> dict[str, int]:
    """Delete every due row of every dataset, in the order they were registered. Returns rows by dataset.

    Files go before rows: a crash between leaves a row without its file, which the next run removes; the other way
    round would leave a file that nothing knows of.
    """
    counts: dict[str, int] = {}
    for dataset in _datasets.values():
        counts[dataset.name] = dataset.due(on).count()
        if dry_run or not counts[dataset.name]:
            continue
        if dataset.remove_files is not None:
            dataset.remove_files(on)
        with transaction.atomic():
            dataset.due(on).delete()
            by = system_actor("purge")
            audit.record("dataset.purged", "dataset", dataset.name, by=by, at=at, new={"rows": counts[dataset.name]})
    return counts
