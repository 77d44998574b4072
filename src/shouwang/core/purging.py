"""Deleting what has passed its purge date. Rooms register how; core only keeps the list and the order.

Rooms register from the lowest upwards, and the purge goes the other way: rows of an upper room stand on rows of a lower
one (an order on a case), so they go first and never keep the lower ones a day longer. The audit log goes last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from shouwang.core import audit
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor

ROWS_AT_ONCE = 5000  # a transaction of well under a second, also with the rows that cascade


@dataclass(frozen=True, slots=True)
class Dataset:
    """`due(day)` are the rows whose date has passed; `remove` deletes what stands outside the database first."""

    name: str
    due: Callable[[date], QuerySet[Any]]
    remove_files: Callable[[date], None] | None = None


_datasets: dict[str, Dataset] = {}


def register(dataset: Dataset) -> None:
    """Add a dataset to the purge; registering the same name again replaces it."""
    _datasets[dataset.name] = dataset


def datasets() -> tuple[Dataset, ...]:
    """In the order of the purge: the room that registered last first."""
    return tuple(reversed(_datasets.values()))


def purge(*, on: date, at: datetime, dry_run: bool = False) -> dict[str, int]:
    """Delete every due row of every dataset. Returns rows by dataset, without what goes with them by cascade.

    Files go before rows: a crash between leaves a row without its file, which the next run removes; the other way
    round would leave a file that nothing knows of. Rows go in slices, each a transaction with its audit entry, so that
    check-ins are taken in meanwhile and a killed purge has lost nothing.
    """
    counts: dict[str, int] = {}
    for dataset in datasets():
        counts[dataset.name] = dataset.due(on).count()
        if dry_run or not counts[dataset.name]:
            continue
        if dataset.remove_files is not None:
            dataset.remove_files(on)
        # Not "until none is due": purging the audit log writes to the audit log.
        slices = math.ceil(counts[dataset.name] / ROWS_AT_ONCE)
        counts[dataset.name] = sum(_remove_slice(dataset, on=on, at=at) for _ in range(slices))
    return counts


@transaction.atomic
def _remove_slice(dataset: Dataset, *, on: date, at: datetime) -> int:
    due = dataset.due(on)
    keys = list(due.order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE])
    if keys:
        # A fresh query by key: what `due` joins or orders by must not stand in a DELETE.
        due.model._default_manager.filter(pk__in=keys).delete()
        by = system_actor("purge")
        audit.record("dataset.purged", "dataset", dataset.name, by=by, at=at, new={"rows": len(keys)})
    return len(keys)


def _due_entries(on: date) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(purge_on__lte=on)


register(Dataset("audit", _due_entries))
