"""Several counts in one statement, and how small a group a number may be about."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Count, QuerySet, Value

SMALL_GROUP = 5  # assumption: below five people a number can point at one of them; common practice in health statistics


def is_small(people: int | None) -> bool:
    """1 to 4 people; nobody at all is not a group that a number could betray."""
    return people is not None and 0 < people < SMALL_GROUP


def counts_of(**sets: QuerySet[Any]) -> dict[str, int]:
    """How many rows each set has, by its name; one query, whatever their number.

    `counts_of(open=alerts, waiting=contacts)` answers `{"open": 3, "waiting": 0}`.
    """
    labelled = [
        rows.order_by().annotate(what=Value(name, output_field=CharField())).values("what").annotate(n=Count("pk"))
        for name, rows in sets.items()
    ]
    first, *rest = [rows.values_list("what", "n") for rows in labelled]
    return dict.fromkeys(sets, 0) | dict(first.union(*rest, all=True))
