"""What cases deletes on its purge date: closed cases with their trails and clocks. Open ones stay until they end."""

from __future__ import annotations

from datetime import date

from django.db.models import PROTECT, QuerySet

from shouwang.cases.models import Case
from shouwang.core.purging import Dataset, register


def due_cases(on: date) -> QuerySet[Case]:
    """Closed cases past their date that no protected row of a room above still stands on; those go when it has gone."""
    rows = Case.objects.filter(purge_on__lte=on, closed_at__isnull=False)
    for relation in Case._meta.related_objects:
        if relation.on_delete is PROTECT:
            rows = rows.filter(**{f"{relation.name}__isnull": True})
    return rows


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("case", due_cases))
